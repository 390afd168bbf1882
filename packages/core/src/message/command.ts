import { Amf0Reader, Amf0Writer, type Amf3ReaderOptions, type AmfValue, encodeGrowing } from "../amf/index.ts";
import { readUint8 } from "../bytes/index.ts";
import { ErrorCode, ProtocolError } from "../errors.ts";
import type { Limits } from "../limits.ts";

/** A command message (RTMP 7.1.1): a call of a method, or the answer to one. */
export interface Command {
  /** The method, or `_result` or `_error`. */
  readonly name: string;
  /** The number under which an answer is expected; 0 when none is, and where the peer left it out. */
  readonly transactionId: number;
  /** The command object: usually an object or null. null where the peer left it out. */
  readonly object: AmfValue;
  readonly arguments: readonly AmfValue[];
}

/** Commands nest less deeply than other messages: theirs is the input that is read before anyone is let in. */
const COMMAND_DEPTH = 16;
/** In messages of the AMF3 kinds the first byte selects a format, of which there is one (RTMP errata 7.2). */
const FORMAT_SELECTOR = 0;

/**
 * Where the values of a command or data message of the AMF3 kind (types 17 and 15) begin. They are AMF0 behind the format
 * selector, which some peers leave out, and switch to AMF3 one by one (AMF0 3.1).
 */
export function valuesStart(bytes: Uint8Array, start: number, end: number): number {
  return start < end && readUint8(bytes, start) === FORMAT_SELECTOR ? start + 1 : start;
}

/**
 * Reads the payload of a command message.
 *
 * @param isAmf3Kind whether its type is 17 and not 20: see {@link valuesStart}.
 * @param amf3 how values in AMF3 are read.
 * @returns the command, or what is wrong with it; the offset counts from `start`.
 */
export function readCommand(
  bytes: Uint8Array,
  start: number,
  end: number,
  isAmf3Kind: boolean,
  limits: Readonly<Limits>,
  amf3: Amf3ReaderOptions = {},
): Command | ProtocolError {
  const first = isAmf3Kind ? valuesStart(bytes, start, end) : start;
  const reader = new Amf0Reader(limits, Math.min(COMMAND_DEPTH, limits.amfDepth), amf3);
  reader.reset(bytes, first, end);
  const name = reader.readString();
  // FFmpeg's server sends onFCPublish as a name and nothing more.
  if (name !== null && reader.atEnd) return { name, transactionId: 0, object: null, arguments: [] };
  const transactionId = name === null ? null : reader.readNumber();
  if (reader.error !== null) return errorBehind(first - start, reader.error);
  if (name === null || transactionId === null) {
    const text = "A command begins with its name, a string, and its transaction id, a number.";
    return new ProtocolError(ErrorCode.CommandMalformed, text, 0);
  }
  const values: AmfValue[] = [];
  while (!reader.atEnd && reader.error === null) values.push(reader.read());
  if (reader.error !== null) return errorBehind(first - start, reader.error);
  return { name, transactionId, object: values[0] ?? null, arguments: values.slice(1) };
}

/** The same error where its offset counts from so many bytes before. */
export function errorBehind(bytes: number, { code, message, offset }: ProtocolError): ProtocolError {
  return new ProtocolError(code, message, offset + bytes);
}

/**
 * The AMF0 values of a message, one after the other, in memory of their own.
 *
 * @throws RangeError when they are longer than a message can be. A peer's values may be, written out: in AMF3 a reference
 * to a text takes two bytes.
 */
export function encodeValues(...values: readonly AmfValue[]): Uint8Array {
  return encode(values, false);
}

/**
 * The payload of a command or data message of the AMF3 kind (types 17 and 15), in memory of its own: the format selector,
 * then the values. Those that are objects of any sort are in AMF3, as Flash sends them.
 *
 * @throws RangeError as {@link encodeValues}.
 */
export function encodeAmf3Values(...values: readonly AmfValue[]): Uint8Array {
  return encode(values, true);
}

/** The most that the length field of a message can say: 24 bits. */
const LARGEST_SIZE = 2 ** 24 - 1;

function encode(values: readonly AmfValue[], isAmf3Kind: boolean): Uint8Array {
  const writer = new Amf0Writer();
  // What comes first in AMF3 kinds is the format selector, which is 0.
  const encoded = encodeGrowing(writer, LARGEST_SIZE, isAmf3Kind ? 1 : 0, () => {
    for (const value of values) {
      if (isAmf3Kind && typeof value === "object" && value !== null) writer.writeAmf3(value);
      else writer.write(value);
    }
  });
  if (encoded !== null) return encoded;
  throw new RangeError(`The values are longer than a message can be, ${LARGEST_SIZE} bytes: leave some out.`);
}
