import cluster from "node:cluster";
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createNetServer } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ServerEvent, StreamInfo } from "@millrace/core";
import { Backoff } from "@millrace/core";
import { linkSocket, type ToWorker, WORKER_NUMBER } from "./messages.ts";
import { Registry } from "./registry.ts";
import { WorkerProcess } from "./worker-process.ts";

/** How much longer than it was given a worker may take to close, in milliseconds, before it is killed. */
const PATIENCE = 2_000;
/** A worker that lived so long, in milliseconds, was not broken from its beginning. */
const STEADY = 30_000;

export interface WorkersOptions {
  /** The module that each worker runs; it calls {@link runWorker}. */
  readonly file: string | URL;
  /** Arguments of its command line. */
  readonly args?: readonly string[];
  /** How many. Default: as many as there are cores for this process. */
  readonly count?: number;
  /** Default 1935; 0 for any free one. */
  readonly port?: number;
  /** An address of this machine. Default: all of them. */
  readonly host?: string;
  /** Told of everything that happens. It must not throw. */
  readonly onEvent?: (event: WorkersEvent) => void;
}

/** What happened, and in which worker: they are numbered from 1, and one that replaces another has a number of its own. */
export type WorkersEvent =
  | (ServerEvent & { readonly worker: number })
  /** A worker serves, in place of another one that died; `replaces` is null for the first ones. */
  | { readonly type: "worker-started"; readonly worker: number; readonly pid: number; readonly replaces: number | null }
  /** A worker is gone with its connections. It will be replaced. */
  | { readonly type: "worker-died"; readonly worker: number; readonly pid: number; readonly reason: string };

/**
 * Starts an RTMP server on several cores: processes that share one port and each other's streams. A stream can be played
 * from all of them, whichever has its publisher. One that dies takes its own connections with it, and is replaced.
 *
 * The processes meet at Unix domain sockets: there is none of this on Windows.
 *
 * @returns when all of them serve; rejects when the address cannot be had, or a worker ends before it serves.
 */
export async function startWorkers(options: WorkersOptions): Promise<Workers> {
  const port = await findPort(options.port ?? 1935, options.host);
  // mkdtemp makes folders that nobody else may look into (0700): who could connect there would be asked nothing.
  const folder = await mkdtemp(join(tmpdir(), "millrace-"));
  const workers = new Workers(options, port, folder);
  try {
    await workers.start(options.count ?? availableParallelism());
  } catch (error) {
    await workers.close(0);
    throw error;
  }
  return workers;
}

/** The primary process of an RTMP server on several cores. */
export class Workers {
  readonly port: number;
  private readonly options: WorkersOptions;
  private readonly folder: string;
  private readonly registry: Registry;
  private readonly members = new Set<WorkerProcess>();
  private readonly timers = new Set<NodeJS.Timeout>();
  /** Bytes received by workers that are gone. */
  private receivedBefore = 0;
  /** Workers so far. */
  private started = 0;
  private closing: Promise<void> | null = null;

  /** Use {@link startWorkers}. */
  constructor(options: WorkersOptions, port: number, folder: string) {
    this.options = options;
    this.port = port;
    this.folder = folder;
    this.registry = new Registry((path, worker) => this.tellAll({ type: "owner", path, worker }));
    // Also when the application ends without close.
    process.once("exit", this.removeFolder);
  }

  /** Streams by path, with the players of all workers; about a second old. */
  get streams(): StreamInfo[] {
    const streams = new Map<string, StreamInfo>();
    for (const stream of [...this.members].flatMap((member) => member.streams)) {
      const other = streams.get(stream.path);
      streams.set(stream.path, other === undefined ? stream : together(stream, other));
    }
    return [...streams.values()];
  }

  /** Bytes received from publishers and players; about a second old. */
  get receivedBytes(): number {
    let sum = this.receivedBefore;
    for (const member of this.members) sum += member.receivedBytes;
    return sum;
  }

