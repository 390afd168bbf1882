import type { Subscription } from "../live/index.ts";
import type { Sender } from "./sender.ts";

/** Media that goes out on a connection: to a player, or to a server that it is published to. */
export interface MediaSource {
  /** The live stream whose media is lent from its ring; null when media is written by {@link prepare}. */
  readonly subscription: Subscription | null;
  /** Set when no more is wanted: the message under way is finished, then no other begins. */
  readonly isEnded: boolean;
  /** When there may be something to be sent that does not wait for others, in milliseconds; Infinity for never. */
  readonly deadline: number;
  /** Says what time it is. @returns whether the peer is so far behind that it is given up. */
  isTooSlow(now: number): boolean;
  /**
   * Tells the peer what it has to know before its next media; that may fill the writer. Called when nothing waits there.
   *
   * @returns whether there is media to be lent.
   */
  prepare(sender: Sender): boolean;
  /** Lets go of everything: no more is sent. */
  close(): void;
}
