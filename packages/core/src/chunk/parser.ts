import { copyBytes, readInt, readInt32, readInt32LE, readUint8, readUint24 } from "../bytes/index.ts";
import { ErrorCode, ProtocolError } from "../errors.ts";
import { defaultLimits, type Limits } from "../limits.ts";
import { lengthLimitOf, lengthTable, MessageType } from "./message-type.ts";
import { type ChunkTolerances, defaultTolerances } from "./tolerances.ts";

/** What {@link ChunkParser.poll} found. */
export const ChunkEvent = {
  /** All lent bytes are used up: the caller may reuse them and {@link ChunkParser.feed} more. */
  NeedData: 0,
  /** A piece of a message's payload; see the fields of the parser. */
  Payload: 1,
  /** The peer gave up the unfinished message of `chunkStreamId` (Abort, RTMP 5.4.2). */
  Aborted: 2,
  /** The peer broke the protocol; see {@link ChunkParser.error}. Nothing more is parsed. */
  Failed: 3,
} as const;
export type ChunkEvent = (typeof ChunkEvent)[keyof typeof ChunkEvent];

export interface ChunkParserOptions {
  limits?: Readonly<Limits>;
  tolerances?: Readonly<ChunkTolerances>;
}

const empty: Uint8Array = new Uint8Array(0);

/** In force in both directions until a Set Chunk Size (RTMP 5.4.1). */
export const INITIAL_CHUNK_SIZE = 128;
/** A message has at most 24 bits of length, so larger chunk sizes mean the same as this one (RTMP 5.4.1). */
export const LARGEST_CHUNK_SIZE = 0xffffff;
/** The 24-bit field that announces a 32-bit one behind the message header (RTMP 5.3.1.3). */
const EXTENDED = 0xffffff;
/** The longest header: 3 bytes basic header, 11 bytes message header, 4 bytes extended timestamp. */
export const LONGEST_HEADER = 18;
/** Chunk stream ids below this are their own place in the state; later ones get the next free place. */
const DIRECT_IDS = 64;

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

// What comes next. The first two are the common ones; in these nothing is carried over.
const IN_HEADER = 0;
const IN_PAYLOAD = 1;
/** The first bytes are those that are carried over from an earlier input. */
const IN_CARRIED_HEADER = 2;
/** The last payload was that of an Abort, which is still to be obeyed. */
const ABORTING = 3;
const FAILED = 4;

/** No event yet: payload follows. */
const GO_ON = -1;
const NO_CONTINUATION = -1;
/** fmt 3 with a basic header of one byte begins here: chunk stream 2. */
const FIRST_SHORT_CONTINUATION = 0xc2;
// What the functions that read a header answer, where they do not answer its length.
const BROKEN = -1;
const INCOMPLETE = -2;

/**
 * Turns the bytes of one direction, from behind the handshake on, into spans of message payload (RTMP 5.3). It copies
 * nothing and allocates nothing: a span is a place in the bytes that the caller lent.
 *
 * Set Chunk Size and Abort are obeyed here, because they decide how the next byte is read; their payload comes out like
 * any other. A header is read whole or not at all: until all of its bytes are there, no state changes.
 *
 * @example
 * parser.feed(bytes, 0, bytes.length);
 * for (let event = parser.poll(); event !== ChunkEvent.NeedData; event = parser.poll()) {
 *   if (event === ChunkEvent.Failed) throw new Error(parser.error?.message);
 *   if (event === ChunkEvent.Payload) use(parser.messageType, parser.buffer, parser.start, parser.end, parser.isLast);
 * }
 */
export class ChunkParser {
  /** The span is buffer[start, end). It is lent: valid until the next `poll` or `feed`. */
  buffer: Uint8Array = empty;
  start = 0;
  end = 0;
  /** 2 to 65,599. */
  chunkStreamId = 0;
  /** Bytes of this message's payload that earlier spans held; 0 at its first span. */
  payloadOffset = 0;
  /** Whether the message is complete with this span. A message of length 0 has one empty span. */
  isLast = false;
  /** Bytes of this chunk's payload that earlier spans held; 0 at its first span. */
  chunkOffset = 0;
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

  private readonly limits: Readonly<Limits>;
  private readonly tolerances: Readonly<ChunkTolerances>;
  private readonly greatestLengths: Int32Array;

  private phase = IN_HEADER;
  private input: Uint8Array = empty;
  private position = 0;
  private inputEnd = 0;
  /** Header bytes that came at the end of an earlier input: carry[carryStart, carryEnd). */
  private readonly carry: Uint8Array = new Uint8Array(LONGEST_HEADER);
  private carryStart = 0;
  private carryEnd = 0;

