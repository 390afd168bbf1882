import { type BufferPool, readUint8, readUint24 } from "../bytes/index.ts";
import { MessageType } from "../chunk/index.ts";
import { FLV_TAG_HEADER_BYTES, PREVIOUS_TAG_SIZE_BYTES } from "../flv/index.ts";
import type { Limits } from "../limits.ts";

/** What {@link RecordingReader.next} found. */
export const Reading = {
  /** The bytes for it are not there yet: they are asked for. */
  Waiting: 0,
  /** A tag; see the fields of the reader. */
  Tag: 1,
  /** There are no more whole tags. */
  End: 2,
  /** What lies here is no tag, or the file cannot be read. */
  Broken: 3,
} as const;
export type Reading = (typeof Reading)[keyof typeof Reading];

/** Who reads the file. */
export interface ByteSource {
  /** Bytes are wanted: see {@link RecordingReader.wantedOffset}. They come later, by {@link RecordingReader.fill}. */
  request(): void;
  /** No more are wanted. */
  release(): void;
}

/** What is read at a time, unless a tag is longer. */
const WINDOW_BYTES = 65_536;
const NO_BLOCK = -1;
const FILTER = 0x20;
const TAG_TYPE = 0x1f;

/**
 * Reads the tags of an FLV file from any offset on, through a window of the file that lies in the pool: what a reader holds
 * does not depend on how long the file is. It reads no file itself: see {@link ByteSource}.
 */
export class RecordingReader {
  /** Of the file, in bytes. */
  readonly length: number;
  /** The tag that was found last: where it begins in the file, and what it is. */
  tagOffset = 0;
  tagType = 0;
  /** Milliseconds, -2^31 to 2^31 - 1. */
  timestamp = 0;
  payloadLength = 0;
  /** Its payload, or as much of it as was asked for: memory[start, end), valid until the next call. */
  start = 0;
  end = 0;
  /** Where the next tag begins. */
  position = 0;

  /** While {@link isWaiting}: the bytes from here on belong at memory[fillStart, fillEnd). */
  wantedOffset = 0;
  fillStart = 0;
  fillEnd = 0;
  isWaiting = false;

  private readonly pool: BufferPool;
  private readonly limits: Readonly<Limits>;
  private readonly source: ByteSource;
  private block = NO_BLOCK;
  /** The part of the file that is there: [windowStart, windowEnd), at the start of the block. */
  private windowStart = 0;
  private windowEnd = 0;
  private isBroken = false;
  private isClosed = false;

  constructor(pool: BufferPool, length: number, source: ByteSource, limits: Readonly<Limits>) {
    this.pool = pool;
    this.length = length;
    this.source = source;
    this.limits = limits;
  }

  /** Where the bytes of tags lie. */
  get memory(): Uint8Array {
    return this.pool.memory;
  }

  /**
   * The next tag.
   *
   * @param most - of its payload so much is wanted; the rest is not even read where that saves anything.
   */
  next(most: number = Number.POSITIVE_INFINITY): Reading {
    const { position, length } = this;
    if (position + FLV_TAG_HEADER_BYTES > length) return this.isBroken ? Reading.Broken : Reading.End;
    if (!this.require(position, FLV_TAG_HEADER_BYTES)) return this.missing;
    const { memory } = this;
    let at = this.placeOf(position);
    const first = readUint8(memory, at);
    const payloadLength = readUint24(memory, at + 1);
    const tagType = first & TAG_TYPE;
    // Zeros are what some file systems leave behind after a crash.
    const isTag = tagType !== 0 && (first & FILTER) === 0 && payloadLength <= this.longest(tagType);
    if (!isTag) return Reading.Broken;
    const tagEnd = position + FLV_TAG_HEADER_BYTES + payloadLength;
    if (tagEnd > length) return Reading.End;
    const wanted = Math.min(payloadLength, most);
    if (!this.require(position, FLV_TAG_HEADER_BYTES + wanted)) return this.missing;
    at = this.placeOf(position);
    this.tagOffset = position;
    this.tagType = tagType;
    this.timestamp = (readUint8(memory, at + 7) << 24) | readUint24(memory, at + 4);
    this.payloadLength = payloadLength;
    this.start = at + FLV_TAG_HEADER_BYTES;
    this.end = this.start + wanted;
    this.position = tagEnd + PREVIOUS_TAG_SIZE_BYTES;
    return Reading.Tag;
  }

  /** Whether so many bytes from an offset on are there; if not, and they lie in the file, they are asked for. */
  require(offset: number, count: number): boolean {
    if (this.isWaiting || this.isOver || offset + count > this.length) return false;
    if (offset >= this.windowStart && offset + count <= this.windowEnd) return true;
    this.want(offset, count);
    return false;
  }

  /** Whether nothing more can be read. */
  get isOver(): boolean {
    return this.isBroken || this.isClosed;
  }

  /** Where in memory a byte of the file lies that is there. */
  placeOf(offset: number): number {
    return this.block + offset - this.windowStart;
  }

  /** So many of the wanted bytes are there now. */
  fill(count: number): void {
    this.isWaiting = false;
    this.windowEnd += count;
    // The file has become shorter than it was.
    if (count < this.fillEnd - this.fillStart) this.isBroken = true;
    if (this.isClosed) this.giveBlock();
  }

  /** The wanted bytes cannot be read. */
  fail(): void {
    this.isWaiting = false;
    this.isBroken = true;
    if (this.isClosed) this.giveBlock();
  }

  /** Gives the memory back, once nothing is read into it any more. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    if (!this.isWaiting) this.giveBlock();
    this.source.release();
  }

  private get missing(): Reading {
    return this.isOver ? Reading.Broken : Reading.Waiting;
  }

  private longest(tagType: number): number {
    const isData = tagType === MessageType.DataAmf0 || tagType === MessageType.DataAmf3;
    return isData ? this.limits.dataMessageLength : this.limits.mediaMessageLength;
  }

  /** Moves the window to an offset; what is there of it stays. Without memory it is tried again another time. */
  private want(offset: number, count: number): void {
    const { pool } = this;
    const kept = offset >= this.windowStart && offset < this.windowEnd ? this.windowEnd - offset : 0;
    const from = this.placeOf(offset);
    const size = Math.max(WINDOW_BYTES, count);
    if (this.block === NO_BLOCK || pool.sizeOf(this.block) !== pool.sizeFor(size)) {
      const block = pool.take(size);
      if (block === NO_BLOCK) return;
      if (kept > 0) pool.copy(pool.memory, from, from + kept, pool.memory, block);
      this.giveBlock();
      this.block = block;
    } else if (kept > 0) {
      pool.copy(pool.memory, from, from + kept, pool.memory, this.block);
    }
    this.windowStart = offset;
    this.windowEnd = offset + kept;
    this.wantedOffset = this.windowEnd;
    this.fillStart = this.block + kept;
    this.fillEnd = this.fillStart + Math.min(pool.sizeOf(this.block) - kept, this.length - this.windowEnd);
    this.isWaiting = true;
    this.source.request();
  }

  private giveBlock(): void {
    if (this.block !== NO_BLOCK) this.pool.give(this.block);
    this.block = NO_BLOCK;
  }
}
