import { Amf0Reader, Amf0Writer, type AmfValue } from "../amf/index.ts";
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
 * Reads the payload of a command message, AMF0 or of the AMF3 kind (whose values are AMF0 unless each says otherwise).
 *
 * @returns the command, or what is wrong with it; the offset counts from `start`.
 */
export function readCommand(
  bytes: Uint8Array,
  start: number,
  end: number,
  isAmf3Kind: boolean,
  limits: Readonly<Limits>,
): Command | ProtocolError {
  const selected = isAmf3Kind && start < end && readUint8(bytes, start) === FORMAT_SELECTOR;
  const reader = new Amf0Reader(limits, Math.min(COMMAND_DEPTH, limits.amfDepth));
  reader.reset(bytes, selected ? start + 1 : start, end);
  const name = reader.readString();
  // FFmpeg's server sends onFCPublish as a name and nothing more.
  if (name !== null && reader.atEnd) return { name, transactionId: 0, object: null, arguments: [] };
  const transactionId = name === null ? null : reader.readNumber();
  if (reader.error !== null) return reader.error;
  if (name === null || transactionId === null) {
    const text = "A command begins with its name, a string, and its transaction id, a number.";
    return new ProtocolError(ErrorCode.CommandMalformed, text, 0);
  }
  const values: AmfValue[] = [];
  while (!reader.atEnd && reader.error === null) values.push(reader.read());
  if (reader.error !== null) return reader.error;
  return { name, transactionId, object: values[0] ?? null, arguments: values.slice(1) };
}

const FIRST_SIZE = 1024;

/** The AMF0 values of a message, one after the other, in memory of their own. */
export function encodeValues(...values: readonly AmfValue[]): Uint8Array {
  const writer = new Amf0Writer();
  for (let size = FIRST_SIZE; ; size *= 4) {
    const memory = new Uint8Array(size);
    writer.reset(memory, 0, size);
    for (const value of values) writer.write(value);
    if (!writer.overflow) return memory.subarray(0, writer.position);
  }
}
