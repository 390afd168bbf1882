import { Amf0Reader } from "../amf/index.ts";
import { readUint8 } from "../bytes/index.ts";
import type { Limits } from "../limits.ts";
import { encodeValues } from "./command.ts";

/** What a data message of a publisher asks for (RTMP 7.1.2; the two requests by custom of every encoder). */
export const DataKind = {
  /** To be passed on as it is. */
  Plain: 0,
  /** `@setDataFrame`: to be passed on without this word, and kept for who joins later. */
  SetDataFrame: 1,
  /** `@clearDataFrame`: what was kept is to be forgotten. */
  ClearDataFrame: 2,
} as const;
export type DataKind = (typeof DataKind)[keyof typeof DataKind];

/** The head of a data message: only the names are read, its values stay as they are. */
export interface DataHead {
  readonly kind: DataKind;
  /** The handler for which the values are meant, such as `onMetaData`; empty when there is none to be read. */
  readonly handler: string;
  /** Where the payload begins as players get it: at the handler's name. */
  readonly start: number;
}

const STRING_MARKER = 2;
const SET_DATA_FRAME = encodeValues("@setDataFrame");

/**
 * Reads the names at the start of an AMF0 data message. What is no AMF is plain data without a handler: some senders put
 * bytes of their own into data messages, so that is no error.
 */
export function readDataHead(bytes: Uint8Array, start: number, end: number, limits: Readonly<Limits>): DataHead {
  // A stray byte before the first string, as some encoders send it.
  const stray = end - start > 1 && readUint8(bytes, start) === 0 && readUint8(bytes, start + 1) === STRING_MARKER;
  const first = stray ? start + 1 : start;
  const reader = new Amf0Reader(limits);
  reader.reset(bytes, first, end);
  const name = reader.readString();
  if (name === "@setDataFrame" || name === "@clearDataFrame") {
    const kind = name === "@setDataFrame" ? DataKind.SetDataFrame : DataKind.ClearDataFrame;
    const handlerStart = reader.position;
    return { kind, handler: reader.readString() ?? "", start: handlerStart };
  }
  return { kind: DataKind.Plain, handler: name ?? "", start: name === null ? start : first };
}

/** Metadata as encoders send it. Servers keep it for late players only in this form. */
export function asSetDataFrame(metadata: Uint8Array): Uint8Array {
  const payload = new Uint8Array(SET_DATA_FRAME.length + metadata.length);
  payload.set(SET_DATA_FRAME);
  payload.set(metadata, SET_DATA_FRAME.length);
  return payload;
}
