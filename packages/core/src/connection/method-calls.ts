import { AmfObject, type AmfValue } from "../amf/index.ts";
import type { Command } from "../message/index.ts";
import type { Connection } from "./connection.ts";

/**
 * A method that the peer may call (RTMP 7.2.1.2). What it returns, or what its promise gives, is the answer; what it throws is
 * the application's fault, and the peer is told only that it failed, unless it is a {@link CallFailure}.
 *
 * @param values - of the peer's; may be anything
 */
export type Method<Caller> = (values: readonly AmfValue[], caller: Caller) => AmfValue | Promise<AmfValue>;
export type Methods<Caller> = Readonly<Record<string, Method<Caller>>>;

/** To be thrown by a {@link Method}: the call fails, and the peer is told why. */
export class CallFailure extends Error {
  override readonly name = "CallFailure";
}

/** Why a call of ours has no result. */
export class CallError extends Error {
  override readonly name = "CallError";
  readonly outcome: "error" | "timeout" | "lost";
  /** What the peer answered; undefined when it did not. */
  readonly value: AmfValue;

  constructor(outcome: "error" | "timeout" | "lost", message: string, value?: AmfValue) {
    super(message);
    this.outcome = outcome;
    this.value = value;
  }
}

/** All that a peer is told of a fault. */
const FAILED = "The method failed.";

interface Waiting {
  readonly name: string;
  readonly resolve: (value: AmfValue) => void;
  readonly reject: (error: CallError) => void;
}

export interface MethodCallsOptions<Caller> {
  readonly methods: Methods<Caller>;
  /** What methods are told of who calls. */
  readonly caller: Caller;
  /** How many calls of the peer's may be under way at a time. */
  readonly most: number;
  /** Called when there is something to be sent. */
  readonly onAnswered: () => void;
  /** Told what a method threw. */
  readonly onFault: (error: unknown) => void;
}

/** The calls of methods over one connection, in both directions. */
export class MethodCalls<Caller> {
  private readonly connection: Connection<number>;
  private readonly options: MethodCallsOptions<Caller>;
  /** Calls of the peer's that are not answered yet. */
  private underWay = 0;
  /** Calls of ours, by transaction id. */
  private readonly waiting = new Map<number, Waiting>();
  private isClosed = false;

  constructor(connection: Connection<number>, options: MethodCallsOptions<Caller>) {
    this.connection = connection;
    this.options = options;
  }

  /**
   * Calls a method of the peer's.
   *
   * @returns what it answers; rejects with a {@link CallError}.
   */
  call(name: string, values: readonly AmfValue[]): Promise<AmfValue> {
    const transactionId = this.isClosed ? 0 : this.connection.call(name, ...values);
    if (transactionId === 0) {
      const text = this.isClosed ? "the connection is over" : "too many calls wait for an answer already";
      return Promise.reject(new CallError("lost", `${name} was not called: ${text}.`));
    }
    return new Promise((resolve, reject) => this.waiting.set(transactionId, { name, resolve, reject }));
  }

  /** After the event that a call of ours is answered. */
  takeAnswer(): void {
    const { answered } = this.connection;
    const waiting = answered === null ? undefined : this.waiting.get(answered.transactionId);
    if (answered === null || waiting === undefined) return;
    this.waiting.delete(answered.transactionId);
    const { outcome, value } = answered;
    if (outcome === "result") waiting.resolve(value);
    else if (outcome === "timeout") waiting.reject(new CallError(outcome, `${waiting.name} was not answered in time.`));
    else waiting.reject(new CallError(outcome, `${waiting.name} failed: ${descriptionOf(value)}`, value));
  }

  /** After the event that the peer calls a method. One that is not there is answered by the connection. */
  takeCommand(): void {
    const { connection } = this;
    const { methods, caller, most } = this.options;
    const { command } = connection;
    if (command === null || !Object.hasOwn(methods, command.name)) return;
    if (this.underWay >= most) {
      connection.answerError(command, "Too many calls wait for an answer already.");
      return;
    }
    connection.defer(command);
    this.underWay++;
    const run = async (): Promise<AmfValue> => methods[command.name]?.(command.arguments, caller);
    run().then(
      (value) => this.settle(command, () => connection.answer(command, value)),
      (error: unknown) => {
        const isTold = error instanceof CallFailure;
        if (!isTold) this.options.onFault(error);
        this.settle(command, () => connection.answerError(command, isTold ? error.message : FAILED));
      },
    );
  }

  /** The connection is over. */
  close(): void {
    this.isClosed = true;
    for (const { name, reject } of this.waiting.values()) {
      reject(new CallError("lost", `The connection ended before ${name} was answered.`));
    }
    this.waiting.clear();
  }

  /** What a method answers may be no value of AMF, or too long for a message: its own fault, and no other's. */
  private settle(command: Command, answer: () => void): void {
    this.underWay--;
    if (this.isClosed) return;
    try {
      answer();
    } catch (error) {
      this.options.onFault(error);
      this.connection.answerError(command, FAILED);
    }
    this.options.onAnswered();
  }
}

function descriptionOf(value: AmfValue): string {
  const description = value instanceof AmfObject ? value.get("description") : value;
  return typeof description === "string" ? description : "the peer did not say why.";
}