  /** Called by {@link startWorkers}. */
  async start(count: number): Promise<void> {
    const first = Array.from({ length: count }, () => this.spawn(null, new Backoff(STEADY)));
    const failures = await Promise.all(
      first.map(async (member) =>
        (await member.listening) ? null : `A worker could not start: ${await member.ended}.`,
      ),
    );
    for (const failure of failures) if (failure !== null) throw new Error(failure);
  }

  /**
   * Stops all workers: their peers are told, what waits to be sent is sent, and the processes end.
   *
   * @param deadline - milliseconds after which the connections that are left are cut. Default 2,000.
   */
  close(deadline = 2_000): Promise<void> {
    this.closing ??= this.shutDown(deadline);
    return this.closing;
  }

  private async shutDown(deadline: number): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    for (const member of this.members) member.close(deadline);
    const cut = setTimeout(() => {
      for (const member of this.members) member.kill();
    }, deadline + PATIENCE);
    await Promise.all([...this.members].map((member) => member.ended));
    clearTimeout(cut);
    process.off("exit", this.removeFolder);
    await rm(this.folder, { recursive: true, force: true });
  }

  private spawn(replaces: number | null, backoff: Backoff): WorkerProcess {
    const { file, args = [], host } = this.options;
    // Connections are handed out in turn. They last for hours, and where all workers wait for them at the same socket,
    // the kernel wakes the same few again and again (https://nodejs.org/api/cluster.html#how-it-works).
    cluster.schedulingPolicy = cluster.SCHED_RR;
    cluster.setupPrimary({ exec: file instanceof URL ? fileURLToPath(file) : file, args: [...args] });
    const id = ++this.started;
    const worker = cluster.fork({ [WORKER_NUMBER]: id });
    const onReady = (): void => {
      member.tell({ type: "start", port: this.port, host, folder: this.folder });
      for (const [path, owner] of this.registry.entries()) member.tell({ type: "owner", path, worker: owner });
    };
    const onEvent = (event: ServerEvent): void => this.emit({ ...event, worker: id });
    const member = new WorkerProcess(id, worker, this.registry, onReady, onEvent);
    this.members.add(member);
    void member.listening.then((does) => {
      if (does) this.emit({ type: "worker-started", worker: member.id, pid: member.pid, replaces });
    });
    void member.ended.then((reason) => this.replace(member, reason, backoff));
    return member;
  }

  private replace(member: WorkerProcess, reason: string, backoff: Backoff): void {
    this.members.delete(member);
    this.receivedBefore += member.receivedBytes;
    if (this.closing !== null) return;
    this.emit({ type: "worker-died", worker: member.id, pid: member.pid, reason });
    rmSync(linkSocket(this.folder, member.id), { force: true });
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.spawn(member.id, backoff);
    }, backoff.after(member.lifetime));
    this.timers.add(timer);
  }

  private tellAll(message: ToWorker): void {
    for (const member of this.members) member.tell(message);
  }

  private emit(event: WorkersEvent): void {
    this.options.onEvent?.(event);
  }

  private readonly removeFolder = (): void => rmSync(this.folder, { recursive: true, force: true });
}

/** Tries whether the port can be had, where 0 finds one: workers that replace others must come back to the same. */
function findPort(port: number, host: string | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createNetServer();
    probe.once("error", reject);
    probe.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : port));
    });
  });
}

/** One stream as two workers have it: one of them has it from the other. */
function together(one: StreamInfo, other: StreamInfo): StreamInfo {
  return {
    path: one.path,
    isPublished: one.isPublished || other.isPublished,
    players: one.players + other.players,
    receivedMessages: Math.max(one.receivedMessages, other.receivedMessages),
    receivedBytes: Math.max(one.receivedBytes, other.receivedBytes),
    keptBytes: one.keptBytes + other.keptBytes,
    droppedMessages: one.droppedMessages + other.droppedMessages,
    skips: one.skips + other.skips,
    tracks: one.tracks.length > 0 ? one.tracks : other.tracks,
  };
}
