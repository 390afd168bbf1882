import { writeUint32LE } from "../bytes/index.ts";
import { isExtended } from "../chunk/index.ts";
import { LONGEST_WIRE_HEADER, WIRE_STREAM_ID } from "./incoming.ts";
import type { LiveStream } from "./stream.ts";

/** Where the message stream id stands in a fmt 0 header with a basic header of one byte. */
const STREAM_ID_OFFSET = 8;
const EXTENSION = 4;

/**
 * One or more messages of a {@link LiveStream}, one behind the other in its ring, on their way to one player. Their
 * segments are pinned until the last piece is written.
 */
export class Run {
  /** The piece that was shown last is bytes[start, end). */
  bytes: Uint8Array;
  start = 0;
  end = 0;

  private readonly stream: LiveStream;
  private readonly streamId: number;
  /** What is to be sent: [position, last) of the ring, from `first` on; nothing when `position` is `last`. */
  private first = 0;
  private position = 0;
  private last = 0;
  /** The first position of the first segment, and the blocks of all segments, which are pinned. */
  private base = 0;
  private readonly pinned: number[] = [];
  /** How many of those there are: an array that is emptied and filled again is slow. */
  private pins = 0;
  /** Of the first message; and of its header, and of those between its chunks. */
  private headerLength = 0;
  private continuationLength = 0;
  /** Holds a message header with the player's stream id, where that is another than the ring's. */
  private readonly header: Uint8Array = new Uint8Array(LONGEST_WIRE_HEADER);
  private headerIsDue = false;

  constructor(stream: LiveStream, streamId: number) {
    this.stream = stream;
    this.streamId = streamId;
    this.bytes = stream.memory;
  }

  get isDone(): boolean {
    return this.position === this.last;
  }

  /** @param length - of all messages; of one, unless the player has the stream id of the ring. */
  begin(start: number, length: number, timestamp: number): void {
    const { stream } = this;
    const { ring } = stream;
    const extension = isExtended(timestamp) ? EXTENSION : 0;
    this.headerLength = LONGEST_WIRE_HEADER - EXTENSION + extension;
    this.continuationLength = 1 + extension;
    const inSegment = start & (ring.segmentBytes - 1);
    this.first = start;
    this.position = start;
    this.last = (start + length) | 0;
    this.base = (start - inSegment) | 0;
    for (let offset = 0; offset < inSegment + length; offset += ring.segmentBytes) {
      this.pinned[this.pins++] = ring.pin((this.base + offset) | 0);
    }
    if (this.streamId === WIRE_STREAM_ID) return;
    ring.read(start, this.header, 0, this.headerLength);
    writeUint32LE(this.header, STREAM_ID_OFFSET, this.streamId);
    this.headerIsDue = true;
  }

  /** Whether the pieces so far end with a whole chunk of the first message. */
  get isBetweenChunks(): boolean {
    return !this.headerIsDue && this.chunkEnd(this.wholeChunks) === ((this.position - this.first) | 0);
  }

  /** Shows the next piece, with so many chunks of the first message at most. */
  show(chunks: number): void {
    if (this.headerIsDue) {
      this.bytes = this.header;
      this.start = 0;
      this.end = this.headerLength;
      return;
    }
    const { segmentBytes } = this.stream.ring;
    const distance = (this.position - this.base) | 0;
    const inSegment = distance & (segmentBytes - 1);
    const left = Math.min((this.last - this.position) | 0, segmentBytes - inSegment);
    // every segment was pinned when the run began
    const block = this.pinned[(distance - inSegment) / segmentBytes] as number;
    this.bytes = this.stream.memory;
    this.start = block + inSegment;
    this.end = this.start + Math.min(left, this.untilChunk(chunks));
  }

  /** The piece that was shown is written. */
  release(): void {
    this.headerIsDue = false;
    this.position = (this.position + this.end - this.start) | 0;
    if (this.isDone) this.unpin();
  }

  /** Gives up what is left. */
  close(): void {
    this.position = this.last;
    this.unpin();
  }

  /** Bytes from here to the end of the chunk that is so many further. */
  private untilChunk(chunks: number): number {
    if (chunks === Number.POSITIVE_INFINITY) return chunks;
    return this.chunkEnd(this.wholeChunks + chunks) - ((this.position - this.first) | 0);
  }

  /** How many chunks lie wholly before here. */
  private get wholeChunks(): number {
    const afterFirst = ((this.position - this.first) | 0) - this.chunkEnd(1);
    return afterFirst < 0 ? 0 : 1 + Math.floor(afterFirst / (this.continuationLength + this.stream.chunkSize));
  }

  /** Where the first so many chunks end, from the start of the message. */
  private chunkEnd(chunks: number): number {
    if (chunks === 0) return 0;
    return this.headerLength + (chunks - 1) * this.continuationLength + chunks * this.stream.chunkSize;
  }

  private unpin(): void {
    const { ring } = this.stream;
    for (let index = 0; index < this.pins; index++) {
      // index lies inside
      ring.unpin((this.base + index * ring.segmentBytes) | 0, this.pinned[index] as number);
    }
    this.pins = 0;
  }
}
