import {
  AmfObject,
  type AmfValue,
  CallError,
  ClientConnection,
  type ClientConnectionOptions,
  ClientEvent,
  type ClientStream,
  limitsWith,
  MessageType,
  MethodCalls,
  type ReceivedMessage,
  SharedObjectClient,
  type Status,
  StatusCode,
  type Welcome,
} from "@millrace/core";
import type { Client } from "./client.ts";
import { ClientError, connectionError, statusError } from "./client-error.ts";
import { Deferred, orAbort } from "./deferred.ts";
import type { Abortable, ClientOptions, CloseOptions, Message, PlayerOptions, PublisherOptions } from "./options.ts";
import { Playback, type PlaybackHost } from "./playback.ts";
import { type Publisher, type PublisherHost, StreamPublisher } from "./publisher.ts";
import { type ClientSharedObject, OpenSharedObject, type SharedObjectOptions } from "./shared-object.ts";
import type { Transport, TransportListener } from "./transport.ts";

const WRITE_BYTES = 65_536;
const HIGH_WATER_MARK = 2 ** 20;
/** How often deadlines are looked at, in milliseconds. */
const TICK = 250;
/** How long a connection that is over may take to be closed, in milliseconds. */
const FAREWELL = 2_000;

/** What servers say when they end a connection. */
const dismissals: ReadonlySet<string> = new Set([
  StatusCode.ConnectAppShutdown,
  "NetConnection.Connect.Closed",
  "NetConnection.Connect.IdleTimeOut",
]);
/** The same of one that they do not want; also where it was granted before (SRS's redirects). */
const rejections: ReadonlySet<string> = new Set([StatusCode.ConnectRejected, StatusCode.ConnectInvalidApp]);

/** Carries the bytes of one transport to and from a client connection. */
export class ClientSession implements Client, TransportListener, PublisherHost, PlaybackHost {
  readonly highWaterMark: number;
  readonly closed: Promise<void>;
  error: ClientError | null = null;
  private readonly options: ClientOptions;
  private readonly url: string;
  private readonly connection: ClientConnection;
  private readonly transport: Transport;
  private readonly opening: Deferred<void> = new Deferred();
  private readonly publishers: Map<ClientStream, StreamPublisher> = new Map();
  private readonly playbacks: Map<ClientStream, Playback> = new Map();
  private readonly calls: MethodCalls<Client>;
  private readonly shared: SharedObjectClient;
  /** The shared objects that are in use, by name. */
  private readonly objects: Map<string, OpenSharedObject> = new Map();
  /** Who waits until all is written: nothing more is queued meanwhile. */
  private flushes: Deferred<void>[] = [];
  private readonly outgoing: Uint8Array = new Uint8Array(WRITE_BYTES);
  private isWriting = false;
  /** Whether nothing more can be written. */
  private hasEnded = false;
  private isClosed = false;
  private readonly closing: Deferred<void> = new Deferred();
  /** Runs only while the transport is read, as that alone makes time pass: so it keeps no process alive by itself. */
  private ticker: ReturnType<typeof setInterval> | undefined;
  private farewell: ReturnType<typeof setTimeout> | undefined;
  /** When reading was paused; null while it is not. */
  private pausedAt: number | null = null;
  private pausedFor = 0;

  constructor(transport: Transport, options: ClientOptions, connection: Omit<ClientConnectionOptions, "now">) {
    this.transport = transport;
    this.options = options;
    this.highWaterMark = options.highWaterMark ?? HIGH_WATER_MARK;
    this.url = connection.connect.tcUrl;
    this.connection = new ClientConnection({ ...connection, now: this.now() });
    this.calls = new MethodCalls<Client>(this.connection, {
      methods: options.methods ?? {},
      caller: this,
      most: limitsWith(options.limits ?? {}).pendingCalls,
      onAnswered: () => this.flush(),
      onFault: (error) => options.onMethodFault?.(error),
    });
    this.shared = new SharedObjectClient(limitsWith(options.limits ?? {}));
    this.closed = this.closing.promise;
    transport.start(this);
    this.startTicking();
    this.flush();
  }

  get welcome(): Welcome | null {
    return this.connection.welcome;
  }

  /** Settles when the server has let the client in; else the transport is closed first. */
  async opened(signal: AbortSignal): Promise<void> {
    try {
      await orAbort(this.opening.promise, signal, () => {});
    } catch (error) {
      this.transport.destroy();
      await this.closed;
      throw error;
    }
  }

