import { createHash } from "node:crypto";
import { BufferPool, writeUint32 } from "../../src/bytes/index.ts";
import { MessageEvent, MessageReader, MessageType } from "../../src/chunk/index.ts";
import { LiveStream, type LiveStreamOptions, Subscription } from "../../src/live/index.ts";

export const KiB = 1024;

/** A message as it was published, or as a player read it: one line, so that lists of them compare well. */
export function line(messageType: number, timestamp: number, payload: Uint8Array, streamId = 1): string {
  const name = { [MessageType.Audio]: "audio", [MessageType.Video]: "video", [MessageType.DataAmf0]: "data" }[
    messageType
  ];
  const head = Buffer.from(payload.subarray(0, 8)).toString("hex");
  const digest = createHash("sha1").update(payload).digest("hex").slice(0, 8);
  return `${name ?? messageType} @${timestamp} #${streamId} ${head} length=${payload.length} sha1=${digest}`;
}

let fillers = 0;

/** A payload of `length` bytes that begins with the hex digits given; what follows differs from message to message. */
export function tag(head: string, length: number = head.length / 2 + 4): Uint8Array {
  const seed = ++fillers;
  const payload = Uint8Array.from({ length }, (_, index) => ((index + seed) * 0x9e3779b1 * seed) >>> 24);
  payload.set(Buffer.from(head, "hex").subarray(0, length));
  return payload;
}

export const keyframe = (length?: number): Uint8Array => tag("1701000000", length);
export const frame = (length?: number): Uint8Array => tag("2701000000", length);
export const avcHeader = (length?: number): Uint8Array => tag("1700000000", length);
export const audio = (length?: number): Uint8Array => tag("af01", length);
export const aacHeader = (length?: number): Uint8Array => tag("af00", length);

/** A stream with segments so small that everything crosses their borders, in a pool of its own. */
export function makeStream(
  options: LiveStreamOptions = {},
  poolBytes = 2 ** 20,
): { pool: BufferPool; stream: LiveStream } {
  const pool = new BufferPool(poolBytes);
  const defaults = { chunkSize: 128, segmentBytes: KiB, maximumBytes: 64 * KiB };
  const stream = new LiveStream(pool, { ...defaults, ...options });
  stream.beginPublication();
  return { pool, stream };
}

/** Publishes a message in one piece. @returns its line, as a player with message stream 1 reads it. */
export function publish(stream: LiveStream, messageType: number, timestamp: number, payload: Uint8Array): string {
  stream.push(messageType, timestamp, payload, 0, payload.length);
  return line(messageType, timestamp, payload);
}

/** What the readers gather lies elsewhere, so that the stream's own pool can be counted. */
const readersPool = new BufferPool(2 ** 24);

/** The peer of a {@link Subscription}: it reads the pieces as they come over the wire, into lines. */
export class Player {
  readonly subscription: Subscription;
  /** What was read since they were taken last. */
  messages: string[] = [];
  private readonly reader = new MessageReader(readersPool);

  constructor(stream: LiveStream, streamId = 1) {
    this.subscription = new Subscription(stream, streamId);
    const announcement = Uint8Array.from(Buffer.from("02000000000004010000000000000000", "hex"));
    writeUint32(announcement, 12, stream.chunkSize);
    this.read(announcement, 0, announcement.length);
    this.messages = [];
  }

  /** Takes all there is, or so many pieces. @returns the messages that are whole with them. */
  play(pieces: number = Number.POSITIVE_INFINITY): string[] {
    for (let count = 0; count < pieces && this.subscription.lend(); count++) this.release();
    return this.take();
  }

  /** The pending write is done: only now are the bytes read. */
  release(): void {
    const { bytes, start, end } = this.subscription;
    if (start >= end) throw new Error("An empty piece was lent.");
    this.read(bytes, start, end);
    this.subscription.release();
  }

  take(): string[] {
    const { messages } = this;
    this.messages = [];
    return messages;
  }

  close(): void {
    this.subscription.close();
    this.reader.close();
  }

  private read(bytes: Uint8Array, start: number, end: number): void {
    const { reader } = this;
    // A copy, because the stream may write while the reader still looks.
    const piece = bytes.slice(start, end);
    reader.feed(piece, 0, piece.length);
    for (;;) {
      const event = reader.poll();
      if (event === MessageEvent.NeedData) return;
      if (event === MessageEvent.Failed) throw new Error(`The player cannot read on: ${reader.error?.message}`);
      const payload = reader.bytes.subarray(reader.start, reader.end);
      this.messages.push(line(reader.messageType, reader.timestamp, payload, reader.messageStreamId));
    }
  }
}
