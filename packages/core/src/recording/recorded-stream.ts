import type { AmfValue } from "../amf/index.ts";
import { type BufferPool, readUint8, readUint24, readUint32 } from "../bytes/index.ts";
import { MessageType } from "../chunk/index.ts";
import { FLV_HEADER_BYTES, FLV_TAG_HEADER_BYTES, PREVIOUS_TAG_SIZE_BYTES } from "../flv/index.ts";
import { defaultLimits, type Limits } from "../limits.ts";
import type { StreamHeader } from "../live/index.ts";
import { TAG_HEAD_BYTES, TagHead, TagKind } from "../media/index.ts";
import { readRecordingMetadata } from "./head.ts";
import { type ByteSource, Reading, RecordingReader } from "./reader.ts";
import type { RecordingEnd } from "./recorder.ts";
import { RecordingIndex } from "./recording-index.ts";

/** "FLV" and version 1. */
const SIGNATURE = 0x464c5601;
const DATA_OFFSET_AT = 5;
const FLAGS_AT = 4;
const AUDIO_FLAG = 4;
const VIDEO_FLAG = 1;
const LARGEST_HEADER = 1_024;
/** The tag at an indexed position may differ so much in time, in milliseconds: indexes are rounded. */
const INDEX_TOLERANCE = 1_000;
/** A picture lies at most so far behind the sound of its time, in milliseconds. */
const INTERLEAVING = 5_000;
/** Tags at the start of a file in which decoder configuration is looked for, where the metadata does not say. */
const LEADING_TAGS = 64;

const Phase = { Header: 0, Metadata: 1, Leading: 2, Tail: 3, Verifying: 4, Locating: 5, Headers: 6, Ready: 7 } as const;
type Phase = (typeof Phase)[keyof typeof Phase];

/** A place in the file, and its time in milliseconds. */
interface Place {
  readonly position: number;
  readonly time: number;
}

/**
 * A recording that is played: its tags in order, from any time on. Where the metadata has an index of keyframes it is used;
 * else the file is read from its start up to what is wanted, and remembered.
 *
 * It is driven as its {@link RecordingReader} is: where `next` answers `Waiting`, bytes were asked for.
 */
export class RecordedStream {
  readonly reader: RecordingReader;
  readonly index: RecordingIndex = new RecordingIndex();
  /** These are known once `next` has found anything. Metadata as players get it; null when the file has none. */
  metadata: Uint8Array | null = null;
  /** Milliseconds. */
  duration = 0;
  /** What a player has to know before the tag that `next` found: only after a {@link seek} into the middle. */
  configurations: readonly StreamHeader[] = [];
  /** Where `seek` has led, in milliseconds; null while that is looked for, and where there is nothing of the kind. */
  startTime: number | null = null;

  private readonly limits: Readonly<Limits>;
  private phase: Phase = Phase.Header;
  private properties: ReadonlyMap<string, AmfValue> = new Map();
  /** Of the FLV header. */
  private flags = 0;
  private headLength = 0;
  private metadataDuration = 0;
  private hasWholeMetadata = false;
  /** Behind the metadata. */
  private firstPosition = 0;
  /** The index knows the file up to here. */
  private indexedUntil = 0;
  private knowsHeaders = false;
  private leading = new RecordingIndex();
  private leadingTags = 0;
  private lastTime = 0;
  private lastTagSize = 0;
  private isScanning = false;

  private target = 0;
  private isAfter = false;
  private entry = -1;
  private keyframe: Place | null = null;
  private sound: Place | null = null;
  /** The positions of headers that are still to be read, and what was read of them, by kind and track. */
  private headersLeft: number[] = [];
  private readonly headers = new Map<number, StreamHeader>();
  private readonly head = new TagHead();

  constructor(pool: BufferPool, length: number, source: ByteSource, limits: Readonly<Limits> = defaultLimits) {
    this.limits = limits;
    this.reader = new RecordingReader(pool, length, source, limits);
  }

  /** Whether the head of the file was read, so that the metadata and the duration are known. */
  get isOpen(): boolean {
    return this.phase > Phase.Tail;
  }

  /**
   * Goes to a keyframe: the last one at or before a time, or the first one at or after it. Where there is no video any
   * audio will do.
   *
   * @param time - in milliseconds
   */
  seek(time: number, isAfter = false): void {
    this.target = time;
    this.isAfter = isAfter;
    this.startTime = null;
    if (this.isOpen) this.locate();
  }

