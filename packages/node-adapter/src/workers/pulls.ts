import { randomBytes } from "node:crypto";
import { RelaySocket } from "../relay-socket.ts";
import type { Server } from "../server.ts";
import { linkSocket } from "./messages.ts";

/** How long a stream is still pulled after its last player here has gone, in milliseconds. */
const GRACE = 2_000;
/** When to try again after a link broke though its stream goes on, in milliseconds. */
const RETRY = 250;
/** How often the links' deadlines are looked at, in milliseconds. */
const TICK = 250;
const RANDOM_BYTES = 1528;

/** A stream that is pulled, and the worker that it comes from. */
interface ActivePull {
  readonly owner: number;
  readonly socket: RelaySocket;
}

/** Brings the streams of other workers here: each once, while there are players of it. */
export class Pulls {
  /** Where the workers' sockets are. */
  folder = "";
  private readonly server: Server;
  private readonly id: number;
  /** Which worker publishes a path. */
  private readonly owners = new Map<string, number>();
  private readonly active = new Map<string, ActivePull>();
  /** Paths that will be looked at again, after a grace or for a retry. */
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly ticker: NodeJS.Timeout;
  private isClosed = false;

  /** @param id - of this worker */
  constructor(server: Server, id: number) {
    this.server = server;
    this.id = id;
    this.ticker = setInterval(() => {
      for (const { socket } of this.active.values()) socket.tick(server.now());
    }, TICK);
  }

  /** @param worker - null when nobody publishes the path any more */
  ownerChanged(path: string, worker: number | null): void {
    if (worker === null) this.owners.delete(path);
    else this.owners.set(path, worker);
    this.review(path);
  }

  /** Whether some worker publishes a path. */
  hasOwner(path: string): boolean {
    return this.owners.has(path);
  }

  /** Something has changed about a path: its owner, or who plays or publishes it here. */
  review(path: string): void {
    const owner = this.owners.get(path);
    const pull = this.active.get(path);
    if (pull !== undefined && pull.owner !== owner) this.end(path, pull);
    if (!this.isWatched(path)) {
      if (this.active.has(path)) this.reconsider(path, GRACE);
    } else if (owner !== undefined && owner !== this.id && !this.active.has(path) && !this.isClosed) {
      this.begin(path, owner);
    }
  }

  /** Ends all of them. */
  close(): void {
    this.isClosed = true;
    clearInterval(this.ticker);
    for (const timer of this.timers.values()) clearTimeout(timer);
    for (const [path, pull] of this.active) this.end(path, pull);
  }

  private isWatched(path: string): boolean {
    return (this.server.relay.streams.get(path)?.players.size ?? 0) > 0;
  }

  private begin(path: string, owner: number): void {
    const { server } = this;
    const client = server.relay.pull(path, randomBytes(RANDOM_BYTES), server.now());
    // Somebody publishes it here, who is about to give way: the end of that is told as well.
    if (client === null) return;
    const socket = new RelaySocket(server, client, { path: linkSocket(this.folder, owner) }, () => {
      if (this.active.get(path)?.socket !== socket) return;
      this.active.delete(path);
      this.reconsider(path, RETRY);
    });
    this.active.set(path, { owner, socket });
  }

  private end(path: string, { socket }: ActivePull): void {
    this.active.delete(path);
    socket.end();
  }

  private reconsider(path: string, delay: number): void {
    if (this.isClosed) return;
    clearTimeout(this.timers.get(path));
    const act = (): void => {
      this.timers.delete(path);
      const pull = this.active.get(path);
      if (pull !== undefined && !this.isWatched(path)) this.end(path, pull);
      else this.review(path);
    };
    this.timers.set(path, setTimeout(act, delay));
  }
}
