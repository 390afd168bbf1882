import { ErrorCode } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { UserControlEvent } from "../message/index.ts";
import type { Sender } from "./sender.ts";

/** What took too long. */
export interface Lateness {
  readonly code: ErrorCode;
  readonly text: string;
}

/** How far a peer has come: each stage has its own patience. */
const Stage = { Handshake: 0, Connect: 1, Open: 2 } as const;
type Stage = (typeof Stage)[keyof typeof Stage];

const NEVER = Number.POSITIVE_INFINITY;

/** Watches that a peer comes to the point, and that it is still there. All times are milliseconds of the caller's clock. */
export class Vigil {
  lastReceived: number;
  private readonly limits: Readonly<Limits>;
  private readonly started: number;
  private stage: Stage = Stage.Handshake;
  private handshakeDone = 0;
  /** When a ping was sent that nothing has followed. */
  private pinged = NEVER;
  /** Per slot of the chunk parser when its unfinished message got its last bytes; `NEVER` for none. */
  private readonly unfinished: number[] = [];

  constructor(limits: Readonly<Limits>, now: number) {
    this.limits = limits;
    this.started = now;
    this.lastReceived = now;
  }

  received(now: number): void {
    this.lastReceived = now;
    this.pinged = NEVER;
  }

  handshakeFinished(now: number): void {
    this.stage = Stage.Connect;
    this.handshakeDone = now;
  }

  connected(): void {
    this.stage = Stage.Open;
  }

  /** The peer was not listened to until now: its silence does not count. */
  excuse(now: number): void {
    this.received(now);
    this.handshakeDone = now;
    for (const [slot, since] of this.unfinished.entries()) if (since !== NEVER) this.unfinished[slot] = now;
  }

  /** A span of a message came; `isLast` says that the message is whole. */
  span(slot: number, isLast: boolean, now: number): void {
    while (this.unfinished.length <= slot) this.unfinished.push(NEVER);
    this.unfinished[slot] = isLast ? NEVER : now;
  }

  /** The message of a slot was given up. */
  abort(slot: number): void {
    if (slot < this.unfinished.length) this.unfinished[slot] = NEVER;
  }

  /** When {@link check} has something to do at the latest. */
  get deadline(): number {
    const { limits } = this;
    if (this.stage === Stage.Handshake) return this.started + limits.handshakeTimeout;
    const stalled = this.oldestUnfinished + limits.partialMessageTimeout;
    if (this.stage === Stage.Connect) return Math.min(stalled, this.handshakeDone + limits.connectTimeout);
    const silent = this.pinged === NEVER ? this.lastReceived + limits.pingInterval : this.pinged + limits.pingTimeout;
    return Math.min(stalled, silent);
  }

  private get oldestUnfinished(): number {
    let oldest = NEVER;
    for (const since of this.unfinished) if (since < oldest) oldest = since;
    return oldest;
  }

  /** @returns what is too late now, or null. Asks a silent peer for a sign of life. */
  check(now: number, sender: Sender): Lateness | null {
    if (now < this.deadline) return null;
    const { limits } = this;
    if (this.stage === Stage.Handshake) {
      const text = `The handshake was not finished within ${limits.handshakeTimeout} ms.`;
      return { code: ErrorCode.HandshakeTimeout, text };
    }
    if (this.stage === Stage.Connect && now - this.handshakeDone >= limits.connectTimeout) {
      return { code: ErrorCode.ConnectTimeout, text: `Nothing was connected within ${limits.connectTimeout} ms.` };
    }
    if (now - this.oldestUnfinished >= limits.partialMessageTimeout) {
      const text = `A message stayed unfinished for ${limits.partialMessageTimeout} ms.`;
      return { code: ErrorCode.PartialMessageTimeout, text };
    }
    if (now - this.pinged >= limits.pingTimeout) {
      return { code: ErrorCode.PingTimeout, text: `No sign of life came within ${limits.pingTimeout} ms of a ping.` };
    }
    if (this.pinged === NEVER && now - this.lastReceived >= limits.pingInterval) {
      this.pinged = now;
      sender.userControl(UserControlEvent.PingRequest, now >>> 0);
    }
    return null;
  }
}
