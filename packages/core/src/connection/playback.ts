import { MessageType } from "../chunk/index.ts";
import { type LiveStream, Subscription } from "../live/index.ts";
import { type Abilities, plainForm } from "../media/index.ts";
import { information, StatusCode, UserControlEvent } from "../message/index.ts";
import type { PlaylistItem } from "./playlist-item.ts";
import { ChunkStream, type Sender } from "./sender.ts";

/**
 * A live stream that the peer plays: its subscription, and what it is told besides the media. Whether a publisher is there
 * may change any time; the player is told in the order of things: of the end only when it has got all media before it.
 */
export class Playback implements PlaylistItem {
  /** null before it begins. */
  subscription: Subscription | null = null;
  readonly name: string;
  readonly deadline: number = Number.POSITIVE_INFINITY;
  /** Whether all that was asked for was played. */
  isComplete = false;
  /** Whether a publisher was there, and the player got all of what it sent. */
  hasEnded = false;
  playedBytes = 0;
  private readonly stream: LiveStream;
  private readonly streamId: number;
  /** How much is wanted, in milliseconds. */
  private readonly wanted: number;
  private readonly abilities: Abilities;
  /** The last publication that the player knows of, or came too late for. */
  private publication = 0;
  /** Whether the player takes it that a publisher is there. */
  private isRunning = false;
  /** The time of the first message that was sent; null before it. */
  private first: number | null = null;
  private last = 0;

  constructor(stream: LiveStream, streamId: number, name: string, wanted: number, abilities: Abilities) {
    this.stream = stream;
    this.streamId = streamId;
    this.name = name;
    this.wanted = wanted;
    this.abilities = abilities;
  }

  get time(): number {
    return this.last;
  }

  get playedTime(): number {
    return this.first === null ? 0 : (this.last - this.first) | 0;
  }

  begin(sender: Sender): void {
    const { stream } = this;
    this.subscription = new Subscription(stream, this.streamId);
    this.subscription.abilities = this.abilities;
    this.isRunning = stream.isPublished;
    this.publication = stream.publication;
    sender.userControl(UserControlEvent.StreamBegin, this.streamId);
  }

  isTooSlow(now: number): boolean {
    this.stream.now = now;
    return this.subscription !== null && this.subscription.lag > this.stream.giveUpAfter;
  }

  prepare(sender: Sender): boolean {
    const { subscription } = this;
    if (subscription === null || this.isComplete) return false;
    // Also of one that has ended meanwhile: its end is told behind its media.
    if (this.publication !== this.stream.publication) this.tellBegin(sender);
    const isFound = subscription.advance();
    const rewritten = subscription.takeRewritten();
    if (!isFound && rewritten === null) {
      if (this.isRunning && !this.stream.isPublished) this.tellEnd(sender);
      return false;
    }
    const time = rewritten?.timestamp ?? subscription.nextTimestamp;
    if (this.wanted !== Number.POSITIVE_INFINITY && this.isPlayed(time)) return false;
    this.last = time;
    if (subscription.needsHeaders) this.sendHeaders(sender, subscription, time);
    if (rewritten !== null) this.send(sender, rewritten.messageType, time, rewritten.payload);
    return isFound;
  }

  private sendHeaders(sender: Sender, subscription: Subscription, now: number): void {
    subscription.needsHeaders = false;
    for (const { messageType, payload } of this.stream.headers) {
      const form = plainForm(messageType, payload, this.abilities);
      // FFmpeg takes onMetaData at any time but 0 for a packet of subtitles.
      const timestamp = messageType === MessageType.DataAmf0 ? 0 : now;
      if (form !== null) this.send(sender, messageType, timestamp, form);
    }
  }

  private send(sender: Sender, messageType: number, timestamp: number, payload: Uint8Array): void {
    const chunkStreamId = messageType === MessageType.Video ? ChunkStream.Video : ChunkStream.Audio;
    sender.message(chunkStreamId, messageType, this.streamId, timestamp, payload);
  }

  pause(isPaused: boolean): void {
    if (isPaused) this.subscription?.pause();
    else this.subscription?.resume();
  }

  receiveAudio(isWanted: boolean): void {
    if (this.subscription !== null) this.subscription.receivesAudio = isWanted;
  }

  receiveVideo(isWanted: boolean): void {
    this.subscription?.showVideo(isWanted);
  }

  close(): void {
    this.subscription?.close();
  }

  /** Whether the next message is behind what is wanted. A piece of the ring may have some messages more. */
  private isPlayed(timestamp: number): boolean {
    this.first ??= timestamp;
    this.isComplete = ((timestamp - this.first) | 0) >= this.wanted && timestamp !== this.first;
    return this.isComplete;
  }

  private tellBegin(sender: Sender): void {
    this.publication = this.stream.publication;
    this.isRunning = true;
    this.hasEnded = false;
    sender.userControl(UserControlEvent.StreamBegin, this.streamId);
    const text = `${this.name} is now published.`;
    sender.status(this.streamId, information("status", StatusCode.PlayPublishNotify, text));
  }

  private tellEnd(sender: Sender): void {
    this.isRunning = false;
    this.hasEnded = true;
    sender.userControl(UserControlEvent.StreamEof, this.streamId);
    const text = `${this.name} is no longer published.`;
    sender.status(this.streamId, information("status", StatusCode.PlayUnpublishNotify, text));
  }
}