  async publish(name: string, { type, signal }: PublisherOptions = {}): Promise<Publisher> {
    this.check(signal);
    const stream = this.connection.publish(name, type);
    const publisher = new StreamPublisher(this, stream);
    this.publishers.set(stream, publisher);
    this.flush();
    await orAbort(publisher.started.promise, signal, () => publisher.abandon());
    return publisher;
  }

  async *play(name: string, options: PlayerOptions = {}): AsyncGenerator<Message, void, void> {
    const { signal } = options;
    this.check(signal);
    const stream = this.connection.play(name, null, options);
    const playback = new Playback(this, stream);
    this.playbacks.set(stream, playback);
    this.flush();
    try {
      for (;;) {
        const message = await playback.next(signal);
        if (message === undefined) return;
        yield message;
      }
    } finally {
      playback.finish(null);
      this.playbacks.delete(stream);
      this.resume();
      this.flush();
    }
  }

  async call(name: string, values: readonly AmfValue[] = [], { signal }: Abortable = {}): Promise<AmfValue> {
    this.check(signal);
    const answer = this.calls.call(name, values).catch((error: unknown) => {
      throw error instanceof CallError ? this.callError(error) : error;
    });
    this.flush();
    return orAbort(answer, signal, () => {});
  }

  sharedObject(
    name: string,
    { persistent = false, onNotice = () => {} }: SharedObjectOptions = {},
  ): ClientSharedObject {
    this.check(undefined);
    if (this.objects.has(name)) throw new TypeError(`The shared object ${name} is open already.`);
    const remote = this.shared.open(name, persistent);
    const object = new OpenSharedObject(remote, onNotice, () => {
      if (remote.isClosed) this.objects.delete(name);
      this.share();
    });
    this.objects.set(name, object);
    this.share();
    return object;
  }

  async close({ deadline = FAREWELL, signal }: CloseOptions = {}): Promise<void> {
    this.finish(new ClientError("closed", "The client was closed."));
    this.cutAfter(deadline);
    await orAbort(this.closed, signal, () => this.transport.destroy()).catch(() => this.closed);
  }

  get waitingBytes(): number {
    return this.connection.output.waitingBytes;
  }

  get hasRoom(): boolean {
    return this.error === null && this.flushes.length === 0 && this.waitingBytes < this.highWaterMark;
  }

  flush(): void {
    if (this.isWriting || this.hasEnded) return;
    const length = this.connection.output.transmit(this.outgoing, 0, WRITE_BYTES);
    if (length > 0) {
      this.isWriting = true;
      this.transport.write(this.outgoing.subarray(0, length));
      return;
    }
    for (const flush of this.flushes.splice(0)) flush.resolve();
    if (this.error === null) return;
    this.hasEnded = true;
    this.transport.end();
  }

  flushed(): Promise<void> {
    if (this.isClosed) return Promise.reject(this.error);
    const flush = new Deferred<void>();
    this.flushes.push(flush);
    this.flush();
    return flush.promise;
  }

  forget(stream: ClientStream): void {
    this.publishers.delete(stream);
  }

  resume(): void {
    if (this.pausedAt === null || (this.error === null && this.isBehind)) return;
    this.pausedFor += performance.now() - this.pausedAt;
    this.pausedAt = null;
    if (this.error === null) this.startTicking();
    this.transport.resume();
  }

  handleBytes(bytes: Uint8Array, start: number, end: number): void {
    if (this.error !== null) return;
    this.connection.tick(this.now());
    this.connection.feed(bytes, start, end);
    this.pump();
  }

  handleWritten(): void {
    this.isWriting = false;
    for (const publisher of this.publishers.values()) publisher.advance();
    this.flush();
  }

  handleEnd(): void {
    this.finish(new ClientError("lost", "The server closed the connection."));
  }

  handleClose(error: Error | null): void {
    this.isClosed = true;
    this.hasEnded = true;
    const text = `The connection broke${error === null ? "" : `: ${error.message}`}.`;
    this.finish(new ClientError("lost", text, error === null ? {} : { cause: error }));
    for (const flush of this.flushes.splice(0)) flush.reject(this.error);
    clearTimeout(this.farewell);
    this.connection.close();
    this.closing.resolve();
  }

  /** Whether a player has not fetched what came. */
  private get isBehind(): boolean {
    return [...this.playbacks.values()].some(({ isFull }) => isFull);
  }

  /** Stands still while nothing is read: that is not the server's silence. */
  private now(): number {
    return (this.pausedAt ?? performance.now()) - this.pausedFor;
  }

