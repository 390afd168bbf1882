import { Amf3Reader, Amf3Writer, type AmfValue } from "../../src/amf/index.ts";
import { ProtocolError } from "../../src/errors.ts";
import { encodeAmf3Values, readCommand, readData } from "../../src/message/index.ts";
import { errorLine, hexOf, limitsOf, optionOf, type Setting } from "../vector-file.ts";
import { valueLines } from "./value-lines.ts";

/** For all cases. */
const memory = new Uint8Array(2 ** 20);

/**
 * Writes down what the option `holds` says that the bytes are, one value a line, and the error: `values`; `uint29`, integers
 * without markers; `command` or `data`, a message of the AMF3 kind. When all of it was right, it writes it again: bytes
 * that are not the same are written down as well.
 */
export function amf3Log(bytes: Uint8Array, start: number, end: number, settings: readonly Setting[]): string[] {
  const holds = settings.some(({ name }) => name === "holds") ? optionOf(settings, "holds") : "values";
  const read = holds === "command" || holds === "data" ? messageOf(holds, bytes, start, end, settings) : null;
  const { log, error, written } = read ?? valuesOf(holds === "uint29", bytes, start, end, settings);
  if (error !== null) return [...log, errorLine(error)];
  const isSame = Buffer.compare(written, bytes.subarray(start, end)) === 0;
  return isSame ? log : [...log, `written ${hexOf(written, 0, written.length)}`];
}

interface Outcome {
  readonly log: string[];
  readonly error: ProtocolError | null;
  /** What it is when it is written again. */
  readonly written: Uint8Array;
}

function valuesOf(
  areUint29: boolean,
  bytes: Uint8Array,
  start: number,
  end: number,
  settings: readonly Setting[],
): Outcome {
  const limits = limitsOf(settings);
  const reader = new Amf3Reader(limits);
  reader.reset(bytes, start, end);
  const values: AmfValue[] = [];
  while (!reader.atEnd) {
    const value = areUint29 ? reader.readUint29() : reader.read();
    if (reader.error !== null) break;
    values.push(value);
  }
  const writer = new Amf3Writer(limits.amfDepth);
  writer.reset(memory);
  for (const value of values) {
    if (areUint29) writer.writeUint29(Number(value));
    else writer.write(value);
  }
  if (writer.overflow) throw new Error("The memory for what is written is too small.");
  return { log: valueLines(values, true), error: reader.error, written: memory.subarray(0, writer.position) };
}

function messageOf(
  kind: "command" | "data",
  bytes: Uint8Array,
  start: number,
  end: number,
  settings: readonly Setting[],
): Outcome {
  const read = kind === "command" ? readCommand : readData;
  const message = read(bytes, start, end, true, limitsOf(settings));
  if (message instanceof ProtocolError) return { log: [], error: message, written: memory.subarray(0, 0) };
  const head: readonly AmfValue[] =
    "name" in message ? [message.name, message.transactionId, message.object] : [message.kind, message.handler];
  const values: readonly AmfValue[] = [...head, ...message.arguments];
  const written = encodeAmf3Values(...("name" in message ? values : values.slice(1)));
  return { log: valueLines(values, true), error: null, written };
}
