import { type BufferPool, readInt, readUint8, readWord, SegmentRing } from "../bytes/index.ts";
import { MessageType, wireLength } from "../chunk/index.ts";
import { TagKind } from "../media/index.ts";
import { IncomingMessage } from "./incoming.ts";

/** What a live stream may hold. */
export interface LiveStreamOptions {
  /** The chunk size of the wire image, which every player's connection must have announced. Default 4096. */
  chunkSize?: number;
  /** The most bytes that are kept for late joiners and laggards. Default 16 MiB. */
  maximumBytes?: number;
  /** The most media time that is kept, in milliseconds. Default 30,000. */
  maximumTime?: number;
  /** The most bytes of metadata and decoder configuration that are kept for joiners. Default 256 KiB. */
  maximumHeaderBytes?: number;
  /** Bytes of one segment of the ring. Default 128 KiB. */
  segmentBytes?: number;
  // For how long messages may wait for a player, in milliseconds; what it was behind when it joined does not count.
  /** From here on it gets audio first. Default 1,000. */
  audioFirstAfter?: number;
  /** From here on it loses video, up to a keyframe. Default 5,000. */
  dropVideoAfter?: number;
  /** From here on it is given up: its connection is closed. Default 15,000. */
  giveUpAfter?: number;
}

/** A message that whoever joins needs first: metadata, a sequence header, or the like. */
export interface StreamHeader {
  readonly messageType: number;
  readonly payload: Uint8Array;
}

/** Messages that the index can name at a time: about 50 s of video and audio. */
const INDEX_SIZE = 4096;
const INDEX_MASK = INDEX_SIZE - 1;
/** Media time that passes between two messages at most, in milliseconds; more is a jump. */
const LONGEST_STEP = 10_000;
/** In `kinds`, beside the kind: the message is the first of its publication. */
const BEGINS_PUBLICATION = 0x80;

/**
 * One live stream: a ring of the very bytes that go out to players (design: each message with a full header, in one chunk
 * size), and an index that says of each message where it lies and what it is. Media is copied once, from the publisher's
 * bytes into the ring, however many players there are.
 *
 * Messages are numbered in the order of their completion; numbers are 32-bit and wrap, so compare them by the sign of
 * their difference.
 */
export class LiveStream {
  /** The number of the first message that is kept, and the number that the next message gets. */
  first = 0;
  next = 0;
  /** Whether a publisher is connected. */
  isPublished = false;
  /** Counts publications: players that see it change were not told of the new one yet. */
  publication = 0;
  /** Messages that did not fit into the ring, or for which the pool had nothing left. */
  droppedMessages = 0;
  /** The time, in milliseconds of any monotonic clock: set by who publishes or plays, before it does so. */
  now = 0;
  /** How often a player was so far behind that it lost media. */
  skips = 0;

  readonly chunkSize: number;
  readonly audioFirstAfter: number;
  readonly dropVideoAfter: number;
  readonly giveUpAfter: number;
  readonly ring: SegmentRing;
  private readonly pool: BufferPool;
  private readonly maximumTime: number;
  private readonly maximumHeaderBytes: number;
  private headerBytes = 0;
  private metadata: StreamHeader | null = null;
  /** Decoder configuration by message type, kind and track. */
  private readonly configurations = new Map<number, StreamHeader>();
  /** Whether no message of this publication is whole yet. */
  private isFresh = false;
  /** Milliseconds of media that came, and the timestamp at which it stands. */
  private clock = 0;
  private clockTimestamp = 0;
  private keyframe = -1;
  private hasKeyframe = false;

  // The index: one slot per message, at its number modulo the size.
  private readonly starts: Int32Array = new Int32Array(INDEX_SIZE);
  private readonly lengths: Int32Array = new Int32Array(INDEX_SIZE);
  /** No message from this one on lies before this position: messages may complete in another order than they begin. */
  private readonly floors: Int32Array = new Int32Array(INDEX_SIZE);
  private readonly timestamps: Uint32Array = new Uint32Array(INDEX_SIZE);
  /** What the media clock said when the message came, and what the time was. */
  private readonly ages: Int32Array = new Int32Array(INDEX_SIZE);
  private readonly arrivals: Int32Array = new Int32Array(INDEX_SIZE);
  private readonly types: Uint8Array = new Uint8Array(INDEX_SIZE);
  private readonly kinds: Uint8Array = new Uint8Array(INDEX_SIZE);

