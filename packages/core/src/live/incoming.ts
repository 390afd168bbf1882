import { copyBytes } from "../bytes/index.ts";
import { MessageType, wireLength, writeContinuation, writeFullHeader } from "../chunk/index.ts";
import { TAG_HEAD_BYTES, TagHead, type TagKind } from "../media/index.ts";
import type { LiveStream } from "./stream.ts";

/** The chunk streams of media in the wire image: what FFmpeg, OBS and SRS use, for players that insist on it. */
const AUDIO_CHUNK_STREAM = 4;
const VIDEO_CHUNK_STREAM = 6;
/** The message stream id in the wire image: the first that a server hands out, so nearly every player has it. */
export const WIRE_STREAM_ID = 1;
/** The longest header in the wire image: 1 byte basic header, 11 bytes message header, 4 bytes extended timestamp. */
export const LONGEST_WIRE_HEADER = 16;

/**
 * A message on its way into a {@link LiveStream}: its space is reserved, its payload comes span by span. Messages of
 * several chunk streams may be under way at once. Objects are used again for later messages.
 */
export class IncomingMessage {
  /** Where the message begins in the ring, and how many bytes it takes there. */
  position = 0;
  wireLength = 0;
  messageType = 0;
  /** As a signed integer. */
  timestamp = 0;
  /** Of the payload. */
  length = 0;
  kind: TagKind = 0;
  trackId = 0;
  /** Whether it has no tracks with ids, and no ModEx. */
  isPlain = true;

  private readonly stream: LiveStream;
  /** False when the message is whole, or was given up. */
  private isOpen = false;
  private received = 0;
  /** Where the next byte goes, and how many more bytes of payload the chunk there has. */
  private writePosition = 0;
  private chunkRemaining = 0;
  private readonly header: Uint8Array = new Uint8Array(LONGEST_WIRE_HEADER);
  private readonly headBytes: Uint8Array = new Uint8Array(TAG_HEAD_BYTES);
  private readonly head = new TagHead();

  constructor(stream: LiveStream) {
    this.stream = stream;
  }

  /** Called by {@link LiveStream.begin}. */
  begin(position: number, messageType: number, timestamp: number, length: number, kind: TagKind): void {
    this.position = position;
    this.wireLength = wireLength(length, timestamp, this.stream.chunkSize);
    this.messageType = messageType;
    this.timestamp = timestamp | 0;
    this.length = length;
    this.kind = kind;
    this.trackId = 0;
    this.isPlain = true;
    this.isOpen = true;
    this.received = 0;
    this.writePosition = position;
    this.chunkRemaining = 0;
  }

  /**
   * Takes the next span of the payload; a message of length 0 has one empty span. With the last one the message becomes
   * part of the stream. The bytes are copied: the caller may reuse them at once.
   *
   * @returns false when the message was dropped: for lack of memory, or because its publication has ended. The object is
   * not the caller's any more then, as after the last span.
   * @throws RangeError when the span is longer than what the payload lacks.
   */
  append(bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.isOpen) return false;
    const lacking = this.length - this.received;
    if (end - start > lacking) {
      throw new RangeError(`The message lacks ${lacking} bytes of payload; a span of ${end - start} is too long.`);
    }
    if (this.received < TAG_HEAD_BYTES) this.takeHead(bytes, start, end);
    let written = this.writePosition !== this.position || this.writeHeader();
    for (let at = start; written && at < end; ) {
      if (this.chunkRemaining === 0) written = this.writeHeader();
      const length = Math.min(this.chunkRemaining, end - at);
      written = written && this.write(bytes, at, at + length);
      this.chunkRemaining -= length;
      this.received += length;
      at += length;
    }
    if (!written) {
      this.stream.droppedMessages++;
      this.cancel();
    } else if (this.received === this.length) {
      this.isOpen = false;
      this.stream.complete(this);
    }
    return written;
  }

  /** The publisher gives the message up: its space is lost, nobody sees it. The object is not the caller's any more. */
  cancel(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.stream.drop(this);
  }

  /** The publication has ended before the message was whole. The object stays with its publisher until it notices. */
  abandon(): void {
    this.isOpen = false;
  }

  /** The payload of a message that is whole and still kept, in memory of its own. */
  copyPayload(): Uint8Array {
    const payload = new Uint8Array(this.length);
    this.stream.readPayload(this.position, this.timestamp, this.length, payload, 0);
    return payload;
  }

  private writeHeader(): boolean {
    const chunkStreamId = this.messageType === MessageType.Video ? VIDEO_CHUNK_STREAM : AUDIO_CHUNK_STREAM;
    const { header, timestamp, length } = this;
    const end =
      this.received === 0
        ? writeFullHeader(header, 0, chunkStreamId, timestamp, length, this.messageType, WIRE_STREAM_ID)
        : writeContinuation(header, 0, chunkStreamId, timestamp);
    this.chunkRemaining = Math.min(this.stream.chunkSize, length - this.received);
    return this.write(header, 0, end);
  }

  private write(bytes: Uint8Array, start: number, end: number): boolean {
    const written = this.stream.ring.write(this.writePosition, bytes, start, end);
    this.writePosition = (this.writePosition + end - start) | 0;
    return written;
  }

  /** Gathers the first bytes of the payload, and reads them once they are there; mostly they are at once. */
  private takeHead(bytes: Uint8Array, start: number, end: number): void {
    const needed = Math.min(this.length, TAG_HEAD_BYTES);
    if (this.received === 0 && end - start >= needed) {
      this.classify(bytes, start, start + needed);
      return;
    }
    const length = Math.min(end - start, needed - this.received);
    copyBytes(bytes, start, start + length, this.headBytes, this.received);
    if (this.received + length === needed) this.classify(this.headBytes, 0, needed);
  }

  private classify(bytes: Uint8Array, start: number, end: number): void {
    if (this.messageType === MessageType.Video) this.head.readVideo(bytes, start, end);
    else if (this.messageType === MessageType.Audio) this.head.readAudio(bytes, start, end);
    else return;
    this.kind = this.head.kind;
    this.trackId = this.head.trackId;
    this.isPlain = this.head.isPlain;
  }
}
