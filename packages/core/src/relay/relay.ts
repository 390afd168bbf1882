import { BufferPool } from "../bytes/index.ts";
import type { ChunkTolerances } from "../chunk/index.ts";
import { defaultLimits, type Limits } from "../limits.ts";
import { LiveStream, type LiveStreamOptions } from "../live/index.ts";
import type { RecordingStorage } from "../recording/index.ts";
import type { SharedObjectStorage } from "../shared-object/index.ts";
import { Gate, type GateOptions } from "./gate.ts";
import { RelayPull } from "./pull.ts";
import { Recordings } from "./recordings.ts";
import { type Outlet, RelaySession } from "./session.ts";
import { type TrackInfo, tracksOf } from "./tracks.ts";

export interface RelayOptions extends GateOptions {
  /** Memory for all connections and streams together. Default: a pool of 1 GiB, of which pages are used as needed. */
  pool?: BufferPool;
  /** Where persistent shared objects are kept. Without one nobody may use any; temporary ones may be used. */
  sharedObjects?: SharedObjectStorage;
  limits?: Readonly<Limits>;
  tolerances?: Readonly<ChunkTolerances>;
  /** How much of each live stream is kept, and the chunk size of everything that is sent. */
  stream?: LiveStreamOptions;
  /**
   * A publisher that was silent for so long gives way to another one of the same name, in milliseconds. Default 5,000:
   * an encoder that lost its connection need not wait until the old one times out.
   */
  takeoverAfter?: number;
  /** Streams that may be published or waited for at a time. Default 10,000. */
  maximumStreams?: number;
  /** Players that one stream may have. Default 10,000. */
  maximumPlayers?: number;
  /**
   * How long audio may wait for a picture to go out with, in milliseconds, where a stream has pictures; 0 for not at all.
   * Default 25: with 30 pictures a second that is 40 % fewer writes, which are what a relay spends its time on.
   */
  audioWait?: number;
  /**
   * Where what peers publish with "record" or "append" is recorded, and what players find who ask for a recording. Without
   * it both are taken for live. How long a recording is, anybody is told who was let in.
   */
  recordings?: RecordingStorage;
  /** Record what is published as "live", too. */
  recordAll?: boolean;
}

/** A stream by its path, and who publishes and plays it. */
export interface RelayStream {
  /** App and name, joined by a slash. */
  readonly path: string;
  readonly live: LiveStream;
  publisher: Publisher | null;
  readonly players: Set<RelaySession>;
  /** Other relays that get the stream, for players of theirs; and its recording. */
  readonly links: Set<Listener>;
  /** The number of the message that the players were last told of. */
  shown: number;
  /** Its tracks, as they were read after so many changes of them; and how many changes were told. */
  tracks: readonly TrackInfo[];
  readChanges: number;
  toldChanges: number;
}

const UNTOLD = { tracks: [], readChanges: 0, toldChanges: 0 } as const;

/** A stream that is live, or waited for, in figures. */
export interface StreamInfo {
  readonly path: string;
  readonly isPublished: boolean;
  readonly players: number;
  /** Media that came, in messages and in bytes as they go out to each player; and what is kept of it for players. */
  readonly receivedMessages: number;
  readonly receivedBytes: number;
  readonly keptBytes: number;
  /** Messages for which there was no memory. */
  readonly droppedMessages: number;
  /** How often a player was so far behind that it lost media. */
  readonly skips: number;
  /** What it consists of, as far as it is known. */
  readonly tracks: readonly TrackInfo[];
}

/** Who a stream goes to. */
export interface Listener {
  readonly carrier: Outlet | null;
}

/** Who a stream comes from: a peer, or another relay. */
export interface Publisher {
  /** Whether it is another relay of the same house. */
  readonly isLink: boolean;
  /** Whether another one may have the name. */
  givesWay(now: number): boolean;
  /** Another one has it from now on; players stay. */
  displace(stream: RelayStream): void;
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
  /** Streams whose players may be sent something. Whoever carries bytes calls {@link flush} soon. */
  readonly changed: Set<RelayStream> = new Set();
  /** The same for streams that have only audio to send: {@link flush} may wait for {@link audioWait}. */
  readonly unhurried: Set<RelayStream> = new Set();
  /** Sessions whose connection another one has ended. */
  readonly displaced: Set<RelaySession> = new Set();
  /** See {@link RelayOptions}. */
  readonly takeoverAfter: number;
  readonly audioWait: number;
  readonly maximumStreams: number;
  readonly maximumPlayers: number;
  readonly gate: Gate;
  /** null where nothing is recorded. */
  readonly recordings: Recordings | null;
  readonly recordAll: boolean;
  /** Whether a stream is published where it can be got from, though not here yet. */
  isPublishedElsewhere: (path: string) => boolean = () => false;
  private readonly streamOptions: LiveStreamOptions;

