import type { Stretch } from "./inputs/input.ts";

/** Bytes of a message header by its format, basic header included. */
const headerLengths: readonly number[] = [12, 8, 4, 1];

/** What a walk remembers of each chunk stream: one of the 64 whose basic header has one byte. */
export class WalkState {
  readonly messageLengths: Int32Array = new Int32Array(64);
  readonly remaining: Int32Array = new Int32Array(64);
}

/**
 * The least that any reader must do: it steps from header to header and reads in each only what tells where the next one is.
 * No timestamps, types or stream ids, no check of anything, no input in pieces; chunk size known beforehand.
 *
 * @returns the number of chunks.
 */
export function walkHeaders(bytes: Uint8Array, { start, end, chunkSize }: Stretch, state: WalkState): number {
  const { messageLengths, remaining } = state;
  let chunks = 0;
  let at = start;
  while (at < end) {
    const first = bytes[at] as number; // at lies inside: it is below end
    const format = first >> 6;
    const id = first & 63;
    if (format < 2) {
      messageLengths[id] =
        ((bytes[at + 4] as number) << 16) | ((bytes[at + 5] as number) << 8) | (bytes[at + 6] as number); // whole headers only
    }
    let left = remaining[id] as number; // id is below 64
    if (left === 0) left = messageLengths[id] as number; // id is below 64
    const length = Math.min(left, chunkSize);
    remaining[id] = left - length;
    at += (headerLengths[format] as number) + length; // format is below 4
    chunks++;
  }
  return at === end ? chunks : 0;
}

const State = { BasicHeader: 0, MessageHeader: 1, Payload: 2 } as const;

/**
 * The least that a reader must do which looks at each byte: one loop, one switch. It knows what {@link walkHeaders} knows.
 *
 * @returns the number of chunks.
 */
export function switchOnBytes(bytes: Uint8Array, { start, end, chunkSize }: Stretch, walk: WalkState): number {
  const { messageLengths, remaining } = walk;
  let chunks = 0;
  let state: number = State.BasicHeader;
  let id = 0;
  let format = 0;
  let index = 0;
  let length = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number; // at lies inside: it is below end
    switch (state) {
      case State.BasicHeader:
        id = byte & 63;
        format = byte >> 6;
        index = 1;
        length = 0;
        state = format === 3 ? State.Payload : State.MessageHeader;
        break;
      case State.MessageHeader:
        if (index > 3 && index < 7) length = (length << 8) | byte;
        index++;
        if (index < (headerLengths[format] as number)) continue; // format is below 4
        if (format < 2) messageLengths[id] = length;
        state = State.Payload;
        break;
      case State.Payload:
        index--;
        if (index > 0) continue;
        state = State.BasicHeader;
        continue;
    }
    if (state !== State.Payload) continue;
    // The header ended with this byte.
    let left = remaining[id] as number; // id is below 64
    if (left === 0) left = messageLengths[id] as number; // id is below 64
    index = Math.min(left, chunkSize);
    remaining[id] = left - index;
    if (index === 0) state = State.BasicHeader;
    chunks++;
  }
  return state === State.BasicHeader ? chunks : 0;
}
