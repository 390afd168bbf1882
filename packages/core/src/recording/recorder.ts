import type { AmfValue } from "../amf/index.ts";
import { copyBytes } from "../bytes/index.ts";
import { MessageType } from "../chunk/index.ts";
import {
  FLV_TAG_HEADER_BYTES,
  PREVIOUS_TAG_SIZE_BYTES,
  writeFlvTag,
  writeFlvTagHeader,
  writePreviousTagSize,
} from "../flv/index.ts";
import { defaultLimits, type Limits } from "../limits.ts";
import type { Holder, LiveStream, StreamHeader } from "../live/index.ts";
import { TAG_HEAD_BYTES, TagKind } from "../media/index.ts";
import { metadataProperties, recordingHead } from "./head.ts";
import { RecordingIndex } from "./recording-index.ts";

/** Around the payload of a tag. */
const TAG_BYTES = FLV_TAG_HEADER_BYTES + PREVIOUS_TAG_SIZE_BYTES;
/** Time that goes back by more is a clock that was set anew, in milliseconds. */
const LONGEST_STEP_BACK = 10_000;
/** From the last tag of a recording to the first one that is appended, in milliseconds: a picture, at 25 in a second. */
const APPENDING_STEP = 40;

const nothing: Uint8Array = new Uint8Array(0);

/** The end of a file to which a recording is appended. */
export interface RecordingEnd {
  /** Behind the last whole tag and the size behind it. */
  readonly offset: number;
  /** Of the last tag, in milliseconds. */
  readonly time: number;
  /** Of the head that may be written anew; 0 when the file has none that is ours. */
  readonly headLength: number;
  /** The publisher's metadata in it. */
  readonly properties: ReadonlyMap<string, AmfValue>;
  readonly index: RecordingIndex;
}

/** Bytes that belong at an offset in the file. */
export interface RecordingPatch {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * Turns a publication of a live stream into the bytes of an FLV file. As a {@link Subscription} is, it is a place in the
 * stream: what is not recorded yet waits in the ring, and when that is too small, or the storage too slow, the recorder
 * says so in {@link loss}.
 *
 * It keeps the payloads of tags as they came. The file begins at time 0, whatever the publisher's clock says, or goes on
 * behind what it is appended to; video begins with a keyframe.
 */
export class Recorder implements Holder {
  /** Where in the file the next bytes belong that {@link transmit} gives. */
  offset = 0;
  /** Time of the last tag, in milliseconds. */
  duration = 0;
  tags = 0;
  /** The number of the next message to look at. */
  next: number;
  /** Why not all of the publication is in the file; null when all is. Nothing follows then. */
  loss: string | null = null;

  private readonly live: LiveStream;
  private readonly limits: Readonly<Limits>;
  private readonly publication: number;
  private readonly droppedBefore: number;
  private index = new RecordingIndex();
  private startTime = 0;
  /** The time of the stream at which the recording begins; null before the first frame. */
  private base: number | null = null;
  private hasBegun: boolean;
  /** Decoder configuration of a publication that began before. */
  private readonly headers: readonly StreamHeader[];
  private awaitsKeyframe = true;
  private isClosed = false;
  /** Set once the head is among what was given out. */
  private headIsWritten = false;
  private headLength = 0;
  private properties: ReadonlyMap<string, AmfValue> = new Map();
  /** Where the tag that is made next begins in the file. */
  private tagOffset = 0;
  /** What is made already and did not fit: rest[given, …). */
  private rest: Uint8Array = nothing;
  private given = 0;

  /** Begins with what is published next; in the middle of a publication at its newest keyframe, or at the next. */
  constructor(live: LiveStream, limits: Readonly<Limits> = defaultLimits) {
    this.live = live;
    this.limits = limits;
    this.publication = live.publication;
    this.droppedBefore = live.droppedMessages;
    this.next = live.joinPoint ?? live.next;
    this.headers = live.configurations;
    this.hasBegun = live.headers.length > 0;
    if (live.metadata !== null) this.setMetadata(live.metadata.payload);
    live.hold(this);
  }

  /** Appends to a file. To be called before {@link transmit}; null for a new one. */
  goOnAt(end: RecordingEnd | null): void {
    if (end === null) return;
    this.index = end.index;
    this.startTime = end.time + APPENDING_STEP;
    this.duration = end.time;
    this.headIsWritten = true;
    this.headLength = end.headLength;
    this.properties = end.properties;
    this.offset = end.offset;
    this.tagOffset = end.offset;
  }

  /** Whether the publication is over, and all of it was given out. */
  get isDone(): boolean {
    if (this.given < this.rest.length) return false;
    return this.loss !== null || (!this.advance() && this.isOver);
  }

  /** Whether nothing more is published of what is recorded. */
  get isPublicationOver(): boolean {
    return !this.live.isPublished || this.live.publication !== this.publication;
  }

  /** Writes the next bytes of the file into into[start, end). @returns how many; 0 when there are none now. */
  transmit(into: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end) {
      if (this.given < this.rest.length) {
        const length = Math.min(this.rest.length - this.given, end - at);
        copyBytes(this.rest, this.given, this.given + length, into, at);
        this.given += length;
        at += length;
      } else if (!this.advance()) {
        break;
      } else if (!this.headIsWritten) {
        this.begin();
      } else {
        const size = this.live.payloadLengthOf(this.next) + TAG_BYTES;
        if (size <= end - at) {
          this.writeTag(into, at);
          at += size;
        } else {
          // A message may be gone from the ring when there is room again.
          this.keep(size);
          this.writeTag(this.rest, 0);
        }
      }
    }
    this.offset += at - start;
    return at - start;
  }