  /** Messages that began and are not whole, and spare objects for more. */
  private readonly incoming: IncomingMessage[] = [];
  private readonly spare: IncomingMessage[] = [];

  constructor(pool: BufferPool, options: LiveStreamOptions = {}) {
    this.pool = pool;
    this.chunkSize = options.chunkSize ?? 4096;
    this.audioFirstAfter = options.audioFirstAfter ?? 1_000;
    this.dropVideoAfter = options.dropVideoAfter ?? 5_000;
    this.giveUpAfter = options.giveUpAfter ?? 15_000;
    this.maximumTime = options.maximumTime ?? 30_000;
    this.maximumHeaderBytes = options.maximumHeaderBytes ?? 262_144;
    this.ring = new SegmentRing(pool, {
      segmentBytes: options.segmentBytes ?? 2 ** 17,
      capacityBytes: options.maximumBytes ?? 2 ** 24,
    });
  }

  /** Where the bytes of the ring lie. */
  get memory(): Uint8Array {
    return this.pool.memory;
  }

  /** Metadata first, then decoder configuration in the order of its first appearance. */
  get headers(): StreamHeader[] {
    const configurations = [...this.configurations.values()];
    return this.metadata === null ? configurations : [this.metadata, ...configurations];
  }

  /** The number of the newest keyframe of the default video track that is kept, or null. */
  get joinPoint(): number | null {
    return this.hasKeyframe && ((this.keyframe - this.first) | 0) >= 0 ? this.keyframe : null;
  }

  /** A publisher takes the stream over, or is the first. Players stay. */
  beginPublication(): void {
    this.isPublished = true;
    this.publication++;
    this.isFresh = true;
    this.forget();
  }

  /** The publisher is gone. What it sent whole still goes out to who is subscribed. */
  endPublication(): void {
    this.isPublished = false;
    this.forget();
  }

  /**
   * A message begins. Its payload is then given by {@link IncomingMessage.append}.
   *
   * @returns null when the message cannot be kept; it is counted in `droppedMessages`.
   */
  begin(messageType: number, timestamp: number, length: number): IncomingMessage | null {
    const wire = wireLength(length, timestamp, this.chunkSize);
    if (!this.makeRoom(wire)) {
      this.droppedMessages++;
      return null;
    }
    const message = this.spare.pop() ?? new IncomingMessage(this);
    message.begin(this.ring.reserve(wire), messageType, timestamp, length);
    this.incoming.push(message);
    return message;
  }

  /** A message that is there in one piece: payload[start, end). */
  push(messageType: number, timestamp: number, payload: Uint8Array, start: number, end: number): void {
    this.begin(messageType, timestamp, end - start)?.append(payload, start, end);
  }

  /** Puts a message that is whole into the index. Called by {@link IncomingMessage}. */
  complete(message: IncomingMessage): void {
    this.drop(message);
    if (((this.next - this.first) | 0) === INDEX_SIZE) this.raise((this.first + 1) | 0);
    const number = this.next;
    const slot = number & INDEX_MASK;
    this.starts[slot] = message.position;
    this.lengths[slot] = message.wireLength;
    this.floors[slot] = this.lowest(message.position);
    this.timestamps[slot] = message.timestamp;
    this.types[slot] = message.messageType;
    // Who waits for a keyframe waits for one of the default track.
    const kind = message.kind === TagKind.Keyframe && message.trackId !== 0 ? TagKind.Frame : message.kind;
    this.kinds[slot] = this.isFresh ? kind | BEGINS_PUBLICATION : kind;
    this.isFresh = false;
    this.next = (number + 1) | 0;
    if (kind === TagKind.Keyframe) {
      this.keyframe = number;
      this.hasKeyframe = true;
    } else if (message.kind === TagKind.SequenceHeader || message.kind === TagKind.Configuration) {
      this.keepConfiguration(message);
    }
    // Data messages have times of many kinds.
    if (message.messageType !== MessageType.DataAmf0) this.advanceClock(message.timestamp);
    this.ages[slot] = this.clock;
    this.arrivals[slot] = this.now;
    this.expire();
  }

  /** A message will not be whole: its publisher gave it up. Called by {@link IncomingMessage}. */
  drop(message: IncomingMessage): void {
    this.incoming.splice(this.incoming.indexOf(message), 1);
    this.spare.push(message);
  }

  /** Keeps metadata for who joins later: the payload of a data message as players get it. null forgets it. */
  setMetadata(payload: Uint8Array | null): void {
    this.forgetHeader(this.metadata);
    const fits = payload !== null && this.countHeader(payload.length);
    this.metadata = fits ? { messageType: MessageType.DataAmf0, payload } : null;
  }

