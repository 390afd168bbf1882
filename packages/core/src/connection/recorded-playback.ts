import { MessageType } from "../chunk/index.ts";
import { type Abilities, plainForm, TAG_HEAD_BYTES, TagHead, TagKind } from "../media/index.ts";
import { information, StatusCode, UserControlEvent } from "../message/index.ts";
import { Reading, type RecordedStream } from "../recording/index.ts";
import type { PlaylistItem } from "./playlist-item.ts";
import { ChunkStream, type Sender } from "./sender.ts";

/** What is written at a time, in bytes: then the peer has to take it before there is more. */
const BURST = 65_536;
/** Of a client's buffer, in milliseconds: when it does not say, and how small and how large it is believed to be. */
const USUAL_BUFFER = 3_000;
const SMALLEST_BUFFER = 1_000;
const LARGEST_BUFFER = 36_000_000;

const NEVER = Number.POSITIVE_INFINITY;

/** The message stream on which a recording is played. */
export interface RecordingTarget {
  readonly id: number;
  /** What the player said of its buffer, in milliseconds (RTMP 7.1.7); 0 when it did not. */
  readonly bufferLength: number;
}

/**
 * A recording that the peer plays. It gets as much ahead of time as its buffer takes; when that is full, the server waits
 * until half of it was played (BufferEmpty and BufferReady, as Flash Media Server has it).
 *
 * What is played from a start on begins at time 0 on the wire: librtmp adds the start. After a seek, times are those of the
 * file, which is what FFmpeg and Flash Player take them for.
 */
export class RecordedPlayback implements PlaylistItem {
  readonly subscription = null;
  readonly name: string;
  isComplete = false;
  playedBytes = 0;
  /** The time in the file of the last message that was sent, in milliseconds. */
  position = 0;
  /** The time in the file that is 0 on the wire; null until it is known. */
  origin: number | null = null;
  /** Ends before the first frame at this time or later: what a transition begins with. */
  stopBefore: number = NEVER;

  private readonly recording: RecordedStream;
  private readonly target: RecordingTarget;
  private readonly start: number;
  private readonly wanted: number;
  private readonly abilities: Abilities;
  private now = 0;
  /** The media time that the player is taken to be at, and when it was there; null before the first frame. */
  private playhead: number | null = null;
  private playheadAt = 0;
  private isPaused = false;
  private isFilling = true;
  private isDry = false;
  private receivesAudio = true;
  private receivesVideo = true;
  private awaitsKeyframe = false;
  /** Whether the reader has a tag that is not sent yet. */
  private holdsTag = false;
  private needsMetadata = true;
  private needsHeaders = true;
  private hasSentFrame = false;
  private firstTime: number | null = null;
  /** Of the tag that was looked at last. */
  private isFrame = false;
  private readonly head = new TagHead();

  /**
   * @param start - where to begin, in milliseconds
   * @param wanted - how much to play; Infinity for all
   */
  constructor(
    recording: RecordedStream,
    target: RecordingTarget,
    name: string,
    start: number,
    wanted: number,
    abilities: Abilities,
  ) {
    this.recording = recording;
    this.target = target;
    this.name = name;
    this.start = start;
    this.wanted = wanted;
    this.abilities = abilities;
    recording.seek(start);
  }

  get hasEnded(): boolean {
    return this.isComplete;
  }

  get time(): number {
    return Math.max(0, this.position - (this.origin ?? 0));
  }

  get playedTime(): number {
    return this.firstTime === null ? 0 : this.position - this.firstTime;
  }

  get deadline(): number {
    if (this.isPaused || this.isComplete || this.isFilling || this.playhead === null) return NEVER;
    return this.playheadAt + (this.position - this.playhead) - this.bufferLength / 2;
  }

  begin(sender: Sender, now: number): void {
    this.now = now;
    sender.userControl(UserControlEvent.StreamIsRecorded, this.target.id);
    sender.userControl(UserControlEvent.StreamBegin, this.target.id);
  }

