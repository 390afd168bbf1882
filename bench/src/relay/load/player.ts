import type { IncomingMessage } from "./chunk-reader.ts";
import { Connection } from "./connection.ts";
import { audioNumberOf, isFrame, isKeyframe, markerOf, now } from "./media.ts";
import { MessageType, play } from "./wire.ts";

/** Where players write down the latencies of frames that were sent within the measured window. */
export class LatencyLog {
  /** In milliseconds of the media's clock. Nothing is written down before there is a window. */
  windowStart: number = Number.POSITIVE_INFINITY;
  private values = new Float64Array(1 << 16);
  private count = 0;

  add(milliseconds: number): void {
    if (this.count === this.values.length) {
      const longer = new Float64Array(this.count * 2);
      longer.set(this.values);
      this.values = longer;
    }
    this.values[this.count++] = milliseconds;
  }

  all(): Float64Array {
    return this.values.subarray(0, this.count);
  }
}

/** Plays a stream and checks that it gets every frame, whole and in order, from its first keyframe on. */
export class Player extends Connection {
  readonly stream: number;
  /** Frames that never came, of those after the first; without those that are missing at the end. */
  lostFrames = 0;
  lostAudioTags = 0;
  /** Frames of the wrong length, with the wrong end or timestamp, or that came before a smaller number. */
  brokenFrames = 0;
  /** Frames, not key, that came before the first keyframe. */
  framesBeforeKeyframe = 0;
  /** The number of the last frame, -1 when there was none. */
  lastFrame = -1;
  /** From the play command to the first byte of the first keyframe, in milliseconds; null before that. */
  firstByteAfter: number | null = null;
  /** The same to its last byte. */
  keyframeAfter: number | null = null;
  private readonly log: LatencyLog;
  private askedAt = 0;
  private videoStartedAt = 0;
  private lastAudioTag = -1;
  private timestampOffset = 0;

  constructor(port: number, stream: number, name: string, log: LatencyLog) {
    super(port, { kind: "stream", command: (streamId) => play(streamId, name), granted: "NetStream.Play.Start" });
    this.stream = stream;
    this.log = log;
  }

  override asked(): void {
    this.askedAt = now();
  }

  override started({ type }: IncomingMessage): void {
    if (type === MessageType.VIDEO && this.lastFrame < 0) this.videoStartedAt = now();
  }

  override ended(message: IncomingMessage): void {
    super.ended(message);
    if (message.type === MessageType.VIDEO && isFrame(message.head)) this.video(message);
    else if (message.type === MessageType.AUDIO) this.audio(message);
  }

  private video({ head, tail, length, timestamp }: IncomingMessage): void {
    const marker = markerOf(head);
    if (marker === null) {
      this.brokenFrames++;
      return;
    }
    const time = now();
    const { number, sent } = marker;
    if (this.lastFrame < 0) {
      if (!isKeyframe(head)) {
        this.framesBeforeKeyframe++;
        return;
      }
      this.firstByteAfter = this.videoStartedAt - this.askedAt;
      this.keyframeAfter = time - this.askedAt;
      this.timestampOffset = timestamp - marker.timestamp;
    } else if (number > this.lastFrame) this.lostFrames += number - this.lastFrame - 1;
    const isWhole = length === marker.length && tail.readUInt32BE(0) === number;
    const isInOrder = number > this.lastFrame && timestamp - marker.timestamp === this.timestampOffset;
    if (!isWhole || !isInOrder) this.brokenFrames++;
    this.lastFrame = Math.max(this.lastFrame, number);
    // What was sent before this player asked came from a cache: its age is no latency.
    if (sent >= this.log.windowStart && sent >= this.askedAt) this.log.add(time - sent);
  }

  private audio({ head }: IncomingMessage): void {
    const number = audioNumberOf(head);
    if (number === null) return;
    if (this.lastAudioTag >= 0 && number > this.lastAudioTag) this.lostAudioTags += number - this.lastAudioTag - 1;
    this.lastAudioTag = Math.max(this.lastAudioTag, number);
  }
}
