import { type BufferPool, readUint8, readUint32, readWord, writeUint24, writeUint32 } from "../bytes/index.ts";
import { isExtended, writeBasicHeader, writeContinuation, writeFullHeader } from "./header.ts";
import { INITIAL_CHUNK_SIZE, LARGEST_CHUNK_SIZE, LONGEST_HEADER } from "./header-reader.ts";
import { MessageType } from "./message-type.ts";
import { OutgoingQueue } from "./outgoing-queue.ts";

/** How urgent a chunk stream is: a more urgent one goes first, also between two chunks of a less urgent message. */
export const Priority = { Control: 0, Command: 1, Audio: 2, Video: 3 } as const;
export type Priority = (typeof Priority)[keyof typeof Priority];

const CONTROL_CHUNK_STREAM = 2;
/** Headers are shortened on chunk streams below this; the others always begin with a full one. */
const DIRECT_IDS = 64;
const PRIORITIES = 4;
const LARGEST_ID = 65_599;
const NO_BLOCK = -1;

// What the peer knows of a chunk stream from the last message header: four words each.
const WORDS_BITS = 2;
const TIMESTAMP = 0;
const LENGTH = 1;
const TYPE_AND_STARTED = 2;
const STREAM_ID = 3;
const STARTED = 0x100;

export interface ChunkWriterOptions {
  /**
   * Whether message headers leave out what the peer knows (fmt 1 and 2). Must be false when other chunks go out on the
   * same chunk streams that this writer does not know of. Default true.
   */
  shortHeaders?: boolean;
}

/**
 * Turns messages into the bytes of one direction (RTMP 5.3), from behind the handshake on.
 *
 * It writes only what every known reader reads: a chunk stream begins with fmt 0, a message never begins with fmt 3, time
 * that goes back or needs 32 bits is written as fmt 0, and each continuation repeats the extended timestamp.
 *
 * Each chunk stream has a {@link Priority}, `Command` unless set. Messages of one priority go in the order they came.
 *
 * @example
 * writer.setPriority(4, Priority.Audio);
 * writer.copy(4, MessageType.Audio, 1, 40, tag, 0, tag.length);
 * const length = writer.transmit(memory, 0, memory.length);
 */
export class ChunkWriter {
  /** Payload bytes that wait, of which a part may be in chunks already. */
  pendingBytes = 0;
  /** Messages that wait or are under way. */
  pendingMessages = 0;
  /** In force for the next chunk. */
  chunkSize: number = INITIAL_CHUNK_SIZE;

  private readonly pool: BufferPool;
  private readonly queues: readonly [OutgoingQueue, OutgoingQueue, OutgoingQueue, OutgoingQueue] = [
    new OutgoingQueue(),
    new OutgoingQueue(),
    new OutgoingQueue(),
    new OutgoingQueue(),
  ];
  private readonly priorities: Uint8Array = new Uint8Array(DIRECT_IDS).fill(Priority.Command);
  private readonly known: Uint32Array;

  private readonly shortHeaders: boolean;

  /** The queue whose first message has its chunk under way, and how much of that chunk's payload is still to be written. */
  private active: OutgoingQueue | null = null;
  private chunkRemaining = 0;
  /** The part of the chunk's header that is still to be written: header[headerStart, headerEnd). */
  private readonly header: Uint8Array = new Uint8Array(LONGEST_HEADER);
  private headerStart = 0;
  private headerEnd = 0;

  constructor(pool: BufferPool, options: ChunkWriterOptions = {}) {
    this.pool = pool;
    this.shortHeaders = options.shortHeaders ?? true;
    this.known = new Uint32Array(this.shortHeaders ? DIRECT_IDS << WORDS_BITS : 0);
    this.priorities[CONTROL_CHUNK_STREAM] = Priority.Control;
  }

  /**
   * To be called before the chunk stream's first message.
   *
   * @throws RangeError when chunkStreamId is not one of 2 to 63: further ones always have priority `Command`.
   */
  setPriority(chunkStreamId: number, priority: Priority): void {
    if (!(chunkStreamId >= 2 && chunkStreamId < DIRECT_IDS)) {
      throw new RangeError(`A priority can be set for the chunk streams 2 to 63, not for ${chunkStreamId}.`);
    }
    this.priorities[chunkStreamId] = priority;
  }