  /** A peer that reads nothing holds no more than a {@link BURST}. */
  isTooSlow(now: number): boolean {
    this.now = now;
    return false;
  }

  prepare(sender: Sender): boolean {
    while (!this.isPaused && !this.isComplete && sender.waitingBytes < BURST) {
      if (!this.holdsTag && !this.findTag(sender)) break;
      if (this.isBehindEnd()) {
        this.isComplete = true;
        break;
      }
      if (!this.fillsBuffer(sender) || !this.send(sender)) break;
      this.holdsTag = false;
    }
    return false;
  }

  pause(isPaused: boolean): void {
    if (isPaused === this.isPaused) return;
    if (isPaused && this.playhead !== null) this.playhead = this.playheadNow;
    this.playheadAt = this.now;
    this.isPaused = isPaused;
  }

  receiveAudio(isWanted: boolean): void {
    this.receivesAudio = isWanted;
  }

  receiveVideo(isWanted: boolean): void {
    if (isWanted && !this.receivesVideo) this.awaitsKeyframe = true;
    this.receivesVideo = isWanted;
  }

  /** Whether there is this time in the recording, in milliseconds. */
  hasTime(time: number): boolean {
    return time >= 0 && (!this.recording.isOpen || time <= this.recording.duration);
  }

  /** What the recording lasts, in milliseconds; 0 while that is not known. */
  get duration(): number {
    return this.recording.duration;
  }

  /** Goes on at the last keyframe at or before a time. */
  seek(time: number): void {
    this.recording.seek(time);
    this.restart();
    this.origin = 0;
  }

  /** Begins at the first keyframe behind the place where another recording is, instead of where it should. */
  align({ position, origin }: RecordedPlayback): void {
    this.recording.seek(position + 1, true);
    this.restart();
    this.origin = origin ?? 0;
  }

  /**
   * Where it begins, after {@link align}: in milliseconds.
   *
   * @returns Infinity when there is no such keyframe; null while that is looked for.
   */
  findStart(): number | null {
    if (!this.holdsTag) {
      const reading = this.recording.next();
      if (reading === Reading.Waiting) return null;
      if (reading !== Reading.Tag) return NEVER;
      this.holdsTag = true;
    }
    return this.recording.startTime ?? NEVER;
  }

  close(): void {
    this.recording.close();
  }

  private restart(): void {
    this.holdsTag = false;
    this.isComplete = false;
    this.needsHeaders = true;
    this.awaitsKeyframe = false;
    this.playhead = null;
    this.isFilling = true;
  }

  private get bufferLength(): number {
    const { bufferLength } = this.target;
    if (bufferLength === 0) return USUAL_BUFFER;
    return Math.min(Math.max(bufferLength, SMALLEST_BUFFER), LARGEST_BUFFER);
  }

  private get playheadNow(): number {
    return (this.playhead ?? 0) + (this.now - this.playheadAt);
  }

  /** The time in the file. */
  private get tagTime(): number {
    return Math.max(0, this.recording.reader.timestamp);
  }

  /** @returns false when there is none now. */
  private findTag(sender: Sender): boolean {
    const reading = this.recording.next();
    switch (reading) {
      case Reading.Tag:
        this.holdsTag = true;
        this.isDry = false;
        return true;
      case Reading.Waiting:
        // The storage is slow, and the player has played all it got.
        if (this.playhead !== null && !this.isDry && this.playheadNow > this.position) {
          this.isDry = true;
          sender.userControl(UserControlEvent.StreamDry, this.target.id);
        }
        return false;
      case Reading.End:
        this.isComplete = true;
        return false;
      case Reading.Broken: {
        this.isComplete = true;
        const text = `${this.name} cannot be read${this.hasSentFrame ? " any further" : ""}.`;
        sender.status(this.target.id, information("error", StatusCode.PlayFileStructureInvalid, text));
        return false;
      }
    }
  }

