import { join } from "node:path";
import type { ServerEvent, StreamInfo } from "@millrace/core";

// What the primary and its workers say to each other, in the order in which it was said.

export type ToWorker =
  /** The first message, which answers "ready". */
  | { readonly type: "start"; readonly port: number; readonly host: string | undefined; readonly folder: string }
  /** A path has this publisher from now on; null for none. */
  | { readonly type: "owner"; readonly path: string; readonly worker: number | null }
  /** The answer to a claim. */
  | { readonly type: "claimed"; readonly question: number; readonly isGranted: boolean }
  /** Another worker claims a path: does its publisher here give way? */
  | { readonly type: "yield"; readonly path: string; readonly question: number }
  | { readonly type: "close"; readonly deadline: number };

export type ToPrimary =
  /** The first message of all: what a worker is told before it listens to messages is lost. */
  | { readonly type: "ready" }
  | { readonly type: "listening" }
  | { readonly type: "event"; readonly event: ServerEvent }
  | { readonly type: "load"; readonly receivedBytes: number; readonly streams: readonly StreamInfo[] }
  /** A publisher here wants this path. */
  | { readonly type: "claim"; readonly path: string; readonly question: number }
  /** No publisher here has this path any more. */
  | { readonly type: "release"; readonly path: string }
  /** The answer to a yield. */
  | { readonly type: "yielded"; readonly question: number; readonly isFree: boolean };

/** Questions that were asked of another process, and who waits for the answers. */
export class Questions {
  private last = 0;
  private readonly waiting = new Map<number, (answer: boolean) => void>();

  /** @param ask - sends the question, with its number. */
  ask(ask: (question: number) => void): Promise<boolean> {
    const question = ++this.last;
    return new Promise((resolve) => {
      this.waiting.set(question, resolve);
      ask(question);
    });
  }

  answer(question: number, answer: boolean): void {
    this.waiting.get(question)?.(answer);
    this.waiting.delete(question);
  }

  /** Nobody is there any more to answer the rest. */
  answerAll(answer: boolean): void {
    for (const question of [...this.waiting.keys()]) this.answer(question, answer);
  }
}

/** Where a worker takes the connections of others. */
export function linkSocket(folder: string, worker: number): string {
  return join(folder, `${worker}.sock`);
}

/** The environment variable that tells a worker its number. */
export const WORKER_NUMBER = "MILLRACE_WORKER";
