import { readUint8, readUint24, readUint32, writeUint24, writeUint32 } from "../bytes/index.ts";
import { MessageType } from "../chunk/index.ts";
import { defaultLimits, type Limits } from "../limits.ts";

/** Of a part: type, length, timestamp, message stream id. */
const HEADER_BYTES = 11;
/** Behind a part: the length of header and payload. */
const BACK_POINTER_BYTES = 4;

/** A message that goes into an aggregate. */
export interface AggregatePart {
  readonly messageType: number;
  /** Milliseconds, taken modulo 2^32. */
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

/**
 * Reads the parts of an aggregate message (RTMP 7.1.6). Their timestamps count from the aggregate's own, and their message
 * stream is that of the aggregate, whatever their headers say.
 *
 * A timestamp stands as in FLV files, the upper eight bits last; where that does not give the aggregate's own for the first
 * part, but the order of the specification's figure does, it is read in that order.
 *
 * @example
 * const reader = new AggregateReader();
 * reader.reset(bytes, start, end, timestamp);
 * while (reader.next()) use(reader.messageType, reader.timestamp, reader.start, reader.end);
 */
export class AggregateReader {
  messageType = 0;
  /** Milliseconds, 0 to 2^32 - 1. */
  timestamp = 0;
  /** The payload of the part is bytes[start, end). */
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  /** Whether the aggregate ended in the middle of a part, which is left out, or has more parts than are read. */
  isTruncated = false;
  private readonly limits: Pick<Limits, "aggregateMessages">;
  private partsLeft = 0;
  private position = 0;
  private last = 0;
  private isPlain = false;
  private offset = 0;

  /** @param limits - `aggregateMessages` parts are read of each aggregate */
  constructor(limits: Pick<Limits, "aggregateMessages"> = defaultLimits) {
    this.limits = limits;
  }

  /** Lends the payload bytes[start, end) of an aggregate. */
  reset(bytes: Uint8Array, start: number, end: number, timestamp: number): void {
    this.bytes = bytes;
    this.position = start;
    this.last = end;
    this.isTruncated = false;
    this.partsLeft = this.limits.aggregateMessages;
    this.isPlain = false;
    this.offset = 0;
    if (end - start < HEADER_BYTES) return;
    const plain = readUint32(bytes, start + 4);
    this.isPlain = plain === timestamp >>> 0 && this.timestampAt(start) !== plain;
    this.offset = timestamp - this.timestampAt(start);
  }

  /** Moves on to the next part. @returns false when there is none, or not all of it. */
  next(): boolean {
    const { bytes, position, last } = this;
    if (position === last) return false;
    const isWhole =
      last - position >= HEADER_BYTES && last - position - HEADER_BYTES >= readUint24(bytes, position + 1);
    if (!isWhole || this.partsLeft === 0) {
      this.isTruncated = true;
      this.position = last;
      return false;
    }
    this.partsLeft--;
    this.messageType = readUint8(bytes, position);
    this.timestamp = (this.timestampAt(position) + this.offset) >>> 0;
    this.start = position + HEADER_BYTES;
    this.end = this.start + readUint24(bytes, position + 1);
    // Its value is not looked at, and the last one may be missing: it says nothing that is not known.
    this.position = Math.min(this.end + BACK_POINTER_BYTES, last);
    return true;
  }

  /** Leaves out what was not read. */
  drop(): void {
    this.position = this.last;
  }

  private timestampAt(header: number): number {
    const { bytes } = this;
    if (this.isPlain) return readUint32(bytes, header + 4);
    return ((readUint8(bytes, header + 7) << 24) | readUint24(bytes, header + 4)) >>> 0;
  }
}

/**
 * The payload of an aggregate message (type 22), whose timestamp is to be that of its first part. Not every peer can read
 * one.
 */
export function aggregatePayload(parts: readonly AggregatePart[]): Uint8Array {
  const overhead = HEADER_BYTES + BACK_POINTER_BYTES;
  const bytes = new Uint8Array(parts.reduce((sum, { payload }) => sum + payload.length + overhead, 0));
  let at = 0;
  for (const { messageType, timestamp, payload } of parts) {
    if (messageType === MessageType.Aggregate) throw new TypeError("An aggregate cannot have another one in it.");
    bytes[at] = messageType;
    writeUint24(bytes, at + 1, payload.length);
    writeUint24(bytes, at + 4, timestamp);
    bytes[at + 7] = timestamp >>> 24;
    bytes.set(payload, at + HEADER_BYTES);
    at += HEADER_BYTES + payload.length;
    writeUint32(bytes, at, HEADER_BYTES + payload.length);
    at += BACK_POINTER_BYTES;
  }
  return bytes;
}
