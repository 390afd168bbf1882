import {
  type AmfValue,
  CallError,
  type Hooks,
  ObjectRoom,
  REMOTE_RANDOM_BYTES,
  Relay,
  type RelayOptions,
  type RelaySession,
  RemoteLinks,
  type ServerEvent,
  type SharedObjectInfo,
  StatusCode,
  type StreamInfo,
} from "@millrace/core";
import type { ClientTls } from "./client/index.ts";
import { openTransport } from "./client/transport.ts";
import { RelayTransport } from "./relay-transport.ts";
import { DenoSession, type SessionHost } from "./session.ts";
import { identityOf, type ServerTls, TlsListener } from "./tls.ts";

const RANDOM_BYTES = 1528;
/** How often deadlines are looked at, in milliseconds: they are seconds long, so this is soon enough. */
const TICK = 250;
/** How long to wait when a connection cannot be accepted, for want of file descriptors say, in milliseconds. */
const ACCEPT_AGAIN = 100;
const DEFAULT_PORT = 1935;
const DEFAULT_TLS_PORT = 443;

export interface ServerOptions extends RelayOptions, Hooks {
  /**
   * For `rtmps:`: all connections must have TLS then. Deno 2.9 keeps the socket of a peer that does not finish the TLS
   * handshake until that peer closes it, although the server has given it up. Where anybody may connect, let a proxy
   * speak TLS instead.
   */
  tls?: ServerTls;
  /** For connections to other servers by `rtmps:`, such as `caCerts`: see {@link Server.push}. */
  remoteTls?: ClientTls;
  /** How long a hook may take, in milliseconds; then the peer is refused. Default 10,000. */
  decisionTimeout?: number;
  /** Peers are numbered from this on, plus 1: servers that report to one place can be told apart. Default 0. */
  peersFrom?: number;
  /** Told of everything that happens. It must not throw. */
  onEvent?: (event: ServerEvent) => void;
}

/** Where a server listens. */
export interface ServerAddress {
  readonly address: string;
  readonly family: "IPv4" | "IPv6";
  readonly port: number;
}

type Listener = Pick<Deno.Listener, "accept" | "addr" | "close">;

/**
 * An RTMP server on TCP, TLS or a Unix socket: a relay from publishers to players. It needs the permission `--allow-net`;
 * for a Unix socket `--allow-read` and `--allow-write` of its path.
 *
 * @example
 * const server = createServer({ onPublish: (request) => request.query === "token=secret" });
 * await server.listen(1935);
 */
export function createServer(options: ServerOptions = {}): Server {
  return new Server(options);
}

/** See {@link createServer}. */
export class Server implements SessionHost {
  readonly hooks: Hooks;
  readonly decisionTimeout: number;
  readonly relay: Relay;
  /** Where clients share objects. */
  readonly objects: ObjectRoom;
  /** Bytes received since the handshakes, by connections that are closed. */
  private receivedBefore = 0;
  private readonly tls: ServerTls | undefined;
  private readonly onEvent: (event: ServerEvent) => void;
  private readonly sessions: Map<RelaySession, DenoSession> = new Map();
  private readonly remoteLinks: RemoteLinks;
  private listener: Listener | null = null;
  private connections: number;
  private ticker: ReturnType<typeof setInterval> | undefined;
  /** When players are to be sent what is new: once this turn is over, or a little later. */
  private isSoon = false;
  private later: ReturnType<typeof setTimeout> | undefined;
  private closing: Promise<void> | null = null;
  /** Set while `close` waits for the last session. */
  private drained: (() => void) | null = null;

  constructor(options: ServerOptions) {
    this.hooks = options;
    this.decisionTimeout = options.decisionTimeout ?? 10_000;
    this.connections = options.peersFrom ?? 0;
    this.tls = options.tls;
    // What is no use is said at once, not when it listens.
    if (options.tls !== undefined) identityOf(options.tls);
    this.onEvent = options.onEvent ?? ((): void => {});
    this.relay = new Relay(options);
    this.objects = new ObjectRoom(this, this.relay.limits, options.sharedObjects ?? null);
    this.remoteLinks = new RemoteLinks(this, {
      randomBytes: () => crypto.getRandomValues(new Uint8Array(REMOTE_RANDOM_BYTES)),
      dial: ({ scheme, host, port }, client, onClose) => {
        const to = { host, port, path: null, isSecure: scheme === "rtmps" };
        const open = (signal: AbortSignal) => openTransport(to, options.remoteTls ?? {}, signal);
        return new RelayTransport(this, client, open, onClose);
      },
    });
    if (this.relay.recordings !== null) this.relay.recordings.onEvent = (event): void => this.emit(event);
  }

  /** Streams by path. */
  get streams(): StreamInfo[] {
    return this.relay.describe();
  }

