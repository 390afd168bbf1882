import type { AmfValue } from "../amf/index.ts";
import type { Limits } from "../limits.ts";
import type { ClientStream } from "./client-stream.ts";

/** What is to be done with the answer to a command. */
export const Purpose = {
  /** It is the application's. */
  Application: 0,
  /** It has the id of a message stream. */
  CreateStream: 1,
  /** `play` and `publish` are answered by onStatus, or by an error. */
  Start: 2,
} as const;
export type Purpose = (typeof Purpose)[keyof typeof Purpose];

/** A command whose answer is waited for. */
export interface Call {
  readonly transactionId: number;
  readonly purpose: Purpose;
  readonly name: string;
  /** Which message stream it is about; null for none. */
  readonly stream: ClientStream | null;
  /** When it is not waited for any more. */
  readonly deadline: number;
}

/** The end of a call of the application's. */
export interface Answer {
  /** What `call` returned. */
  readonly transactionId: number;
  readonly outcome: "result" | "error" | "timeout";
  /** What was answered; for an error usually an information object. undefined when nothing was. */
  readonly value: AmfValue;
}

/** The transaction id of `connect` (RTMP 7.2.1.1). */
export const CONNECT_TRANSACTION = 1;

/** Numbers commands, and remembers whose answers are waited for. */
export class Calls {
  now: number;
  /** When the next call is late. */
  deadline: number = Number.POSITIVE_INFINITY;
  /** What became of the application's call that was settled last. */
  answer: Answer | null = null;
  private readonly limits: Readonly<Limits>;
  private lastTransaction = CONNECT_TRANSACTION;
  /** By transaction id. All wait equally long, so that the oldest is the first that is late. */
  private readonly waiting = new Map<number, Call>();

  constructor(limits: Readonly<Limits>, now: number) {
    this.limits = limits;
    this.now = now;
  }

  /** Whether so many answers are waited for that no more calls are allowed. */
  get isFull(): boolean {
    return this.waiting.size >= this.limits.pendingCalls;
  }

  /** The next transaction id, for a command whose answer does not matter. */
  next(): number {
    this.lastTransaction++;
    return this.lastTransaction;
  }

  /** The next transaction id, whose answer is waited for. */
  expect(purpose: Purpose, name: string, stream: ClientStream | null): number {
    const transactionId = this.next();
    const deadline = this.now + this.limits.callTimeout;
    this.waiting.set(transactionId, { transactionId, purpose, name, stream, deadline });
    this.deadline = Math.min(this.deadline, deadline);
    return transactionId;
  }

  /** The call of this transaction id, which is not waited for any more. */
  take(transactionId: number): Call | undefined {
    const call = this.waiting.get(transactionId);
    this.waiting.delete(transactionId);
    this.deadline = this.oldest?.deadline ?? Number.POSITIVE_INFINITY;
    return call;
  }

  /** A call is over. If it was the application's, {@link answer} says so. @returns what it was, if it was waited for. */
  settle(transactionId: number, outcome: Answer["outcome"], value: AmfValue): Call | undefined {
    const call = this.take(transactionId);
    if (call?.purpose === Purpose.Application) this.answer = { transactionId, outcome, value };
    return call;
  }

  /** The oldest call, if it is late; it is not waited for any more. */
  takeLate(): Call | undefined {
    if (this.now < this.deadline) return undefined;
    return this.oldest && this.take(this.oldest.transactionId);
  }

  /** All calls; none of them is waited for any more. */
  takeAll(): Call[] {
    const calls = [...this.waiting.values()];
    this.waiting.clear();
    this.deadline = Number.POSITIVE_INFINITY;
    return calls;
  }

  private get oldest(): Call | undefined {
    return this.waiting.values().next().value;
  }
}
