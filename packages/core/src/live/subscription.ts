import { MessageType } from "../chunk/index.ts";
import { type Abilities, everyAbility, plainForm, TagKind } from "../media/index.ts";
import { WIRE_STREAM_ID } from "./incoming.ts";
import { Run } from "./run.ts";
import type { LiveStream } from "./stream.ts";

/** Chunks of a video message that a player who is behind gets at a time, so that audio can go in between. */
const CHUNKS_AT_A_TIME = 4;
const ALL = Number.POSITIVE_INFINITY;

/** A message in another form than it has in the ring. */
export interface RewrittenMessage {
  readonly messageType: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

/**
 * A player's place in a {@link LiveStream}. It holds no media of its own: {@link lend} shows the next bytes to be written
 * in the ring itself, as many messages at once as lie in one piece.
 *
 * A player that is behind gets audio and data first, also between the chunks of a large video message: it has a second
 * place in the stream for that. One that is further behind loses video up to a keyframe; see {@link LiveStreamOptions}.
 *
 * A piece that was lent stays pinned until {@link release}; at most one is lent at a time.
 */
export class Subscription {
  /** The piece that was lent last is bytes[start, end). */
  bytes: Uint8Array;
  start = 0;
  end = 0;
  receivesAudio = true;
  /** Not by who gives its peer metadata in another form than the stream has it. */
  receivesMetadata = true;
  /** Whether the player must be given the stream's headers before its next message; set to false by who gave them. */
  needsHeaders = true;
  /** What the player can read: what it cannot is rewritten for it, or left out. */
  abilities: Abilities = everyAbility;
  /** How often the player was so far behind that it lost media. */
  skips = 0;

  readonly stream: LiveStream;
  /** The message stream id that the player gave to this stream. */
  readonly streamId: number;

  /** The number of the next message to look at. */
  private next = 0;
  /** All audio and data before this message was sent or left out. When it lies before `next`, some of it still waits. */
  private audioNext = 0;
  /** The message that {@link advance} found, and whether it is audio or data that overtakes. */
  private found = 0;
  private overtakes = false;
  private awaitsKeyframe = false;
  /** Frames before `skipEnd` are left out. */
  private isSkipping = false;
  private skipEnd = 0;
  /** Milliseconds that the player may be behind because it began there, until it has caught up. */
  private headStart = 0;
  private isPaused = false;
  private isClosed = false;
  private receivesVideo = true;
  /** Comes before what {@link advance} finds next: see {@link takeRewritten}. */
  private rewritten: RewrittenMessage | null = null;

  private readonly run: Run;
  /** What overtakes between the chunks of `run`. */
  private readonly overtaking: Run;
  private current: Run;
  private runIsDivisible = false;

  /** Joins at the newest keyframe, or at the next one, or where the stream is when it has no video. */
  constructor(stream: LiveStream, streamId: number) {
    this.stream = stream;
    this.streamId = streamId;
    this.bytes = stream.memory;
    this.run = new Run(stream, streamId);
    this.overtaking = new Run(stream, streamId);
    this.current = this.run;
    this.join();
    this.audioNext = this.next;
    stream.subscribe();
  }

  /** Whether the bytes lent so far end with a whole message, so that other chunks may follow. */
  get isBetweenMessages(): boolean {
    return this.run.isDone && this.overtaking.isDone;
  }

  /** The time of the message that {@link advance} found, in milliseconds. */
  get nextTimestamp(): number {
    return this.stream.timestampOf(this.found);
  }

  /**
   * For how long what is to be lent next waits, in milliseconds of the stream's `now`. What the player was behind when it
   * joined does not count.
   */
  get lag(): number {
    if (this.isPaused) return 0;
    const { stream, next, audioNext } = this;
    const oldest = ((audioNext - next) | 0) < 0 ? audioNext : next;
    return stream.waitOf(oldest) - this.headStart;
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
    else this.headStart = this.stream.waitOf(this.next);
    this.audioNext = this.next;
  }

  /** Leaves video out, or takes it up again at the next keyframe. */
  showVideo(wanted: boolean): void {
    if (wanted && !this.receivesVideo) {
      this.awaitsKeyframe = true;
      this.needsHeaders = this.stream.headers.length > 0;
    }
    this.receivesVideo = wanted;
  }

