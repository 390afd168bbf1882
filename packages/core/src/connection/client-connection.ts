import { AmfObject } from "../amf/index.ts";
import { MessageType } from "../chunk/index.ts";
import { ErrorCode } from "../errors.ts";
import { ClientHandshake } from "../handshake/index.ts";
import type { LiveStream } from "../live/index.ts";
import { type Command, type UserControl, UserControlEvent } from "../message/index.ts";
import { type Call, CONNECT_TRANSACTION } from "./calls.ts";
import { authenticationQuery, type Credentials } from "./client-authentication.ts";
import { ClientCommands, ClientOutcome, type Status, type Welcome } from "./client-commands.ts";
import { type ConnectOptions, connectObject } from "./client-connect.ts";
import { PlayedStream, type PlayOptions } from "./client-played-stream.ts";
import { PublishedStream, type PublishType } from "./client-published-stream.ts";
import type { ClientStream } from "./client-stream.ts";
import { Connection, type ConnectionOptions, NOTHING, type Nothing, type SharedEvent } from "./connection.ts";
import { USUAL_WINDOW } from "./flow-control.ts";

/** What {@link ClientConnection.poll} found. */
export const ClientEvent = {
  /** All lent bytes are used up: the caller may reuse them and feed more. */
  NeedData: 0,
  /** The server let the client in: see `welcome`. Streams may be played and published now. */
  Connected: 1,
  /** The server says what became of a stream, or something of the connection: see `status`. */
  Status: 2,
  /** A whole message for the application: see `message`. */
  Message: 3,
  /** The server calls a method: see `command`. The next `poll` answers that it failed, unless it was answered. */
  Command: 4,
  /** A call is answered, or will not be: see `answered`. */
  Answer: 5,
  /** The connection is over; see `error`, and `refusal` when the server did not let the client in. */
  Failed: 6,
  /** Either end said goodbye. What is left to be sent may still be sent, then it is to be closed. */
  Closed: 7,
} as const;
export type ClientEvent = (typeof ClientEvent)[keyof typeof ClientEvent];

export interface ClientConnectionOptions extends ConnectionOptions {
  connect: ConnectOptions;
  /** Begin with a handshake that has a digest, as Adobe's servers want it for H.264. Default false. */
  digest?: boolean;
  /** For servers that ask for them by Adobe's or Limelight's scheme: see {@link Refusal.query}. */
  credentials?: Credentials;
}

/** Why the server did not let the client in. */
export interface Refusal {
  readonly code: string;
  readonly description: string;
  /** Where to connect instead: the URL of a redirect (`ex.code` 302); null when it is none. */
  readonly redirect: string | null;
  /**
   * With which {@link ConnectOptions.query} to try again, on a new connection, to be let in by the credentials; null when
   * the server did not ask for them, or did not take them. It takes two rounds.
   */
  readonly query: string | null;
  /** All that was said. */
  readonly information: AmfObject;
}

const REDIRECT = 302;
/** What the server itself says to a player in data messages, beside what comes from the publisher. */
const serverHandlers: ReadonlySet<string> = new Set(["|RtmpSampleAccess", "onStatus", "onPlayStatus"]);

/**
 * The client's end of one connection: see {@link Connection} for how to drive it. It connects by itself; after
 * `Connected` {@link play} and {@link publish} make streams.
 *
 * Media of a played stream goes into its live stream and makes no event. Calls that are under way when the connection
 * ends are not answered any more.
 *
 * @example
 * const client = new ClientConnection({ pool, random, now, connect: { app: "live", tcUrl: "rtmp://host/live" } });
 * // after Connected:
 * const stream = client.play("name", live);
 * // Status with NetStream.Play.Start: stream.state is Active; with an error: Ended
 */
export class ClientConnection extends Connection<ClientEvent> {
  /** After `Failed`, when the server did not let the client in. */
  refusal: Refusal | null = null;
  private readonly commands: ClientCommands;
  private readonly options: ClientConnectionOptions;

  constructor(options: ClientConnectionOptions) {
    const { random, now, digest = false } = options;
    super(options, new ClientHandshake({ random, time: now, digest }));
    this.options = options;
    this.commands = new ClientCommands(this.output, this.limits, this.calls);
  }

  /** What the server said of itself, once it let the client in. */
  get welcome(): Welcome | null {
    return this.commands.welcome;
  }
  /** After `Status`. */
  get status(): Status | null {
    return this.commands.status;
  }
  /** The message streams that the server has created and that have not ended, by id. */
  get streams(): ReadonlyMap<number, ClientStream> {
    return this.commands.streams;
  }

  override poll(): ClientEvent {
    this.answerUnknownCommand();
    for (;;) {
      if (this.error !== null) return ClientEvent.Failed;
      if (this.isClosed) return ClientEvent.Closed;
      if (!this.isOpen) return ClientEvent.NeedData;
      const event = this.takeLateCall(ClientEvent.Answer) ?? this.step();
      if (event !== NOTHING) return event;
    }
  }

