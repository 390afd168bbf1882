import { ErrorCode } from "../errors.ts";
import { ServerHandshake } from "../handshake/index.ts";
import { LiveStream } from "../live/index.ts";
import { type Command, information, StatusCode, type UserControl, UserControlEvent } from "../message/index.ts";
import type { RecordedStream } from "../recording/index.ts";
import { Capability, capabilitiesOf } from "./abilities.ts";
import { Connection, type ConnectionOptions, NOTHING, type Nothing, type SharedEvent } from "./connection.ts";
import type { MessageStream } from "./message-stream.ts";
import type { Request } from "./requests.ts";
import { type EndedStream, Outcome, ServerCommands } from "./server-commands.ts";

/** What {@link ServerConnection.poll} found. */
export const ConnectionEvent = {
  /** All lent bytes are used up: the caller may reuse them and feed more. */
  NeedData: 0,
  /** The application has not answered `request` yet. Nothing is read until then; lent bytes stay lent. */
  Waiting: 1,
  /** The peer asks for something: see `request`, and answer it by `accept…` or `refuse`. */
  Request: 2,
  /** A whole message for the application: see `message`. */
  Message: 3,
  /** A command that is not known here: see `command`. The next `poll` answers that it failed, unless it was answered. */
  Command: 4,
  /** The peer ended what it did with a message stream: see `ended`. */
  StreamEnded: 5,
  /** A call is answered, or will not be: see `answered`. */
  Answer: 8,
  /** The connection is over; see `error`. What is left to be sent may still be sent, then it is to be closed. */
  Failed: 6,
  /** The peer said goodbye: to be closed likewise. */
  Closed: 7,
} as const;
export type ConnectionEvent = (typeof ConnectionEvent)[keyof typeof ConnectionEvent];

const NO_BLOCK = -1;

/**
 * The server's end of one connection: see {@link Connection} for how to drive it.
 *
 * Media of an accepted publisher goes into its live stream and makes no event. Media of anyone else goes nowhere.
 */
export class ServerConnection extends Connection<ConnectionEvent> {
  private readonly commands: ServerCommands;
  /** Holds bytes that the caller could not keep while the application decides. */
  private stash = NO_BLOCK;
  private playsRecordings = false;
  /** Whether the peer was not read since the last `tick`, because the application decided. */
  private waited = false;

  constructor(options: ConnectionOptions) {
    super(options, new ServerHandshake({ random: options.random, time: options.now }));
    this.commands = new ServerCommands(this.output, this.limits, options.chunkSize ?? 4096, this.calls);
  }

  /** What the peer asks for, after `Request`, until it is answered. */
  get request(): Request | null {
    return this.commands.pending;
  }
  /** After `StreamEnded`. */
  get ended(): EndedStream | null {
    return this.commands.ended;
  }
  /** The app and other facts of the peer, once it was let in. */
  get connected(): ServerCommands["connected"] {
    return this.commands.connected;
  }
  /** The peer's message streams, by id. They do nothing any more once the connection is over. */
  get streams(): ReadonlyMap<number, MessageStream> {
    return this.commands.streams;
  }

  override tick(now: number): void {
    if (this.waited) {
      this.vigil.excuse(now);
      this.waited = this.commands.pending !== null;
    }
    super.tick(now);
  }

  /** As {@link Connection.feed}; the bytes must stay unchanged until `NeedData`, or until {@link keepUnread}. */
  override feed(bytes: Uint8Array, start: number, end: number): void {
    if (this.stash !== NO_BLOCK && !this.isOver && this.parser.unreadBytes === 0) this.dropStash();
    super.feed(bytes, start, end);
  }

  override poll(): ConnectionEvent {
    this.answerUnknownCommand();
    for (;;) {
      if (this.error !== null) return ConnectionEvent.Failed;
      if (this.isClosed) return ConnectionEvent.Closed;
      if (this.commands.pending !== null) {
        this.waited = true;
        return ConnectionEvent.Waiting;
      }
      if (!this.isOpen) return ConnectionEvent.NeedData;
      const event = this.takeLateCall(ConnectionEvent.Answer) ?? this.step();
      if (event !== NOTHING) return event;
    }
  }

  /**
   * Copies what was not read yet of the lent bytes into the pool, for a caller that cannot keep them while the
   * application decides. When the pool has nothing left the connection fails.
   */
  keepUnread(): void {
    const length = this.parser.unreadBytes;
    if (length === 0 || this.stash !== NO_BLOCK) return;
    const block = this.pool.take(length);
    if (block === NO_BLOCK) {
      this.fail(ErrorCode.PoolExhausted, "The buffer pool has nothing left for what the peer sent.");
      return;
    }
    this.parser.copyUnread(this.pool.memory, block);
    this.stash = block;
  }

  /** Lets the peer in, after it asked to connect. */
  acceptConnect(): void {
    this.commands.acceptConnect(this.granted("connect"));
    this.vigil.connected();
  }

  /** Lets the peer publish. @param sink - where its media goes; null makes a `Message` of each. */
  acceptPublish(sink: LiveStream | null): void {
    this.commands.acceptPublish(this.granted("publish"), sink);
    this.expectMedia();
  }

  /** Lets the peer play. A live stream need not have a publisher yet; a recording is closed when it is not played any more. */
  acceptPlay(source: LiveStream | RecordedStream): void {
    if (!(source instanceof LiveStream)) this.playsRecordings = true;
    this.commands.acceptPlay(this.granted("play"), source, this.now);
  }

