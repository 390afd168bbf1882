import { writeUint32LE } from "../bytes/index.ts";
import { isExtended, MessageType } from "../chunk/index.ts";
import { TagKind } from "../media/index.ts";
import { LONGEST_WIRE_HEADER, WIRE_STREAM_ID } from "./incoming.ts";
import type { LiveStream } from "./stream.ts";

/** Where the message stream id stands in a fmt 0 header with a basic header of one byte. */
const STREAM_ID_OFFSET = 8;

/**
 * A player's place in a {@link LiveStream}. It holds no media of its own: {@link lend} shows the next bytes to be written
 * in the ring itself, as many messages at once as lie in one piece.
 *
 * A piece that was lent stays pinned until {@link release}; at most one is lent at a time.
 */
export class Subscription {
  /** The piece that was lent last is bytes[start, end). */
  bytes: Uint8Array;
  start = 0;
  end = 0;
  receivesAudio = true;
  /** Whether the player must be given the stream's headers before its next message; set to false by who gave them. */
  needsHeaders = true;
  /** How often the player fell behind what is kept, and was moved to the newest keyframe. */
  skips = 0;

  readonly stream: LiveStream;
  /** The message stream id that the player gave to this stream. */
  readonly streamId: number;

  /** The number of the next message to look at. */
  private next = 0;
  private awaitsKeyframe = false;
  private isPaused = false;
  private receivesVideo = true;

  /** The messages that are being sent: [runPosition, runEnd) of the ring. */
  private runPosition = 0;
  private runEnd = 0;
  /** The first position of the run's first segment, and the blocks of its segments, which are pinned. */
  private runBase = 0;
  private readonly pinned: number[] = [];
  /** Holds a message header with the player's stream id, where that is another than the ring's. */
  private readonly header: Uint8Array = new Uint8Array(LONGEST_WIRE_HEADER);
  private headerIsDue = false;

  /** Joins at the newest keyframe, or at the next one, or where the stream is when it has no video. */
  constructor(stream: LiveStream, streamId: number) {
    this.stream = stream;
    this.streamId = streamId;
    this.bytes = stream.memory;
    this.join();
  }

  /** Whether the bytes lent so far end with a whole message, so that other chunks may follow. */
  get isBetweenMessages(): boolean {
    return this.runPosition === this.runEnd;
  }

  /** The time of the message that {@link advance} found, in milliseconds. */
  get nextTimestamp(): number {
    return this.stream.timestampOf(this.next);
  }

  /** Gives the player no more media, once the messages under way are out. */
  pause(): void {
    this.isPaused = true;
  }