  private state: Int32Array = new Int32Array(DIRECT_IDS << WORDS_BITS);
  /** Of the current chunk stream in `state`. */
  private base = 0;
  private remaining = 0;
  /** The one byte that is a whole header and continues the current message; or none is. */
  private continuation = NO_CONTINUATION;
  private chunkLength = 0;
  private chunkRemaining = 0;
  private chunkStreams = 0;
  /** The places of chunk stream ids from 64 on. */
  private readonly distantSlots = new Map<number, number>();

  /** Bytes lent before the current input: a double, kept in an array so that it is not boxed at each feed. */
  private readonly lentBefore: Float64Array = new Float64Array(1);

  constructor(options: ChunkParserOptions = {}) {
    this.limits = options.limits ?? defaultLimits;
    this.tolerances = options.tolerances ?? defaultTolerances;
    this.greatestLengths = lengthTable(this.limits);
  }

  /** Milliseconds, modulo 2^32: absolute, whatever the header format was. */
  get timestamp(): number {
    return readInt(this.state, this.base + TIMESTAMP) >>> 0;
  }

  /** 0 to 4,294,967,295. */
  get messageStreamId(): number {
    return readInt(this.state, this.base + STREAM_ID) >>> 0;
  }

  /** Bytes read so far, counted from the first one that was fed; those of a header that is not whole yet do not count. */
  get offset(): number {
    return (this.lentBefore[0] ?? 0) + this.position - (this.carryEnd - this.carryStart);
  }

  /**
   * Lends bytes[start, end). They must stay unchanged until `poll` answers `NeedData`.
   *
   * @throws RangeError when the bytes lent before are not used up, or when the range does not lie inside.
   */
  feed(bytes: Uint8Array, start: number, end: number): void {
    if (this.position !== this.inputEnd && this.phase !== FAILED) {
      throw new RangeError("Poll until NeedData before feeding again: lent bytes are still unread.");
    }
    if (!(start >= 0 && start <= end && end <= bytes.length)) {
      throw new RangeError(`feed(bytes, ${start}, ${end}) does not lie inside ${bytes.length} bytes.`);
    }
    // `offset` is lentBefore + position, so what is kept is the distance between the two ways to count.
    this.lentBefore[0] = (this.lentBefore[0] ?? 0) + this.inputEnd - start;
    this.input = bytes;
    this.position = start;
    this.inputEnd = end;
  }

  /** How many of the lent bytes are not read yet: those at the end. */
  get unreadBytes(): number {
    return this.inputEnd - this.position;
  }

  /** Copies the unread bytes to into[at, …) and reads them there: those lent before are not needed any more. */
  copyUnread(into: Uint8Array, at: number): void {
    const end = at + this.unreadBytes;
    copyBytes(this.input, this.position, this.inputEnd, into, at);
    this.lentBefore[0] = (this.lentBefore[0] ?? 0) + this.position - at;
    this.input = into;
    this.position = at;
    this.inputEnd = end;
  }

  /** Does the work up to the next event. The event's fields are those of this object, until the next `poll` or `feed`. */
  poll(): ChunkEvent {
    let start = this.position;
    const inputEnd = this.inputEnd;
    if (this.phase !== IN_PAYLOAD) {
      if (this.phase === IN_HEADER && start !== inputEnd && this.continues(readUint8(this.input, start))) {
        start++;
        this.position = start;
        this.format = 3;
        this.headerLength = 1;
        this.chunkLength = Math.min(this.remaining, this.chunkSize);
        this.chunkRemaining = this.chunkLength;
        this.phase = IN_PAYLOAD;
      } else {
        const event = this.phase === IN_HEADER ? this.beginChunk() : this.resume();
        if (event !== GO_ON) return event;
        start = this.position;
      }
    }
    const available = inputEnd - start;
    const wanted = this.chunkRemaining;
    if (available === 0 && wanted !== 0) return ChunkEvent.NeedData;
    const length = Math.min(wanted, available);
    this.position = start + length;
    this.buffer = this.input;
    this.start = start;
    this.end = start + length;
    return this.deliver(length);
  }

