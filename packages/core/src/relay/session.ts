import { ConnectionEvent, ServerConnection } from "../connection/index.ts";
import { StatusCode } from "../message/index.ts";
import type { Guest } from "./gate.ts";
import type { Listener, Publisher, Relay, RelayStream } from "./relay.ts";

/** What a session published or played, at the moment when it ended. */
export interface EndedRole {
  readonly path: string;
  readonly role: "publisher" | "player";
}

/** What moves a session's bytes: an adapter's part. */
export interface Carrier {
  /** Sends what waits: there may be more of it than before. */
  flush(): void;
  /** Polls the session: another one has changed what is to become of it. */
  pump(): void;
  /** Closes the connection at once. */
  destroy(): void;
}

/** What a session is told of its peer. */
interface Origin {
  readonly address?: string;
  /** Whether the peer is another relay of the same house, and no audience. */
  readonly isLink?: boolean;
}

/**
 * One peer of a {@link Relay}. Drive it like a {@link ServerConnection}, whose events `poll` passes on; the difference is
 * in {@link accept}, which gives the peer its stream.
 */
export class RelaySession implements Publisher, Guest {
  readonly connection: ServerConnection;
  readonly isLink: boolean;
  /** Set by who carries the bytes, so that the way from a stream to its players' sockets is short. */
  carrier: Carrier | null = null;
  /** Why {@link accept} answered false. */
  refusal = "";
  private readonly relay: Relay;
  private readonly address: string;
  private isMoving = false;
  /** What ended since {@link takeEnded}. */
  private ended: EndedRole[] = [];
  /** By message stream id. */
  private readonly published = new Map<number, RelayStream>();
  private readonly played = new Map<number, RelayStream>();

  constructor(relay: Relay, random: Uint8Array, now: number, { address = "", isLink = false }: Origin = {}) {
    this.relay = relay;
    this.address = address;
    this.isLink = isLink;
    const { pool, tolerances, chunkSize } = relay;
    // A path has an app and a name in it.
    const limits = isLink ? { ...relay.limits, nameLength: 2 * relay.limits.nameLength + 1 } : relay.limits;
    const optional = tolerances === undefined ? {} : { tolerances };
    this.connection = new ServerConnection({ pool, random, now, limits, chunkSize, ...optional });
  }

  /** How many calls of the peer's may be under way at a time. */
  get mostCalls(): number {
    return this.relay.limits.pendingCalls;
  }

  /** As {@link ServerConnection.poll}; what becomes of streams is looked after here. */
  poll(): ConnectionEvent {
    const event = this.connection.poll();
    if (event === ConnectionEvent.StreamEnded) {
      this.endRole(this.connection.ended?.streamId ?? 0);
    } else if (event === ConnectionEvent.Request && this.connection.request?.kind === "play") {
      // Another play on the same message stream replaces the first one, whatever becomes of the request.
      this.endRole(this.connection.request.streamId);
    } else if (event === ConnectionEvent.NeedData) {
      for (const stream of this.published.values()) this.relay.noteProgress(stream);
    }
    return event;
  }

  /**
   * Grants what the peer asks for. A name that somebody else publishes is refused all the same, and so is what the relay has
   * no room for: see {@link RelayOptions}.
   *
   * @returns whether the peer got what it asked for.
   */
  accept(now: number): boolean {
    const { connection, relay } = this;
    const { request } = connection;
    if (request === null) throw new TypeError("There is no request to accept.");
    if (request.kind === "connect") {
      connection.acceptConnect();
      relay.gate.decided(this);
      return true;
    }
    const path = pathOf(request);
    if (!relay.hasRoomFor(path)) return this.refuse(`The server has ${relay.maximumStreams} streams already.`);
    if (request.kind === "play") {
      const stream = relay.find(path);
      const audience = this.audienceOf(stream);
      if (audience.size >= relay.maximumPlayers) return this.refuse(`${path} has ${audience.size} players already.`);
      audience.add(this);
      this.played.set(request.streamId, stream);
      connection.acceptPlay(stream.live);
    } else {
      const stream = relay.claim(path, this, now);
      if (stream === null) return this.refuse(`${path} is published by somebody else.`, StatusCode.PublishBadName);
      this.published.set(request.streamId, stream);
      connection.acceptPublish(stream.live);
    }
    return true;
  }

  /**
   * Asks the peer to connect again, to another server or to this one, when it suits: see
   * {@link ServerConnection.requestReconnect}. A publisher that does so takes over from itself.
   *
   * @returns whether it understands that.
   */
  requestReconnect(url: string | null): boolean {
    this.isMoving = this.connection.requestReconnect(url);
    return this.isMoving;
  }

  /** A publisher that was not heard of lately does, and one that was asked to go. */
  givesWay(now: number): boolean {
    return this.isMoving || now - this.connection.lastReceived >= this.relay.takeoverAfter;
  }

  /** Another publisher takes a stream over: this one's connection is over, its players stay. */
  displace(stream: RelayStream): void {
    this.relay.displaced.add(this);
    this.connection.dismiss(StatusCode.PublishBadName, `${stream.path} is published by somebody else now.`);
  }

  /** Ends all that the peer does, when its connection is over; what it is told last may still be sent. */
  leave(): void {
    for (const id of [...this.published.keys(), ...this.played.keys()]) this.endRole(id);
  }

  /** What the peer published and played, and does not any more, since this was asked last. */
  takeEnded(): readonly EndedRole[] {
    const { ended } = this;
    if (ended.length > 0) this.ended = [];
    return ended;
  }

  /** Gives all memory back, after the socket was closed and the peer has left. */
  close(): void {
    this.connection.close();
    if (!this.isLink) this.relay.gate.leave(this, this.address);
  }

  turnOut(): void {
    this.carrier?.destroy();
  }

  private refuse(reason: string, code?: string): false {
    this.refusal = reason;
    this.connection.refuse(reason, code);
    return false;
  }

  private audienceOf(stream: RelayStream): Set<Listener> {
    return this.isLink ? stream.links : stream.players;
  }

  private endRole(streamId: number): void {
    const published = this.published.get(streamId);
    const played = this.played.get(streamId);
    if (published !== undefined) {
      this.published.delete(streamId);
      // Unless somebody else has taken it over.
      if (published.publisher === this) this.relay.unpublish(published);
      this.ended.push({ path: published.path, role: "publisher" });
    }
    if (played !== undefined) {
      this.played.delete(streamId);
      if (![...this.played.values()].includes(played)) this.audienceOf(played).delete(this);
      this.relay.tidy(played);
      this.ended.push({ path: played.path, role: "player" });
    }
  }
}

/**
 * Where a stream is found: app and name, joined by a slash. So an encoder that puts everything into the app, or into the
 * name, meets the players of the same URL.
 */
export function pathOf(request: { readonly app: string; readonly name: string }): string {
  return [request.app, request.name].filter((part) => part !== "").join("/");
}
