import { writeUint24, writeUint32, writeUint32LE } from "../bytes/index.ts";

/** The 24-bit timestamp field that announces a 32-bit one behind the message header (RTMP 5.3.1.3). */
export const EXTENDED = 0xffffff;

/** Writes a basic header in its shortest form (RTMP 5.3.1.1). @returns where it ends. */
export function writeBasicHeader(into: Uint8Array, at: number, format: number, chunkStreamId: number): number {
  const top = format << 6;
  if (chunkStreamId < 64) {
    into[at] = top | chunkStreamId;
    return at + 1;
  }
  const distance = chunkStreamId - 64;
  into[at] = distance < 256 ? top : top | 1;
  into[at + 1] = distance;
  if (distance < 256) return at + 2;
  into[at + 2] = distance >> 8;
  return at + 3;
}

/**
 * Writes a whole fmt 0 header (RTMP 5.3.1.2.1): at most 18 bytes.
 *
 * @param timestamp - milliseconds, modulo 2^32; the extended timestamp is written where it is due.
 * @returns where it ends.
 */
export function writeFullHeader(
  into: Uint8Array,
  at: number,
  chunkStreamId: number,
  timestamp: number,
  messageLength: number,
  messageType: number,
  messageStreamId: number,
): number {
  const next = writeBasicHeader(into, at, 0, chunkStreamId);
  const extended = isExtended(timestamp);
  writeUint24(into, next, extended ? EXTENDED : timestamp);
  writeUint24(into, next + 3, messageLength);
  into[next + 6] = messageType;
  writeUint32LE(into, next + 7, messageStreamId);
  return extended ? writeExtension(into, next + 11, timestamp) : next + 11;
}

/** Writes a fmt 3 header inside a message (RTMP 5.3.1.2.4), with the message's extended timestamp where it has one. */
export function writeContinuation(into: Uint8Array, at: number, chunkStreamId: number, timestamp: number): number {
  const next = writeBasicHeader(into, at, 3, chunkStreamId);
  return isExtended(timestamp) ? writeExtension(into, next, timestamp) : next;
}

/** Whether a timestamp (fmt 0) or delta (fmt 1 and 2) does not fit into 24 bits. */
export function isExtended(timestamp: number): boolean {
  return timestamp >>> 0 >= EXTENDED;
}

function writeExtension(into: Uint8Array, at: number, timestamp: number): number {
  writeUint32(into, at, timestamp);
  return at + 4;
}

/**
 * Bytes that a message takes on the wire with a fmt 0 header and fmt 3 continuations.
 *
 * The chunk stream id is one of 2 to 63, whose basic header has one byte.
 */
export function wireLength(messageLength: number, timestamp: number, chunkSize: number): number {
  const continuations = messageLength === 0 ? 0 : Math.floor((messageLength - 1) / chunkSize);
  const extension = isExtended(timestamp) ? 4 : 0;
  return 12 + extension + messageLength + continuations * (1 + extension);
}