  /**
   * The head of the file as it is to be in the end, when all bytes are written.
   *
   * @returns null when nothing was recorded, or when a file was appended to that has no room for it.
   */
  finish(): RecordingPatch | null {
    if (!this.headIsWritten || this.headLength === 0) return null;
    const facts = { duration: this.duration, fileSize: this.tagOffset, index: this.index };
    const bytes =
      recordingHead(this.properties, facts, this.headLength) ?? recordingHead(new Map(), facts, this.headLength);
    return bytes === null ? null : { offset: 0, bytes };
  }

  /** Lets go of the stream. */
  close(): void {
    this.live.letGo(this);
    this.isClosed = true;
  }

  /** Whether what is left is of another publication, or nothing is. */
  private get isOver(): boolean {
    return this.next !== this.live.next || this.isPublicationOver;
  }

  /** Moves on to the next message that belongs into the file. */
  private advance(): boolean {
    const { live } = this;
    if (this.loss !== null || this.isClosed) return false;
    if (((live.first - this.next) | 0) > 0) {
      this.loss = "The storage is too slow: media was lost before it could be written.";
      return false;
    }
    if (live.droppedMessages !== this.droppedBefore) {
      this.loss = "Media was lost for lack of memory.";
      return false;
    }
    for (; this.next !== live.next; this.next = (this.next + 1) | 0) {
      if (live.beginsPublication(this.next) && this.hasBegun) return false;
      if (this.takes(this.next)) return true;
      this.hasBegun = true;
    }
    return false;
  }

  private takes(number: number): boolean {
    const { live } = this;
    if (live.isMetadata(number)) {
      this.takeMetadata(number);
      return false;
    }
    if (live.typeOf(number) !== MessageType.Video) return true;
    const kind = live.kindOf(number);
    if (kind === TagKind.Keyframe) this.awaitsKeyframe = false;
    return kind !== TagKind.Frame || !this.awaitsKeyframe;
  }

  /** It is in the head of the file, the last one counts. */
  private takeMetadata(number: number): void {
    const payload = new Uint8Array(this.live.payloadLengthOf(number));
    this.live.copyPayload(number, payload, 0);
    this.setMetadata(payload);
  }

  private setMetadata(payload: Uint8Array): void {
    this.properties = new Map([...this.properties, ...metadataProperties(payload, this.limits)]);
  }

  /** The head, and what a player of the file has to know of a publication that began before. */
  private begin(): void {
    const { headers } = this;
    this.headIsWritten = true;
    const facts = { duration: 0, fileSize: 0, index: new RecordingIndex() };
    const head = recordingHead(this.properties, facts) ?? nothing;
    this.headLength = head.length;
    this.keep(headers.reduce((sum, { payload }) => sum + TAG_BYTES + payload.length, head.length));
    this.rest.set(head);
    let at = head.length;
    for (const { messageType, payload } of headers) {
      const { length } = payload;
      this.note(messageType, payload, 0, length, this.startTime, at);
      at = writeFlvTag(this.rest, at, messageType, this.startTime, payload, 0, length);
    }
    this.tagOffset += at;
  }

  private keep(size: number): void {
    this.rest = new Uint8Array(size);
    this.given = 0;
  }

  /** Makes a tag of the next message. It fits. */
  private writeTag(into: Uint8Array, at: number): void {
    const { live, next } = this;
    const tagType = live.typeOf(next);
    const length = live.payloadLengthOf(next);
    const time = this.timeOf(next, tagType);
    const payloadAt = writeFlvTagHeader(into, at, tagType, length, time);
    live.copyPayload(next, into, payloadAt);
    writePreviousTagSize(into, payloadAt + length, FLV_TAG_HEADER_BYTES + length);
    this.note(tagType, into, payloadAt, length, time, this.tagOffset);
    this.tagOffset += length + TAG_BYTES;
    this.duration = Math.max(this.duration, time);
    this.hasBegun = true;
    this.next = (next + 1) | 0;
  }

  private note(tagType: number, bytes: Uint8Array, at: number, length: number, time: number, position: number): void {
    this.tags++;
    this.index.note(tagType, bytes, at, at + Math.min(length, TAG_HEAD_BYTES), length, time, position);
  }

  /** The time in the file. */
  private timeOf(number: number, tagType: number): number {
    const { live, startTime, duration } = this;
    const timestamp = live.timestampOf(number);
    const kind = live.kindOf(number);
    const isMedia = tagType === MessageType.Audio || tagType === MessageType.Video;
    const isFrame = isMedia && (kind === TagKind.Frame || kind === TagKind.Keyframe);
    if (isFrame) this.base ??= timestamp;
    // What lies before the first frame describes it.
    if (this.base === null) return Math.max(startTime, duration);
    const time = startTime + ((timestamp - this.base) | 0);
    const isJump = time < duration - LONGEST_STEP_BACK;
    // Data messages have times of many kinds.
    if (!isMedia) return isJump || time > duration + LONGEST_STEP_BACK ? duration : Math.max(startTime, time);
    if (!isJump) return Math.max(startTime, time);
    if (isFrame) this.base = timestamp - (duration - startTime);
    return duration;
  }
}