  /**
   * Queues a message whose payload bytes[start, end) is lent: it must stay unchanged until it was transmitted, that is,
   * until `pendingMessages` was 0.
   *
   * @param chunkStreamId - 2 to 65,599
   * @param timestamp - milliseconds, taken modulo 2^32
   * @throws RangeError when chunkStreamId is not one of those, when the payload has more than 16,777,215 bytes, or when
   *   the range does not lie inside.
   */
  lend(
    chunkStreamId: number,
    messageType: number,
    messageStreamId: number,
    timestamp: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    checkMessage(chunkStreamId, bytes, start, end);
    this.push(chunkStreamId, messageType, messageStreamId, timestamp, bytes, start, end, false);
  }

  /**
   * The same with a copy of the payload in the pool's memory: the caller may reuse its bytes at once.
   *
   * @returns false when the pool has nothing left; then nothing was queued.
   */
  copy(
    chunkStreamId: number,
    messageType: number,
    messageStreamId: number,
    timestamp: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    checkMessage(chunkStreamId, bytes, start, end);
    const block = this.pool.take(end - start);
    if (block === NO_BLOCK) return false;
    this.pool.copy(bytes, start, end, this.pool.memory, block);
    const memory = this.pool.memory;
    this.push(chunkStreamId, messageType, messageStreamId, timestamp, memory, block, block + end - start, true);
    return true;
  }

  /**
   * Queues a Set Chunk Size (RTMP 5.4.1), which holds for the chunks behind it.
   *
   * @throws RangeError when size is not one of 1 to 16,777,215.
   */
  announceChunkSize(size: number): void {
    if (!(Number.isInteger(size) && size >= 1 && size <= LARGEST_CHUNK_SIZE)) {
      throw new RangeError(`A chunk size is an integer from 1 to ${LARGEST_CHUNK_SIZE}, not ${size}.`);
    }
    const payload = new Uint8Array(4);
    writeUint32(payload, 0, size);
    this.lend(CONTROL_CHUNK_STREAM, MessageType.SetChunkSize, 0, 0, payload, 0, 4);
  }

  /** Writes what waits into into[start, end). @returns how many bytes; 0 when nothing waits. */
  transmit(into: Uint8Array, start: number, end: number): number {
    let at = start;
    for (;;) {
      if (this.headerStart < this.headerEnd) {
        if (at === end) break;
        into[at++] = readUint8(this.header, this.headerStart++);
      } else if (this.active === null) {
        const queue = at === end ? null : this.mostUrgent();
        if (queue === null) break;
        const next = this.writeWholeChunks(queue, into, at, end);
        if (next > at) this.endChunk(queue);
        else this.beginChunk(queue);
        at = next;
      } else if (this.chunkRemaining === 0) {
        this.endChunk(this.active);
      } else {
        if (at === end) break;
        at += this.writePayload(this.active, into, at, end);
      }
    }
    return at - start;
  }

  /** Whether the bytes handed out so far end at the end of a chunk, so that a chunk of another writer may follow. */
  get isAtChunkBoundary(): boolean {
    return this.active === null;
  }

  /** Gives all memory back to the pool; what waits is not sent any more. */
  close(): void {
    for (const queue of this.queues) {
      while (queue.length > 0) {
        if (queue.isOwned) this.pool.give(queue.start);
        queue.shift();
      }
    }
    this.pendingBytes = 0;
    this.pendingMessages = 0;
    this.active = null;
    this.headerStart = this.headerEnd;
  }

  private push(
    chunkStreamId: number,
    messageType: number,
    messageStreamId: number,
    timestamp: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    isOwned: boolean,
  ): void {
    const queue = this.queueOf(chunkStreamId);
    queue.push(chunkStreamId, messageType, messageStreamId, timestamp, bytes, start, end, isOwned);
    this.pendingBytes += end - start;
    this.pendingMessages++;
  }

  private queueOf(chunkStreamId: number): OutgoingQueue {
    const priority = chunkStreamId < DIRECT_IDS ? readUint8(this.priorities, chunkStreamId) : Priority.Command;
    // priority is one of 0 to 3: setPriority takes no other
    return this.queues[priority] as OutgoingQueue;
  }

  private mostUrgent(): OutgoingQueue | null {
    for (let priority = 0; priority < PRIORITIES; priority++) {
      // priority lies inside
      const queue = this.queues[priority] as OutgoingQueue;
      if (queue.length > 0) return queue;
    }
    return null;
  }

