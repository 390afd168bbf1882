import { type Relay, RelaySession } from "@millrace/core";
import { Questions, type ToPrimary } from "./messages.ts";

/** The paths that this worker's publishers have, or ask for, among all workers. */
export class Claims {
  private readonly relay: Relay;
  private readonly tell: (message: ToPrimary) => void;
  private readonly questions = new Questions();
  /** Paths that the primary knows to be this worker's. */
  private readonly owned = new Set<string>();
  /** How many publishers wait for a path: it is not released meanwhile, nor given to another worker. */
  private readonly pending = new Map<string, number>();

  constructor(relay: Relay, tell: (message: ToPrimary) => void) {
    this.relay = relay;
    this.tell = tell;
  }

  /** A peer wants to publish. @returns whether no other worker's publisher stands against it. */
  async claim(path: string): Promise<boolean> {
    this.pending.set(path, (this.pending.get(path) ?? 0) + 1);
    const isGranted = await this.questions.ask((question) => this.tell({ type: "claim", path, question }));
    if (isGranted) this.owned.add(path);
    // By then the peer publishes; or is refused for another reason, or gone.
    setImmediate(() => {
      const others = (this.pending.get(path) ?? 1) - 1;
      if (others > 0) this.pending.set(path, others);
      else this.pending.delete(path);
      this.review(path);
    });
    return isGranted;
  }

  /** The primary has answered a claim. */
  answer(question: number, isGranted: boolean): void {
    this.questions.answer(question, isGranted);
  }

  /** Releases a path that nobody publishes here any more. */
  review(path: string): void {
    const isPublished = this.relay.streams.get(path)?.publisher instanceof RelaySession;
    if (isPublished || this.pending.has(path) || !this.owned.delete(path)) return;
    this.tell({ type: "release", path });
  }

  /** Another worker's publisher wants a path. @returns whether it is free now. */
  yields(path: string, now: number): boolean {
    if (this.pending.has(path) || !this.relay.yields(path, now)) return false;
    this.owned.delete(path);
    return true;
  }
}
