import { type BufferPool, copyBytes } from "../bytes/index.ts";
import { ChunkWriter } from "../chunk/index.ts";
import type { Subscription } from "../live/index.ts";
import type { MediaSource } from "./media-source.ts";
import { Sender } from "./sender.ts";

const NO_BLOCK = -1;
/** Of the block in which commands and control messages are written; a handshake fits as well. */
const BLOCK_BYTES = 4096;
/** About what a waiting message costs beside its payload: most are tiny, so that this is the greater part. */
const MESSAGE_COST = 256;

/** Something that writes into the caller's memory: a handshake, a chunk writer. */
export interface Transmitter {
  transmit(into: Uint8Array, start: number, end: number): number;
}

/**
 * Everything that goes out on one connection, in pieces: what `first` has to say, then messages of the connection itself,
 * then media, in turn. Media of live streams is lent where it lies in the ring; all else is written
 * into a block of the pool.
 */
export class Output {
  /** The piece that was lent last is bytes[start, end). */
  bytes: Uint8Array;
  start = 0;
  end = 0;
  /** Whether a piece is lent that was not released. */
  isLent = false;
  /** Goes out before anything else, and nothing else until {@link firstIsDone}: the handshake. */
  first: Transmitter | null = null;
  /** Set when `first` will have nothing more to say than what it has now. */
  firstIsDone = false;

  readonly writer: ChunkWriter;
  readonly sender: Sender;
  private readonly pool: BufferPool;
  private block = NO_BLOCK;
  private readonly sources: MediaSource[] = [];
  /** Whose media is being sent, or was last. */
  private turn = 0;
  /** How much of the lent piece `transmit` has copied already. */
  private copied = 0;

  constructor(pool: BufferPool) {
    this.pool = pool;
    this.bytes = pool.memory;
    // Media from the ring goes out on chunk streams that the writer uses too.
    this.writer = new ChunkWriter(pool, { shortHeaders: false });
    this.sender = new Sender(this.writer);
  }

  /** What waits to be sent, in bytes of memory; media of live streams not counted. */
  get waitingBytes(): number {
    return this.writer.pendingBytes + MESSAGE_COST * this.writer.pendingMessages;
  }

  /** Whether the peer is given up, because it takes media too slowly. */
  isTooSlow(now: number): boolean {
    return this.sources.some((source) => source.isTooSlow(now));
  }

  /** When there may be something to be sent that does not wait for others: recordings are sent at their pace. */
  get deadline(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const { deadline } of this.sources) if (deadline < earliest) earliest = deadline;
    return earliest;
  }

  add(source: MediaSource): void {
    this.sources.push(source);
  }

  /** Shows the next piece to be written in `bytes`, `start` and `end`. @returns false when there is none now. */
  lend(): boolean {
    if (this.isLent) throw new RangeError("Release the piece that was lent before asking for another.");
    this.isLent = this.lendWritten() || this.lendMedia();
    return this.isLent;
  }

  /** The piece that was lent is written: its bytes are not needed any more. */
  release(): void {
    this.isLent = false;
    if (this.block !== NO_BLOCK) this.giveBlock();
    else this.sources[this.turn]?.subscription?.release();
  }

  /** Copies what is to be sent into into[start, end), for who cannot write from lent pieces. @returns how many bytes. */
  transmit(into: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && (this.isLent || this.lend())) {
      const from = this.start + this.copied;
      const length = Math.min(end - at, this.end - from);
      copyBytes(this.bytes, from, from + length, into, at);
      at += length;
      this.copied += length;
      if (this.start + this.copied === this.end) {
        this.copied = 0;
        this.release();
      }
    }
    return at - start;
  }

  /** Gives all memory back. What was not written is lost. */
  close(): void {
    this.isLent = false;
    if (this.block !== NO_BLOCK) this.giveBlock();
    for (const source of this.sources) source.close();
    this.sources.length = 0;
    this.writer.close();
    this.first = null;
  }

  /** What is not media. Not while a media message is under way: its chunks lie in one piece. */
  private lendWritten(): boolean {
    if (this.first === null && this.writer.pendingMessages === 0) return false;
    if (this.sources[this.turn]?.subscription?.isBetweenMessages === false) return false;
    const block = this.pool.take(BLOCK_BYTES);
    if (block === NO_BLOCK) return false;
    this.block = block;
    const length = this.write(block, block + BLOCK_BYTES);
    this.bytes = this.pool.memory;
    this.start = block;
    this.end = block + length;
    if (length === 0) this.giveBlock();
    return length > 0;
  }

  private write(start: number, end: number): number {
    const { memory } = this.pool;
    if (this.first !== null) {
      const length = this.first.transmit(memory, start, end);
      if (length > 0 || !this.firstIsDone) return length;
      this.first = null;
    }
    return this.writer.transmit(memory, start, end);
  }

  private lendMedia(): boolean {
    const { sources } = this;
    const current = sources[this.turn];
    if (current?.subscription?.isBetweenMessages === false) return this.lendFrom(current.subscription);
    // The writer may be in the middle of a chunk, when the pool has no block for the rest of it.
    if (this.first !== null || this.writer.pendingMessages > 0 || sources.length === 0) return false;
    for (let count = sources.length; count > 0; count--) {
      this.turn = (this.turn + 1) % sources.length;
      // turn lies inside
      const source = sources[this.turn] as MediaSource;
      const hasMedia = source.prepare(this.sender);
      if (this.writer.pendingMessages > 0) return this.lendWritten();
      if (hasMedia && source.subscription !== null && this.lendFrom(source.subscription)) return true;
    }
    this.dropEnded();
    return false;
  }

  private lendFrom(subscription: Subscription): boolean {
    if (!subscription.lend()) return false;
    this.bytes = subscription.bytes;
    this.start = subscription.start;
    this.end = subscription.end;
    return true;
  }

  private dropEnded(): void {
    for (let index = this.sources.length - 1; index >= 0; index--) {
      const source = this.sources[index];
      if (source === undefined || !source.isEnded) continue;
      source.close();
      this.sources.splice(index, 1);
    }
    this.turn = 0;
  }

  private giveBlock(): void {
    this.pool.give(this.block);
    this.block = NO_BLOCK;
  }
}
