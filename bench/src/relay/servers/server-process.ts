import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

/** A garbage collection that stopped the server. */
export interface Pause {
  /** When this process heard of it, by performance.now(). */
  readonly heardAt: number;
  readonly milliseconds: number;
}

/** A line of V8's --trace-gc: "[1:0x1]  78 ms: Scavenge 4.1 (4.2) -> 3.7 (5.2) MB, 2.53 / 0.01 ms". */
const TRACE_GC = /^\[\d+:0x[0-9a-f]+\]\s+\d+ ms: .* MB, (?:pooled: .*? MB, )?([\d.]+) \/ [\d.]+ ms/;

/** Node's flags for servers in Node. V8 itself tells the pauses, so no JavaScript is added to what is measured. */
export const TRACING_GC: readonly string[] = ["--trace-gc"];

/** A server that runs, in a temporary folder of its own. */
export class ServerProcess {
  readonly port: number;
  readonly pauses: Pause[] = [];
  private readonly child: ChildProcess;
  private readonly folder: string;
  private readonly exited: Promise<void>;
  private lastLines: string[] = [];

  private constructor(port: number, folder: string, command: readonly string[]) {
    this.port = port;
    this.folder = folder;
    const [file = "", ...args] = command;
    this.child = spawn(file, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    this.exited = new Promise((resolve) => {
      this.child.once("exit", () => resolve()).once("error", () => resolve());
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on("line", (line) => this.heard(line));
    }
  }

  /**
   * Starts a server and waits until it accepts connections.
   *
   * @param command - from a free port and an empty folder, in which it is started
   */
  static async start(command: (port: number, folder: string) => readonly string[]): Promise<ServerProcess> {
    const folder = mkdtempSync(join(tmpdir(), "millrace-relay-"));
    const port = await freePort();
    const server = new ServerProcess(port, folder, command(port, folder));
    for (let attempt = 0; !(await accepts(port)); attempt++) {
      if (!server.isRunning || attempt === 100) {
        const why = server.lastLines.join("\n");
        await server.stop();
        throw new Error(`It does not start:\n${why}`);
      }
      await delay(100);
    }
    await delay(500); // so that the connections that tried it are gone
    return server;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** What it last said, for when something went wrong. */
  get lastWords(): string {
    return this.lastLines.join("\n");
  }

  async stop(): Promise<void> {
    if (this.isRunning) {
      this.child.kill();
      const timer = setTimeout(() => this.child.kill("SIGKILL"), 3000);
      await this.exited;
      clearTimeout(timer);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private heard(line: string): void {
    const pause = TRACE_GC.exec(line)?.[1];
    if (pause !== undefined) this.pauses.push({ heardAt: performance.now(), milliseconds: Number(pause) });
    else this.lastLines = [...this.lastLines.slice(-9), line];
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => resolve(false));
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}