  /** Goes on after a pause: at the newest keyframe, if one came meanwhile, else where it stopped. Never back. */
  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    const { joinPoint } = this.stream;
    if (joinPoint !== null && ((joinPoint - this.next) | 0) > 0) this.join();
  }

  /** Leaves video out, or takes it up again at the next keyframe. */
  showVideo(wanted: boolean): void {
    if (wanted && !this.receivesVideo) {
      this.awaitsKeyframe = true;
      this.needsHeaders = this.stream.headers.length > 0;
    }
    this.receivesVideo = wanted;
  }

  /** Moves on to the next message that the player is to get. @returns false when there is none now. */
  advance(): boolean {
    const { stream } = this;
    if (this.isPaused) return false;
    if (((stream.first - this.next) | 0) > 0) this.skip();
    while (this.next !== stream.next) {
      if (this.takes(this.next)) return true;
      this.next = (this.next + 1) | 0;
    }
    return false;
  }

  /** Shows the next piece to be written in `bytes`, `start` and `end`. @returns false when there is none. */
  lend(): boolean {
    if (this.isBetweenMessages && !this.beginRun()) return false;
    if (this.headerIsDue) {
      this.bytes = this.header;
      this.start = 0;
      this.end = this.headerLength;
    } else {
      const { ring } = this.stream;
      const distance = (this.runPosition - this.runBase) | 0;
      const inSegment = distance & (ring.segmentBytes - 1);
      // every segment of the run was pinned when it began
      const block = this.pinned[(distance - inSegment) / ring.segmentBytes] as number;
      this.bytes = this.stream.memory;
      this.start = block + inSegment;
      this.end = this.start + Math.min((this.runEnd - this.runPosition) | 0, ring.segmentBytes - inSegment);
    }
    return true;
  }

  /** The piece that was lent is written: its bytes are not needed any more. */
  release(): void {
    this.headerIsDue = false;
    this.runPosition = (this.runPosition + this.end - this.start) | 0;
    if (this.isBetweenMessages) this.unpin();
  }

  /** Lets go of everything that is pinned. */
  close(): void {
    this.runPosition = this.runEnd;
    this.unpin();
  }

  private get headerLength(): number {
    return isExtended(this.runTimestamp) ? LONGEST_WIRE_HEADER : LONGEST_WIRE_HEADER - 4;
  }
  /** As a signed integer; of the run's first message. */
  private runTimestamp = 0;

  private beginRun(): boolean {
    if (!this.advance()) return false;
    const { stream, next } = this;
    const { ring } = stream;
    const start = stream.startOf(next);
    let length = stream.wireLengthOf(next);
    this.runTimestamp = stream.timestampOf(next) | 0;
    this.next = (next + 1) | 0;
    const inSegment = start & (ring.segmentBytes - 1);
    if (this.streamId === WIRE_STREAM_ID) length = this.extendRun(start, length, ring.segmentBytes - inSegment);
    else this.readHeader(start);
    this.runPosition = start;
    this.runEnd = (start + length) | 0;
    this.runBase = (start - inSegment) | 0;
    for (let offset = 0; offset < inSegment + length; offset += ring.segmentBytes) {
      this.pinned.push(ring.pin((this.runBase + offset) | 0));
    }
    return true;
  }

  /** What lies behind a message in the same segment goes along with it. */
  private extendRun(start: number, messageLength: number, room: number): number {
    const { stream } = this;
    let length = messageLength;
    while (length < room && this.next !== stream.next && this.takes(this.next)) {
      if (stream.startOf(this.next) !== ((start + length) | 0)) break;
      length += stream.wireLengthOf(this.next);
      this.next = (this.next + 1) | 0;
    }
    return length;
  }

  private readHeader(start: number): void {
    this.stream.ring.read(start, this.header, 0, this.headerLength);
    writeUint32LE(this.header, STREAM_ID_OFFSET, this.streamId);
    this.headerIsDue = true;
  }

  private takes(number: number): boolean {
    const { stream } = this;
    // Whatever was before: the video of a publication cannot be decoded before its first keyframe.
    if (stream.beginsPublication(number)) this.awaitsKeyframe = true;
    const messageType = stream.typeOf(number);
    if (messageType === MessageType.Audio) return this.receivesAudio;
    if (messageType !== MessageType.Video) return true;
    if (!this.receivesVideo) return false;
    const kind = stream.kindOf(number);
    if (kind === TagKind.Keyframe) this.awaitsKeyframe = false;
    return !this.awaitsKeyframe || kind !== TagKind.Frame;
  }

  /** What the player was to get next is not kept any more. */
  private skip(): void {
    const { stream } = this;
    this.skips++;
    this.join();
    if (stream.joinPoint === null) this.next = stream.first;
  }

  /** Goes to the newest keyframe; or to the end, to wait for one. */
  private join(): void {
    const { joinPoint, next, headers } = this.stream;
    this.next = joinPoint ?? next;
    this.awaitsKeyframe = joinPoint === null;
    // Who is there before the publisher gets them among the messages: FFmpeg 9 loses tracks over repeated ones.
    this.needsHeaders = headers.length > 0;
  }

  private unpin(): void {
    for (let index = 0; index < this.pinned.length; index++) {
      // index lies inside
      this.stream.ring.unpin((this.runBase + index * this.stream.ring.segmentBytes) | 0, this.pinned[index] as number);
    }
    this.pinned.length = 0;
  }
}