  /**
   * Moves on to the next message that the player is to get.
   *
   * @returns false when there is none now; or when one has to be sent before that is not in the ring: see
   *   {@link takeRewritten}.
   */
  advance(): boolean {
    const { stream } = this;
    if (this.isPaused || this.rewritten !== null) return false;
    if (((stream.first - this.next) | 0) > 0) this.skipLost();
    else if (stream.waitOf(this.next) - this.headStart > stream.dropVideoAfter) this.skipVideo();
    if (this.findOvertaking()) return true;
    while (this.next !== stream.next && this.rewritten === null) {
      if (this.takes(this.next)) {
        this.found = this.next;
        this.overtakes = false;
        return true;
      }
      this.pass();
    }
    if (this.rewritten === null) this.headStart = 0;
    return false;
  }

  /** A message that the player cannot read as it lies in the ring, and that is to be sent now; null for none. */
  takeRewritten(): RewrittenMessage | null {
    const { rewritten } = this;
    this.rewritten = null;
    return rewritten;
  }

  /** Shows the next piece to be written in `bytes`, `start` and `end`. @returns false when there is none. */
  lend(): boolean {
    if (!this.chooseRun()) return false;
    const { current } = this;
    current.show(this.runIsDivisible && current === this.run ? CHUNKS_AT_A_TIME : ALL);
    this.bytes = current.bytes;
    this.start = current.start;
    this.end = current.end;
    return true;
  }

  /** The piece that was lent is written: its bytes are not needed any more. */
  release(): void {
    this.current.release();
  }

  /** Lets go of everything that is pinned. It gets nothing more. */
  close(): void {
    if (!this.isClosed) this.stream.unsubscribe();
    this.isClosed = true;
    this.isPaused = true;
    this.run.close();
    this.overtaking.close();
  }

  /** @returns false when there is nothing to be sent. */
  private chooseRun(): boolean {
    if (!this.overtaking.isDone) return true;
    if (!this.run.isDone) {
      this.current = this.run;
      if (this.runIsDivisible && this.run.isBetweenChunks && !this.isPaused && this.findOvertaking()) {
        this.beginRun(this.overtaking);
      }
      return true;
    }
    if (!this.advance()) return false;
    this.runIsDivisible = !this.overtakes && this.isBehind;
    this.beginRun(this.run);
    return true;
  }

  private beginRun(run: Run): void {
    const { stream, found } = this;
    const start = stream.startOf(found);
    const length = stream.wireLengthOf(found);
    if (this.overtakes) this.audioNext = (found + 1) | 0;
    else this.pass();
    const goesOn = this.streamId === WIRE_STREAM_ID && !this.overtakes && !this.runIsDivisible;
    run.begin(start, goesOn ? this.extend(start, length) : length, stream.timestampOf(found) | 0);
    this.current = run;
  }

  /** What lies behind a message in the same segment goes along with it. */
  private extend(start: number, messageLength: number): number {
    const { stream } = this;
    const { segmentBytes } = stream.ring;
    const room = segmentBytes - (start & (segmentBytes - 1));
    let length = messageLength;
    while (length < room && this.next !== stream.next && !this.isBeyond(this.next) && this.takes(this.next)) {
      if (stream.startOf(this.next) !== ((start + length) | 0)) break;
      length += stream.wireLengthOf(this.next);
      this.pass();
    }
    return length;
  }

  /** The next message is dealt with. */
  private pass(): void {
    if (this.isSkipping && this.next === this.skipEnd) this.isSkipping = false;
    if (this.audioNext === this.next) this.audioNext = (this.next + 1) | 0;
    this.next = (this.next + 1) | 0;
  }

  /** Whether audio goes first. */
  private get isBehind(): boolean {
    const { stream, next } = this;
    return this.audioIsBehind || stream.waitOf(next) - this.headStart > stream.audioFirstAfter;
  }

  private get audioIsBehind(): boolean {
    return ((this.audioNext - this.next) | 0) < 0;
  }

