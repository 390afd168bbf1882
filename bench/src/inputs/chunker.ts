import { writeUint24, writeUint32, writeUint32LE } from "@millrace/core/bytes";
import type { Message } from "./messages.ts";

/**
 * Writes chunks the way encoders do (RTMP 5.3): a full header first on each chunk stream, then headers with a delta, and
 * continuations of one byte. It is not the writer of the core, so that inputs do not change when that does; it knows
 * neither extended timestamps nor chunk stream ids from 64 on.
 */
export class Chunker {
  /** The bytes written so far are bytes[0, length). */
  readonly bytes: Uint8Array;
  length = 0;
  chunks = 0;
  private chunkSize = 128;
  private readonly timestamps = new Map<number, number>();

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Writes bytes that are no chunk: a handshake. */
  raw(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Announces a chunk size (RTMP 5.4.1) and uses it from then on. */
  setChunkSize(size: number): void {
    const payload = new Uint8Array(4);
    writeUint32(payload, 0, size);
    this.message({ chunkStreamId: 2, messageType: 1, messageStreamId: 0, timestamp: 0, payload });
    this.chunkSize = size;
  }

  message(message: Message): void {
    this.interleave([message]);
  }

  /** Messages on chunk streams of their own, a chunk of each in turn. */
  interleave(messages: readonly Message[]): void {
    const longest = Math.max(...messages.map(({ payload }) => payload.length));
    for (let offset = 0; offset === 0 || offset < longest; offset += this.chunkSize) {
      for (const message of messages) {
        if (offset === 0 || offset < message.payload.length) this.chunk(message, offset);
      }
    }
  }

  private chunk(message: Message, offset: number): void {
    if (offset === 0) this.messageHeader(message);
    else this.bytes[this.length++] = 0xc0 | message.chunkStreamId;
    this.raw(message.payload.subarray(offset, offset + this.chunkSize));
    this.chunks++;
  }

  private messageHeader({ chunkStreamId, messageType, messageStreamId, timestamp, payload }: Message): void {
    const { bytes, length: at } = this;
    const before = this.timestamps.get(chunkStreamId);
    this.timestamps.set(chunkStreamId, timestamp);
    // Control messages come without a delta, and time that goes back needs a full header.
    const isFull = before === undefined || before > timestamp || messageStreamId === 0;
    bytes[at] = (isFull ? 0 : 0x40) | chunkStreamId;
    writeUint24(bytes, at + 1, isFull ? timestamp : timestamp - before);
    writeUint24(bytes, at + 4, payload.length);
    bytes[at + 7] = messageType;
    if (isFull) writeUint32LE(bytes, at + 8, messageStreamId);
    this.length += isFull ? 12 : 8;
  }
}
