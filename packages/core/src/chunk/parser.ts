import { type BufferPool, copyBytes, readInt, readUint8 } from "../bytes/index.ts";
import { ErrorCode, ProtocolError } from "../errors.ts";
import { defaultLimits, type Limits } from "../limits.ts";
import { BROKEN, ChunkHeaderReader, INCOMPLETE, LARGEST_CHUNK_SIZE, LONGEST_HEADER } from "./header-reader.ts";
import { MessageType } from "./message-type.ts";
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
export class ChunkParser extends ChunkHeaderReader {
  /** The span is buffer[start, end). It is lent: valid until the next `poll` or `feed`. */
  buffer: Uint8Array = empty;
  start = 0;
  end = 0;
  /** Bytes of this message's payload that earlier spans held; 0 at its first span. */
  payloadOffset = 0;
  /** Whether the message is complete with this span. A message of length 0 has one empty span. */
  isLast = false;
  /** Bytes of this chunk's payload that earlier spans held; 0 at its first span. */
  chunkOffset = 0;

  private phase = IN_HEADER;
  private input: Uint8Array = empty;
  private position = 0;
  private inputEnd = 0;
  /** Header bytes that came at the end of an earlier input: carry[carryStart, carryEnd). */
  private readonly carry: Uint8Array = new Uint8Array(LONGEST_HEADER);
  private carryStart = 0;
  private carryEnd = 0;
  /** Bytes lent before the current input: a double, kept in an array so that it is not boxed at each feed. */
  private readonly lentBefore: Float64Array = new Float64Array(1);

  constructor(options: ChunkParserOptions = {}) {
    super(options.limits ?? defaultLimits, options.tolerances ?? defaultTolerances);
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
        const length = Math.min(this.remaining, this.chunkSize);
        this.format = 3;
        this.headerLength = 1;
        this.chunkLength = length;
        if (length <= inputEnd - start) return this.wholeChunk(start, length);
        this.chunkRemaining = length;
        this.position = start;
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

  /** The payload of a continuation that lies whole in the input: what `poll` and `deliver` do otherwise, in fewer steps. */
  private wholeChunk(start: number, length: number): ChunkEvent {
    const remaining = this.remaining;
    this.position = start + length;
    this.buffer = this.input;
    this.start = start;
    this.end = start + length;
    this.payloadOffset = this.messageLength - remaining;
    this.chunkOffset = 0;
    this.remaining = remaining - length;
    this.chunkRemaining = 0;
    this.isLast = remaining === length;
    if (this.isLast) this.endMessage();
    return this.messageType <= MessageType.Abort ? this.obey() : ChunkEvent.Payload;
  }

  /**
   * Takes the payload that needs no event, because it neither begins nor ends a message: copies it to where its message is
   * gathered, memory[blocks[slot] + offset, …) of the pool, as far as capacities[slot] goes. The fields of the last event
   * are not valid any more.
   */
  gather(pool: BufferPool, blocks: Int32Array, capacities: Int32Array): void {
    if (this.phase === IN_PAYLOAD && this.messageType > MessageType.Abort && this.slot < capacities.length) {
      const length = Math.min(this.chunkRemaining, this.inputEnd - this.position);
      const offset = this.messageLength - this.remaining;
      if (length === this.remaining || offset + length > readInt(capacities, this.slot)) return;
      pool.copy(this.input, this.position, this.position + length, pool.memory, readInt(blocks, this.slot) + offset);
      this.position += length;
      this.remaining -= length;
      this.chunkRemaining -= length;
      if (this.chunkRemaining === 0) this.phase = IN_HEADER;
    }
    if (this.phase === IN_HEADER && this.position !== this.inputEnd) {
      this.position = this.copyContinuations(this.input, this.position, this.inputEnd, pool, blocks, capacities);
    }
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
    if (this.isLast) this.endMessage();
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
      this.phase = IN_PAYLOAD;
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
    this.phase = IN_PAYLOAD;
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

  /** Set Chunk Size and Abort: gathers their value, and does what they say once they are whole (RTMP 5.4.1, 5.4.2). */
  private obey(): ChunkEvent {
    for (let at = this.start, index = this.payloadOffset; at < this.end && index < 4; at++, index++) {
      this.addToControlValue(readUint8(this.buffer, at));
    }
    if (!this.isLast || this.messageType === 0) return ChunkEvent.Payload;
    if (this.messageLength < 4) {
      const text = `A message of type ${this.messageType} has ${this.messageLength} bytes, not 4.`;
      this.fail(ErrorCode.ControlMessageTruncated, text);
      return ChunkEvent.Failed;
    }
    if (this.messageType === MessageType.Abort) this.phase = ABORTING;
    else if (!this.changeChunkSize(this.controlValue)) return ChunkEvent.Failed;
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
    if (this.giveUpMessage(this.controlValue)) return ChunkEvent.Aborted;
    return this.phase === IN_HEADER ? this.beginChunk() : this.resume();
  }

  protected override fail(code: ErrorCode, message: string): void {
    this.error = new ProtocolError(code, message, this.offset);
    this.phase = FAILED;
  }
}
