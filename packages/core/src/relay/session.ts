import {
  ConnectionEvent,
  type PlayRequest,
  type PublishRequest,
  playStart,
  ServerConnection,
} from "../connection/index.ts";
import { type Command, StatusCode } from "../message/index.ts";
import type { RecordingMode } from "../recording/index.ts";
import type { Guest } from "./gate.ts";
import { reasonOf } from "./reason.ts";
import type { OpenedRecording } from "./recordings.ts";
import type { Listener, Publisher, Relay, RelayStream } from "./relay.ts";

/** What a session published or played, at the moment when it ended. */
export interface EndedRole {
  readonly path: string;
  readonly role: "publisher" | "player";
}

/** How many lengths of recordings a peer may ask for at a time. */
const MOST_QUESTIONS = 8;

/** Recordings that a peer may have open at a time, those that wait in playlists included: each is an open file. */
const MOST_RECORDINGS = 16;

/** What is played on a message stream, one or several of a playlist. */
interface PlayedRole {
  readonly paths: string[];
  readonly streams: RelayStream[];
}

/** Who is told that there may be more to be sent than before. */
export interface Outlet {
  flush(): void;
}

/** What moves a session's bytes: an adapter's part. */
export interface Carrier extends Outlet {
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
  private readonly played = new Map<number, PlayedRole>();
  /** What {@link lookUp} found: a recording, or why it cannot be read. */
  private found: OpenedRecording | string | null = null;
  private questions = 0;
  private openRecordings = 0;
  private isClosed = false;

  constructor(relay: Relay, random: Uint8Array, now: number, { address = "", isLink = false }: Origin = {}) {
    this.relay = relay;
    this.address = address;
    this.isLink = isLink;
    const { pool, tolerances, chunkSize } = relay;
    // A path has an app and a name in it.
    const limits = isLink ? { ...relay.limits, nameLength: 2 * relay.limits.nameLength + 1 } : relay.limits;
    const optional = tolerances === undefined ? {} : { tolerances };
    this.connection = new ServerConnection({ pool, random, now, limits, chunkSize, ...optional });
    this.connection.knowsLengths = this.hasRecordings;
  }

  /** How many calls of the peer's may be under way at a time. */
  get mostCalls(): number {
    return this.relay.limits.pendingCalls;
  }

  /** As {@link ServerConnection.poll}; what becomes of streams is looked after here. */
  poll(): ConnectionEvent {
    const { connection } = this;
    const event = connection.poll();
    if (event === ConnectionEvent.StreamEnded) {
      this.endRole(connection.ended?.streamId ?? 0);
    } else if (event === ConnectionEvent.Command && connection.command?.name === "getStreamLength") {
      void this.tellLength(connection.command);
    } else if (event === ConnectionEvent.Request && connection.request?.kind === "play" && connection.request.reset) {
      // Another play on the same message stream replaces the first one, whatever becomes of the request.
      this.endRole(connection.request.streamId);
    } else if (event === ConnectionEvent.NeedData) {
      for (const stream of this.published.values()) this.relay.noteProgress(stream);
    }
    return event;
  }

  /**
   * Looks for the recording that the peer may ask for: to be done before {@link accept}, which does without otherwise.
   *
   * @returns when that is done; null when there is nothing to look for.
   */
  lookUp(): Promise<void> | null {
    const { request } = this.connection;
    const { recordings } = this.relay;
    if (request?.kind !== "play" || recordings === null || !this.hasRecordings) return null;
    const start = playStart(request);
    if (start.kind === "live" || (start.kind === "any" && this.isLive(pathOf(request)))) return null;
    if (this.openRecordings === MOST_RECORDINGS) {
      this.found = `${MOST_RECORDINGS} recordings are open already.`;
      return null;
    }
    this.openRecordings++;
    const closed = (): void => {
      this.openRecordings--;
    };
    return recordings.open(pathOf(request), closed).then(
      (opened) => {
        if (opened === null) closed();
        if (this.connection.request === request) this.found = opened;
        else opened?.recording.close();
      },
      (error: unknown) => {
        closed();
        if (this.connection.request === request) this.found = reasonOf(error);
      },
    );
  }

