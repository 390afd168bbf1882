// Messages as lines of text, for golden logs.
import { createHash } from "node:crypto";
import { Amf0Reader, AmfEcmaArray, AmfObject, type AmfValue } from "../../src/amf/index.ts";
import { MessageType } from "../../src/chunk/index.ts";
import { defaultLimits } from "../../src/limits.ts";
import { readBandwidthLimit, readControlValue, readUserControl, UserControlEvent } from "../../src/message/index.ts";

export interface LoggedMessage {
  readonly chunkStreamId: number;
  readonly messageType: number;
  readonly messageStreamId: number;
  readonly timestamp: number;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

const MOST_SHOWN = 16;
const typeNames = namesOf(MessageType);
const eventNames = namesOf(UserControlEvent);

/**
 * `[csid/stream] what`: protocol control and user control by name and numbers, commands and AMF0 data by their values,
 * all else by timestamp and bytes.
 */
export function messageLine(message: LoggedMessage): string {
  const { chunkStreamId, messageStreamId } = message;
  return `[${chunkStreamId}/${messageStreamId}] ${contentOf(message)}`;
}

function contentOf({ messageType, timestamp, bytes, start, end }: LoggedMessage): string {
  switch (messageType) {
    case MessageType.SetPeerBandwidth:
      return `SetPeerBandwidth ${readControlValue(bytes, start, end)} ${readBandwidthLimit(bytes, start, end)}`;
    case MessageType.SetChunkSize:
    case MessageType.Abort:
    case MessageType.Acknowledgement:
    case MessageType.WindowAcknowledgementSize:
      return `${typeNames.get(messageType)} ${readControlValue(bytes, start, end)}`;
    case MessageType.UserControl: {
      const control = readUserControl(bytes, start, end);
      return `${eventNames.get(control?.event ?? -1)} ${control?.value}`;
    }
    case MessageType.CommandAmf0:
      return valuesOf(bytes, start, end).map(textOf).join(" ");
    case MessageType.DataAmf0:
      return `data ${valuesOf(bytes, start, end).map(textOf).join(" ")}`;
    default:
      return mediaLine(messageType, timestamp, bytes, start, end);
  }
}

/** A message whose content does not matter, but must be the right one: its bytes, or the start of their SHA-1. */
export function mediaLine(
  messageType: number,
  timestamp: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): string {
  const payload = bytes.subarray(start, end);
  const name = `${typeNames.get(messageType) ?? `type ${messageType}`} @${timestamp}`;
  if (payload.length <= MOST_SHOWN) return `${name} ${Buffer.from(payload).toString("hex")}`;
  return `${name} ${payload.length} bytes ${createHash("sha1").update(payload).digest("hex").slice(0, 8)}`;
}

export function valuesOf(bytes: Uint8Array, start: number, end: number): AmfValue[] {
  const reader = new Amf0Reader(defaultLimits);
  reader.reset(bytes, start, end);
  const values: AmfValue[] = [];
  while (!reader.atEnd && reader.error === null) values.push(reader.read());
  if (reader.error !== null) throw new Error(`Sent what cannot be read: ${reader.error.message}`);
  return values;
}

function textOf(value: AmfValue): string {
  if (value instanceof AmfObject || value instanceof AmfEcmaArray) {
    return `{${[...value.properties].map(([name, property]) => `${name}: ${textOf(property)}`).join(", ")}}`;
  }
  if (Array.isArray(value)) return `[${value.map(textOf).join(", ")}]`;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

function namesOf(constants: Readonly<Record<string, number>>): Map<number, string> {
  return new Map(Object.entries(constants).map(([name, value]) => [value, name]));
}
