import { randomBytes } from "node:crypto";
import { type AddressInfo, createServer as createNetServer, type Server as NetServer, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import type { Hooks, ServerEvent } from "@millrace/core";
import {
  type AmfValue,
  CallError,
  ObjectRoom,
  REMOTE_RANDOM_BYTES,
  Relay,
  type RelayOptions,
  type RelaySession,
  RemoteLinks,
  type SharedObjectInfo,
  StatusCode,
  type StreamInfo,
} from "@millrace/core";
import { RelaySocket } from "./relay-socket.ts";
import { NodeSession, type SessionHost } from "./session.ts";
import { type ServerTls, TlsListener } from "./tls.ts";

const RANDOM_BYTES = 1528;
const READ_BYTES = 65_536;
/** How often deadlines are looked at, in milliseconds: they are seconds long, so this is soon enough. */
const TICK = 250;
const DEFAULT_PORT = 1935;
const DEFAULT_TLS_PORT = 443;

export interface ServerOptions extends RelayOptions, Hooks {
  /** For `rtmps:`: all connections must have TLS then. */
  tls?: ServerTls;
  /** For connections to other servers by `rtmps:`, such as `ca`: see {@link Server.push}. */
  remoteTls?: TlsOptions;
  /** How long a hook may take, in milliseconds; then the peer is refused. Default 10,000. */
  decisionTimeout?: number;
  /** Peers are numbered from this on, plus 1: servers that report to one place can be told apart. Default 0. */
  peersFrom?: number;
  /** Told of everything that happens. It must not throw. */
  onEvent?: (event: ServerEvent) => void;
}

/**
 * An RTMP server on TCP, TLS or a Unix socket: a relay from publishers to players.
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
  /** Where clients share objects. */
  readonly objects: ObjectRoom;
  readonly memory: Uint8Array;
  readonly readStart: number;
  readonly readBuffer: Buffer;
  /** Bytes received since the handshakes, by connections that are closed. */
  private receivedBefore = 0;
  private readonly onEvent: (event: ServerEvent) => void;
  private readonly sessions = new Map<RelaySession, NodeSession>();
  private readonly remoteLinks: RemoteLinks;
  private readonly tls: TlsListener | null;
  private readonly netServer: NetServer;
  private connections: number;
  private ticker: NodeJS.Timeout | null = null;
  /** When players are to be sent what is new: in the next turn of the event loop, or a little later. */
  private soon: NodeJS.Immediate | undefined;
  private later: NodeJS.Timeout | undefined;
  private closing: Promise<void> | null = null;
  /** Set while `close` waits for the last session. */
  private drained: (() => void) | null = null;

  constructor(options: ServerOptions) {
    this.hooks = options;
    this.decisionTimeout = options.decisionTimeout ?? 10_000;
    this.connections = options.peersFrom ?? 0;
    this.onEvent = options.onEvent ?? (() => {});
    this.relay = new Relay(options);
    this.objects = new ObjectRoom(this, this.relay.limits, options.sharedObjects ?? null);
    if (this.relay.recordings !== null) this.relay.recordings.onEvent = (event) => this.emit(event);
    this.memory = this.relay.pool.memory;
    this.readStart = this.relay.pool.take(READ_BYTES);
    this.readBuffer = Buffer.from(this.memory.buffer, this.readStart, READ_BYTES);
    this.remoteLinks = new RemoteLinks(this, {
      randomBytes: () => randomBytes(REMOTE_RANDOM_BYTES),
      dial: ({ scheme, host, port }, client, onClose) => {
        const tls = scheme === "rtmps" ? { tls: options.remoteTls ?? {} } : {};
        return new RelaySocket(this, client, { host, port, ...tls }, onClose);
      },
    });
    const accept = (socket: Socket): void => this.accept(socket);
    this.tls = options.tls === undefined ? null : new TlsListener(options.tls, accept);
    this.netServer = this.tls?.server ?? createNetServer({ allowHalfOpen: true, pauseOnConnect: true }, accept);
  }

  /** Streams by path. */
  get streams(): StreamInfo[] {
    return this.relay.describe();
  }

  /** Shared objects that somebody uses. */
  get sharedObjects(): SharedObjectInfo[] {
    return this.objects.describe();
  }

  /** Connections of every kind, those of other workers included. */
  get connectionCount(): number {
    return this.sessions.size;
  }

  /** Bytes received since the handshakes. */
  get receivedBytes(): number {
    let sum = this.receivedBefore;
    for (const { connection } of this.sessions.keys()) sum += connection.receivedBytes;
    return sum;
  }

  /** Where it listens; null before `listen` and after `close`, and on a Unix socket. */
  get address(): AddressInfo | null {
    const address = this.netServer.address();
    return typeof address === "object" ? address : null;
  }

  /**
   * Begins to listen; recordings that a crash has left half-written are repaired before. A server that was closed cannot do
   * so again: create another.
   *
   * @param where - a port, 0 for any free one (see {@link address}), by default 1935, with TLS 443; or the path of a
   *   Unix socket
   * @param host - an address of this machine; by default all of them, IPv6 included
   * @returns when peers can connect; rejects when the address cannot be had.
   */
  async listen(where: number | { readonly path: string } = this.usualPort, host?: string): Promise<void> {
    await this.relay.recordings?.recover();
    if (this.closing !== null) throw new Error("This server was closed: create another.");
    return new Promise((resolve, reject) => {
      const { netServer } = this;
      const failed = (error: Error): void => {
        netServer.off("listening", listening);
        reject(error);
      };
      const listening = (): void => {
        netServer.off("error", failed);
        // One connection that cannot be accepted, for want of file descriptors say, does not end the others.
        netServer.on("error", () => {});
        this.ticker = setInterval(() => this.tick(), TICK);
        resolve();
      };
      netServer.once("error", failed).once("listening", listening);
      const at = typeof where === "number" ? { port: where, ...(host === undefined ? {} : { host }) } : where;
      netServer.listen(at);
    });
  }

  /**
   * Asks clients to connect again when it suits them, to another server or to this one; they are served until then. Only
   * those that understand it are asked (Enhanced RTMP v2, "Reconnect Request"). Players of a publisher that follows stay.
   *
   * @param url - of an app, `rtmp://host/app`; by default where they are connected to
   * @returns how many were asked.
   */
  requestReconnect(url?: string): number {
    let asked = 0;
    for (const session of this.sessions.values()) if (session.requestReconnect(url ?? null)) asked++;
    return asked;
  }

  /**
   * Calls a method of a client's.
   *
   * @param peerId - as hooks and events name the client
   * @returns what it answers; rejects with a `CallError` when it fails, is not answered within the limit `callTimeout`, or
   *   when the client is gone.
   */
  call(peerId: number, name: string, values: readonly AmfValue[] = []): Promise<AmfValue> {
    for (const session of this.sessions.values()) if (session.peer.id === peerId) return session.call(name, values);
    return Promise.reject(new CallError("lost", `There is no peer ${peerId}.`));
  }

  /**
   * Publishes to another server what is published here: from the newest keyframe on, again whenever the connection is
   * lost, until the stream ends.
   *
   * @param url - of an app there (`rtmp:` or `rtmps:`), in which each stream has the name that it has in its app here; with
   *   a path, of a stream
   * @param path - of the one stream that goes there; by default all of them do
   * @throws TypeError when it is no such URL, or names a stream where all are to go, or none where one is.
   */
  push(url: string, path?: string): void {
    this.remoteLinks.remotes.push(url, path);
    this.remoteLinks.open();
  }

  /**
   * Plays a stream of another server, and publishes it here, unless somebody else does; again whenever it ends.
   *
   * @param path - of the stream here; by default as in the URL
   * @throws TypeError when it is no such URL.
   */
  pull(url: string, path?: string): void {
    this.remoteLinks.remotes.pull(url, path);
    this.remoteLinks.open();
  }

  /**
   * Stops: no new connections, and those that are there are told. What waits to be sent is sent.
   *
   * @param deadline - milliseconds after which the connections that are left are cut. Default 2,000.
   */
  close(deadline = 2_000): Promise<void> {
    this.closing ??= this.shutDown(deadline);
    return this.closing;
  }

  now(): number {
    return performance.now();
  }

  emit(event: ServerEvent): void {
    this.onEvent(event);
    if (event.type === "publish" || event.type === "pull") this.remoteLinks.open();
  }

  /** New media goes out once per turn of the event loop, to all players of a stream. */
  wakePlayers(): void {
    const { changed, unhurried, displaced, audioWait } = this.relay;
    if (changed.size + displaced.size > 0) {
      this.soon ??= setImmediate(() => this.flushPlayers());
    } else if (unhurried.size > 0) {
      this.later ??= setTimeout(() => this.flushPlayers(), audioWait);
    }
  }

  /**
   * Takes a connection of another worker of the house, which plays for players of its own.
   *
   * @param host - keeps it away from the application's hooks and events
   */
  acceptLink(socket: Socket, host: SessionHost): void {
    const relaySession = this.relay.openLink(randomBytes(RANDOM_BYTES), this.now());
    this.sessions.set(relaySession, new NodeSession(host, socket, relaySession, { id: 0, address: "" }));
  }

  closed(session: NodeSession): void {
    this.sessions.delete(session.relaySession);
    this.receivedBefore += session.relaySession.connection.receivedBytes;
    if (this.sessions.size === 0) this.drained?.();
  }

  private get usualPort(): number {
    return this.tls === null ? DEFAULT_PORT : DEFAULT_TLS_PORT;
  }

  private async shutDown(deadline: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.netServer.close(() => resolve()));
    for (const session of this.sessions.values())
      session.dismiss(StatusCode.ConnectAppShutdown, "The server shuts down.");
    const cut = setTimeout(() => {
      for (const session of this.sessions.values()) session.destroy();
      this.remoteLinks.destroy();
      this.tls?.destroy();
    }, deadline);
    await this.remoteLinks.close();
    await closed;
    // Node counts a connection as closed a little before its socket says so.
    if (this.sessions.size > 0) await new Promise<void>((resolve) => (this.drained = resolve));
    clearTimeout(cut);
    this.relay.flush();
    await this.relay.recordings?.settled();
    this.relay.pool.give(this.readStart);
    if (this.ticker !== null) clearInterval(this.ticker);
    clearImmediate(this.soon);
    clearTimeout(this.later);
  }

  private accept(socket: Socket): void {
    const relaySession = this.relay.open(randomBytes(RANDOM_BYTES), this.now(), socket.remoteAddress);
    if (relaySession === null) {
      socket.destroy();
      return;
    }
    const peer = { id: ++this.connections, address: addressOf(socket) };
    this.sessions.set(relaySession, new NodeSession(this, socket, relaySession, peer));
  }

  private flushPlayers(): void {
    clearImmediate(this.soon);
    clearTimeout(this.later);
    this.soon = undefined;
    this.later = undefined;
    this.relay.flush();
  }

  private tick(): void {
    const now = this.now();
    for (const session of this.sessions.values()) session.tick(now);
    this.remoteLinks.tick(now);
    this.objects.tick(now);
    for (const changed of this.relay.takeChangedTracks()) this.emit({ type: "tracks", ...changed });
    const turnedAway = this.relay.gate.takeTurnedAway();
    if (turnedAway !== null) this.emit({ type: "turned-away", ...turnedAway });
  }
}

/** IPv4 as everybody writes it, also where the server listens on IPv6 for both. */
function addressOf({ remoteAddress, remotePort = 0 }: Socket): string {
  if (remoteAddress === undefined) return "unix";
  const address = remoteAddress.replace(/^::ffff:/, "");
  return address.includes(":") ? `[${address}]:${remotePort}` : `${address}:${remotePort}`;
}
