import type { Subscription } from "../live/index.ts";
import type { Sender } from "./sender.ts";

/** A live stream whose media goes out on a connection: to a player, or to a server that it is published to. */
export interface MediaSource {
  readonly subscription: Subscription;
  /** Set when no more is wanted: the message under way is finished, then no other begins. */
  readonly isEnded: boolean;
  /** Whether the peer is so far behind that it is given up. */
  isTooSlow(now: number): boolean;
  /**
   * Tells the peer what it has to know before its next media; that may fill the writer.
   *
   * @returns whether there is media to be lent.
   */
  prepare(sender: Sender): boolean;
}
