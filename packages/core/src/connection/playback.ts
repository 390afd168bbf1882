import { MessageType } from "../chunk/index.ts";
import { type LiveStream, Subscription } from "../live/index.ts";
import { type Abilities, plainForm } from "../media/index.ts";
import { information, StatusCode, UserControlEvent } from "../message/index.ts";
import type { MediaSource } from "./media-source.ts";
import { ChunkStream, type Sender } from "./sender.ts";

/**
 * A stream that the peer plays: its subscription, and what it is told besides the media. Whether a publisher is there
 * may change any time; the player is told in the order of things: of the end only when it has got all media before it.
 */
export class Playback implements MediaSource {
  readonly subscription: Subscription;
  readonly name: string;
  isEnded = false;
  private readonly stream: LiveStream;
  private readonly streamId: number;
  /** The last publication that the player knows of, or came too late for. */
  private publication: number;
  /** Whether the player takes it that a publisher is there. */
  private isRunning: boolean;

  constructor(stream: LiveStream, streamId: number, name: string, abilities: Abilities) {
    this.stream = stream;
    this.streamId = streamId;
    this.name = name;
    this.subscription = new Subscription(stream, streamId);
    this.subscription.abilities = abilities;
    this.isRunning = stream.isPublished;
    this.publication = stream.publication;
  }

  isTooSlow(now: number): boolean {
    this.stream.now = now;
    return !this.isEnded && this.subscription.lag > this.stream.giveUpAfter;
  }

  prepare(sender: Sender): boolean {
    if (this.isEnded) return false;
    // Also of one that has ended meanwhile: its end is told behind its media.
    if (this.publication !== this.stream.publication) this.tellBegin(sender);
    const { subscription } = this;
    const isFound = subscription.advance();
    const rewritten = subscription.takeRewritten();
    if (!isFound && rewritten === null) {
      if (this.isRunning && !this.stream.isPublished) this.tellEnd(sender);
      return false;
    }
    if (subscription.needsHeaders) this.sendHeaders(sender, rewritten?.timestamp ?? subscription.nextTimestamp);
    if (rewritten !== null) this.send(sender, rewritten.messageType, rewritten.timestamp, rewritten.payload);
    return isFound;
  }

  private sendHeaders(sender: Sender, now: number): void {
    const { subscription } = this;
    subscription.needsHeaders = false;
    for (const { messageType, payload } of this.stream.headers) {
      const form = plainForm(messageType, payload, subscription.abilities);
      // FFmpeg takes onMetaData at any time but 0 for a packet of subtitles.
      const timestamp = messageType === MessageType.DataAmf0 ? 0 : now;
      if (form !== null) this.send(sender, messageType, timestamp, form);
    }
  }

  private send(sender: Sender, messageType: number, timestamp: number, payload: Uint8Array): void {
    const chunkStreamId = messageType === MessageType.Video ? ChunkStream.Video : ChunkStream.Audio;
    sender.message(chunkStreamId, messageType, this.streamId, timestamp, payload);
  }

  private tellBegin(sender: Sender): void {
    this.publication = this.stream.publication;
    this.isRunning = true;
    sender.userControl(UserControlEvent.StreamBegin, this.streamId);
    const text = `${this.name} is now published.`;
    sender.status(this.streamId, information("status", StatusCode.PlayPublishNotify, text));
  }

  private tellEnd(sender: Sender): void {
    this.isRunning = false;
    sender.userControl(UserControlEvent.StreamEof, this.streamId);
    const text = `${this.name} is no longer published.`;
    sender.status(this.streamId, information("status", StatusCode.PlayUnpublishNotify, text));
  }
}