  /** Whether the tag is behind what is wanted. At least one frame is played. */
  private isBehindEnd(): boolean {
    const { tagTime } = this;
    if (tagTime >= this.stopBefore) return true;
    return this.hasSentFrame && tagTime >= this.start + this.wanted;
  }

  /** Whether the player's buffer has room for the tag. */
  private fillsBuffer(sender: Sender): boolean {
    if (this.playhead === null) return true;
    const ahead = this.tagTime - this.playheadNow;
    const { bufferLength } = this;
    if (this.isFilling && ahead >= bufferLength) {
      // Control messages overtake others: this one must not.
      if (sender.waitingBytes > 0) return false;
      this.isFilling = false;
      sender.userControl(UserControlEvent.BufferEmpty, this.target.id);
    } else if (!this.isFilling && ahead <= bufferLength / 2) {
      this.isFilling = true;
      sender.userControl(UserControlEvent.BufferReady, this.target.id);
    }
    return this.isFilling;
  }

  /** @returns false when there is no memory for it now. */
  private send(sender: Sender): boolean {
    const { tagType, memory, start, end } = this.recording.reader;
    const { tagTime } = this;
    if (!this.takes(tagType, memory, start, end)) return true;
    this.origin ??= this.recording.startTime ?? 0;
    const time = Math.max(0, tagTime - this.origin);
    this.tellHeaders(sender, time);
    if (!this.sendForm(sender, time)) return false;
    this.playedBytes += end - start;
    this.position = tagTime;
    if (!this.isFrame) return true;
    if (this.playhead === null) {
      this.playhead = tagTime;
      this.playheadAt = this.now;
    }
    this.firstTime ??= tagTime;
    this.hasSentFrame = true;
    return true;
  }

  /** Sends the tag as the player can read it. @returns false when there is no memory for it now. */
  private sendForm(sender: Sender, time: number): boolean {
    const { tagType, memory, start, end } = this.recording.reader;
    const { id } = this.target;
    if (tagType === MessageType.DataAmf0 || this.head.isPlain) {
      return sender.media(tagType, id, time, memory, start, end);
    }
    const payload = plainForm(tagType, memory.slice(start, end), this.abilities);
    return payload === null || sender.media(tagType, id, time, payload, 0, payload.length);
  }

  /** Whether the player wants the tag. It gets decoder configuration whatever it wants: it may change its mind. */
  private takes(tagType: number, memory: Uint8Array, start: number, end: number): boolean {
    const { head } = this;
    const headEnd = Math.min(end, start + TAG_HEAD_BYTES);
    switch (tagType) {
      case MessageType.Audio:
        head.readAudio(memory, start, headEnd);
        this.isFrame = isFrame(head.kind);
        return this.receivesAudio || !this.isFrame;
      case MessageType.Video:
        head.readVideo(memory, start, headEnd);
        this.isFrame = isFrame(head.kind);
        if (head.kind === TagKind.Keyframe && head.trackId === 0) this.awaitsKeyframe = false;
        return !this.isFrame || (this.receivesVideo && !this.awaitsKeyframe);
      default:
        this.isFrame = false;
        return tagType === MessageType.DataAmf0;
    }
  }

  private tellHeaders(sender: Sender, time: number): void {
    const { metadata, configurations } = this.recording;
    const { id } = this.target;
    // FFmpeg takes onMetaData at any time but 0 for a packet of subtitles.
    if (this.needsMetadata && metadata !== null) {
      sender.message(ChunkStream.Audio, MessageType.DataAmf0, id, 0, metadata);
    }
    this.needsMetadata = false;
    if (!this.needsHeaders) return;
    this.needsHeaders = false;
    for (const { messageType, payload } of configurations) {
      const form = plainForm(messageType, payload, this.abilities);
      const chunkStreamId = messageType === MessageType.Video ? ChunkStream.Video : ChunkStream.Audio;
      if (form !== null) sender.message(chunkStreamId, messageType, id, time, form);
    }
  }
}

function isFrame(kind: TagKind): boolean {
  return kind === TagKind.Frame || kind === TagKind.Keyframe;
}