  /** Tells a peer what becomes of the recording that it asked for when it began to publish. */
  tellRecording(streamId: number, code: string, description: string): void {
    const level = code === StatusCode.RecordFailed ? "error" : "status";
    if (!this.isOver) this.output.sender.status(streamId, information(level, code, description));
  }

  /** Makes a `Command` of `getStreamLength`, which is answered with 0 otherwise: for who has recordings. */
  set knowsLengths(isSo: boolean) {
    this.commands.knowsLengths = isSo;
  }

  /**
   * Says no to what the peer asked for. A peer that was not let in, or that does nothing else, is to be closed then:
   * there are encoders that ignore a refusal.
   *
   * @param description - for the peer's user
   * @param code - see {@link StatusCode}; by default the one that fits the request
   */
  refuse(description: string, code?: string): void {
    const request = this.commands.pending;
    if (request === null) throw new TypeError("There is no request to refuse.");
    this.commands.pending = null;
    this.commands.refuse(request, code ?? refusals[request.kind], description);
    const isIdle = [...this.streams.values()].every((stream) => stream.isIdle);
    if (request.kind === "connect" || isIdle)
      this.end(ErrorCode.Refused, `${request.kind} was refused: ${description}`);
  }

  /** Ends the connection for a reason of the application's: the peer is told, then it is to be closed. */
  dismiss(code: string, description: string): void {
    if (this.isOver) return;
    if (this.connected !== null) this.tell(code, description);
    this.end(ErrorCode.Refused, description);
  }

  /**
   * Asks the peer to connect again when it suits, at a keyframe say, and serves it until then (Enhanced RTMP v2, "Reconnect
   * Request").
   *
   * @param url - of an app, also a relative one; null for where it is connected to
   * @returns whether the peer has said that it understands that; others are not asked.
   */
  requestReconnect(url: string | null): boolean {
    const { connected } = this;
    if (this.isOver || connected === null) return false;
    if ((capabilitiesOf(connected.properties) & Capability.Reconnect) === 0) return false;
    const text = "The server asks to connect again.";
    const more = url === null ? {} : { tcUrl: url };
    this.output.sender.call("onStatus", 0, null, information("status", StatusCode.ConnectReconnectRequest, text, more));
    return true;
  }

  override close(): void {
    super.close();
    if (this.stash !== NO_BLOCK) this.dropStash();
  }

  protected override get isConnected(): boolean {
    return this.commands.connected !== null;
  }

  protected override get mostWaiting(): number {
    const { outgoingBytes, mediaMessageLength } = this.limits;
    // Of a recording one message waits at a time, however long.
    return this.playsRecordings ? outgoingBytes + mediaMessageLength : outgoingBytes;
  }

  protected override begin(): void {}

  protected override targetOf(streamId: number): MessageStream | undefined {
    return this.commands.stream(streamId);
  }

  protected override isMediaData(): boolean {
    return true;
  }

  protected override takeUserControl({ event, value, second }: UserControl): void {
    if (event !== UserControlEvent.SetBufferLength) return;
    const stream = this.streams.get(value);
    if (stream !== undefined) stream.bufferLength = second;
  }

  protected override takeCommand(command: Command, streamId: number): ConnectionEvent | SharedEvent | Nothing {
    switch (this.commands.handle(command, streamId)) {
      case Outcome.Done:
        return NOTHING;
      case Outcome.Request:
        return ConnectionEvent.Request;
      case Outcome.StreamEnded:
        return ConnectionEvent.StreamEnded;
      case Outcome.Unknown:
        this.command = command;
        return ConnectionEvent.Command;
      case Outcome.Answer:
        return ConnectionEvent.Answer;
      case Outcome.Close:
        this.isClosed = true;
        return ConnectionEvent.Closed;
      case Outcome.BeforeConnect:
        this.commands.error(command, "The first command must be connect.");
        // The text ends up in logs: it is short, and has no line breaks.
        return this.fail(ErrorCode.CommandBeforeConnect, `${shown(command.name)} came before connect.`);
      case Outcome.SecondConnect:
        this.commands.error(command, "The connection is there already.");
        return this.fail(ErrorCode.CommandSecondConnect, "A second connect came.");
      case Outcome.NameTooLong:
        return this.fail(ErrorCode.NameLengthLimit, `A name is longer than ${this.limits.nameLength} characters.`);
      case Outcome.Malformed:
        return this.fail(ErrorCode.CommandMalformed, `${command.name} lacks a name.`);
    }
  }

  /** It makes none. */
  protected override giveUp(): Nothing {
    return NOTHING;
  }

  protected override tell(code: string, description: string): void {
    this.output.sender.call("onStatus", 0, null, information("error", code, description));
  }

  protected override letGo(): void {
    super.letGo();
    this.commands.pending = null;
    for (const stream of this.streams.values()) stream.reset();
  }

  private granted<Kind extends Request["kind"]>(kind: Kind): Extract<Request, { kind: Kind }> {
    const request = this.commands.pending;
    if (request?.kind !== kind) throw new TypeError(`There is no request to ${kind} that could be accepted.`);
    this.commands.pending = null;
    return request as Extract<Request, { kind: Kind }>; // its kind was compared
  }

  private dropStash(): void {
    this.pool.give(this.stash);
    this.stash = NO_BLOCK;
  }
}

const SHOWN_LENGTH = 40;

/** A name of the peer's as it may stand in a log. */
function shown(name: string): string {
  return JSON.stringify(name.slice(0, SHOWN_LENGTH));
}

/** What a refusal says unless the application says something else. */
const refusals = {
  connect: StatusCode.ConnectRejected,
  publish: StatusCode.PublishDenied,
  play: StatusCode.PlayFailed,
} as const;