  constructor(options: RelayOptions = {}) {
    this.gate = new Gate(options);
    this.pool = options.pool ?? new BufferPool(2 ** 30);
    this.limits = options.limits ?? defaultLimits;
    this.tolerances = options.tolerances;
    this.streamOptions = options.stream ?? {};
    this.takeoverAfter = options.takeoverAfter ?? 5_000;
    this.audioWait = options.audioWait ?? 25;
    this.maximumStreams = options.maximumStreams ?? 10_000;
    this.maximumPlayers = options.maximumPlayers ?? 10_000;
    this.recordings = options.recordings === undefined ? null : new Recordings(this, options.recordings);
    this.recordAll = options.recordAll ?? false;
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
   * @param address - of the peer, without a port; empty for this machine's own sockets
   * @returns null when the server takes no more connections, in all or from there: it is to be closed.
   */
  open(random: Uint8Array, now: number, address = ""): RelaySession | null {
    if (!this.gate.admits(address, now)) return null;
    const session = new RelaySession(this, random, now, { address });
    this.gate.enter(session, address);
    return session;
  }

  /** Another relay of the same house, which pulls streams by paths instead of names. Otherwise as {@link open}. */
  openLink(random: Uint8Array, now: number): RelaySession {
    return new RelaySession(this, random, now, { isLink: true });
  }

  /**
   * Gets a stream from another relay of the same house, which takes the connection by {@link openLink}.
   *
   * @returns null when the stream has a publisher here.
   */
  pull(path: string, random: Uint8Array, now: number): RelayPull | null {
    const stream = this.find(path);
    if (stream.publisher !== null) return null;
    // There a link says the whole path as its name: see openLink.
    const connect = { app: "", tcUrl: "rtmp://millrace/" };
    return new RelayPull(this, stream, { connect, name: path, random, now }, true);
  }

  /**
   * Makes a session the publisher of a path.
   *
   * @returns the stream; or null when somebody else publishes it and was heard of lately, or the session itself does.
   */
  claim(path: string, session: Publisher, now: number): RelayStream | null {
    const stream = this.find(path);
    if (stream.publisher === session || !this.yields(path, now)) return null;
    stream.publisher = session;
    stream.live.beginPublication();
    return stream;
  }

  /** Frees a path for a publisher here, or at another relay. @returns whether it is free now. */
  yields(path: string, now: number): boolean {
    const stream = this.streams.get(path);
    const holder = stream?.publisher ?? null;
    if (stream === undefined || holder === null) return true;
    if (!holder.givesWay(now)) return false;
    holder.displace(stream);
    return true;
  }

  /** All streams in figures. */
  describe(): StreamInfo[] {
    return [...this.streams.values()].map((stream) => {
      const { path, live, players } = stream;
      const { isPublished, receivedMessages, receivedBytes, keptBytes, droppedMessages, skips } = live;
      const figures = { receivedMessages, receivedBytes, keptBytes, droppedMessages, skips };
      return { path, isPublished, players: players.size, ...figures, tracks: readTracks(stream) };
    });
  }

  /** Streams whose tracks have changed since the last time, to be asked from time to time. */
  takeChangedTracks(): { readonly path: string; readonly tracks: readonly TrackInfo[] }[] {
    const changed: { path: string; tracks: readonly TrackInfo[] }[] = [];
    for (const stream of this.streams.values()) {
      const { live, path, publisher } = stream;
      if (stream.toldChanges === live.configurationChanges) continue;
      stream.toldChanges = live.configurationChanges;
      const tracks = readTracks(stream);
      // Another relay of the house tells it of its own streams.
      if (tracks.length > 0 && publisher?.isLink !== true) changed.push({ path, tracks });
    }
    return changed;
  }

  /** Whether a stream of this path is there, or may be made. */
  hasRoomFor(path: string): boolean {
    return this.streams.has(path) || this.streams.size < this.maximumStreams;
  }

  /** The stream of this path, made if there is none. Whoever asks takes a part in it. */
  find(path: string): RelayStream {
    let stream = this.streams.get(path);
    if (stream === undefined) {
      const live = new LiveStream(this.pool, this.streamOptions);
      stream = { path, live, publisher: null, players: new Set(), links: new Set(), shown: live.next, ...UNTOLD };
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
    const { live } = stream;
    if (stream.shown === live.next) return;
    if (stream.players.size + stream.links.size === 0) {
      stream.shown = live.next;
      return;
    }
    const mayWait = this.audioWait > 0 && live.joinPoint !== null && live.isAudioSince(stream.shown);
    stream.shown = live.next;
    (mayWait ? this.unhurried : this.changed).add(stream);
    // Their own players wait behind them.
    if (mayWait) for (const link of stream.links) link.carrier?.flush();
  }

  /** Has the carriers of sessions send what there is to be sent to them. */
  flush(): void {
    const { changed, unhurried, displaced } = this;
    for (const stream of unhurried) changed.add(stream);
    unhurried.clear();
    for (const { players, links } of changed) {
      for (const link of links) link.carrier?.flush();
      for (const player of players) player.carrier?.flush();
    }
    changed.clear();
    for (const session of displaced) session.carrier?.pump();
    displaced.clear();
  }

  /** Forgets a stream that nobody publishes or plays any more. */
  tidy(stream: RelayStream): void {
    if (stream.publisher !== null || stream.players.size + stream.links.size > 0) return;
    stream.live.close();
    this.streams.delete(stream.path);
  }
}

/** Reads them once after each change. */
function readTracks(stream: RelayStream): readonly TrackInfo[] {
  const { live } = stream;
  if (stream.readChanges !== live.configurationChanges) {
    stream.readChanges = live.configurationChanges;
    stream.tracks = tracksOf(live);
  }
  return stream.tracks;
}
