import { randomBytes } from "node:crypto";
import { type AddressInfo, createServer as createNetServer, type Server as NetServer, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { Relay, type RelayOptions, type RelaySession, type RelayStream, StatusCode } from "@millrace/core";
import type { Hooks, ServerEvent } from "./hooks.ts";
import { NodeSession, type SessionHost } from "./session.ts";

const RANDOM_BYTES = 1528;
/** How often deadlines are looked at, in milliseconds: they are seconds long, so this is soon enough. */
const TICK = 250;

export interface ServerOptions extends RelayOptions, Hooks {
  /** How long a hook may take, in milliseconds; then the peer is refused. Default 10,000. */
  decisionTimeout?: number;
  /** Told of everything that happens. It must not throw. */
  onEvent?: (event: ServerEvent) => void;
}

/** A stream that is live, or waited for. */
export interface StreamInfo {
  readonly path: string;
  readonly isPublished: boolean;
  readonly players: number;
}

/**
 * An RTMP server on TCP: a relay from publishers to players.
 *
 * @example
 * const server = createServer({ onPublish: (request) => request.query === "token=secret" });
 * await server.listen(1935);
 */
export function createServer(options: ServerOptions = {}): Server {
  return new Server(options);
}

export class Server implements SessionHost {
  readonly hooks: Hooks;
  readonly decisionTimeout: number;
  readonly relay: Relay;
  /** Bytes received since the handshakes, by connections that are closed. */
  private receivedBefore = 0;
  private readonly onEvent: (event: ServerEvent) => void;
  private readonly sessions = new Map<RelaySession, NodeSession>();
  private readonly netServer: NetServer;
  private connections = 0;
  private ticker: NodeJS.Timeout | null = null;
  private flushIsDue = false;

  constructor(options: ServerOptions) {
    this.hooks = options;
    this.decisionTimeout = options.decisionTimeout ?? 10_000;
    this.onEvent = options.onEvent ?? (() => {});
    this.relay = new Relay(options);
    this.netServer = createNetServer({ allowHalfOpen: true }, (socket) => this.accept(socket));
  }

  /** Streams by path. */
  get streams(): StreamInfo[] {
    return [...this.relay.streams.values()].map(describe);
  }

  /** Connections of every kind. */
  get connectionCount(): number {
    return this.sessions.size;
  }

  /** Bytes received since the handshakes. */
  get receivedBytes(): number {
    let sum = this.receivedBefore;
    for (const { connection } of this.sessions.keys()) sum += connection.receivedBytes;
    return sum;
  }

  /** Where it listens; null before `listen` and after `close`. */
  get address(): AddressInfo | null {
    const address = this.netServer.address();
    return typeof address === "object" ? address : null;
  }

  /**
   * Begins to listen.
   *
   * @param port - 0 for any free one; see {@link address}
   * @param host - an address of this machine; by default all of them
   * @returns when peers can connect; rejects when the address cannot be had.
   */
  listen(port = 1935, host?: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.netServer.once("error", reject);
      this.netServer.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        this.netServer.off("error", reject);
        this.ticker = setInterval(() => this.tick(), TICK);
        resolve();
      });
    });
  }

  /**
   * Stops: no new connections, and those that are there are told. What waits to be sent is sent.
   *
   * @param deadline - milliseconds after which the connections that are left are cut. Default 2,000.
   */
  async close(deadline = 2_000): Promise<void> {
    const closed = new Promise<void>((resolve) => this.netServer.close(() => resolve()));
    for (const session of this.sessions.values())
      session.dismiss(StatusCode.ConnectAppShutdown, "The server shuts down.");
    const cut = setTimeout(() => {
      for (const session of this.sessions.values()) session.destroy();
    }, deadline);
    await closed;
    clearTimeout(cut);
    if (this.ticker !== null) clearInterval(this.ticker);
  }

  now(): number {
    return performance.now();
  }

  emit(event: ServerEvent): void {
    this.onEvent(event);
  }

  /** New media goes out once per turn of the event loop, to all players of a stream. */
  wakePlayers(): void {
    if (this.flushIsDue || this.relay.changed.size + this.relay.displaced.size === 0) return;
    this.flushIsDue = true;
    setImmediate(() => {
      this.flushIsDue = false;
      this.flushPlayers();
    });
  }

  closed(session: NodeSession): void {
    this.sessions.delete(session.relaySession);
    this.receivedBefore += session.relaySession.connection.receivedBytes;
  }

  private accept(socket: Socket): void {
    const relaySession = this.relay.open(randomBytes(RANDOM_BYTES), this.now());
    const peer = { id: ++this.connections, address: `${socket.remoteAddress ?? "?"}:${socket.remotePort ?? "?"}` };
    this.sessions.set(relaySession, new NodeSession(this, socket, relaySession, peer));
  }

  private flushPlayers(): void {
    const { changed, displaced } = this.relay;
    for (const { players } of changed) {
      for (const player of players) this.sessions.get(player)?.flush();
    }
    changed.clear();
    for (const relaySession of displaced) this.sessions.get(relaySession)?.pump();
    displaced.clear();
  }

  private tick(): void {
    const now = this.now();
    for (const session of this.sessions.values()) session.tick(now);
  }
}

function describe({ path, live, players }: RelayStream): StreamInfo {
  return { path, isPublished: live.isPublished, players: players.size };
}
