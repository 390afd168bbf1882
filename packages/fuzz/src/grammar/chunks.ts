import { concat, joined } from "../mutation.ts";
import type { Random } from "../random.ts";
import { uint, uintLittleEndian } from "./numbers.ts";

/** A message that goes into chunks. */
export interface Message {
  readonly chunkStreamId: number;
  readonly messageType: number;
  readonly messageStreamId: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

/** What was said last on a chunk stream. */
interface Before {
  readonly messageType: number;
  readonly messageStreamId: number;
  readonly timestamp: number;
  readonly length: number;
}

const SET_CHUNK_SIZE = 1;
const EXTENDED = 0xff_ffff;

/**
 * Messages as chunks (RTMP 5.3), in any form that is allowed, and seldom in one that is not. Chunks of several messages
 * may lie among each other.
 *
 * @param wrongness - once in so many headers something is not as it must be
 */
export function chunks(messages: readonly Message[], random: Random, wrongness: number): Uint8Array {
  const parts: Uint8Array[] = [];
  const before = new Map<number, Before>();
  let chunkSize = 128;
  const isWrong = (): boolean => random.oneIn(wrongness);

  const header = (message: Message): Uint8Array => {
    const { chunkStreamId, messageType, messageStreamId, timestamp, payload } = message;
    const last = before.get(chunkStreamId);
    before.set(chunkStreamId, { messageType, messageStreamId, timestamp, length: payload.length });
    const delta = last === undefined ? -1 : timestamp - last.timestamp;
    let format = 0;
    if (last !== undefined && last.messageStreamId === messageStreamId && delta >= 0 && random.oneIn(2)) {
      format = last.messageType === messageType && last.length === payload.length ? 2 : 1;
    }
    if (isWrong()) format = random.below(4);
    const time = Math.max(0, format === 0 ? timestamp : delta);
    const length = isWrong() ? random.edge() : payload.length;
    const fields = concat(
      uint(Math.min(time, EXTENDED), 3),
      uint(length, 3),
      uint(messageType, 1),
      uintLittleEndian(messageStreamId, 4),
    ).subarray(0, [11, 7, 3, 0][format]);
    const extended = time >= EXTENDED && format < 3 && !isWrong() ? uint(time, 4) : new Uint8Array(0);
    return concat(basicHeader(format, chunkStreamId, random), fields, extended);
  };

  const underWay = new Map<Message, number>();
  const waiting = [...messages];
  while (waiting.length > 0 || underWay.size > 0) {
    const next = waiting[0];
    const isFree =
      next !== undefined && ![...underWay.keys()].some((each) => each.chunkStreamId === next.chunkStreamId);
    const begins = isFree && (underWay.size === 0 || random.oneIn(8));
    const message = begins ? next : random.pick([...underWay.keys()]);
    const sent = underWay.get(message) ?? 0;
    if (begins) {
      waiting.shift();
      parts.push(header(message));
    } else {
      const extended = message.timestamp >= EXTENDED && !isWrong() ? uint(message.timestamp, 4) : new Uint8Array(0);
      parts.push(basicHeader(isWrong() ? random.below(4) : 3, message.chunkStreamId, random), extended);
    }
    const end = Math.min(sent + chunkSize, message.payload.length);
    parts.push(message.payload.subarray(sent, isWrong() ? random.below(end + 1) : end));
    if (end < message.payload.length) {
      underWay.set(message, end);
      continue;
    }
    underWay.delete(message);
    if (message.messageType === SET_CHUNK_SIZE) {
      const size = message.payload.reduce((value, byte) => value * 256 + byte, 0);
      if (size >= 1 && size <= 0x7fff_ffff) chunkSize = size;
    }
  }
  return joined(parts);
}

/** In the shortest form, or in a longer one that is allowed as well. */
function basicHeader(format: number, chunkStreamId: number, random: Random): Uint8Array {
  const bits = format << 6;
  if (chunkStreamId < 64) return uint(bits | chunkStreamId, 1);
  const rest = chunkStreamId - 64;
  if (rest < 256 && !random.oneIn(8)) return Uint8Array.of(bits, rest);
  return Uint8Array.of(bits | 1, rest & 255, rest >> 8);
}

/** A message of any type, with anything in it. */
export function anyMessage(random: Random): Message {
  const messageType = random.oneIn(4) ? random.next() & 255 : random.pick([1, 2, 3, 4, 5, 6, 8, 9, 15, 17, 18, 20, 22]);
  return {
    chunkStreamId: random.oneIn(6) ? 2 + random.below(65_598) : 2 + random.below(7),
    messageType,
    messageStreamId: random.oneIn(8) ? random.edge() : random.below(3),
    timestamp: random.oneIn(5) ? random.edge() : random.below(10_000),
    payload: anyPayload(messageType, random),
  };
}

function anyPayload(messageType: number, random: Random): Uint8Array {
  if (messageType === SET_CHUNK_SIZE) return uint(random.oneIn(10) ? random.edge() : 1 + random.below(5_000), 4);
  if (messageType === 2) return uint(2 + random.below(8), 4);
  if (messageType === 4) return concat(uint(random.below(10), 2), uint(random.edge(), 4), uint(random.edge(), 4));
  if (messageType <= 6) return concat(uint(random.edge(), 4), uint(random.below(4), random.below(2)));
  return random.bytes(random.oneIn(6) ? random.small(4_000) : random.small(200));
}