  /**
   * Plays a stream. What became of it comes as `Status`.
   *
   * @param sink - where its media goes; null makes a `Message` of each.
   * @throws TypeError before `Connected`.
   */
  play(name: string, sink: LiveStream | null, options: PlayOptions = {}): PlayedStream {
    this.checkConnected();
    this.expectMedia();
    this.forgiveStrayMedia();
    return this.created(new PlayedStream(this.commands, name, sink, options));
  }

  /**
   * Publishes a stream. What became of it comes as `Status`.
   *
   * @param name - may have a query, such as a key
   * @param source - what to publish, of the same chunk size as this connection's; null for what the stream is given to
   *   `send`
   * @throws TypeError before `Connected`.
   */
  publish(name: string, type: PublishType = "live", source: LiveStream | null = null): PublishedStream {
    this.checkConnected();
    return this.created(new PublishedStream(this.commands, name, type, source));
  }

  /** Ends all streams. What is left to be sent is to be sent, then the connection is to be closed. */
  leave(): void {
    if (this.isOver) return;
    for (const stream of [...this.streams.values()]) stream.close();
    this.isClosed = true;
    this.letGo();
  }

  protected override get isConnected(): boolean {
    return this.commands.welcome !== null;
  }

  /** What the application sends has a share of its own: waiting for a slow server is no fault of the server's. */
  protected override get mostWaiting(): number {
    const { outgoingBytes, mediaMessageLength } = this.limits;
    return outgoingBytes + Math.max(outgoingBytes, mediaMessageLength);
  }

  protected override begin(): void {
    const { connect } = this.options;
    this.output.sender.call("connect", CONNECT_TRANSACTION, connectObject(connect), ...(connect.arguments ?? []));
  }

  protected override targetOf(streamId: number): ClientStream | undefined {
    return this.commands.stream(streamId);
  }

  protected override isMediaData(handler: string): boolean {
    return !serverHandlers.has(handler);
  }

  protected override takeUserControl({ event, value }: UserControl): void {
    if (event === UserControlEvent.StreamEof) this.commands.stream(value)?.endOfMedia();
  }

  protected override takeCommand(command: Command, streamId: number): ClientEvent | SharedEvent | Nothing {
    const outcome = this.commands.handle(command, streamId);
    if (outcome === ClientOutcome.Unknown) this.command = command;
    return this.eventOf(outcome);
  }

  protected override giveUp(call: Call): ClientEvent | Nothing {
    return this.eventOf(this.commands.handleLate(call));
  }

  /** A server is told nothing of what is wrong with it. */
  protected override tell(): void {}

  protected override letGo(): void {
    super.letGo();
    this.commands.close();
  }

  private eventOf(outcome: ClientOutcome): ClientEvent | Nothing {
    switch (outcome) {
      case ClientOutcome.Done:
        return NOTHING;
      case ClientOutcome.Connected:
        this.connected();
        return ClientEvent.Connected;
      case ClientOutcome.Refused:
        return this.refused();
      case ClientOutcome.Status:
        return ClientEvent.Status;
      case ClientOutcome.Answer:
        return ClientEvent.Answer;
      case ClientOutcome.Unknown:
        return ClientEvent.Command;
      case ClientOutcome.Close:
        this.isClosed = true;
        this.letGo();
        return ClientEvent.Closed;
    }
  }

  private connected(): void {
    this.vigil.connected();
    const { sender, writer } = this.output;
    // A server that says 3 to who did not ask for it is wrong.
    const agreed = this.welcome?.information.get("objectEncoding");
    sender.usesAmf3 = this.options.connect.objectEncoding === 3 && agreed === 3;
    sender.control(MessageType.WindowAcknowledgementSize, USUAL_WINDOW);
    writer.announceChunkSize(this.options.chunkSize ?? 4096);
  }

  private refused(): ClientEvent {
    const { refused } = this.commands;
    if (refused === null) return this.fail(ErrorCode.ConnectRefused, "The server did not let us in.");
    const { code, description, information } = refused;
    const { connect, credentials } = this.options;
    const query = credentials === undefined ? null : authenticationQuery(description, credentials, connect.app);
    this.refusal = { code, description, redirect: redirectOf(information), query, information };
    return this.fail(ErrorCode.ConnectRefused, `connect was refused: ${description || code}`);
  }

  private created<Stream extends ClientStream>(stream: Stream): Stream {
    if (this.isOver) stream.end();
    else stream.create();
    return stream;
  }
}

/**
 * Where a server sends its client: SRS's and Adobe's way is an error whose `ex` has the code 302.
 *
 * @returns a URL of an app; null when it is no redirect.
 */
export function redirectOf(answer: AmfObject): string | null {
  const ex = answer.get("ex");
  if (!(ex instanceof AmfObject) || ex.get("code") !== REDIRECT) return null;
  const url = ex.get("redirect");
  return typeof url === "string" ? url : null;
}