  /** @throws what keeps anything from being begun. */
  private check(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    if (this.error !== null) throw this.error;
  }

  private startTicking(): void {
    this.ticker = setInterval(() => this.tick(), TICK);
  }

  private tick(): void {
    this.connection.tick(this.now());
    this.pump();
  }

  private pump(): void {
    while (this.error === null && this.step());
    if (this.pausedAt === null && this.error === null && this.isBehind) {
      this.pausedAt = performance.now();
      clearInterval(this.ticker);
      this.transport.pause();
    }
    this.flush();
  }

  /** @returns whether there may be more to do. */
  private step(): boolean {
    const { connection } = this;
    const event = connection.poll();
    for (const playback of this.playbacks.values()) playback.notice();
    switch (event) {
      case ClientEvent.NeedData:
        return false;
      case ClientEvent.Connected:
        this.shared.connected();
        this.opening.resolve();
        return true;
      case ClientEvent.Status:
        if (connection.status !== null) this.handleStatus(connection.status);
        return true;
      case ClientEvent.Message:
        this.takeMessage(connection.message);
        return true;
      case ClientEvent.Command:
        this.calls.takeCommand();
        return true;
      case ClientEvent.Answer:
        this.calls.takeAnswer();
        return true;
      case ClientEvent.Failed:
        if (connection.error !== null) this.finish(connectionError(connection.error, connection.refusal));
        return false;
      case ClientEvent.Closed:
        this.finish(new ClientError("lost", "The server ended the connection."));
        return false;
    }
  }

  private takeMessage(message: ReceivedMessage): void {
    const { messageType, messageStreamId, bytes, start, end } = message;
    if (messageType !== MessageType.SharedObjectAmf0 && messageType !== MessageType.SharedObjectAmf3) {
      this.playbackOf(messageStreamId)?.take(message);
      return;
    }
    const error = this.shared.receive(messageType, bytes, start, end);
    if (error !== null) this.connection.breakOff(error);
    for (const object of [...this.objects.values()]) object.tell();
    this.share();
  }

  /** Sends what shared objects have to say. */
  private share(): void {
    for (const { messageType, payload } of this.shared.takeMessages()) {
      this.connection.sendSharedObject(messageType, payload);
    }
    this.flush();
  }

  /** FFmpeg's server puts media on message stream 0: then it is of the only stream there is. */
  private playbackOf(streamId: number): Playback | undefined {
    const { streams } = this.connection;
    const [only] = streamId === 0 && streams.size === 1 ? streams.values() : [];
    const stream = streams.get(streamId) ?? only;
    return stream && this.playbacks.get(stream);
  }

  private handleStatus(status: Status): void {
    const { stream, code, information } = status;
    if (stream !== null) {
      this.publishers.get(stream)?.handleStatus(status);
      this.playbacks.get(stream)?.handleStatus(status);
    }
    this.options.onStatus?.(status);
    if (code === StatusCode.ConnectReconnectRequest) {
      const url = information.get("tcUrl");
      const next = typeof url === "string" && URL.canParse(url, this.url) ? new URL(url, this.url).href : this.url;
      this.options.onReconnectRequest?.(next, status);
    }
    if (dismissals.has(code)) this.finish(statusError("lost", "The server ended the connection", status));
    if (rejections.has(code)) this.finish(statusError("refused", "The server refused the connection", status));
  }

  private callError({ outcome, message, value }: CallError): ClientError {
    if (outcome === "lost" && this.error !== null) return this.error;
    const kind = outcome === "error" ? "refused" : outcome;
    return new ClientError(kind, message, value instanceof AmfObject ? { information: value } : {});
  }

  /** The connection is over: what is queued is sent, then the transport is closed. */
  private finish(error: ClientError): void {
    if (this.error !== null) return;
    this.error = error;
    clearInterval(this.ticker);
    this.opening.reject(error);
    this.calls.close();
    this.share();
    this.shared.disconnected();
    for (const object of this.objects.values()) object.tell();
    for (const publisher of [...this.publishers.values()]) publisher.fail(error);
    for (const playback of this.playbacks.values()) playback.finish(error);
    this.connection.leave();
    this.resume();
    this.cutAfter(FAREWELL);
    this.flush();
  }

  private cutAfter(deadline: number): void {
    clearTimeout(this.farewell);
    if (!this.isClosed) this.farewell = setTimeout(() => this.transport.destroy(), deadline);
  }
}