  /** The next tag: see the fields of the reader. */
  next(): Reading {
    while (this.phase !== Phase.Ready) {
      const reading = this.step();
      if (reading !== Reading.Tag) return reading;
    }
    return this.reader.next();
  }

  /** Reads the head of the file. @returns `Tag` when that is done. */
  open(): Reading {
    while (!this.isOpen) {
      const reading = this.step();
      if (reading !== Reading.Tag) return reading;
    }
    return Reading.Tag;
  }

  /**
   * Reads what the index does not know yet, up to the last whole tag. It is not to be played then.
   *
   * @returns `End` when that is done: then see {@link end}.
   */
  scan(): Reading {
    const opened = this.open();
    if (opened !== Reading.Tag) return opened;
    const { reader } = this;
    if (!this.isScanning) {
      this.isScanning = true;
      this.lastTagSize = 0;
      reader.position = this.indexedUntil;
      this.lastTime = this.index.times.at(-1) ?? 0;
      if (this.indexedUntil === reader.length) this.lastTime = this.duration;
    }
    for (;;) {
      const reading = reader.next(TAG_HEAD_BYTES);
      if (reading !== Reading.Tag) return reading;
      this.note();
      this.lastTime = Math.max(this.lastTime, reader.timestamp);
      this.lastTagSize = FLV_TAG_HEADER_BYTES + reader.payloadLength;
    }
  }

  /** After {@link scan}: where and how the file goes on. */
  get end(): RecordingEnd {
    const { indexedUntil: offset, lastTime: time, headLength, properties, index } = this;
    return { offset, time, headLength, properties, index };
  }

  /** After {@link scan}: what has to stand in the four bytes before the end; 0 where it was not read. */
  get lastPreviousTagSize(): number {
    return this.lastTagSize;
  }

  close(): void {
    this.reader.close();
  }

  private step(): Reading {
    switch (this.phase) {
      case Phase.Header:
        return this.readHeader();
      case Phase.Metadata:
        return this.readMetadata();
      case Phase.Leading:
        return this.readLeading();
      case Phase.Tail:
        return this.readTail();
      case Phase.Verifying:
        return this.verify();
      case Phase.Locating:
        return this.search();
      case Phase.Headers:
        return this.readHeaders();
      default:
        return Reading.Tag;
    }
  }

  private readHeader(): Reading {
    const { reader } = this;
    if (reader.length < FLV_HEADER_BYTES) return Reading.Broken;
    if (!reader.require(0, FLV_HEADER_BYTES)) return this.waiting(FLV_HEADER_BYTES);
    const at = reader.placeOf(0);
    const dataOffset = readUint32(reader.memory, at + DATA_OFFSET_AT);
    const isFlv = readUint32(reader.memory, at) === SIGNATURE;
    if (!isFlv || dataOffset < FLV_HEADER_BYTES - PREVIOUS_TAG_SIZE_BYTES || dataOffset > LARGEST_HEADER) {
      return Reading.Broken;
    }
    this.flags = readUint8(reader.memory, at + FLAGS_AT);
    this.firstPosition = dataOffset + PREVIOUS_TAG_SIZE_BYTES;
    reader.position = this.firstPosition;
    this.phase = Phase.Metadata;
    return Reading.Tag;
  }

  private readMetadata(): Reading {
    const { reader } = this;
    const { position } = reader;
    let reading = reader.next(0);
    if (reading === Reading.Tag && reader.tagType === MessageType.DataAmf0) {
      reader.position = position;
      reading = reader.next();
    }
    if (reading === Reading.Waiting || reading === Reading.Broken) return reading;
    if (reading === Reading.Tag && reader.tagType === MessageType.DataAmf0) this.takeMetadata();
    this.indexedUntil = Math.max(this.indexedUntil, this.firstPosition);
    reader.position = this.firstPosition;
    this.phase = this.index.times.length > 0 && !this.knowsHeaders ? Phase.Leading : Phase.Tail;
    return Reading.Tag;
  }

