import { readUint32 } from "../bytes/index.ts";
import { Approach, parseRtmpUrl, type RtmpUrl, type StreamUrl } from "../connection/index.ts";
import { Backoff } from "./backoff.ts";
import type { RelayClient } from "./client.ts";
import type { ServerEvent } from "./hooks.ts";
import { RelayPull } from "./pull.ts";
import { RelayPush } from "./push.ts";
import type { Relay } from "./relay.ts";

/** What a remote needs of its server. */
export interface RemoteHost {
  readonly relay: Relay;
  /** Milliseconds of a monotonic clock. */
  now(): number;
  emit(event: ServerEvent): void;
}

/** Random bytes for one connection: the handshake's, and four for an answer to a challenge. */
export const REMOTE_RANDOM_BYTES = 1532;
const HANDSHAKE_BYTES = 1528;
/** A connection that carried the stream for so long, in milliseconds, is followed by another one at once. */
const STEADY = 5_000;

/**
 * One stream that goes to another server, or comes from it, for as long as it is wanted: over one connection after the
 * other. It follows redirects and gives credentials; what fails is tried again, at first at once, then ever later.
 */
export class Remote {
  readonly direction: "push" | "pull";
  /** The stream's path here. */
  readonly path: string;
  /** The app that it goes to, or comes from, without what may be secret: user, password, query and name. */
  readonly place: string;
  private readonly host: RemoteHost;
  private readonly url: RtmpUrl;
  private readonly name: string;
  private readonly backoff = new Backoff(STEADY);
  private approach: Approach;
  private isConnected = false;
  private retryAt = 0;

  constructor(host: RemoteHost, direction: "push" | "pull", { url, name }: StreamUrl, path: string) {
    this.host = host;
    this.direction = direction;
    this.path = path;
    this.name = name;
    this.url = parseRtmpUrl(url);
    this.place = `${this.url.origin}/${this.url.path}`;
    this.approach = new Approach(this.url);
  }

  /** Where to connect to next. */
  get address(): RtmpUrl {
    return this.approach.url;
  }

  /** Whether the stream is to be carried, as things stand: it is published here, or not here but there. */
  get isWanted(): boolean {
    const stream = this.host.relay.streams.get(this.path);
    const publisher = stream?.publisher ?? null;
    if (this.direction === "pull") return publisher === null || publisher instanceof RelayPull;
    return stream?.live.isPublished === true && publisher !== null && !publisher.isLink;
  }

  /** Whether a connection is to be made now. */
  get isDue(): boolean {
    return !this.isConnected && this.isWanted && this.host.now() >= this.retryAt;
  }

  /** Whether it is neither wanted nor connected. */
  get isIdle(): boolean {
    return !this.isConnected && !this.isWanted;
  }

  /**
   * Makes a connection to {@link address}, whose socket the caller opens.
   *
   * @param random - {@link REMOTE_RANDOM_BYTES}; copied
   */
  open(random: Uint8Array): RelayClient {
    const { host, name, direction, path, place } = this;
    const stream = host.relay.find(path);
    const openedAt = host.now();
    const options = {
      ...this.approach.target(readUint32(random, HANDSHAKE_BYTES)),
      ...{ name, random, now: openedAt },
      onStart: () => host.emit({ type: direction, path, place }),
      onEnd: (reason: string) => this.closed(client, openedAt, reason),
    };
    const client: RelayClient =
      direction === "push" ? new RelayPush(host.relay, stream, options) : new RelayPull(host.relay, stream, options);
    this.isConnected = true;
    return client;
  }

  private closed({ connection, isStarted }: RelayClient, openedAt: number, reason: string): void {
    const { host, direction, path, place } = this;
    this.isConnected = false;
    if (connection.refusal !== null && this.approach.goOn(connection.refusal)) return;
    this.approach = new Approach(this.url);
    const now = host.now();
    const delay = this.backoff.after(isStarted ? now - openedAt : 0);
    this.retryAt = now + delay;
    if (this.isWanted) host.emit({ type: `${direction}-lost`, path, place, reason, retryIn: delay });
    else host.emit({ type: `${direction}-end`, path, place });
  }
}