  /**
   * Grants what the peer asks for. A name that somebody else publishes is refused all the same, and so is what the relay has
   * no room for: see {@link RelayOptions}; and a recording that is not there.
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
    return request.kind === "play" ? this.acceptPlay(request) : this.acceptPublish(request, now);
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
    this.isClosed = true;
    if (this.found !== null && typeof this.found !== "string") this.found.recording.close();
    this.found = null;
    this.connection.close();
    if (!this.isLink) this.relay.gate.leave(this, this.address);
  }

  turnOut(): void {
    this.carrier?.destroy();
  }

  private acceptPublish(request: PublishRequest, now: number): boolean {
    const { connection, relay } = this;
    const path = pathOf(request);
    if (!relay.hasRoomFor(path)) return this.refuse(`The server has ${relay.maximumStreams} streams already.`);
    const stream = relay.claim(path, this, now);
    if (stream === null) return this.refuse(`${path} is published by somebody else.`, StatusCode.PublishBadName);
    this.published.set(request.streamId, stream);
    connection.acceptPublish(stream.live);
    const mode = recordingMode(request.type);
    if (!this.hasRecordings || (mode === null && !relay.recordAll)) return true;
    relay.recordings?.record(stream, mode ?? "record", (code, text) => {
      // Who did not ask for it need not know: encoders are known that take any error for the end.
      if (mode === null) return;
      connection.tellRecording(request.streamId, code, text);
      this.carrier?.flush();
    });
    return true;
  }

  private acceptPlay(request: PlayRequest): boolean {
    const { connection, relay, found } = this;
    const path = pathOf(request);
    this.found = null;
    if (typeof found === "string") return this.refuse(`${path} cannot be read: ${found}`);
    if (found !== null) {
      found.serve(() => this.carrier?.flush());
      connection.acceptPlay(found.recording);
      this.roleOf(request.streamId).paths.push(path);
      return true;
    }
    const start = playStart(request);
    // librtmp says 0 unless it is told that a stream is live.
    const mustBeRecorded = start.kind === "recorded" && (start.time > 0 || !this.isLive(path));
    if (this.hasRecordings && mustBeRecorded) {
      return this.refuse(`There is no recording of ${path}.`, StatusCode.PlayStreamNotFound);
    }
    if (!relay.hasRoomFor(path)) return this.refuse(`The server has ${relay.maximumStreams} streams already.`);
    const stream = relay.find(path);
    const audience = this.audienceOf(stream);
    if (audience.size >= relay.maximumPlayers) return this.refuse(`${path} has ${audience.size} players already.`);
    audience.add(this);
    const role = this.roleOf(request.streamId);
    role.paths.push(path);
    role.streams.push(stream);
    connection.acceptPlay(stream.live);
    return true;
  }

  /** Other relays of the house get live streams only. */
  private get hasRecordings(): boolean {
    return this.relay.recordings !== null && !this.isLink;
  }

  private isLive(path: string): boolean {
    return this.relay.streams.get(path)?.live.isPublished === true || this.relay.isPublishedElsewhere(path);
  }

  private roleOf(streamId: number): PlayedRole {
    let role = this.played.get(streamId);
    if (role === undefined) {
      role = { paths: [], streams: [] };
      this.played.set(streamId, role);
    }
    return role;
  }

  private async tellLength(command: Command): Promise<void> {
    const { connection, relay } = this;
    const [name] = command.arguments;
    const app = connection.connected?.app ?? "";
    connection.defer(command);
    if (typeof name !== "string" || name.length > relay.limits.nameLength || this.questions === MOST_QUESTIONS) {
      connection.answerError(command, "This cannot be told.");
      return;
    }
    this.questions++;
    const seconds = await relay.recordings?.lengthOf(pathOf({ app, name: name.split("?")[0] ?? "" }));
    this.questions--;
    if (this.isClosed) return;
    connection.answer(command, seconds ?? 0);
    this.carrier?.flush();
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
      const others = new Set([...this.played.values()].flatMap(({ streams }) => streams));
      for (const stream of played.streams) {
        if (!others.has(stream)) this.audienceOf(stream).delete(this);
        this.relay.tidy(stream);
      }
      for (const path of played.paths) this.ended.push({ path, role: "player" });
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

/** What `publish` asks for by its type; null for a live stream. */
function recordingMode(type: string): RecordingMode | null {
  return type === "record" || type === "append" ? type : null;
}