  private takeMetadata(): void {
    const { reader } = this;
    const metadata = readRecordingMetadata(reader.memory, reader.start, reader.end, this.limits);
    if (metadata === null) return;
    const isWhole = metadata.fileSize === reader.length;
    this.metadata = metadata.payload;
    this.properties = metadata.properties;
    this.metadataDuration = metadata.duration;
    this.hasWholeMetadata = isWhole;
    this.firstPosition = reader.position;
    this.headLength = this.firstPosition;
    const { times, positions } = metadata;
    const headers = metadata.headers ?? [];
    const last = positions.at(-1) ?? 0;
    const first = Math.min(positions[0] ?? Number.POSITIVE_INFINITY, headers[0] ?? Number.POSITIVE_INFINITY);
    if (first < this.firstPosition || last >= reader.length || (headers.at(-1) ?? 0) >= reader.length) return;
    this.knowsHeaders = metadata.headers !== null;
    this.index.restore(times, positions, headers);
    this.index.hasAudio = times.length > 0 && (this.flags & AUDIO_FLAG) !== 0;
    this.index.hasVideo = times.length > 0 && (this.flags & VIDEO_FLAG) !== 0;
    const isBehind = metadata.fileSize > last && metadata.fileSize <= reader.length;
    this.indexedUntil = isBehind ? metadata.fileSize : last;
  }

  /** Decoder configuration stands at the start of a file, mostly. */
  private readLeading(): Reading {
    const { reader, leading } = this;
    while (this.leadingTags < LEADING_TAGS) {
      const reading = reader.next(TAG_HEAD_BYTES);
      if (reading === Reading.Waiting) return reading;
      if (reading !== Reading.Tag) break;
      this.leadingTags++;
      const { tagType, memory, start, end, payloadLength, timestamp, tagOffset } = reader;
      leading.note(tagType, memory, start, end, payloadLength, timestamp, tagOffset);
    }
    this.index.headers.push(...leading.headers);
    this.phase = Phase.Tail;
    return Reading.Tag;
  }

  /** The time of the last tag is the duration, where the metadata does not say. */
  private readTail(): Reading {
    const { reader } = this;
    this.duration = this.metadataDuration;
    if (!this.hasWholeMetadata || this.duration === 0) {
      const time = this.lastTagTime();
      if (time === null) return this.waiting(PREVIOUS_TAG_SIZE_BYTES);
      if (time > this.duration || this.duration === 0) this.duration = Math.max(0, time);
    }
    reader.position = this.firstPosition;
    this.locate();
    return Reading.Tag;
  }

  /** @returns null when bytes are missing; -1 when the end is cut off. */
  private lastTagTime(): number | null {
    const { reader } = this;
    const sizeAt = reader.length - PREVIOUS_TAG_SIZE_BYTES;
    // Read once: both places need not lie in one window.
    if (this.lastTagSize === 0) {
      if (!reader.require(sizeAt, PREVIOUS_TAG_SIZE_BYTES)) return null;
      this.lastTagSize = readUint32(reader.memory, reader.placeOf(sizeAt));
    }
    const tagAt = sizeAt - this.lastTagSize;
    if (this.lastTagSize < FLV_TAG_HEADER_BYTES || tagAt < this.firstPosition) return -1;
    if (!reader.require(tagAt, FLV_TAG_HEADER_BYTES)) return null;
    const at = reader.placeOf(tagAt);
    if (readUint24(reader.memory, at + 1) + FLV_TAG_HEADER_BYTES !== this.lastTagSize) return -1;
    return (readUint8(reader.memory, at + 7) << 24) | readUint24(reader.memory, at + 4);
  }

  /** Begins to look for the target. */
  private locate(): void {
    const { reader, index } = this;
    this.configurations = [];
    this.keyframe = null;
    this.sound = null;
    if (this.target <= 0) {
      reader.position = this.firstPosition;
      this.startTime = 0;
      this.phase = Phase.Ready;
      return;
    }
    this.entry = index.find(this.target);
    reader.position = this.entry === -1 ? this.firstPosition : (index.positions[this.entry] ?? this.firstPosition);
    this.phase = this.entry === -1 ? Phase.Locating : Phase.Verifying;
  }