  /** The next audio or data message, when the player is behind. */
  private findOvertaking(): boolean {
    const { stream } = this;
    if (!this.isBehind) return false;
    while (this.audioNext !== stream.next && this.rewritten === null) {
      const number = this.audioNext;
      // Nothing of a publication comes before what is left of the one before it.
      if (stream.beginsPublication(number) && ((number - this.next) | 0) > 0) return false;
      if (stream.typeOf(number) !== MessageType.Video && this.receives(number) && !this.rewrites(number)) {
        this.found = number;
        this.overtakes = true;
        return true;
      }
      this.audioNext = (number + 1) | 0;
    }
    return false;
  }

  private takes(number: number): boolean {
    const { stream } = this;
    // Whatever was before: the video of a publication cannot be decoded before its first keyframe.
    if (stream.beginsPublication(number)) this.awaitsKeyframe = true;
    const messageType = stream.typeOf(number);
    if (messageType !== MessageType.Video) {
      const wasSent = ((number - this.audioNext) | 0) < 0;
      return !wasSent && this.receives(number) && !this.rewrites(number);
    }
    if (!this.receivesVideo) return false;
    const kind = stream.kindOf(number);
    const isSkipped = this.isSkipping && ((number - this.skipEnd) | 0) < 0;
    if (kind === TagKind.Keyframe && !isSkipped) this.awaitsKeyframe = false;
    if (isFrame(kind) && (this.awaitsKeyframe || isSkipped)) return false;
    return !this.rewrites(number);
  }

  /** Whether a message may be one that the player cannot read. */
  private isBeyond(number: number): boolean {
    const { multitrack, modEx } = this.abilities;
    return this.stream.isSpecial(number) && !(multitrack && modEx);
  }

  /** Whether the player gets a message in another form, or not at all, because it cannot read it as it is. */
  private rewrites(number: number): boolean {
    const { stream } = this;
    if (!this.isBeyond(number)) return false;
    const messageType = stream.typeOf(number);
    const payload = plainForm(messageType, stream.payloadOf(number), this.abilities);
    if (payload !== null) this.rewritten = { messageType, timestamp: stream.timestampOf(number), payload };
    return true;
  }

  /** Whether a message that is no video is wanted. */
  private receives(number: number): boolean {
    const { stream } = this;
    if (stream.typeOf(number) === MessageType.Audio) return this.receivesAudio;
    return this.receivesMetadata || !stream.isMetadata(number);
  }

  /**
   * The player is too far behind: it loses frames up to the newest keyframe, or up to the next one that comes. Sequence
   * headers among them, audio and data are still sent.
   */
  private skipVideo(): void {
    const { stream } = this;
    const { joinPoint } = stream;
    const isAhead = joinPoint !== null && ((joinPoint - this.next) | 0) > 0;
    this.isSkipping = true;
    this.skipEnd = isAhead ? joinPoint : stream.next;
    this.awaitsKeyframe = true;
    // Where it is now is where it begins anew.
    this.headStart = stream.waitOf(this.skipEnd);
    let hasLost = false;
    for (; this.next !== this.skipEnd; this.next = (this.next + 1) | 0) {
      if (stream.typeOf(this.next) !== MessageType.Video) continue;
      if (!isFrame(stream.kindOf(this.next))) break;
      hasLost = true;
    }
    if (hasLost) this.countSkip();
  }

  /** What the player was to get next is not kept any more. */
  private skipLost(): void {
    const { stream } = this;
    this.countSkip();
    this.join();
    if (stream.joinPoint === null) this.next = stream.first;
    if (((stream.first - this.audioNext) | 0) > 0) this.audioNext = this.next;
  }

  private countSkip(): void {
    this.skips++;
    this.stream.skips++;
  }

  /** Goes to the newest keyframe; or to the end, to wait for one. */
  private join(): void {
    const { joinPoint, next, headers } = this.stream;
    this.next = joinPoint ?? next;
    this.isSkipping = false;
    this.headStart = this.stream.waitOf(this.next);
    this.awaitsKeyframe = joinPoint === null;
    // Who is there before the publisher gets them among the messages: FFmpeg 9 loses tracks over repeated ones.
    this.needsHeaders = headers.length > 0;
  }
}

/** Whether a video message is a picture, not a header. */
function isFrame(kind: number): boolean {
  return kind === TagKind.Keyframe || kind === TagKind.Frame;
}
