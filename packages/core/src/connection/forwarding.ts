import { MessageType } from "../chunk/index.ts";
import { type LiveStream, type StreamHeader, Subscription } from "../live/index.ts";
import { asSetDataFrame } from "../message/index.ts";
import type { MediaSource } from "./media-source.ts";
import { ChunkStream, type Sender } from "./sender.ts";

/** A live stream that is published to a server as it is: from its newest keyframe on, straight from the ring. */
export class Forwarding implements MediaSource {
  readonly subscription: Subscription;
  isEnded = false;
  readonly deadline: number = Number.POSITIVE_INFINITY;
  /** Whether the publication is over, and all of it was given out. */
  isDrained = false;
  private readonly stream: LiveStream;
  private readonly streamId: number;
  /** What the server was told. */
  private metadata: StreamHeader | null = null;

  constructor(stream: LiveStream, streamId: number) {
    this.stream = stream;
    this.streamId = streamId;
    this.subscription = new Subscription(stream, streamId);
    this.subscription.receivesMetadata = false;
  }

  isTooSlow(now: number): boolean {
    this.stream.now = now;
    return !this.isEnded && this.subscription.lag > this.stream.giveUpAfter;
  }

  prepare(sender: Sender): boolean {
    if (this.isEnded) return false;
    const { stream, subscription } = this;
    if (!subscription.advance()) {
      this.isDrained = !stream.isPublished;
      return false;
    }
    const { metadata } = stream;
    if (metadata !== null && metadata !== this.metadata) {
      this.metadata = metadata;
      // At time 0: FFmpeg, when it plays, takes any other for a packet of subtitles.
      const payload = asSetDataFrame(metadata.payload);
      sender.message(ChunkStream.Audio, MessageType.DataAmf0, this.streamId, 0, payload);
    }
    if (subscription.needsHeaders) {
      subscription.needsHeaders = false;
      for (const { messageType, payload } of stream.configurations) {
        const chunkStreamId = messageType === MessageType.Video ? ChunkStream.Video : ChunkStream.Audio;
        sender.message(chunkStreamId, messageType, this.streamId, subscription.nextTimestamp, payload);
      }
    }
    return true;
  }

  close(): void {
    this.subscription.close();
  }
}
