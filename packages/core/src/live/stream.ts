import { type BufferPool, readInt, readUint24, SegmentRing } from "../bytes/index.ts";
import { isExtended, MessageType, wireLength } from "../chunk/index.ts";
import { TagKind } from "../media/index.ts";
import { IncomingMessage, LONGEST_WIRE_HEADER } from "./incoming.ts";

/** What a live stream may hold. */
export interface LiveStreamOptions {
  /** The chunk size of the wire image, which every player's connection must have announced. Default 4096. */
  chunkSize?: number;
  /** The most bytes that are kept for late joiners and laggards. Default 16 MiB. */
  maximumBytes?: number;
  /** The most media time that is kept, in milliseconds: a keyframe that is older is of no use. Default 30,000. */
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

/** Messages that the index can name at first, and at most: about 50 s of video and audio. */
const FIRST_INDEX_SIZE = 256;
const INDEX_SIZE = 4096;
/** The same where somebody reads all of them: small messages that come in no time. */
const HELD_INDEX_SIZE = 65_536;

// A message in the index is eight words, so that it lies in one or two lines of the processor's cache.
const WORDS_BITS = 3;
const START = 0;
const LENGTH = 1;
/** No message from this one on lies before this position: messages may complete in another order than they begin. */
const FLOOR = 2;
const TIMESTAMP = 3;
/** What the media clock said when the message came, and what the time was. */
const AGE = 4;
const ARRIVAL = 5;
const TYPE = 6;
const KIND = 7;
/** Media time that passes between two messages at most, in milliseconds; more is a jump. */
const LONGEST_STEP = 10_000;
/** Where the payload's length stands in a message's wire image, and what an extended timestamp adds to each header. */
const LENGTH_OFFSET = 4;
const EXTENSION = 4;
/** In `KIND`, beside the kind: the message is the first of its publication. */
const BEGINS_PUBLICATION = 0x80;
/** Likewise: the message has tracks with ids, or ModEx. */
const SPECIAL = 0x100;
const KIND_MASK = 0x7f;

/** Who reads a live stream to its end, though it may be late: a recorder. */
export interface Holder {
  /** The number of the message that it reads next. */
  readonly next: number;
}

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
  /** Messages that came whole, and their bytes as they go out. */
  receivedMessages = 0;
  receivedBytes = 0;
  /** The time, in milliseconds of any monotonic clock: set by who publishes or plays, before it does so. */
  now = 0;
  /** How often a player was so far behind that it lost media. */
  skips = 0;
  /** Counts changes of {@link configurations}. */
  configurationChanges = 0;

  /** What was kept of the newest metadata, as players get it. */
  metadata: StreamHeader | null = null;
  readonly chunkSize: number;
  readonly audioFirstAfter: number;
  readonly dropVideoAfter: number;
  readonly giveUpAfter: number;
  readonly ring: SegmentRing;
  private readonly pool: BufferPool;
  private readonly maximumTime: number;
  private readonly maximumHeaderBytes: number;
  private headerBytes = 0;
  /** Decoder configuration by message type, kind and track. */
  private readonly configurationsByKey = new Map<number, StreamHeader>();
  /** Whether no message of this publication is whole yet. */
  private isFresh = false;
  /** Milliseconds of media that came, and the timestamp at which it stands. */
  private clock = 0;
  private clockTimestamp = 0;
  private keyframe = -1;
  private hasKeyframe = false;

  /** One entry per message, at its number modulo the size. */
  private index: Int32Array = new Int32Array(FIRST_INDEX_SIZE << WORDS_BITS);
  private indexMask = FIRST_INDEX_SIZE - 1;
  private subscriptions = 0;
  private readonly holders = new Set<Holder>();

  private readonly lengthBytes: Uint8Array = new Uint8Array(3);

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
  get headers(): readonly StreamHeader[] {
    return this.metadata === null ? this.configurations : [this.metadata, ...this.configurations];
  }

  /** Decoder configuration, in the order of its first appearance. */
  get configurations(): readonly StreamHeader[] {
    return [...this.configurationsByKey.values()];
  }

