import { copyBytes, TINY } from "./copy.ts";
import { readInt, readUint8 } from "./integers.ts";
import { type CopyWithinSlab, makeSlab } from "./slab.ts";

/** The smallest block that is lent: 1 KiB. Less would cost more in bookkeeping than it saves. */
const SMALLEST_ORDER = 10;
/** The largest slab: 1 GiB, so that every offset is a small integer for V8. */
const LARGEST_ORDER = 30;
const NOTHING = -1;
/** In `states`: not the first unit of a block, or the order of the lent block, or the order with this bit when free. */
const INSIDE = 0;
const FREE = 0x80;

/**
 * Memory that is lent out and taken back: one slab of bytes, cut into blocks whose sizes are powers of two (a buddy
 * allocator), bounded and counted.
 *
 * Everything lives in one `Uint8Array` because copying between two places of one array needs no view: where
 * `into.set(from.subarray(start, end))` takes 96 ns for 128 bytes, {@link copy} takes 13 (see copy.wat). So a block is an offset into {@link memory}, and a piece of bytes is always a triple (bytes, start, end). The operating
 * system gives the slab's pages when they are touched first: a large slab costs nothing until it is used.
 *
 * @example
 * const pool = new BufferPool(2 ** 26);
 * const block = pool.take(4096); // -1 when all is lent out
 * pool.memory.set(bytes, block);
 * pool.give(block);
 */
export class BufferPool {
  /** The slab. A borrower touches the bytes of its blocks and no others. */
  readonly memory: Uint8Array;
  /** Blocks that are lent out now. */
  lentBlocks = 0;
  /** Their bytes. */
  lentBytes = 0;
  /** The most bytes that were ever lent at a time. */
  peakLentBytes = 0;
  /** How often a request was refused because there was nothing left. */
  refusals = 0;

  private readonly copyWithin: CopyWithinSlab;
  private readonly topOrder: number;
  /** For each unit of 1 KiB what it is the first of. */
  private readonly states: Uint8Array;
  /** Per order the first free block, and doubly linked lists through the first units of free blocks. */
  private readonly heads: Int32Array;
  private readonly nexts: Int32Array;
  private readonly previouses: Int32Array;

  /**
   * @param size - bytes of the slab, a power of two from 1 KiB to 1 GiB. Default 64 MiB.
   * @throws RangeError when size is anything else.
   */
  constructor(size: number = 2 ** 26) {
    const order = 31 - Math.clz32(size);
    if (size !== 1 << order || order < SMALLEST_ORDER || order > LARGEST_ORDER) {
      throw new RangeError(`The size of a BufferPool must be a power of two from 1 KiB to 1 GiB, not ${size}.`);
    }
    const units = size >>> SMALLEST_ORDER;
    const slab = makeSlab(size);
    this.memory = slab.memory;
    this.copyWithin = slab.copy;
    this.topOrder = order;
    this.states = new Uint8Array(units);
    this.heads = new Int32Array(order + 1).fill(NOTHING);
    this.nexts = new Int32Array(units);
    this.previouses = new Int32Array(units);
    this.push(0, order);
  }

  /**
   * Lends a block of at least `size` bytes; its content is undefined.
   *
   * @returns its offset in {@link memory}, or -1 when no block of that size is left.
   */
  take(size: number): number {
    const order = orderOf(size);
    let found = order;
    while (found <= this.topOrder && readInt(this.heads, found) === NOTHING) found++;
    if (found > this.topOrder) {
      this.refusals++;
      return -1;
    }
    const unit = readInt(this.heads, found);
    this.unlink(unit, found);
    // The lower half is lent, the upper halves stay free: what is in use gathers at the slab's start.
    while (found > order) {
      found--;
      this.push(unit + (1 << (found - SMALLEST_ORDER)), found);
    }
    this.states[unit] = order;
    this.lentBlocks++;
    this.lentBytes += 1 << order;
    if (this.lentBytes > this.peakLentBytes) this.peakLentBytes = this.lentBytes;
    return unit << SMALLEST_ORDER;
  }

  /** How many bytes a block has that {@link take} lends for this size. */
  sizeFor(size: number): number {
    return 1 << orderOf(size);
  }

  /** How many bytes the block at this offset has. */
  sizeOf(offset: number): number {
    return 1 << this.lentOrder(offset);
  }

  /**
   * Takes a block back. The borrower must not touch it any more.
   *
   * @throws RangeError when no block that is lent begins at this offset (given back twice, say).
   */
  give(offset: number): void {
    let order = this.lentOrder(offset);
    let unit = offset >>> SMALLEST_ORDER;
    this.lentBlocks--;
    this.lentBytes -= 1 << order;
    this.states[unit] = INSIDE;
    while (order < this.topOrder) {
      const buddy = unit ^ (1 << (order - SMALLEST_ORDER));
      if (readUint8(this.states, buddy) !== (order | FREE)) break;
      this.unlink(buddy, order);
      unit &= buddy;
      order++;
    }
    this.push(unit, order);
  }

  /**
   * Copies bytes[start, end) to into[at, …). Any arrays may be given; it is fast when both are {@link memory}. Ranges of one
   * array may overlap. The caller has checked that both lie inside.
   */
  copy(bytes: Uint8Array, start: number, end: number, into: Uint8Array, at: number): void {
    // A few bytes are copied before a call would have begun.
    if (bytes === this.memory && into === bytes && end - start > TINY) this.copyWithin(at, start, end - start);
    else copyBytes(bytes, start, end, into, at);
  }

  private lentOrder(offset: number): number {
    const state = this.states[offset >>> SMALLEST_ORDER] ?? INSIDE;
    if (state === INSIDE || (state & FREE) !== 0 || (offset & ((1 << SMALLEST_ORDER) - 1)) !== 0) {
      throw new RangeError(`No block is lent at offset ${offset}: was it given back twice?`);
    }
    return state;
  }

  private push(unit: number, order: number): void {
    const head = readInt(this.heads, order);
    this.states[unit] = order | FREE;
    this.nexts[unit] = head;
    this.previouses[unit] = NOTHING;
    if (head !== NOTHING) this.previouses[head] = unit;
    this.heads[order] = unit;
  }

  private unlink(unit: number, order: number): void {
    const next = readInt(this.nexts, unit);
    const previous = readInt(this.previouses, unit);
    if (next !== NOTHING) this.previouses[next] = previous;
    if (previous === NOTHING) this.heads[order] = next;
    else this.nexts[previous] = next;
    this.states[unit] = INSIDE;
  }
}

function orderOf(size: number): number {
  return size <= 1 << SMALLEST_ORDER ? SMALLEST_ORDER : 32 - Math.clz32(size - 1);
}
