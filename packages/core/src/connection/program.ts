import type { AmfObject } from "../amf/index.ts";
import type { Subscription } from "../live/index.ts";
import { information, StatusCode, UserControlEvent } from "../message/index.ts";
import type { MediaSource } from "./media-source.ts";
import type { PlaylistItem } from "./playlist-item.ts";
import { RecordedPlayback } from "./recorded-playback.ts";
import type { Sender } from "./sender.ts";

/** What may wait behind what is played. */
export const LONGEST_PLAYLIST = 64;
/** Answers that may wait until a peer has read what comes before: it may ask for much and read nothing. */
const MOST_DUE = 16;

/** What is played on a message stream: one thing, and what follows it (RTMP 7.2.2.1, `play` without reset; `play2`). */
export class Program implements MediaSource {
  isEnded = false;
  current: PlaylistItem;
  private readonly streamId: number;
  private readonly queue: PlaylistItem[] = [];
  /** What takes the place of the current one as soon as it can. */
  private transition: PlaylistItem | null = null;
  private isAligned = false;
  private now: number;
  private isPaused = false;
  private receivesAudio = true;
  private receivesVideo = true;
  /** What the player is still to be told, in this order, each when all before it is sent: control messages overtake others. */
  private readonly due: ((sender: Sender) => void)[] = [];
  /** Whether the player knows that nothing follows. */
  private hasToldEnd = false;

  /** The first thing to be played has begun: see {@link PlaylistItem.begin}. */
  constructor(streamId: number, first: PlaylistItem, now: number) {
    this.streamId = streamId;
    this.current = first;
    this.now = now;
  }

  get subscription(): Subscription | null {
    return this.current.subscription;
  }

  get deadline(): number {
    return this.current.deadline;
  }

  /** The recording that is played; null where it is a live stream. */
  get recorded(): RecordedPlayback | null {
    return this.current instanceof RecordedPlayback ? this.current : null;
  }

  /** Whether no more can be added. */
  get isFull(): boolean {
    return this.queue.length >= LONGEST_PLAYLIST;
  }

  /** Plays it behind all there is. */
  append(item: PlaylistItem): void {
    this.queue.push(item);
  }

  /** Plays it in place of one that waits under this name, or else of what is played. */
  swap(oldName: string, item: PlaylistItem): void {
    const place = this.queue.findIndex(({ name }) => name === oldName);
    if (place === -1) {
      this.switchTo(item);
      return;
    }
    this.queue[place]?.close();
    this.queue[place] = item;
  }

  /** Plays it in place of what is played: of two recordings from the same time on, at a keyframe. */
  switchTo(item: PlaylistItem): void {
    this.transition?.close();
    this.transition = item;
    const { recorded } = this;
    this.isAligned = item instanceof RecordedPlayback && recorded !== null;
    if (item instanceof RecordedPlayback && recorded !== null) item.align(recorded);
  }

  isTooSlow(now: number): boolean {
    this.now = now;
    this.transition?.isTooSlow(now);
    return !this.isEnded && this.current.isTooSlow(now);
  }

  prepare(sender: Sender): boolean {
    if (this.isEnded) return false;
    const tell = this.due.shift();
    if (tell !== undefined) {
      tell(sender);
      return false;
    }
    if (this.transition !== null) this.proceed(this.transition, sender);
    if (sender.waitingBytes > 0) return false;
    const hasMedia = this.current.prepare(sender);
    if (hasMedia || sender.waitingBytes > 0) return hasMedia;
    if (!this.isOver) return false;
    const next = this.queue.shift();
    if (next !== undefined) this.replace(next, StatusCode.PlaySwitch, sender);
    else if (this.current.isComplete) this.tellEnd(sender);
    return false;
  }

  pause(isPaused: boolean): void {
    this.isPaused = isPaused;
    this.current.pause(isPaused);
  }

  receiveAudio(isWanted: boolean): void {
    this.receivesAudio = isWanted;
    this.current.receiveAudio(isWanted);
  }

  receiveVideo(isWanted: boolean): void {
    this.receivesVideo = isWanted;
    this.current.receiveVideo(isWanted);
  }

  /** Tells the player something as soon as all that waits for it is sent; at once when it has asked for too much. */
  tell(sender: Sender, what: (sender: Sender) => void): void {
    if (this.due.length < MOST_DUE) this.due.push(what);
    else what(sender);
  }

  /** Goes to a time of the recording that is played. @returns false when there is none. */
  seek(time: number): boolean {
    const { recorded } = this;
    if (recorded === null || !recorded.hasTime(time)) return false;
    recorded.seek(time);
    this.hasToldEnd = false;
    return true;
  }

  close(): void {
    this.current.close();
    this.transition?.close();
    for (const item of this.queue) item.close();
    this.queue.length = 0;
  }

  /** Whether what follows may begin. A live stream that nothing follows may go on. */
  private get isOver(): boolean {
    return this.current.isComplete || (this.queue.length > 0 && this.current.hasEnded);
  }

  /** Brings a transition forward. */
  private proceed(item: PlaylistItem, sender: Sender): void {
    const { recorded } = this;
    if (this.isAligned && recorded !== null && item instanceof RecordedPlayback && !recorded.isComplete) {
      const start = item.findStart();
      if (start !== null) recorded.stopBefore = start;
      return;
    }
    this.transition = null;
    this.replace(item, StatusCode.PlayTransitionComplete, sender);
  }

  private replace(item: PlaylistItem, code: string, sender: Sender): void {
    const { time } = this.current;
    this.current.close();
    this.current = item;
    this.hasToldEnd = false;
    sender.playStatus(this.streamId, time, information("status", code, `Now ${item.name}.`, { details: item.name }));
    this.due.push((next) => {
      item.begin(next, this.now);
      if (!this.receivesAudio) item.receiveAudio(false);
      if (!this.receivesVideo) item.receiveVideo(false);
      if (this.isPaused) item.pause(true);
      if (code === StatusCode.PlaySwitch) next.status(this.streamId, playStarted(item.name));
    });
  }

  /** All was played (by custom of Adobe's servers). */
  private tellEnd(sender: Sender): void {
    if (this.hasToldEnd) return;
    this.hasToldEnd = true;
    const { name, time, playedTime, playedBytes } = this.current;
    const facts = { duration: playedTime / 1000, bytes: playedBytes };
    sender.playStatus(
      this.streamId,
      time,
      information("status", StatusCode.PlayComplete, `${name}: all played.`, facts),
    );
    sender.status(this.streamId, information("status", StatusCode.PlayStop, `Stopped playing ${name}.`));
    this.due.push((next) => next.userControl(UserControlEvent.StreamEof, this.streamId));
  }
}

/** What a player is told when something begins. */
export function playStarted(name: string): AmfObject {
  return information("status", StatusCode.PlayStart, `Started playing ${name}.`);
}