  /** Gives all memory back, but for what pending writes still read. */
  close(): void {
    this.endPublication();
    this.first = this.next;
    this.ring.clear();
  }

  /** Milliseconds since a message came; 0 for one that is still to come. */
  waitOf(number: number): number {
    if (number === this.next) return 0;
    const oldest = ((number - this.first) | 0) < 0 ? this.first : number;
    return oldest === this.next ? 0 : ((this.now | 0) - readInt(this.arrivals, oldest & INDEX_MASK)) | 0;
  }

  /** Whether all messages from this one on are audio. */
  isAudioSince(number: number): boolean {
    for (let each = number; each !== this.next; each = (each + 1) | 0) {
      if (this.typeOf(each) !== MessageType.Audio) return false;
    }
    return true;
  }

  /** Of a message that is kept: its place in the ring, ... */
  startOf(number: number): number {
    return readInt(this.starts, number & INDEX_MASK);
  }
  /** ... how many bytes it has there, headers included, ... */
  wireLengthOf(number: number): number {
    return readInt(this.lengths, number & INDEX_MASK);
  }
  /** ... its time in milliseconds, ... */
  timestampOf(number: number): number {
    return readWord(this.timestamps, number & INDEX_MASK);
  }
  /** ... its message type, ... */
  typeOf(number: number): number {
    return readUint8(this.types, number & INDEX_MASK);
  }
  /** ... its {@link TagKind}, ... */
  kindOf(number: number): number {
    return readUint8(this.kinds, number & INDEX_MASK) & ~BEGINS_PUBLICATION;
  }
  /** ... and whether it is the first of its publication. */
  beginsPublication(number: number): boolean {
    return (readUint8(this.kinds, number & INDEX_MASK) & BEGINS_PUBLICATION) !== 0;
  }

  private forget(): void {
    for (const message of this.incoming) message.abandon();
    this.incoming.length = 0;
    this.hasKeyframe = false;
    this.metadata = null;
    this.configurations.clear();
    this.headerBytes = 0;
  }

  private keepConfiguration(message: IncomingMessage): void {
    const key = (message.messageType << 16) | (message.kind << 8) | message.trackId;
    this.forgetHeader(this.configurations.get(key));
    if (this.countHeader(message.length)) {
      this.configurations.set(key, { messageType: message.messageType, payload: message.copyPayload() });
    } else {
      this.configurations.delete(key);
    }
  }

  private forgetHeader(header: StreamHeader | null | undefined): void {
    this.headerBytes -= header?.payload.length ?? 0;
  }

  /** @returns false when a header of that length would be too much. */
  private countHeader(length: number): boolean {
    if (this.headerBytes + length > this.maximumHeaderBytes) return false;
    this.headerBytes += length;
    return true;
  }

  /** A jump of the publisher's time, in either direction, makes nothing older: it takes no time. */
  private advanceClock(timestamp: number): void {
    const passed = (timestamp - this.clockTimestamp) | 0;
    if (passed > 0 && passed <= LONGEST_STEP) this.clock = (this.clock + passed) | 0;
    // A step back by less is audio beside video.
    if (passed > 0 || passed < -LONGEST_STEP) this.clockTimestamp = timestamp | 0;
  }

  /** Lets go of what is older than the limit of time allows. */
  private expire(): void {
    while (((this.next - this.first) | 0) > 1) {
      if (((this.clock - readInt(this.ages, this.first & INDEX_MASK)) | 0) <= this.maximumTime) return;
      this.raise((this.first + 1) | 0);
    }
  }

  private makeRoom(wire: number): boolean {
    if (wire > this.ring.capacityBytes) return false;
    while (this.ring.room < wire && this.first !== this.next) this.raise((this.first + 1) | 0);
    // Nothing is kept any more, but the floor may still lie before messages that were given up.
    if (this.ring.room < wire) this.raise(this.first);
    return this.ring.room >= wire;
  }

  private raise(first: number): void {
    this.first = first;
    this.ring.raiseFloor(first === this.next ? this.lowest(this.ring.tail) : readInt(this.floors, first & INDEX_MASK));
  }

  /** The lowest position that belongs to a message under way, or the given one. */
  private lowest(position: number): number {
    let lowest = position;
    for (const message of this.incoming) if (((message.position - lowest) | 0) < 0) lowest = message.position;
    return lowest;
  }
}
