// What is in a live stream, as lines of text.
import { BufferPool } from "../../src/bytes/index.ts";
import { MessageEvent, MessageReader } from "../../src/chunk/index.ts";
import type { LiveStream } from "../../src/live/index.ts";
import { mediaLine } from "./message-log.ts";

const pool = new BufferPool(2 ** 24);

/** All messages that a live stream keeps, in order. */
export function mediaOf(live: LiveStream): string[] {
  const lines: string[] = [];
  for (let number = live.first; number !== live.next; number = (number + 1) | 0) {
    const image = new Uint8Array(live.wireLengthOf(number));
    live.ring.read(live.startOf(number), image, 0, image.length);
    const reader = new MessageReader(pool);
    // The image is in the chunk size of the stream.
    reader.parser.chunkSize = live.chunkSize;
    reader.feed(image, 0, image.length);
    if (reader.poll() !== MessageEvent.Message) throw new Error(`Message ${number} is not whole.`);
    lines.push(mediaLine(reader.messageType, reader.timestamp, reader.bytes, reader.start, reader.end));
    if (reader.poll() !== MessageEvent.NeedData) throw new Error(`More than message ${number} lies in its place.`);
    reader.close();
  }
  return lines;
}