  /**
   * Whether a byte is a whole header by which a message goes on, whose chunk stream is the current one then: by far the
   * most common header, and the only one that is not read by {@link readHeader}. Where the chunk stream stays the same no
   * state is touched.
   */
  private continues(first: number): boolean {
    if (first === this.continuation) return true;
    if (first < FIRST_SHORT_CONTINUATION) return false;
    const state = this.state;
    const slot = first & 63;
    const base = slot << WORDS_BITS;
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

  /** Accounts for a span of payload that lies in buffer[start, end) by now. */
  private deliver(length: number): ChunkEvent {
    const remaining = this.remaining;
    const wanted = this.chunkRemaining;
    this.payloadOffset = this.messageLength - remaining;
    this.chunkOffset = this.chunkLength - wanted;
    this.remaining = remaining - length;
    this.chunkRemaining = wanted - length;
    this.isLast = remaining === length;
    if (this.isLast) this.continuation = NO_CONTINUATION;
    if (wanted === length) this.phase = this.carryStart === this.carryEnd ? IN_HEADER : IN_CARRIED_HEADER;
    return this.messageType <= MessageType.Abort ? this.obey() : ChunkEvent.Payload;
  }

  /** Reads a chunk's header; answers `GO_ON` when it is whole. */
  private beginChunk(): ChunkEvent | typeof GO_ON {
    const position = this.position;
    const end = this.inputEnd;
    if (position === end) return ChunkEvent.NeedData;
    const length = this.readHeader(this.input, position, end);
    if (length > 0) {
      this.position = position + length;
      return GO_ON;
    }
    if (length === BROKEN) return ChunkEvent.Failed;
    this.carryStart = 0;
    this.carryEnd = 0;
    this.carryOver(end);
    this.phase = IN_CARRIED_HEADER;
    return ChunkEvent.NeedData;
  }

  /** The phases that are not common. Answers `GO_ON` when payload follows in the input. */
  private resume(): ChunkEvent | typeof GO_ON {
    if (this.phase === FAILED) return ChunkEvent.Failed;
    if (this.phase === ABORTING) return this.abort();
    const event = this.beginCarriedChunk();
    return event === GO_ON && this.carryStart !== this.carryEnd ? this.carriedPayload() : event;
  }

  /** As {@link beginChunk}, for a header whose first bytes came at the end of an earlier input. */
  private beginCarriedChunk(): ChunkEvent | typeof GO_ON {
    const carry = this.carry;
    carry.copyWithin(0, this.carryStart, this.carryEnd);
    const carried = this.carryEnd - this.carryStart;
    this.carryStart = 0;
    this.carryEnd = carried;
    const position = this.position;
    this.carryOver(Math.min(this.inputEnd, position + LONGEST_HEADER - carried));
    const length = this.readHeader(carry, 0, this.carryEnd);
    if (length === INCOMPLETE) return ChunkEvent.NeedData;
    if (length === BROKEN) return ChunkEvent.Failed;
    // What was copied from this input is read from there again, except for the header's own bytes. What is left of
    // the earlier input (a continuation turned out to have no extended timestamp) stays to be read from here.
    this.carryStart = Math.min(length, carried);
    this.carryEnd = carried;
    this.position = position + Math.max(0, length - carried);
    return GO_ON;
  }

  /** Payload bytes that were taken for the start of an extended timestamp. */
  private carriedPayload(): ChunkEvent {
    const length = Math.min(this.chunkRemaining, this.carryEnd - this.carryStart);
    this.phase = IN_PAYLOAD;
    this.buffer = this.carry;
    this.start = this.carryStart;
    this.end = this.carryStart + length;
    this.carryStart += length;
    return this.deliver(length);
  }

  /** Keeps input[position, end) for the next input, which has the rest of a header. */
  private carryOver(end: number): void {
    for (let at = this.position; at < end; at++) this.carry[this.carryEnd++] = readUint8(this.input, at);
    this.position = end;
  }

  /**
   * Reads the header at bytes[at, end) and makes its chunk stream the current one.
   *
   * @returns its length; `INCOMPLETE`, with nothing changed, when it does not end in these bytes; or `BROKEN`.
   */
  private readHeader(bytes: Uint8Array, at: number, end: number): number {
    const first = readUint8(bytes, at);
    let next = at + 1;
    let chunkStreamId = first & 63;
    if (chunkStreamId < 2) {
      next += chunkStreamId + 1;
      if (next > end) return INCOMPLETE;
      chunkStreamId = 64 + readUint8(bytes, at + 1) + (chunkStreamId === 1 ? readUint8(bytes, at + 2) << 8 : 0);
    }
    const slot = chunkStreamId < DIRECT_IDS ? chunkStreamId : this.distantSlot(chunkStreamId);
    const state = this.state;
    state[this.base + REMAINING] = this.remaining;
    const base = slot << WORDS_BITS;
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
    this.phase = IN_PAYLOAD;
    const repeats = (readInt(state, base + TYPE_AND_FLAGS) & HAS_EXTENSION) !== 0;
    this.continuation = chunkStreamId >= DIRECT_IDS || repeats ? NO_CONTINUATION : 0xc0 | chunkStreamId;
    return next - at;
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
    let flags = readInt(state, base + TYPE_AND_FLAGS);
    if ((flags & STARTED) === 0) {
      if (!this.begin(format, base)) return BROKEN;
      flags = readInt(state, base + TYPE_AND_FLAGS);
    }
    const length = format < 2 ? readUint24(bytes, at + 3) : readInt(state, base + LENGTH);
    const messageType = format < 2 ? readUint8(bytes, at + 6) : flags & TYPE_MASK;
    if (readInt(state, base + REMAINING) !== 0) {
      const streamId = format === 0 ? readInt32LE(bytes, at + 7) : readInt(state, base + STREAM_ID);
      return this.repeatsHeader(format, base, field, length, messageType, streamId) ? next : BROKEN;
    }
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

  /** Whether a header inside a message says only what is known (tolerance `repeatedHeader`). */
  private repeatsHeader(
    format: number,
    base: number,
    field: number,
    length: number,
    messageType: number,
    streamId: number,
  ): boolean {
    const state = this.state;
    const known = readInt(state, base + (format === 0 ? TIMESTAMP : FIELD));
    const repeats =
      this.tolerances.repeatedHeader &&
      known === (field | 0) &&
      length === readInt(state, base + LENGTH) &&
      messageType === (readInt(state, base + TYPE_AND_FLAGS) & TYPE_MASK) &&
      streamId === readInt(state, base + STREAM_ID);
    if (repeats) this.repeatedHeaders++;
    return repeats;
  }

  /** The place of a chunk stream id from 64 on. */
  private distantSlot(chunkStreamId: number): number {
    let slot = this.distantSlots.get(chunkStreamId);
    if (slot === undefined) {
      slot = DIRECT_IDS + this.distantSlots.size;
      this.distantSlots.set(chunkStreamId, slot);
      if (slot << WORDS_BITS >= this.state.length) {
        const larger = new Int32Array(this.state.length * 2);
        larger.set(this.state);
        this.state = larger;
      }
    }
    return slot;
  }

  /** Set Chunk Size and Abort: gathers their value, and does what they say once they are whole (RTMP 5.4.1, 5.4.2). */
  private obey(): ChunkEvent {
    const state = this.state;
    const place = this.base + CONTROL_VALUE;
    for (let at = this.start, index = this.payloadOffset; at < this.end && index < 4; at++, index++) {
      state[place] = (readInt(state, place) << 8) | readUint8(this.buffer, at);
    }
    if (!this.isLast || this.messageType === 0) return ChunkEvent.Payload;
    if (this.messageLength < 4) {
      return this.fail(
        ErrorCode.ControlMessageTruncated,
        `A message of type ${this.messageType} has ${this.messageLength} bytes, not 4.`,
      );
    }
    if (this.messageType === MessageType.Abort) this.phase = ABORTING;
    else if (!this.changeChunkSize(readInt(state, place) >>> 0)) return ChunkEvent.Failed;
    return ChunkEvent.Payload;
  }

  private changeChunkSize(size: number): boolean {
    if (size === 0) this.fail(ErrorCode.ChunkSizeZero, "Set Chunk Size announces 0.");
    else if (size > 0x7fffffff) {
      this.fail(ErrorCode.ChunkSizeTopBit, `Set Chunk Size announces ${size}: its top bit must be 0.`);
    } else if (size < this.limits.minimumChunkSize) {
      this.fail(
        ErrorCode.ChunkSizeLimit,
        `Set Chunk Size announces ${size}; the smallest allowed is ${this.limits.minimumChunkSize}.`,
      );
    }
    this.chunkSize = Math.min(size, LARGEST_CHUNK_SIZE);
    return this.error === null;
  }

  /** What follows an Abort. */
  private abort(): ChunkEvent | typeof GO_ON {
    this.phase = this.carryStart === this.carryEnd ? IN_HEADER : IN_CARRIED_HEADER;
    const chunkStreamId = readInt(this.state, this.base + CONTROL_VALUE) >>> 0;
    this.state[this.base + REMAINING] = this.remaining;
    const slot = chunkStreamId < DIRECT_IDS ? chunkStreamId : this.distantSlots.get(chunkStreamId);
    const place = slot === undefined ? 0 : (slot << WORDS_BITS) + REMAINING;
    if (slot === undefined || readInt(this.state, place) === 0)
      return this.phase === IN_HEADER ? this.beginChunk() : this.resume();
    this.state[place] = 0;
    this.slot = slot;
    this.chunkStreamId = chunkStreamId;
    return ChunkEvent.Aborted;
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

  private fail(code: ErrorCode, message: string): ChunkEvent {
    this.error = new ProtocolError(code, message, this.offset);
    this.phase = FAILED;
    return ChunkEvent.Failed;
  }
}
