// A server of several processes, and peers that are with the worker that a test wants them to be with.
import { fileURLToPath } from "node:url";
import { startWorkers, type Workers, type WorkersEvent, type WorkersOptions } from "../../src/index.ts";
import { RawClient } from "../client.ts";

type Of<Type extends WorkersEvent["type"]> = WorkersEvent & { type: Type };

export class WorkersHouse {
  readonly workers: Workers;
  readonly events: WorkersEvent[];
  private readonly waiting: Set<() => void>;
  private readonly clients: RawClient[] = [];

  private constructor(workers: Workers, events: WorkersEvent[], waiting: Set<() => void>) {
    this.workers = workers;
    this.events = events;
    this.waiting = waiting;
  }

  /** @param relay - options of each worker's relay */
  static async open(count: number, relay: object = {}, options: Partial<WorkersOptions> = {}): Promise<WorkersHouse> {
    const events: WorkersEvent[] = [];
    const waiting = new Set<() => void>();
    const workers = await startWorkers({
      file: fileURLToPath(new URL("worker.js", import.meta.url)),
      args: [JSON.stringify(relay)],
      count,
      port: 0,
      host: "127.0.0.1",
      onEvent: (event) => {
        events.push(event);
        for (const look of waiting) look();
      },
      ...options,
    });
    return new WorkersHouse(workers, events, waiting);
  }

  get port(): number {
    return this.workers.port;
  }

  /** The process of each worker, by the worker's number. */
  get pids(): Map<number, number> {
    const started = this.events.filter((event): event is Of<"worker-started"> => event.type === "worker-started");
    return new Map(started.map(({ worker, pid }) => [worker, pid]));
  }

  /** Resolves with the first event from `from` on that is of this type and fits. */
  event<Type extends WorkersEvent["type"]>(
    type: Type,
    fits: (event: Of<Type>) => boolean = () => true,
    from = 0,
  ): Promise<Of<Type>> {
    const isIt = (event: WorkersEvent): event is Of<Type> => event.type === type && fits(event as Of<Type>); // just compared
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.events.slice(from).find(isIt);
        if (found === undefined) return;
        this.waiting.delete(look);
        resolve(found);
      };
      this.waiting.add(look);
      look();
    });
  }

  /** A client that publishes on this worker. */
  publishing(name: string, worker: number): Promise<RawClient> {
    return this.place(worker, "publish", "unpublish", () => RawClient.publishing(this.port, name));
  }

  /** A client that plays on this worker. */
  playing(name: string, worker: number): Promise<RawClient> {
    return this.place(worker, "play", "stop", () => RawClient.playing(this.port, name));
  }

  /** Ends what is left. */
  async close(): Promise<void> {
    await this.workers.close();
    await Promise.all(this.clients.map((client) => client.closed));
  }

  /** Connects again until the peer is where it is wanted: connections go to the workers in turn. */
  private async place(
    worker: number,
    began: "publish" | "play",
    ended: "unpublish" | "stop",
    open: () => Promise<RawClient>,
  ): Promise<RawClient> {
    for (;;) {
      const from = this.events.length;
      const client = await open();
      const address = `127.0.0.1:${client.socket.localPort}`;
      const isPeer = ({ peer }: { peer: { address: string } }): boolean => peer.address === address;
      const event = await this.event(began, isPeer, from);
      if (event.worker === worker) {
        this.clients.push(client);
        return client;
      }
      await client.close();
      await this.event(ended, isPeer, from);
    }
  }
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