  /** Shared objects that somebody uses. */
  get sharedObjects(): SharedObjectInfo[] {
    return this.objects.describe();
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

  /** Where it listens; null before `listen` and after `close`, and on a Unix socket. */
  get address(): ServerAddress | null {
    const { addr } = this.listener ?? {};
    if (addr === undefined || !("hostname" in addr)) return null;
    const { hostname: address, port } = addr;
    return { address, family: address.includes(":") ? "IPv6" : "IPv4", port };
  }

  /**
   * Begins to listen. A server that was closed cannot do so again: create another.
   *
   * @param where - a port, 0 for any free one (see {@link address}), by default 1935, with TLS 443; or the path of a
   *   Unix socket, on which Deno has no TLS
   * @param host - an address of this machine; by default all of them, IPv6 included
   * @returns when peers can connect; rejects when the address cannot be had.
   */
  async listen(where: number | { readonly path: string } = this.usualPort, host?: string): Promise<void> {
    if (this.closing !== null) throw new Error("This server was closed: create another.");
    if (this.listener !== null) throw new Error("This server listens already.");
    await this.relay.recordings?.recover();
    this.listener = typeof where === "number" ? this.bind(where, host) : this.bindToPath(where.path);
    this.ticker = setInterval(() => this.tick(), TICK);
    this.acceptAll(this.listener);
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
      if (this.isSoon) return;
      this.isSoon = true;
      // All that was read in one turn is looked at before; a timer would wait for more than a millisecond.
      queueMicrotask(() => this.flushPlayers());
    } else if (unhurried.size > 0) {
      this.later ??= setTimeout(() => this.flushPlayers(), audioWait);
    }
  }

  closed(session: DenoSession): void {
    this.sessions.delete(session.relaySession);
    this.receivedBefore += session.relaySession.connection.receivedBytes;
    if (this.sessions.size === 0) this.drained?.();
  }

  private get usualPort(): number {
    return this.tls === undefined ? DEFAULT_PORT : DEFAULT_TLS_PORT;
  }

  private bind(port: number, host: string | undefined): Listener {
    if (host !== undefined) return this.bindTo(port, host);
    // Windows keeps IPv6 and IPv4 apart; elsewhere the first one takes both, where there is IPv6.
    if (Deno.build.os === "windows") return this.bindTo(port, "0.0.0.0");
    try {
      return this.bindTo(port, "::");
    } catch (error) {
      if (error instanceof Deno.errors.AddrInUse || error instanceof Deno.errors.PermissionDenied) throw error;
      return this.bindTo(port, "0.0.0.0");
    }
  }

  private bindTo(port: number, hostname: string): Listener {
    return this.tls === undefined ? Deno.listen({ port, hostname }) : new TlsListener(this.tls, port, hostname);
  }

  private bindToPath(path: string): Listener {
    if (this.tls !== undefined) throw new TypeError("Deno has no TLS on Unix sockets: listen to a port.");
    return Deno.listen({ transport: "unix", path });
  }

  private async acceptAll(listener: Listener): Promise<void> {
    while (this.closing === null) {
      try {
        this.accept(await listener.accept());
      } catch {
        // One connection that cannot be accepted does not end the others.
        if (this.closing === null) await new Promise((resolve) => setTimeout(resolve, ACCEPT_AGAIN));
      }
    }
  }

  private accept(conn: Deno.Conn): void {
    if ("setNoDelay" in conn) (conn as Deno.TcpConn).setNoDelay(true); // as was looked for
    const random = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES));
    const address = "hostname" in conn.remoteAddr ? conn.remoteAddr.hostname : "";
    const relaySession = this.relay.open(random, this.now(), address);
    if (relaySession === null) {
      conn.close();
      return;
    }
    const peer = { id: ++this.connections, address: addressOf(conn.remoteAddr) };
    const session = new DenoSession(this, conn, this.relay.pool, relaySession, peer);
    this.sessions.set(relaySession, session);
    session.run();
  }

  private async shutDown(deadline: number): Promise<void> {
    const addr = this.listener?.addr;
    this.listener?.close();
    this.listener = null;
    // As Node does: nobody else could listen there.
    if (addr?.transport === "unix") Deno.removeSync(addr.path);
    for (const session of this.sessions.values()) {
      session.dismiss(StatusCode.ConnectAppShutdown, "The server shuts down.");
    }
    const cut = setTimeout(() => {
      for (const session of this.sessions.values()) session.destroy();
      this.remoteLinks.destroy();
    }, deadline);
    await this.remoteLinks.close();
    if (this.sessions.size > 0) await new Promise<void>((resolve) => (this.drained = resolve));
    clearTimeout(cut);
    this.relay.flush();
    await this.relay.recordings?.settled();
    clearInterval(this.ticker);
    clearTimeout(this.later);
  }

  private flushPlayers(): void {
    clearTimeout(this.later);
    this.later = undefined;
    this.isSoon = false;
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
function addressOf(peer: Deno.Addr): string {
  if (!("hostname" in peer)) return "unix";
  const { hostname, port } = peer;
  const address = hostname.replace(/^::ffff:/, "");
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
