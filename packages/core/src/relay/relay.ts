import { BufferPool } from "../bytes/index.ts";
import type { ChunkTolerances } from "../chunk/index.ts";
import { defaultLimits, type Limits } from "../limits.ts";
import { LiveStream, type LiveStreamOptions } from "../live/index.ts";
import { RelaySession } from "./session.ts";

export interface RelayOptions {
  /** Memory for all connections and streams together. Default: a pool of 1 GiB, of which pages are used as needed. */
  pool?: BufferPool;
  limits?: Readonly<Limits>;
  tolerances?: Readonly<ChunkTolerances>;
  /** How much of each live stream is kept, and the chunk size of everything that is sent. */
  stream?: LiveStreamOptions;
  /**
   * A publisher that was silent for so long gives way to another one of the same name, in milliseconds. Default 5,000:
   * an encoder that lost its connection need not wait until the old one times out.
   */
  takeoverAfter?: number;
}

/** A stream by its path, and who publishes and plays it. */
export interface RelayStream {
  /** App and name, joined by a slash. */
  readonly path: string;
  readonly live: LiveStream;
  publisher: RelaySession | null;
  readonly players: Set<RelaySession>;
  /** The number of the message that the players were last told of. */
  shown: number;
}

/**
 * Brings publishers and players together by the paths of their streams. It knows connections, not sockets: an adapter
 * gives each peer a {@link RelaySession} and carries its bytes.
 *
 * A stream exists while it has a publisher or a player: players may come first and wait.
 */
export class Relay {
  readonly pool: BufferPool;
  readonly limits: Readonly<Limits>;
  readonly tolerances: Readonly<ChunkTolerances> | undefined;
  readonly streams: Map<string, RelayStream> = new Map();
  /** Streams whose players may be sent something. Whoever carries bytes shows it to them, and clears the set. */
  readonly changed: Set<RelayStream> = new Set();
  /** Sessions whose connection another one has ended. Whoever carries bytes polls them, and clears the set. */
  readonly displaced: Set<RelaySession> = new Set();
  private readonly streamOptions: LiveStreamOptions;
  private readonly takeoverAfter: number;

  constructor(options: RelayOptions = {}) {
    this.pool = options.pool ?? new BufferPool(2 ** 30);
    this.limits = options.limits ?? defaultLimits;
    this.tolerances = options.tolerances;
    this.streamOptions = options.stream ?? {};
    this.takeoverAfter = options.takeoverAfter ?? 5_000;
  }

  /** The chunk size of everything that is sent. */
  get chunkSize(): number {
    return this.streamOptions.chunkSize ?? 4096;
  }

  /**
   * A new peer.
   *
   * @param random - at least 1528 random bytes for the handshake; copied
   * @param now - milliseconds of a monotonic clock
   */
  open(random: Uint8Array, now: number): RelaySession {
    return new RelaySession(this, random, now);
  }

  /**
   * Makes a session the publisher of a path.
   *
   * @returns the stream; or null when somebody else publishes it and was heard of lately, or the session itself does.
   */
  claim(path: string, session: RelaySession, now: number): RelayStream | null {
    const stream = this.find(path);
    const holder = stream.publisher;
    if (holder !== null) {
      if (holder === session || now - holder.connection.lastReceived < this.takeoverAfter) return null;
      holder.displace(stream);
      this.displaced.add(holder);
    }
    stream.publisher = session;
    stream.live.beginPublication();
    return stream;
  }

  /** The stream of this path, made if there is none. Whoever asks takes a part in it. */
  find(path: string): RelayStream {
    let stream = this.streams.get(path);
    if (stream === undefined) {
      const live = new LiveStream(this.pool, this.streamOptions);
      stream = { path, live, publisher: null, players: new Set(), shown: live.next };
      this.streams.set(path, stream);
    }
    return stream;
  }

  /** The publisher of a stream ended. */
  unpublish(stream: RelayStream): void {
    stream.publisher = null;
    stream.live.endPublication();
    this.changed.add(stream);
    this.tidy(stream);
  }

  /** Whether a stream has messages that its players were not told of. */
  noteProgress(stream: RelayStream): void {
    if (stream.shown === stream.live.next) return;
    stream.shown = stream.live.next;
    this.changed.add(stream);
  }

  /** Forgets a stream that nobody publishes or plays any more. */
  tidy(stream: RelayStream): void {
    if (stream.publisher !== null || stream.players.size > 0) return;
    stream.live.close();
    this.streams.delete(stream.path);
  }
}
