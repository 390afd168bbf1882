import { Amf0Reader, Amf0Writer, type AmfValue } from "../../src/amf/index.ts";
import { errorLine, hexOf, limitsOf, type Setting } from "../vector-file.ts";
import { valueLines } from "./value-lines.ts";

/** For all cases. Malformed UTF-8 is written in three times its bytes. */
const memory = new Uint8Array(2 ** 20);

/**
 * Writes down the values of a message, one a line, and the error. When all of it was right, it writes the values again:
 * bytes that are not the same are written down as well.
 */
export function amf0Log(bytes: Uint8Array, start: number, end: number, settings: readonly Setting[]): string[] {
  const limits = limitsOf(settings);
  const reader = new Amf0Reader(limits);
  reader.reset(bytes, start, end);
  const values: AmfValue[] = [];
  while (!reader.atEnd) {
    const value = reader.read();
    if (reader.error !== null) break;
    values.push(value);
  }
  const { error } = reader;
  checkSkip(reader, bytes, start, end);

  const log = valueLines(values);
  if (error !== null) return [...log, errorLine(error)];
  const writer = new Amf0Writer(limits.amfDepth);
  writer.reset(memory);
  for (const value of values) writer.write(value);
  if (writer.overflow) throw new Error("The memory for what is written is too small.");
  const isSame = Buffer.compare(memory.subarray(0, writer.position), bytes.subarray(start, end)) === 0;
  return isSame ? log : [...log, `written ${hexOf(memory, 0, writer.position)}`];
}

/** Who skips every value must find what the reader just found. */
function checkSkip(reader: Amf0Reader, bytes: Uint8Array, start: number, end: number): void {
  const found = reader.error && errorLine(reader.error);
  reader.reset(bytes, start, end);
  while (!reader.atEnd && reader.skip());
  const skipped = reader.error && errorLine(reader.error);
  if (skipped !== found) throw new Error(`Skipped, it ends with ${skipped}; read, with ${found}.`);
}
