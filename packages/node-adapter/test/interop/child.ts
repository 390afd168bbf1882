import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";

/** A program that has not ended by then hangs. */
const PATIENCE = 40_000;

/** How a program ended. */
export interface Ending {
  /** null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** A program that runs. It never outlives its test: see `Stage.close`. */
export class Child {
  readonly command: readonly string[];
  /** Settles when the program has ended and all its output is here. */
  readonly ended: Promise<Ending>;
  /** Set with `ended`. */
  ending: Ending | null = null;
  private readonly process: ChildProcess;

  /** @param stdin - a file that the program reads as its standard input */
  constructor(command: readonly string[], stdin?: string) {
    this.command = command;
    const [program = "", ...args] = command;
    const input = openSync(stdin ?? "/dev/null", "r");
    // A group of its own, so that what a wrapper started is ended too.
    this.process = spawn(program, args, { stdio: [input, "pipe", "pipe"], detached: true });
    closeSync(input);
    const patience = setTimeout(() => this.kill(), PATIENCE);
    this.ended = this.collect().finally(() => clearTimeout(patience));
  }

  /** Ends it at once, or does what the signal says; without effect when it has ended. */
  kill(signal: NodeJS.Signals = "SIGKILL"): void {
    const { pid, exitCode, signalCode } = this.process;
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, signal);
  }

  /** What it wrote; rejects when it failed. */
  async output(): Promise<Buffer> {
    const ending = await this.ended;
    if (ending.code !== 0) throw new Error(this.describe(ending));
    return ending.stdout;
  }

  /** How it ended, for people. */
  describe({ code, signal, stderr }: Ending): string {
    return `${this.command.join(" ")}\nended with ${signal ?? code}\n${stderr}`;
  }

  private collect(): Promise<Ending> {
    return new Promise((resolve) => {
      const stdout: Buffer[] = [];
      const stderr: string[] = [];
      this.process.stdout?.on("data", (bytes: Buffer) => stdout.push(bytes));
      this.process.stderr?.on("data", (text: Buffer) => stderr.push(text.toString()));
      const end = (code: number | null, signal: NodeJS.Signals | null) => {
        this.ending = { code, signal, stdout: Buffer.concat(stdout), stderr: stderr.join("") };
        resolve(this.ending);
      };
      this.process.on("error", (error) => {
        stderr.push(String(error));
        if (this.process.pid === undefined) end(127, null);
      });
      this.process.on("close", end);
    });
  }
}