  /**
   * Writes the chunks of a queue's first message that certainly fit: nothing more urgent can come in between, since
   * nothing is queued while this runs. @returns where they end.
   */
  private writeWholeChunks(queue: OutgoingQueue, into: Uint8Array, at: number, end: number): number {
    const { bytes, start, end: payloadEnd, chunkStreamId, timestamp } = queue;
    const { chunkSize, pool } = this;
    let from = start + queue.sent;
    let to = at;
    while (from < payloadEnd) {
      const length = Math.min(payloadEnd - from, chunkSize);
      if (end - to < LONGEST_HEADER + length) break;
      to = from === start ? this.writeHeader(queue, into, to) : writeContinuation(into, to, chunkStreamId, timestamp);
      pool.copy(bytes, from, from + length, into, to);
      to += length;
      from += length;
    }
    this.pendingBytes -= from - start - queue.sent;
    queue.sent = from - start;
    return to;
  }

  /** Begins the next chunk of a queue, to be handed out in pieces. */
  private beginChunk(queue: OutgoingQueue): void {
    this.active = queue;
    this.chunkRemaining = Math.min(queue.end - queue.start - queue.sent, this.chunkSize);
    this.headerStart = 0;
    this.headerEnd =
      queue.sent === 0
        ? this.writeHeader(queue, this.header, 0)
        : writeContinuation(this.header, 0, queue.chunkStreamId, queue.timestamp);
  }

  private writePayload(queue: OutgoingQueue, into: Uint8Array, at: number, end: number): number {
    const length = Math.min(this.chunkRemaining, end - at);
    const from = queue.start + queue.sent;
    this.pool.copy(queue.bytes, from, from + length, into, at);
    queue.sent += length;
    this.pendingBytes -= length;
    this.chunkRemaining -= length;
    return length;
  }

  private endChunk(queue: OutgoingQueue): void {
    this.active = null;
    if (queue.sent < queue.end - queue.start) return;
    if (queue.messageType === MessageType.SetChunkSize) this.chunkSize = readUint32(queue.bytes, queue.start);
    if (queue.isOwned) this.pool.give(queue.start);
    queue.shift();
    this.pendingMessages--;
  }

  private writeHeader(queue: OutgoingQueue, into: Uint8Array, at: number): number {
    const { chunkStreamId, timestamp, messageType, messageStreamId } = queue;
    const length = queue.end - queue.start;
    if (!this.shortHeaders || chunkStreamId >= DIRECT_IDS) {
      return writeFullHeader(into, at, chunkStreamId, timestamp, length, messageType, messageStreamId);
    }
    const known = this.known;
    const base = chunkStreamId << WORDS_BITS;
    const before = readWord(known, base + TIMESTAMP);
    const typeAndStarted = messageType | STARTED;
    const follows =
      readWord(known, base + TYPE_AND_STARTED) >= STARTED && before <= timestamp && !isExtended(timestamp);
    const isLike =
      readWord(known, base + LENGTH) === length && readWord(known, base + TYPE_AND_STARTED) === typeAndStarted;
    const sameStream = readWord(known, base + STREAM_ID) === messageStreamId;
    known[base + TIMESTAMP] = timestamp;
    known[base + LENGTH] = length;
    known[base + TYPE_AND_STARTED] = typeAndStarted;
    known[base + STREAM_ID] = messageStreamId;
    if (!follows || !sameStream) {
      return writeFullHeader(into, at, chunkStreamId, timestamp, length, messageType, messageStreamId);
    }
    const next = writeBasicHeader(into, at, isLike ? 2 : 1, chunkStreamId);
    writeUint24(into, next, timestamp - before);
    if (isLike) return next + 3;
    writeUint24(into, next + 3, length);
    into[next + 6] = messageType;
    return next + 7;
  }
}

/** Wrong use is found before memory is taken. */
function checkMessage(chunkStreamId: number, bytes: Uint8Array, start: number, end: number): void {
  if (!(chunkStreamId >= CONTROL_CHUNK_STREAM && chunkStreamId <= LARGEST_ID)) {
    throw new RangeError(`A chunk stream id is one of 2 to ${LARGEST_ID}, not ${chunkStreamId}.`);
  }
  if (!(start >= 0 && start <= end && end <= bytes.length)) {
    throw new RangeError(`A payload from ${start} to ${end} does not lie inside ${bytes.length} bytes.`);
  }
  if (end - start > LARGEST_CHUNK_SIZE) {
    throw new RangeError(`A message has at most ${LARGEST_CHUNK_SIZE} bytes of payload, not ${end - start}.`);
  }
}
