import { type BufferPool, readInt } from "../bytes/index.ts";
import { ErrorCode, ProtocolError } from "../errors.ts";
import { defaultLimits, type Limits } from "../limits.ts";
import type { ChunkParser } from "./parser.ts";

/** What {@link MessageAssembler.add} made of a span. */
export const Assembly = {
  /** The message goes on. */
  Incomplete: 0,
  /** It is whole: see `bytes`, `start` and `end` of the assembler. */
  Complete: 1,
  /** No memory may be taken for it: see `error`. */
  Failed: 2,
} as const;
export type Assembly = (typeof Assembly)[keyof typeof Assembly];

const NO_BLOCK = -1;
/** Memory for a message grows with what was received of it; this much is taken at first, so that most need not grow. */
const FIRST_BLOCK = 16_384;
const GROWTH = 4;

/**
 * Makes whole messages of the spans of one {@link ChunkParser}. A message that lies in one piece in the lent bytes is
 * borrowed in place; any other is gathered with one copy into memory of the pool.
 */
export class MessageAssembler {
  /** The whole payload is bytes[start, end). It is lent: valid until the next `add`, or `feed` of the parser. */
  bytes: Uint8Array;
  start = 0;
  end = 0;
  /** Pool memory that messages hold, finished or not. */
  heldBytes = 0;
  /** The most that they may hold; see {@link Limits.partialMessageBytes}. */
  maximumHeldBytes: number;
  error: ProtocolError | null = null;

  private readonly pool: BufferPool;
  /** Per slot of the parser the block of its unfinished message, and how many bytes that has; 0 when there is none. */
  private blocks: Int32Array = new Int32Array(8).fill(NO_BLOCK);
  private capacities: Int32Array = new Int32Array(8);
  /** The block of the message that was gathered last, and its size: the next message of that size takes it over. */
  private finished = NO_BLOCK;
  private finishedSize = 0;

  constructor(pool: BufferPool, limits: Readonly<Limits> = defaultLimits) {
    this.pool = pool;
    this.bytes = pool.memory;
    this.maximumHeldBytes = limits.partialMessageBytes;
  }

  /** Takes what comes next of messages that are under way, as far as no event is needed: instead of a `poll` and an `add` each. */
  gather(parser: ChunkParser): void {
    parser.gather(this.pool, this.blocks, this.capacities);
  }

  /** Takes the parser's current span, after it answered `Payload`. */
  add(parser: ChunkParser): Assembly {
    const offset = parser.payloadOffset;
    if (parser.isLast && offset === 0) {
      this.bytes = parser.buffer;
      this.start = parser.start;
      this.end = parser.end;
      return Assembly.Complete;
    }
    const slot = parser.slot;
    const needed = offset + parser.end - parser.start;
    const fits = slot < this.capacities.length && needed <= readInt(this.capacities, slot);
    if (!fits && !this.makeRoom(slot, offset, needed, parser)) return Assembly.Failed;
    const block = readInt(this.blocks, slot);
    this.pool.copy(parser.buffer, parser.start, parser.end, this.pool.memory, block + offset);
    if (!parser.isLast) return Assembly.Incomplete;
    if (this.finished !== NO_BLOCK) this.give(this.finished);
    this.finished = block;
    this.finishedSize = readInt(this.capacities, slot);
    this.blocks[slot] = NO_BLOCK;
    this.capacities[slot] = 0;
    this.bytes = this.pool.memory;
    this.start = block;
    this.end = block + parser.messageLength;
    return Assembly.Complete;
  }

  /** Drops the unfinished message of a slot, after the parser answered `Aborted`. */
  abort(slot: number): void {
    const block = slot < this.blocks.length ? readInt(this.blocks, slot) : NO_BLOCK;
    if (block === NO_BLOCK) return;
    this.blocks[slot] = this.give(block);
    this.capacities[slot] = 0;
  }

  /** Gives all memory back to the pool. */
  close(): void {
    if (this.finished !== NO_BLOCK) this.finished = this.give(this.finished);
    for (let slot = 0; slot < this.blocks.length; slot++) this.abort(slot);
  }

  /** Gives the slot a block in which `needed` bytes have room; its message has the first `filled` already. */
  private makeRoom(slot: number, filled: number, needed: number, parser: ChunkParser): boolean {
    while (slot >= this.blocks.length) this.addSlots();
    const old = readInt(this.blocks, slot);
    const block = this.take(Math.min(parser.messageLength, Math.max(FIRST_BLOCK, needed * GROWTH)));
    if (block === NO_BLOCK) {
      return this.fail(ErrorCode.PoolExhausted, "The buffer pool has nothing left for a message.", parser);
    }
    if (old !== NO_BLOCK) {
      this.pool.copy(this.pool.memory, old, old + filled, this.pool.memory, block);
      this.give(old);
    }
    this.blocks[slot] = block;
    this.capacities[slot] = this.pool.sizeOf(block);
    if (this.heldBytes <= this.maximumHeldBytes) return true;
    const text = `Unfinished messages hold ${this.heldBytes} bytes; the limit partialMessageBytes is ${this.maximumHeldBytes}.`;
    return this.fail(ErrorCode.PartialMessageBytesLimit, text, parser);
  }

  /** A block of at least this size; that of the last message where it is as large as a new one would be. */
  private take(size: number): number {
    const last = this.finished;
    if (last !== NO_BLOCK) {
      this.finished = NO_BLOCK;
      if (this.finishedSize === this.pool.sizeFor(size)) return last;
      this.give(last);
    }
    const block = this.pool.take(size);
    if (block !== NO_BLOCK) this.heldBytes += this.pool.sizeOf(block);
    return block;
  }

  private addSlots(): void {
    const blocks = new Int32Array(this.blocks.length * 2).fill(NO_BLOCK);
    const capacities = new Int32Array(blocks.length);
    blocks.set(this.blocks);
    capacities.set(this.capacities);
    this.blocks = blocks;
    this.capacities = capacities;
  }

  private give(block: number): typeof NO_BLOCK {
    this.heldBytes -= this.pool.sizeOf(block);
    this.pool.give(block);
    return NO_BLOCK;
  }

  private fail(code: ErrorCode, message: string, parser: ChunkParser): false {
    this.error = new ProtocolError(code, message, parser.offset);
    return false;
  }
}