  /** Bytes that are kept for players. */
  get keptBytes(): number {
    return (this.ring.tail - this.ring.floor) | 0;
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
   * @param kind - of data; that of audio and video is read from the payload
   * @returns null when the message cannot be kept; it is counted in `droppedMessages`.
   */
  begin(messageType: number, timestamp: number, length: number, kind: TagKind = TagKind.Frame): IncomingMessage | null {
    const wire = wireLength(length, timestamp, this.chunkSize);
    if (!this.makeRoom(wire)) {
      this.droppedMessages++;
      return null;
    }
    const message = this.spare.pop() ?? new IncomingMessage(this);
    message.begin(this.ring.reserve(wire), messageType, timestamp, length, kind);
    this.incoming.push(message);
    return message;
  }

  /** A message that is there in one piece: payload[start, end). */
  push(messageType: number, timestamp: number, payload: Uint8Array, start: number, end: number): void {
    this.begin(messageType, timestamp, end - start)?.append(payload, start, end);
  }

  /** Metadata that is there in one piece, as players get it: payload[start, end). It is kept for who joins later. */
  pushMetadata(timestamp: number, payload: Uint8Array, start: number, end: number): void {
    this.setMetadata(payload.slice(start, end));
    this.begin(MessageType.DataAmf0, timestamp, end - start, TagKind.Configuration)?.append(payload, start, end);
  }

  /** Puts a message that is whole into the index. Called by {@link IncomingMessage}. */
  complete(message: IncomingMessage): void {
    this.drop(message);
    if (((this.next - this.first) | 0) > this.indexMask) this.makePlace();
    const number = this.next;
    this.next = (number + 1) | 0;
    this.receivedMessages++;
    this.receivedBytes += message.wireLength;
    // Who waits for a keyframe waits for one of the default track.
    const kind = message.kind === TagKind.Keyframe && message.trackId !== 0 ? TagKind.Frame : message.kind;
    // Data messages have times of many kinds.
    if (message.messageType !== MessageType.DataAmf0) this.advanceClock(message.timestamp);
    const { index } = this;
    const entry = this.entryOf(number);
    index[entry + START] = message.position;
    index[entry + LENGTH] = message.wireLength;
    index[entry + FLOOR] = this.lowest(message.position);
    index[entry + TIMESTAMP] = message.timestamp;
    index[entry + AGE] = this.clock;
    index[entry + ARRIVAL] = this.now;
    index[entry + TYPE] = message.messageType;
    index[entry + KIND] = kind | (this.isFresh ? BEGINS_PUBLICATION : 0) | (message.isPlain ? 0 : SPECIAL);
    this.isFresh = false;
    if (kind === TagKind.Keyframe) {
      this.keyframe = number;
      this.hasKeyframe = true;
    } else if (kind !== TagKind.Frame && message.messageType !== MessageType.DataAmf0) {
      this.keepConfiguration(message);
    }
    this.expire();
  }

  /** A message will not be whole: its publisher gave it up. Called by {@link IncomingMessage}. */
  drop(message: IncomingMessage): void {
    const { incoming } = this;
    const last = incoming.pop();
    if (last !== undefined && last !== message) incoming[incoming.indexOf(message)] = last;
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

  /** A player has joined: what it has not got yet is kept for it, within limits. */
  subscribe(): void {
    this.subscriptions++;
  }

  /** It is gone. */
  unsubscribe(): void {
    this.subscriptions--;
  }

  /** Gives up no message for its age from the holder's next one on, as long as there is room: it will be read, however late. */
  hold(holder: Holder): void {
    this.holders.add(holder);
  }

  /** Holds no messages for it any more. */
  letGo(holder: Holder): void {
    this.holders.delete(holder);
  }

  /** Milliseconds since a message came; 0 for one that is still to come. */
  waitOf(number: number): number {
    if (number === this.next) return 0;
    const oldest = ((number - this.first) | 0) < 0 ? this.first : number;
    return oldest === this.next ? 0 : ((this.now | 0) - this.word(oldest, ARRIVAL)) | 0;
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
    return this.word(number, START);
  }
  /** ... how many bytes it has there, headers included, ... */
  wireLengthOf(number: number): number {
    return this.word(number, LENGTH);
  }
  /** ... its time in milliseconds, ... */
  timestampOf(number: number): number {
    return this.word(number, TIMESTAMP) >>> 0;
  }
  /** ... its message type, ... */
  typeOf(number: number): number {
    return this.word(number, TYPE);
  }
  /** ... its {@link TagKind}, ... */
  kindOf(number: number): number {
    return this.word(number, KIND) & KIND_MASK;
  }
  /** ... whether it is metadata, ... */
  isMetadata(number: number): boolean {
    return this.typeOf(number) === MessageType.DataAmf0 && this.kindOf(number) === TagKind.Configuration;
  }
  /** ... whether it has tracks with ids, or ModEx, ... */
  isSpecial(number: number): boolean {
    return (this.word(number, KIND) & SPECIAL) !== 0;
  }
  /** ... and whether it is the first of its publication. */
  beginsPublication(number: number): boolean {
    return (this.word(number, KIND) & BEGINS_PUBLICATION) !== 0;
  }

  /** How many bytes of payload a message has that is kept. */
  payloadLengthOf(number: number): number {
    this.ring.read((this.startOf(number) + LENGTH_OFFSET) | 0, this.lengthBytes, 0, 3);
    return readUint24(this.lengthBytes, 0);
  }

  /** The payload of a message that is kept, in memory of its own. */
  payloadOf(number: number): Uint8Array {
    const payload = new Uint8Array(this.payloadLengthOf(number));
    this.copyPayload(number, payload, 0);
    return payload;
  }

  /** Copies the payload of a message that is kept to into[at, …). */
  copyPayload(number: number, into: Uint8Array, at: number): void {
    this.readPayload(this.startOf(number), this.timestampOf(number), this.payloadLengthOf(number), into, at);
  }

  /** Copies a payload out of the wire image of the message that begins at a position. */
  readPayload(position: number, timestamp: number, length: number, into: Uint8Array, at: number): void {
    const extension = isExtended(timestamp) ? EXTENSION : 0;
    let from = (position + LONGEST_WIRE_HEADER - EXTENSION + extension) | 0;
    for (let copied = 0; copied < length; ) {
      const piece = Math.min(this.chunkSize, length - copied);
      this.ring.read(from, into, at + copied, at + copied + piece);
      copied += piece;
      from = (from + piece + 1 + extension) | 0;
    }
  }

  private entryOf(number: number): number {
    return (number & this.indexMask) << WORDS_BITS;
  }

  private word(number: number, word: number): number {
    return readInt(this.index, this.entryOf(number) + word);
  }

  /** Makes the index larger; or, where it is as large as may be, lets go of the first message. */
  private makePlace(): void {
    const size = this.indexMask + 1;
    if (size === HELD_INDEX_SIZE || (size >= INDEX_SIZE && !this.isHeld)) {
      this.raise((this.first + 1) | 0);
      return;
    }
    const old = this.index;
    this.index = new Int32Array(old.length * 2);
    this.indexMask = size * 2 - 1;
    for (let number = this.first; number !== this.next; number = (number + 1) | 0) {
      const from = (number & (size - 1)) << WORDS_BITS;
      this.index.set(old.subarray(from, from + (1 << WORDS_BITS)), this.entryOf(number));
    }
  }

  private forget(): void {
    for (const message of this.incoming) message.abandon();
    this.incoming.length = 0;
    this.hasKeyframe = false;
    this.metadata = null;
    this.configurationsByKey.clear();
    this.headerBytes = 0;
  }

  private keepConfiguration(message: IncomingMessage): void {
    this.configurationChanges++;
    const key = (message.messageType << 16) | (message.kind << 8) | message.trackId;
    this.forgetHeader(this.configurationsByKey.get(key));
    if (this.countHeader(message.length)) {
      this.configurationsByKey.set(key, { messageType: message.messageType, payload: message.copyPayload() });
    } else {
      this.configurationsByKey.delete(key);
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

  /** Lets go of what nobody will need: what is too old, and what lies before the newest keyframe and is waited for by none. */
  private expire(): void {
    const { joinPoint } = this;
    while (((this.next - this.first) | 0) > 1) {
      if (this.holders.size > 0 && this.isHeld) return;
      const isBeforeJoinPoint = joinPoint !== null && ((this.first - joinPoint) | 0) < 0;
      const isWaitedFor = this.subscriptions > 0 && this.waitOf(this.first) <= this.giveUpAfter;
      const isTooOld = ((this.clock - this.word(this.first, AGE)) | 0) > this.maximumTime;
      if (!isTooOld && (!isBeforeJoinPoint || isWaitedFor)) return;
      this.raise((this.first + 1) | 0);
    }
  }

  /** Whether the first message is one that somebody will read. */
  private get isHeld(): boolean {
    for (const { next } of this.holders) if (((this.first - next) | 0) >= 0) return true;
    return false;
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
    this.ring.raiseFloor(first === this.next ? this.lowest(this.ring.tail) : this.word(first, FLOOR));
  }

  /** The lowest position that belongs to a message under way, or the given one. */
  private lowest(position: number): number {
    let lowest = position;
    for (const message of this.incoming) if (((message.position - lowest) | 0) < 0) lowest = message.position;
    return lowest;
  }
}
