// Recordings as lists of lines: what was published, and what is in a file.
import { BufferPool } from "../../src/bytes/index.ts";
import { MessageType } from "../../src/chunk/index.ts";
import { FlvEvent, FlvReader } from "../../src/flv/index.ts";
import { LiveStream, type LiveStreamOptions } from "../../src/live/index.ts";
import { Reading, RecordedStream, type Recorder } from "../../src/recording/index.ts";
import { line } from "../live/player.ts";

export const { Audio, Video, DataAmf0 } = MessageType;

export function liveStream(options: LiveStreamOptions = {}): { pool: BufferPool; live: LiveStream } {
  const pool = new BufferPool(2 ** 22);
  const live = new LiveStream(pool, { segmentBytes: 2 ** 12, chunkSize: 128, maximumBytes: 2 ** 20, ...options });
  live.beginPublication();
  return { pool, live };
}

/** A file as it grows: takes what a recorder gives, in pieces of this size, and its head in the end. */
export class FileImage {
  bytes: Uint8Array = new Uint8Array(0);

  take(recorder: Recorder, piece = 100_000): void {
    const memory = new Uint8Array(piece);
    for (;;) {
      const { offset } = recorder;
      const length = recorder.transmit(memory, 0, piece);
      if (length === 0) return;
      this.write(offset, memory.subarray(0, length));
    }
  }

  finish(recorder: Recorder): Uint8Array {
    const patch = recorder.finish();
    if (patch !== null) this.write(patch.offset, patch.bytes);
    recorder.close();
    return this.bytes;
  }

  private write(offset: number, bytes: Uint8Array): void {
    const grown = new Uint8Array(Math.max(this.bytes.length, offset + bytes.length));
    grown.set(this.bytes);
    grown.set(bytes, offset);
    this.bytes = grown;
  }
}

/** The tags of a whole file behind its metadata. */
export function tagsOf(file: Uint8Array): string[] {
  const reader = new FlvReader();
  const tags: string[] = [];
  reader.feed(file, 0, file.length);
  for (let event = reader.poll(); event !== FlvEvent.NeedData; event = reader.poll()) {
    if (event === FlvEvent.Failed) throw new Error(reader.error?.message);
    const { tagType, timestamp, bytes, start, end } = reader;
    if (event === FlvEvent.Tag) tags.push(line(tagType, timestamp, bytes.subarray(start, end)));
  }
  reader.finish();
  if (reader.truncatedBytes > 0 || reader.wrongPreviousTagSizes > 0) throw new Error("The file is not whole.");
  return tags.slice(1);
}

/** Of all files that are not closed: memory is expensive to make. */
const filesPool = new BufferPool(2 ** 28);

/** A file in memory that is read as a player reads it. */
export class OpenFile {
  readonly recorded: RecordedStream;
  /** How many bytes each read asked for. */
  readonly reads: number[] = [];
  isReleased = false;

  constructor(file: Uint8Array, pool: BufferPool = filesPool) {
    this.recorded = new RecordedStream(pool, file.length, {
      request: () => {
        const { wantedOffset, memory, fillStart, fillEnd } = this.recorded.reader;
        this.reads.push(fillEnd - fillStart);
        this.pending = () => {
          const piece = file.subarray(wantedOffset, wantedOffset + fillEnd - fillStart);
          memory.set(piece, fillStart);
          this.recorded.reader.fill(piece.length);
        };
      },
      release: () => {
        this.isReleased = true;
      },
    });
  }
  private pending: (() => void) | null = null;

  /** Takes a step until it needs no more bytes. */
  until(step: (recorded: RecordedStream) => Reading): Reading {
    for (;;) {
      const reading = step(this.recorded);
      if (reading !== Reading.Waiting) return reading;
      if (this.pending === null) throw new Error("It waits for nothing.");
      const { pending } = this;
      this.pending = null;
      pending();
    }
  }

  /** The next tag; null at the end. */
  next(): string | null {
    const reading = this.until((recorded) => recorded.next());
    if (reading !== Reading.Tag) return null;
    const { tagType, timestamp, memory, start, end } = this.recorded.reader;
    return line(tagType, timestamp, memory.subarray(start, end));
  }

  rest(): string[] {
    const lines: string[] = [];
    for (let next = this.next(); next !== null; next = this.next()) lines.push(next);
    return lines;
  }
}
