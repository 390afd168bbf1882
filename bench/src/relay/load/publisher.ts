import { Connection } from "./connection.ts";
import {
  AUDIO_SEQUENCE_HEADER,
  AUDIO_TAGS_PER_SECOND,
  FRAMES_PER_SECOND,
  type Media,
  now,
  VIDEO_SEQUENCE_HEADER,
} from "./media.ts";
import { MessageType, message, metadata, publish } from "./wire.ts";

/** Sends a stream by a schedule that does not drift: frame n is due n / 30 seconds after the start, whatever came before. */
export class Publisher extends Connection {
  frames = 0;
  audioTags = 0;
  private writtenBytes = 0;
  private start = 0;
  private videoTime = 0;
  private audioTime = 0;
  private readonly media: Media;

  constructor(port: number, name: string, media: Media) {
    super(port, {
      kind: "stream",
      command: (streamId) => publish(streamId, name),
      granted: "NetStream.Publish.Start",
    });
    this.media = media;
  }

  /** @param start - when frame 0 is due, in milliseconds of {@link now} */
  begin(start: number, bitsPerSecond: number): void {
    this.start = start;
    const { socket, streamId } = this;
    socket.write(message(4, MessageType.DATA, streamId, 0, null, metadata(bitsPerSecond)));
    socket.write(message(6, MessageType.VIDEO, streamId, 0, null, VIDEO_SEQUENCE_HEADER));
    socket.write(message(4, MessageType.AUDIO, streamId, 0, null, AUDIO_SEQUENCE_HEADER));
  }

  /** When the next message is due. */
  get due(): number {
    if (this.isClosed) return Number.POSITIVE_INFINITY;
    return this.start + Math.min(this.videoDue, this.audioDue);
  }

  /** Writes what is due. @returns by how many milliseconds the first of it is late, or null when nothing is due. */
  send(time: number): number | null {
    const late = time - this.due;
    if (late < 0) return null;
    while (this.due <= time) {
      if (this.videoDue <= this.audioDue) this.sendVideo();
      else this.sendAudio();
    }
    return late;
  }

  /** Bytes, chunk headers included, that have left this process. What a slow server has not taken does not count. */
  get sentBytes(): number {
    return this.writtenBytes - this.socket.writableLength;
  }

  private get videoDue(): number {
    return (this.frames * 1000) / FRAMES_PER_SECOND;
  }

  private get audioDue(): number {
    return (this.audioTags * 1000) / AUDIO_TAGS_PER_SECOND;
  }

  private sendVideo(): void {
    const timestamp = Math.round(this.videoDue);
    this.write(this.media.videoFrame(this.frames++, this.streamId, timestamp, this.videoTime));
    this.videoTime = timestamp;
  }

  private sendAudio(): void {
    const timestamp = Math.round(this.audioDue);
    this.write(this.media.audioFrame(this.audioTags++, this.streamId, timestamp, this.audioTime));
    this.audioTime = timestamp;
  }

  private write(bytes: Buffer): void {
    this.writtenBytes += bytes.length;
    this.socket.write(bytes);
  }
}

/** Sends for all publishers of this process, with one timer. */
export class Pacer {
  private readonly publishers: readonly Publisher[];
  private timer: NodeJS.Timeout | null = null;
  /** How late messages were written, in milliseconds, since the last look. */
  private lateness: number[] = [];

  constructor(publishers: readonly Publisher[]) {
    this.publishers = publishers;
    this.run();
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  takeLateness(): number[] {
    const { lateness } = this;
    this.lateness = [];
    return lateness;
  }

  private run(): void {
    const time = now();
    let next = time + 1000;
    for (const publisher of this.publishers) {
      const late = publisher.send(time);
      if (late !== null) this.lateness.push(late);
      next = Math.min(next, publisher.due);
    }
    this.timer = setTimeout(() => this.run(), Math.max(0, next - now()));
  }
}