  /** Looks whether the index is right about its entry. An index that is wrong is not used. */
  private verify(): Reading {
    const { reader, index, entry } = this;
    const { position } = reader;
    const reading = reader.next(TAG_HEAD_BYTES);
    if (reading === Reading.Waiting) return reading;
    const isMedia = reader.tagType === MessageType.Video || reader.tagType === MessageType.Audio;
    const difference = Math.abs(reader.timestamp - (index.times[entry] ?? 0));
    if (reading === Reading.Tag && isMedia && difference <= INDEX_TOLERANCE) {
      reader.position = position;
      index.hasVideo = reader.tagType === MessageType.Video;
    } else {
      index.clear();
      this.indexedUntil = this.firstPosition;
      reader.position = this.firstPosition;
    }
    this.phase = Phase.Locating;
    return Reading.Tag;
  }

  /** Reads on until the target is passed. */
  private search(): Reading {
    const { reader, target } = this;
    for (;;) {
      const reading = reader.next(TAG_HEAD_BYTES);
      if (reading === Reading.Waiting) return reading;
      if (reading !== Reading.Tag) break;
      const kind = this.note();
      const { tagType, timestamp: time, tagOffset: position } = reader;
      const isVideo = tagType === MessageType.Video;
      const isFrame =
        kind === TagKind.Keyframe || (kind === TagKind.Frame && (isVideo || tagType === MessageType.Audio));
      if (!isFrame) continue;
      if (this.isAfter ? time >= target : time <= target) {
        if (kind === TagKind.Keyframe) this.keyframe = { position, time };
        else if (!isVideo && (!this.isAfter || this.sound === null)) this.sound = { position, time };
      }
      if (this.isAfter && this.keyframe !== null) break;
      if (isVideo && !this.isAfter && time > target) break;
      if (!isVideo && time > target + INTERLEAVING && !(this.isAfter && this.index.hasVideo)) break;
    }
    this.found(this.keyframe ?? (this.index.hasVideo ? null : this.sound));
    return Reading.Tag;
  }

  private found(place: Place | null): void {
    const { reader, index } = this;
    this.headers.clear();
    if (place === null && this.isAfter) {
      reader.position = reader.length;
      this.phase = Phase.Ready;
      return;
    }
    const position = place?.position ?? this.firstPosition;
    this.startTime = place?.time ?? 0;
    this.headersLeft = index.headers.filter((each) => each < position && each >= this.firstPosition);
    this.headersLeft.push(position);
    this.phase = Phase.Headers;
  }

  /** Reads the decoder configuration that is in force at the place that was found. */
  private readHeaders(): Reading {
    const { reader, head, headersLeft } = this;
    while (headersLeft.length > 1) {
      reader.position = headersLeft[0] ?? 0;
      const reading = reader.next();
      if (reading === Reading.Waiting) return reading;
      headersLeft.shift();
      if (reading !== Reading.Tag) continue;
      const { tagType, memory, start, end } = reader;
      if (tagType === MessageType.Video) head.readVideo(memory, start, Math.min(end, start + TAG_HEAD_BYTES));
      else if (tagType === MessageType.Audio) head.readAudio(memory, start, Math.min(end, start + TAG_HEAD_BYTES));
      else continue;
      if (head.kind !== TagKind.SequenceHeader && head.kind !== TagKind.Configuration) continue;
      const key = (tagType << 16) | (head.kind << 8) | head.trackId;
      this.headers.delete(key);
      this.headers.set(key, { messageType: tagType, payload: memory.slice(start, end) });
    }
    reader.position = headersLeft[0] ?? this.firstPosition;
    this.configurations = [...this.headers.values()];
    this.phase = Phase.Ready;
    return Reading.Tag;
  }

  /** Takes the tag that was read into the index, unless it is there. */
  private note(): TagKind {
    const { reader, head } = this;
    const { tagType, memory, start, end, payloadLength, timestamp, tagOffset, position } = reader;
    if (tagOffset >= this.indexedUntil) {
      this.indexedUntil = position;
      return this.index.note(tagType, memory, start, end, payloadLength, timestamp, tagOffset);
    }
    if (tagType === MessageType.Video) head.readVideo(memory, start, end);
    else if (tagType === MessageType.Audio) head.readAudio(memory, start, end);
    else return TagKind.Frame;
    return head.kind === TagKind.Keyframe && head.trackId !== 0 ? TagKind.Frame : head.kind;
  }

  /** What is not there: it is asked for, unless the file does not have it. */
  private waiting(least: number): Reading {
    const { reader } = this;
    return reader.length < least || reader.isOver ? Reading.Broken : Reading.Waiting;
  }
}
