import { Amf0Reader, Amf0Writer, type Amf3ReaderOptions, type AmfValue, encodeGrowing } from "../amf/index.ts";
import { readUint8 } from "../bytes/index.ts";
import type { ProtocolError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { encodeValues, errorBehind, valuesStart } from "./command.ts";

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

/** A data message whole. */
export interface Data {
  readonly kind: DataKind;
  /** As in {@link DataHead}. */
  readonly handler: string;
  /** What comes behind the handler's name. */
  readonly arguments: readonly AmfValue[];
}

const STRING_MARKER = 2;
const SET_DATA_FRAME = encodeValues("@setDataFrame");

/**
 * Reads the names at the start of an AMF0 data message. What is no AMF is plain data without a handler: some senders put
 * bytes of their own into data messages, so that is no error.
 */
export function readDataHead(bytes: Uint8Array, start: number, end: number, limits: Readonly<Limits>): DataHead {
  const first = behindStray(bytes, start, end);
  const reader = new Amf0Reader(limits);
  reader.reset(bytes, first, end);
  const { kind, handler, handlerStart } = readNames(reader);
  if (kind !== DataKind.Plain) return { kind, handler: handler ?? "", start: handlerStart };
  return { kind, handler: handler ?? "", start: handler === null ? start : first };
}

/** Some encoders send a stray byte before the first string. */
function behindStray(bytes: Uint8Array, start: number, end: number): number {
  const isStray = end - start > 1 && readUint8(bytes, start) === 0 && readUint8(bytes, start + 1) === STRING_MARKER;
  return isStray ? start + 1 : start;
}

function readNames(reader: Amf0Reader): { kind: DataKind; handler: string | null; handlerStart: number } {
  const handlerStart = reader.position;
  const name = reader.readString();
  if (name !== "@setDataFrame" && name !== "@clearDataFrame") {
    return { kind: DataKind.Plain, handler: name, handlerStart };
  }
  const kind = name === "@setDataFrame" ? DataKind.SetDataFrame : DataKind.ClearDataFrame;
  const nextStart = reader.position;
  return { kind, handler: reader.readString(), handlerStart: nextStart };
}

/**
 * Reads all of a data message.
 *
 * @param isAmf3Kind whether its type is 15 and not 18: see {@link valuesStart}.
 * @param amf3 how values in AMF3 are read.
 * @returns the message, or why it is none; the offset counts from `start`. Senders put bytes of their own into data
 * messages: an error is no reason to end a connection.
 */
export function readData(
  bytes: Uint8Array,
  start: number,
  end: number,
  isAmf3Kind: boolean,
  limits: Readonly<Limits>,
  amf3: Amf3ReaderOptions = {},
): Data | ProtocolError {
  const first = isAmf3Kind ? valuesStart(bytes, start, end) : behindStray(bytes, start, end);
  const reader = new Amf0Reader(limits, limits.amfDepth, amf3);
  reader.reset(bytes, first, end);
  const { kind, handler } = readNames(reader);
  const values: AmfValue[] = [];
  while (!reader.atEnd && reader.error === null) values.push(reader.read());
  if (reader.error !== null) return errorBehind(first - start, reader.error);
  return { kind, handler: handler ?? "", arguments: values };
}

/**
 * A data message in AMF0 (type 18), whatever it came in. AMF3 says in a few bytes what takes many in AMF0.
 *
 * @param most - the bytes that it may take
 * @returns null when it takes more, or has a name that is too long for AMF0.
 */
export function dataInAmf0({ kind, handler, arguments: values }: Data, most: number): Uint8Array | null {
  const request = kind === DataKind.Plain ? [] : [kind === DataKind.SetDataFrame ? "@setDataFrame" : "@clearDataFrame"];
  const writer = new Amf0Writer();
  try {
    return encodeGrowing(writer, most, 0, () => {
      for (const value of [...request, handler, ...values]) writer.write(value);
    });
  } catch {
    return null; // a name that is too long
  }
}

/** Metadata as encoders send it. Servers keep it for late players only in this form. */
export function asSetDataFrame(metadata: Uint8Array): Uint8Array {
  const payload = new Uint8Array(SET_DATA_FRAME.length + metadata.length);
  payload.set(SET_DATA_FRAME);
  payload.set(metadata, SET_DATA_FRAME.length);
  return payload;
}
