import { readInt } from "./integers.ts";
import type { BufferPool } from "./pool.ts";

const NO_BLOCK = -1;

export interface SegmentRingOptions {
  /** Bytes of a segment, a power of two from 1 KiB. Default 128 KiB. */
  segmentBytes?: number;
  /** The most bytes that may lie between `floor` and `tail`; rounded up to whole segments, of which one more is kept. */
  capacityBytes: number;
}

/**
 * An endless row of bytes of which a window is kept, [floor, tail), in segments of the pool. Space is reserved at the
 * tail, filled in any order, and given up at the floor. A segment takes memory when its first byte is written.
 *
 * Positions count bytes modulo 2^32 as signed integers, which V8 never boxes; compare them by the sign of their
 * difference, `(a - b) | 0`. The capacity is at most 1 GiB, so that the sign is never ambiguous.
 *
 * A segment that is pinned stays readable after the window has left it, until it is unpinned as often.
 */
export class SegmentRing {
  /** The first position that is kept. */
  floor = 0;
  /** The position behind the last reserved byte. */
  tail = 0;
  /** Segments of the pool that are held, those that are only pinned included. */
  heldSegments = 0;

  readonly segmentBytes: number;
  readonly capacityBytes: number;
  private readonly pool: BufferPool;
  private readonly segmentBits: number;
  /** Per place, position >> segmentBits modulo their number, its block in the pool, and how often that is pinned. */
  private readonly blocks: Int32Array;
  private readonly pins: Int32Array;
  private readonly placeMask: number;
  /** Pinned segments that the window has left: block to pins. */
  private readonly detached = new Map<number, number>();

  /** @throws RangeError when an option is out of its range. */
  constructor(pool: BufferPool, options: SegmentRingOptions) {
    const segmentBytes = options.segmentBytes ?? 2 ** 17;
    const segmentBits = 31 - Math.clz32(segmentBytes);
    if (segmentBytes !== 1 << segmentBits || segmentBits < 10) {
      throw new RangeError(`segmentBytes must be a power of two from 1 KiB, not ${segmentBytes}.`);
    }
    if (!(options.capacityBytes >= segmentBytes && options.capacityBytes <= 2 ** 30)) {
      throw new RangeError(`capacityBytes must be from segmentBytes to 1 GiB, not ${options.capacityBytes}.`);
    }
    this.pool = pool;
    this.segmentBytes = segmentBytes;
    this.segmentBits = segmentBits;
    this.capacityBytes = options.capacityBytes;
    // One place more than the capacity fills, because a window need not begin at a segment's start.
    const places = Math.ceil(options.capacityBytes / segmentBytes) + 1;
    const rounded = 1 << (32 - Math.clz32(places - 1));
    this.placeMask = rounded - 1;
    this.blocks = new Int32Array(rounded).fill(NO_BLOCK);
    this.pins = new Int32Array(rounded);
  }

  /** How many bytes may be reserved before the floor must rise. */
  get room(): number {
    return this.capacityBytes - ((this.tail - this.floor) | 0);
  }

  /**
   * Reserves the next `length` bytes. @returns their position.
   *
   * @throws RangeError when that is more than {@link room}: raise the floor first.
   */
  reserve(length: number): number {
    if (length > this.room)
      throw new RangeError(`There is room for ${this.room} bytes, not for ${length}: raise the floor.`);
    const position = this.tail;
    this.tail = (position + length) | 0;
    return position;
  }

  /**
   * Writes bytes[start, end) into reserved space.
   *
   * @returns false when the pool has no segment left; then a part may have been written.
   */
  write(position: number, bytes: Uint8Array, start: number, end: number): boolean {
    const mask = this.segmentBytes - 1;
    let to = position;
    let from = start;
    while (from < end) {
      const block = this.blockFor(to);
      if (block === NO_BLOCK) return false;
      const inSegment = to & mask;
      const length = Math.min(end - from, this.segmentBytes - inSegment);
      this.pool.copy(bytes, from, from + length, this.pool.memory, block + inSegment);
      from += length;
      to = (to + length) | 0;
    }
    return true;
  }

  /** Copies written bytes, from a position on, to into[start, end). */
  read(position: number, into: Uint8Array, start: number, end: number): void {
    const mask = this.segmentBytes - 1;
    for (let at = start; at < end; ) {
      const from = (position + at - start) | 0;
      const inSegment = from & mask;
      const length = Math.min(end - at, this.segmentBytes - inSegment);
      const source = this.blockAt(from) + inSegment;
      this.pool.copy(this.pool.memory, source, source + length, into, at);
      at += length;
    }
  }

  /** Gives up all that lies before a position. */
  raiseFloor(position: number): void {
    const first = this.floor >> this.segmentBits;
    const count = ((position >> this.segmentBits) - first) & ((1 << (32 - this.segmentBits)) - 1);
    for (let index = 0; index < count && index <= this.placeMask; index++) {
      this.detach((first + index) & this.placeMask);
    }
    this.floor = position;
  }

  /** The block in which the byte at a position lies; it was written and is kept. */
  blockAt(position: number): number {
    return readInt(this.blocks, (position >> this.segmentBits) & this.placeMask);
  }

  /** Keeps a segment readable, by its block, until {@link unpin}. */
  pin(position: number): number {
    const place = (position >> this.segmentBits) & this.placeMask;
    this.pins[place] = readInt(this.pins, place) + 1;
    return readInt(this.blocks, place);
  }

  /** @param position - any in the segment that was pinned; `block` is what {@link pin} answered. */
  unpin(position: number, block: number): void {
    const left = this.detached.get(block);
    if (left === undefined) {
      const place = (position >> this.segmentBits) & this.placeMask;
      this.pins[place] = readInt(this.pins, place) - 1;
    } else if (left > 1) {
      this.detached.set(block, left - 1);
    } else {
      this.detached.delete(block);
      this.giveBack(block);
    }
  }

  /** Gives up everything; what is pinned goes back to the pool when it is unpinned. */
  clear(): void {
    for (let place = 0; place <= this.placeMask; place++) this.detach(place);
    this.floor = this.tail;
  }

  private blockFor(position: number): number {
    const place = (position >> this.segmentBits) & this.placeMask;
    let block = readInt(this.blocks, place);
    if (block === NO_BLOCK) {
      block = this.pool.take(this.segmentBytes);
      this.blocks[place] = block;
      if (block !== NO_BLOCK) this.heldSegments++;
    }
    return block;
  }

  private detach(place: number): void {
    const block = readInt(this.blocks, place);
    if (block === NO_BLOCK) return;
    const pins = readInt(this.pins, place);
    this.blocks[place] = NO_BLOCK;
    this.pins[place] = 0;
    if (pins === 0) this.giveBack(block);
    else this.detached.set(block, pins);
  }

  private giveBack(block: number): void {
    this.pool.give(block);
    this.heldSegments--;
  }
}
