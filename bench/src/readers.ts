import { ChunkEvent, type ChunkParser, MessageEvent, type MessageReader } from "@millrace/core/chunk";

// The two loops are the same but for their types, and stand apart for that: V8 keeps what it learned per function, and a
// loop that has seen both classes would be slower for each.

/** Feeds bytes[start, end) in pieces of this length; returns the bytes of all spans. */
export function readSpans(parser: ChunkParser, bytes: Uint8Array, start: number, end: number, piece: number): number {
  let total = 0;
  for (let at = start; at < end; at += piece) {
    parser.feed(bytes, at, Math.min(end, at + piece));
    let event = parser.poll();
    for (; event === ChunkEvent.Payload; event = parser.poll()) total += parser.end - parser.start;
    if (event !== ChunkEvent.NeedData) throw new Error(parser.error?.message ?? "An unexpected Abort.");
  }
  return total;
}

/** The same for whole messages. */
export function readMessages(
  reader: MessageReader,
  bytes: Uint8Array,
  start: number,
  end: number,
  piece: number,
): number {
  let total = 0;
  for (let at = start; at < end; at += piece) {
    reader.feed(bytes, at, Math.min(end, at + piece));
    let event = reader.poll();
    for (; event === MessageEvent.Message; event = reader.poll()) total += reader.end - reader.start;
    if (event !== MessageEvent.NeedData) throw new Error(reader.error?.message ?? "");
  }
  return total;
}
