import { ProtocolError } from "../../src/errors.ts";
import {
  decodeValue,
  decodeValues,
  readSharedObjectMessage,
  type SharedObjectEvent,
  writeSharedObjectMessage,
} from "../../src/shared-object/index.ts";
import { valueLines } from "../amf/value-lines.ts";
import { errorLine, hexOf, limitsOf, optionOf, type Setting } from "../vector-file.ts";

/**
 * Writes down what a shared object message says. When all of it was right it writes the message again: bytes that are not
 * the same are written down as well.
 */
export function sharedObjectLog(bytes: Uint8Array, start: number, end: number, settings: readonly Setting[]): string[] {
  const isAmf3Kind = optionOf(settings, "message") === "16";
  const message = readSharedObjectMessage(bytes, start, end, isAmf3Kind, limitsOf(settings));
  if (message instanceof ProtocolError) return [errorLine(message)];
  const { name, version, isPersistent, events } = message;
  const head = `object ${quoted(name)} version=${version} ${isPersistent ? "persistent" : "temporary"}`;
  const log = [head, ...events.map(eventLine)];
  const written = writeSharedObjectMessage(message, isAmf3Kind);
  const isSame = Buffer.compare(written, bytes.subarray(start, end)) === 0;
  return isSame ? log : [...log, `written ${hexOf(written, 0, written.length)}`];
}

export function eventLine(event: SharedObjectEvent): string {
  switch (event.type) {
    case 1:
      return "use";
    case 2:
      return "release";
    case 3:
      return `request-change ${quoted(event.name)} ${valueLines([decodeValue(event.value)])}`;
    case 4:
      return `change ${quoted(event.name)} ${valueLines([decodeValue(event.value)])}`;
    case 5:
      return `success ${quoted(event.name)}`;
    case 6:
      return `send ${[quoted(event.handler), ...valueLines(decodeValues(event.values))].join(" ")}`;
    case 7:
      return `status ${event.code} ${event.level}`;
    case 8:
      return "clear";
    case 9:
      return `remove ${quoted(event.name)}`;
    case 10:
      return `request-remove ${quoted(event.name)}`;
    case 11:
      return "use-success";
  }
}

function quoted(text: string): string {
  return valueLines([text])[0] ?? "";
}
