import type { Subscription } from "../live/index.ts";
import type { Sender } from "./sender.ts";

/** One thing after the other that is played on a message stream: a live stream, or a recording. */
export interface PlaylistItem {
  readonly name: string;
  readonly subscription: Subscription | null;
  readonly deadline: number;
  /** Whether all that was asked for was played. */
  readonly isComplete: boolean;
  /** Whether nothing more comes for now: what follows in a playlist may begin. */
  readonly hasEnded: boolean;
  /** The time of the last message that was sent, in milliseconds. */
  readonly time: number;
  /** How much was played: in milliseconds, and in bytes of payload where they are counted. */
  readonly playedTime: number;
  readonly playedBytes: number;
  /** It is played from now on. Says so by user control messages. */
  begin(sender: Sender, now: number): void;
  /** As of a `MediaSource`. */
  isTooSlow(now: number): boolean;
  prepare(sender: Sender): boolean;
  pause(isPaused: boolean): void;
  receiveAudio(isWanted: boolean): void;
  receiveVideo(isWanted: boolean): void;
  close(): void;
}
