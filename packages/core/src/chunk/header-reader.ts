import { type BufferPool, readInt, readInt32, readInt32LE, readUint8, readUint24 } from "../bytes/index.ts";
import { ErrorCode, type ProtocolError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { EXTENDED } from "./header.ts";
import { lengthLimitOf, lengthTable, MessageType } from "./message-type.ts";
import type { ChunkTolerances } from "./tolerances.ts";

/** In force in both directions until a Set Chunk Size (RTMP 5.4.1). */
export const INITIAL_CHUNK_SIZE = 128;
/** A message has at most 24 bits of length, so larger chunk sizes mean the same as this one (RTMP 5.4.1). */
export const LARGEST_CHUNK_SIZE = 0xffffff;
/** The longest header: 3 bytes basic header, 11 bytes message header, 4 bytes extended timestamp. */
export const LONGEST_HEADER = 18;
/** Chunk stream ids below this are their own place in the state; later ones get the next free place. */
const DIRECT_IDS = 64;
/** Places that there are at first: few encoders use more. */
const FIRST_PLACES = 16;

// The state of a chunk stream is eight words of one Int32Array: one array instead of an object per chunk stream stays
// together in the cache, and a signed 32-bit integer is never boxed, which V8 does with an unsigned one from 2^31 on.
// Where the sign matters the getters take it away.
const WORDS_BITS = 3;
const TIMESTAMP = 0;
const DELTA = 1;
/** The timestamp field of the last fmt 0, 1 or 2 header: what an extended timestamp on fmt 3 repeats. */
const FIELD = 2;
const STREAM_ID = 3;
const LENGTH = 4;
/** Payload bytes that the unfinished message lacks; 0 between messages. Of the current one `remaining` is newer. */
const REMAINING = 5;
/** The message type in the low byte, and the flags below. */
const TYPE_AND_FLAGS = 6;
/** The first four payload bytes of a Set Chunk Size or Abort, as far as they came. */
const CONTROL_VALUE = 7;

const TYPE_MASK = 0xff;
/** A header was read on this chunk stream. */
const STARTED = 0x100;
/** The last fmt 0, 1 or 2 header had an extended timestamp. */
const HAS_EXTENSION = 0x200;
/** This chunk stream was seen to repeat the extended timestamp on fmt 3 ... */
const REPEATS_EXTENSION = 0x400;
/** ... or not to. */
const OMITS_EXTENSION = 0x800;

const NO_CONTINUATION = -1;
/** fmt 3 with a basic header of one byte begins here: chunk stream 2. */
const FIRST_SHORT_CONTINUATION = 0xc2;
// What the functions that read a header answer, where they do not answer its length.
export const BROKEN = -1;
export const INCOMPLETE = -2;

/**
 * What is known of each chunk stream, and the reading of chunk headers (RTMP 5.3.1): the lower half of the
 * {@link ChunkParser}, which is one object for the sake of speed.
 */
export abstract class ChunkHeaderReader {
  /** 2 to 65,599. */
  chunkStreamId = 0;
  /** The header of the chunk: its format (0 to 3), and how many bytes it took. */
  format = 0;
  headerLength = 0;
  /** 0 to 16,777,215. */
  messageLength = 0;
  /** See {@link MessageType}; any value of 0 to 255 may occur. */
  messageType = 0;
  /** Where the chunk stream's state lies: a small integer, unique per chunk stream, from 0. */
  slot = 0;

  /** The chunk size that the peer announced last, at most 0xFFFFFF. */
  chunkSize: number = INITIAL_CHUNK_SIZE;
  /** What the peer did wrong, after `Failed`. */
  error: ProtocolError | null = null;
  /** How often a header inside a message only repeated what was known (tolerance `repeatedHeader`). */
  repeatedHeaders = 0;

  /** Payload bytes that the current message lacks, and how many of its current chunk: all told, and still to come. */
  protected remaining = 0;
  protected chunkLength = 0;
  protected chunkRemaining = 0;
  protected readonly limits: Readonly<Limits>;

  private readonly tolerances: Readonly<ChunkTolerances>;
  private readonly greatestLengths: Int32Array;
  private state: Int32Array = new Int32Array(FIRST_PLACES << WORDS_BITS);
  /** Of the current chunk stream in `state`. */
  private base = 0;
  /** The one byte that is a whole header and continues the current message; or none is. */
  private continuation = NO_CONTINUATION;
  private chunkStreams = 0;
  /** The places of chunk stream ids from 64 on. */
  private readonly distantSlots = new Map<number, number>();

  constructor(limits: Readonly<Limits>, tolerances: Readonly<ChunkTolerances>) {
    this.limits = limits;
    this.tolerances = tolerances;
    this.greatestLengths = lengthTable(limits);
  }

  /** Milliseconds, modulo 2^32: absolute, whatever the header format was. */
  get timestamp(): number {
    return readInt(this.state, this.base + TIMESTAMP) >>> 0;
  }

  /** 0 to 4,294,967,295. */
  get messageStreamId(): number {
    return readInt(this.state, this.base + STREAM_ID) >>> 0;
  }

  /** Ends all reading, for the reason given. */
  protected abstract fail(code: ErrorCode, message: string): void;

  /**
   * Whether a byte is a whole header by which a message goes on, whose chunk stream is the current one then: by far the
   * most common header, and the only one that is not read by {@link readHeader}. Where the chunk stream stays the same no
   * state is touched.
   */
  protected continues(first: number): boolean {
    if (first === this.continuation) return true;
    if (first < FIRST_SHORT_CONTINUATION) return false;
    const state = this.state;
    const slot = first & 63;
    const base = slot << WORDS_BITS;
    if (base >= state.length) return false;
    const remaining = readInt(state, base + REMAINING);
    const typeAndFlags = readInt(state, base + TYPE_AND_FLAGS);
    if (remaining === 0 || (typeAndFlags & HAS_EXTENSION) !== 0 || base === this.base) return false;
    state[this.base + REMAINING] = this.remaining;
    this.remaining = remaining;
    this.base = base;
    this.slot = slot;
    this.chunkStreamId = slot;
    this.messageLength = readInt(state, base + LENGTH);
    this.messageType = typeAndFlags & TYPE_MASK;
    this.continuation = first;
    return true;
  }

  /**
   * Copies the payload of whole chunks in the middle of messages, one after the other, to where those messages are gathered:
   * memory[blocks[slot] + offset, …), as far as capacities[slot] goes. It stops at the first chunk that is anything else.
   * The current chunk stream stays the current one.
   *
   * @returns where that chunk begins.
   */
  protected copyContinuations(
    bytes: Uint8Array,
    start: number,
    end: number,
    pool: BufferPool,
    blocks: Int32Array,
    capacities: Int32Array,
  ): number {
    const { state, chunkSize } = this;
    const slots = Math.min(capacities.length, DIRECT_IDS);
    const last = end - chunkSize - 1;
    let at = start;
    state[this.base + REMAINING] = this.remaining;
    while (at <= last) {
      const first = readUint8(bytes, at);
      const slot = first & 63;
      if (first < FIRST_SHORT_CONTINUATION || slot >= slots) break;
      const base = slot << WORDS_BITS;
      const remaining = readInt(state, base + REMAINING);
      const typeAndFlags = readInt(state, base + TYPE_AND_FLAGS);
      const isPlain = (typeAndFlags & HAS_EXTENSION) === 0 && (typeAndFlags & TYPE_MASK) > MessageType.Abort;
      const offset = readInt(state, base + LENGTH) - remaining;
      if (remaining <= chunkSize || !isPlain || offset + chunkSize > readInt(capacities, slot)) break;
      pool.copy(bytes, at + 1, at + 1 + chunkSize, pool.memory, readInt(blocks, slot) + offset);
      state[base + REMAINING] = remaining - chunkSize;
      at += chunkSize + 1;
    }
    this.remaining = readInt(state, this.base + REMAINING);
    return at;
  }

  /**
   * Reads the header at bytes[at, end) and makes its chunk stream the current one.
   *
   * @returns its length; `INCOMPLETE`, with nothing changed, when it does not end in these bytes; or `BROKEN`.
   */
  protected readHeader(bytes: Uint8Array, at: number, end: number): number {
    const first = readUint8(bytes, at);
    let next = at + 1;
    let chunkStreamId = first & 63;
    if (chunkStreamId < 2) {
      next += chunkStreamId + 1;
      if (next > end) return INCOMPLETE;
      chunkStreamId = 64 + readUint8(bytes, at + 1) + (chunkStreamId === 1 ? readUint8(bytes, at + 2) << 8 : 0);
    }
    const slot = chunkStreamId < DIRECT_IDS ? chunkStreamId : this.distantSlot(chunkStreamId);
    const base = slot << WORDS_BITS;
    if (base >= this.state.length) this.makePlaces(base);
    const state = this.state;
    state[this.base + REMAINING] = this.remaining;
    const format = first >> 6;
    next =
      format === 3
        ? this.readContinuation(bytes, next, end, base)
        : this.readMessageHeader(bytes, next, end, format, base);
    if (next < 0) return next === BROKEN ? this.failHeader(format, chunkStreamId) : INCOMPLETE;

    const remaining = readInt(state, base + REMAINING);
    this.remaining = remaining;
    this.base = base;
    this.slot = slot;
    this.chunkStreamId = chunkStreamId;
    this.format = format;
    this.headerLength = next - at;
    this.messageLength = readInt(state, base + LENGTH);
    this.messageType = readInt(state, base + TYPE_AND_FLAGS) & TYPE_MASK;
    this.chunkLength = Math.min(remaining, this.chunkSize);
    this.chunkRemaining = this.chunkLength;
    const repeats = (readInt(state, base + TYPE_AND_FLAGS) & HAS_EXTENSION) !== 0;
    this.continuation = chunkStreamId >= DIRECT_IDS || repeats ? NO_CONTINUATION : 0xc0 | chunkStreamId;
    return next - at;
  }

  /** The current message is whole: no one byte continues it any more. */
  protected endMessage(): void {
    this.continuation = NO_CONTINUATION;
  }

  /** Takes the next of the four bytes that are a control message's value. */
  protected addToControlValue(byte: number): void {
    const place = this.base + CONTROL_VALUE;
    this.state[place] = (readInt(this.state, place) << 8) | byte;
  }

  /** 0 to 4,294,967,295. */
  protected get controlValue(): number {
    return readInt(this.state, this.base + CONTROL_VALUE) >>> 0;
  }

  /** Forgets the unfinished message of a chunk stream, and makes that the current one. @returns false when it has none. */
  protected giveUpMessage(chunkStreamId: number): boolean {
    const slot = chunkStreamId < DIRECT_IDS ? chunkStreamId : this.distantSlots.get(chunkStreamId);
    this.state[this.base + REMAINING] = this.remaining;
    const remaining = slot === undefined ? 0 : (this.state[(slot << WORDS_BITS) + REMAINING] ?? 0);
    if (slot === undefined || remaining === 0) return false;
    this.state[(slot << WORDS_BITS) + REMAINING] = 0;
    this.slot = slot;
    this.chunkStreamId = chunkStreamId;
    return true;
  }

  /** fmt 3: the message goes on, or one begins that is like the last (RTMP 5.3.1.2.4). Answers where the header ends. */
  private readContinuation(bytes: Uint8Array, at: number, end: number, base: number): number {
    const state = this.state;
    const flags = readInt(state, base + TYPE_AND_FLAGS);
    if ((flags & STARTED) === 0) return BROKEN;
    let next = at;
    if ((flags & HAS_EXTENSION) !== 0) {
      next = this.readRepeatedExtension(bytes, at, end, base);
      if (next < 0) return next;
    }
    if (readInt(state, base + REMAINING) === 0) {
      state[base + TIMESTAMP] = readInt(state, base + TIMESTAMP) + readInt(state, base + DELTA);
      state[base + REMAINING] = readInt(state, base + LENGTH);
    }
    return next;
  }

  /** fmt 0, 1 and 2 (RTMP 5.3.1.2). Answers where the header ends. */
  private readMessageHeader(bytes: Uint8Array, at: number, end: number, format: number, base: number): number {
    let next = at + (format === 0 ? 11 : format === 1 ? 7 : 3);
    if (next > end) return INCOMPLETE;
    let field = readUint24(bytes, at);
    const extended = field === EXTENDED;
    if (extended) {
      next += 4;
      if (next > end) return INCOMPLETE;
      field = readInt32(bytes, next - 4);
    }
    const state = this.state;
    if (readInt(state, base + REMAINING) !== 0)
      return this.repeatsHeader(bytes, at, format, base, field) ? next : BROKEN;
    if ((readInt(state, base + TYPE_AND_FLAGS) & STARTED) === 0 && !this.begin(format, base)) return BROKEN;
    const flags = readInt(state, base + TYPE_AND_FLAGS);
    const length = format < 2 ? readUint24(bytes, at + 3) : readInt(state, base + LENGTH);
    const messageType = format < 2 ? readUint8(bytes, at + 6) : flags & TYPE_MASK;
    if (length > readInt(this.greatestLengths, messageType)) return this.failLength(messageType, length);
    if (format === 0) {
      state[base + TIMESTAMP] = field;
      state[base + DELTA] = this.tolerances.deltaAfterFullHeader === "timestamp" ? field : 0;
      state[base + STREAM_ID] = readInt32LE(bytes, at + 7);
    } else {
      state[base + TIMESTAMP] = readInt(state, base + TIMESTAMP) + field;
      state[base + DELTA] = field;
    }
    state[base + FIELD] = field;
    state[base + LENGTH] = length;
    state[base + REMAINING] = length;
    state[base + TYPE_AND_FLAGS] =
      messageType | (flags & (REPEATS_EXTENSION | OMITS_EXTENSION)) | STARTED | (extended ? HAS_EXTENSION : 0);
    return next;
  }

  /** The four bytes behind a fmt 3 basic header, where they are (tolerance `continuationExtendedTimestamp`). */
  private readRepeatedExtension(bytes: Uint8Array, at: number, end: number, base: number): number {
    const state = this.state;
    const flags = readInt(state, base + TYPE_AND_FLAGS);
    const policy = this.tolerances.continuationExtendedTimestamp;
    const detects = policy === "detect";
    if (detects && (flags & OMITS_EXTENSION) !== 0) return at;
    const beginsMessage = readInt(state, base + REMAINING) === 0;
    if (policy === "require" || (detects && !beginsMessage && (flags & REPEATS_EXTENSION) === 0)) {
      // One byte that differs decides, so that a message's last bytes do not wait for what follows them.
      for (let index = 0; index < 4 && at + index < end; index++) {
        if (readUint8(bytes, at + index) === ((readInt(state, base + FIELD) >>> (24 - 8 * index)) & 0xff)) continue;
        if (!detects) return BROKEN;
        state[base + TYPE_AND_FLAGS] = flags | OMITS_EXTENSION;
        return at;
      }
      if (at + 4 > end) return INCOMPLETE;
      state[base + TYPE_AND_FLAGS] = flags | REPEATS_EXTENSION;
    }
    return at + 4 > end ? INCOMPLETE : at + 4;
  }

  /** The first header of a chunk stream, which should be fmt 0 (RTMP 5.3.1.2.1). */
  private begin(format: number, base: number): boolean {
    if (this.chunkStreams === this.limits.chunkStreams) return false;
    if (format === 1 && !this.tolerances.firstDeltaHeader) return false;
    if (format === 2) {
      const assumed = this.tolerances.firstShortHeader;
      if (assumed === null) return false;
      this.state[base + LENGTH] = assumed.messageLength;
      this.state[base + TYPE_AND_FLAGS] = assumed.messageType;
    }
    this.state[base + TYPE_AND_FLAGS] = readInt(this.state, base + TYPE_AND_FLAGS) | STARTED;
    this.chunkStreams++;
    return true;
  }

  /** Whether a header inside a message, whole at `at`, says only what is known (tolerance `repeatedHeader`). */
  private repeatsHeader(bytes: Uint8Array, at: number, format: number, base: number, field: number): boolean {
    const state = this.state;
    const sameTime = readInt(state, base + (format === 0 ? TIMESTAMP : FIELD)) === (field | 0);
    const sameLength = format > 1 || readUint24(bytes, at + 3) === readInt(state, base + LENGTH);
    const sameType = format > 1 || readUint8(bytes, at + 6) === (readInt(state, base + TYPE_AND_FLAGS) & TYPE_MASK);
    const sameStream = format > 0 || readInt32LE(bytes, at + 7) === readInt(state, base + STREAM_ID);
    const repeats = this.tolerances.repeatedHeader && sameTime && sameLength && sameType && sameStream;
    if (repeats) this.repeatedHeaders++;
    return repeats;
  }

  /** The place of a chunk stream id from 64 on. */
  private distantSlot(chunkStreamId: number): number {
    let slot = this.distantSlots.get(chunkStreamId);
    if (slot === undefined) {
      slot = DIRECT_IDS + this.distantSlots.size;
      this.distantSlots.set(chunkStreamId, slot);
    }
    return slot;
  }

  private makePlaces(base: number): void {
    let length = this.state.length;
    while (length <= base) length *= 2;
    const larger = new Int32Array(length);
    larger.set(this.state);
    this.state = larger;
  }

  private failLength(messageType: number, length: number): number {
    const limit = lengthLimitOf(messageType);
    this.fail(
      limit.code,
      `A message of type ${messageType} declares ${length} bytes; the limit ${limit.name} is ${this.limits[limit.name]}.`,
    );
    return BROKEN;
  }

  /** Names what is wrong with a header, where the function that read it did not do so already. */
  private failHeader(format: number, chunkStreamId: number): number {
    if (this.error !== null) return BROKEN;
    const base = (chunkStreamId < DIRECT_IDS ? chunkStreamId : this.distantSlot(chunkStreamId)) << WORDS_BITS;
    const started = (readInt(this.state, base + TYPE_AND_FLAGS) & STARTED) !== 0;
    if (!started && this.chunkStreams === this.limits.chunkStreams) {
      this.fail(
        ErrorCode.ChunkStreamLimit,
        `Chunk stream ${chunkStreamId} is one more than the limit chunkStreams, ${this.limits.chunkStreams}.`,
      );
    } else if (!started) {
      this.fail(
        ErrorCode.ChunkHeaderWithoutPredecessor,
        `Chunk stream ${chunkStreamId} begins with a header of format ${format}.`,
      );
    } else if (format === 3) {
      this.fail(
        ErrorCode.ChunkExtendedTimestampMismatch,
        `A continuation on chunk stream ${chunkStreamId} has another extended timestamp than its message.`,
      );
    } else {
      this.fail(
        ErrorCode.ChunkHeaderInsideMessage,
        `A new message header on chunk stream ${chunkStreamId}, whose message lacks ${readInt(this.state, base + REMAINING)} bytes.`,
      );
    }
    return BROKEN;
  }
}
