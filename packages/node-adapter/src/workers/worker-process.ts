import type { Worker } from "node:cluster";
import { performance } from "node:perf_hooks";
import type { ServerEvent, StreamInfo } from "@millrace/core";
import { Questions, type ToPrimary, type ToWorker } from "./messages.ts";
import type { Owner, Registry } from "./registry.ts";

/** A worker as the primary sees it. */
export class WorkerProcess implements Owner {
  readonly id: number;
  readonly pid: number;
  isGone = false;
  /** As the worker has told last. */
  receivedBytes = 0;
  streams: readonly StreamInfo[] = [];
  /** Resolves once it listens, or has ended before. */
  readonly listening: Promise<boolean>;
  /** Resolves with the reason once it has ended. */
  readonly ended: Promise<string>;
  private readonly worker: Worker;
  private readonly registry: Registry;
  private readonly onEvent: (event: ServerEvent) => void;
  private readonly questions = new Questions();
  private readonly started = performance.now();
  private readonly onReady: () => void;
  private isReady = false;
  private listens: (does: boolean) => void = () => {};

  /**
   * @param id - its number
   * @param onReady - tells the worker how to start, and all that the others were told before
   */
  constructor(
    id: number,
    worker: Worker,
    registry: Registry,
    onReady: () => void,
    onEvent: (event: ServerEvent) => void,
  ) {
    this.id = id;
    this.worker = worker;
    this.pid = worker.process.pid ?? 0;
    this.registry = registry;
    this.onReady = onReady;
    this.onEvent = onEvent;
    this.listening = new Promise((resolve) => (this.listens = resolve));
    this.ended = new Promise((resolve) => {
      const end = (reason: string): void => {
        this.end();
        resolve(reason);
      };
      worker.on("exit", (code, signal) => end(signal ?? `exit code ${code}`));
      // There is no process, and so no exit of it.
      worker.on("error", (error) => worker.process.pid === undefined && end(error.message));
    });
    worker.on("message", (message: ToPrimary) => this.hear(message));
  }

  /** For how long it has been there, in milliseconds. */
  get lifetime(): number {
    return performance.now() - this.started;
  }

  tell(message: ToWorker): void {
    // That it could not be sent is told by the end of the process as well.
    if (this.isReady) this.worker.send(message, () => {});
  }

  close(deadline: number): void {
    if (this.isReady) this.tell({ type: "close", deadline });
    else this.kill();
  }

  yields(path: string): Promise<boolean> {
    if (this.isGone) return Promise.resolve(true);
    return this.questions.ask((question) => this.tell({ type: "yield", path, question }));
  }

  kill(): void {
    this.worker.process.kill("SIGKILL");
  }

  private hear(message: ToPrimary): void {
    switch (message.type) {
      case "ready":
        this.isReady = true;
        this.onReady();
        break;
      case "listening":
        this.listens(true);
        break;
      case "event":
        this.onEvent(message.event);
        break;
      case "load":
        this.receivedBytes = message.receivedBytes;
        this.streams = message.streams;
        break;
      case "claim":
        void this.claim(message.path, message.question);
        break;
      case "release":
        this.registry.release(message.path, this);
        break;
      case "yielded":
        this.questions.answer(message.question, message.isFree);
        break;
    }
  }

  private async claim(path: string, question: number): Promise<void> {
    this.tell({ type: "claimed", question, isGranted: await this.registry.claim(path, this) });
  }

  private end(): void {
    this.isGone = true;
    this.streams = [];
    this.registry.releaseAll(this);
    this.questions.answerAll(true);
    this.listens(false);
  }
}
