import type { AmfValue } from "../amf/index.ts";
import type { BufferPool } from "../bytes/index.ts";
import {
  Assembly,
  ChunkEvent,
  ChunkParser,
  type ChunkTolerances,
  defaultTolerances,
  MessageAssembler,
  MessageType,
} from "../chunk/index.ts";
import { ErrorCode, errorName, ProtocolError } from "../errors.ts";
import { HandshakeEvent, ServerHandshake } from "../handshake/index.ts";
import { defaultLimits, type Limits } from "../limits.ts";
import type { LiveStream } from "../live/index.ts";
import {
  type Command,
  DataKind,
  information,
  readCommand,
  readDataHead,
  StatusCode,
  UserControlEvent,
} from "../message/index.ts";
import { ControlDuties, ControlOutcome } from "./control-duties.ts";
import { MediaIntake } from "./media-intake.ts";
import type { MessageStream } from "./message-stream.ts";
import { Output } from "./output.ts";
import { RateLimit } from "./rate-limit.ts";
import type { Request } from "./requests.ts";
import { type EndedStream, Outcome, ServerCommands } from "./server-commands.ts";
import { Vigil } from "./vigil.ts";

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
  /** The connection is over; see `error`. What is left to be sent may still be sent, then it is to be closed. */
  Failed: 6,
  /** The peer said goodbye: to be closed likewise. */
  Closed: 7,
} as const;
export type ConnectionEvent = (typeof ConnectionEvent)[keyof typeof ConnectionEvent];

/** No event: `poll` goes on. */
const NOTHING = -1;
const NO_BLOCK = -1;

export interface ServerConnectionOptions {
  /** Memory for everything that this connection holds; may be shared by all of them. */
  pool: BufferPool;
  /** At least 1528 random bytes for the handshake; copied. */
  random: Uint8Array;
  /** The time of the first byte, in milliseconds of the clock that `tick` is given. */
  now: number;
  limits?: Readonly<Limits>;
  tolerances?: Readonly<ChunkTolerances>;
  /** The chunk size that is sent. It must be that of the live streams which the peer may play. Default 4096. */
  chunkSize?: number;
}

/** A whole message, as it came. Its payload is bytes[start, end), valid until the next `poll` or `feed`. */
export interface ReceivedMessage {
  messageType: number;
  messageStreamId: number;
  timestamp: number;
  bytes: Uint8Array;
  start: number;
  end: number;
}

/**
 * The server's end of one connection: handshake, flow control, commands, message streams. It opens no socket and reads no
 * clock: `feed` it what came and `poll` it until NeedData; write what `output.lend()` shows; call `tick` at `deadline`.
 *
 * Media of an accepted publisher goes into its live stream and makes no event. Media of anyone else goes nowhere.
 */
export class ServerConnection {
  readonly output: Output;
  /** What the peer asks for, after `Request`, until it is answered. */
  get request(): Request | null {
    return this.commands.pending;
  }
  /** After `Message`. */
  readonly message: ReceivedMessage;
  /** After `Command`. */
  command: Command | null = null;
  /** After `StreamEnded`. */
  get ended(): EndedStream | null {
    return this.commands.ended;
  }
  /** Why it failed. */
  error: ProtocolError | null = null;

  private readonly limits: Readonly<Limits>;
  private readonly pool: BufferPool;
  private readonly parser: ChunkParser;
  private readonly assembler: MessageAssembler;
  private readonly commands: ServerCommands;
  private readonly duties: ControlDuties;
  private readonly intake = new MediaIntake();
  private readonly vigil: Vigil;
  private readonly emptyMessages: RateLimit;
  private handshake: ServerHandshake | null;
  /** Whether the chunk stream has begun. */
  private isOpen = false;
  private isClosed = false;
  /** Holds bytes that the caller could not keep while the application decides. */
  private stash = NO_BLOCK;
  /** Whether the peer was not read since the last `tick`, because the application decided. */
  private waited = false;
  private now: number;

  constructor(options: ServerConnectionOptions) {
    const { pool, random, now, limits = defaultLimits, tolerances = defaultTolerances, chunkSize = 4096 } = options;
    this.pool = pool;
    this.limits = limits;
    this.now = now;
    this.output = new Output(pool);
    this.parser = new ChunkParser({ limits, tolerances });
    this.assembler = new MessageAssembler(pool, limits);
    this.assembler.maximumHeldBytes = limits.partialMessageBytesBeforePublish;
    this.commands = new ServerCommands(this.output, limits, chunkSize);
    this.duties = new ControlDuties(this.output.sender, limits);
    this.vigil = new Vigil(limits, now);
    this.emptyMessages = new RateLimit(limits.emptyMessagesPerSecond);
    this.handshake = new ServerHandshake({ random, time: now });
    this.output.first = this.handshake;
    this.message = { messageType: 0, messageStreamId: 0, timestamp: 0, bytes: pool.memory, start: 0, end: 0 };
  }

  /** The app and other facts of the peer, once it was let in. */
  get connected(): ServerCommands["connected"] {
    return this.commands.connected;
  }
  /** The peer's message streams, by id. They do nothing any more once the connection is over. */
  get streams(): ReadonlyMap<number, MessageStream> {
    return this.commands.streams;
  }
  /** Bytes received since the handshake. */
  get receivedBytes(): number {
    return this.duties.flow.received;
  }
  /** The time of the last `tick` before bytes came. */
  get lastReceived(): number {
    return this.vigil.lastReceived;
  }
  /** When `tick` has something to do at the latest, if nothing is received before. */
  get deadline(): number {
    return this.vigil.deadline;
  }

  /** Says what time it is, in milliseconds of a monotonic clock. To be called before `feed`, and at `deadline`. */
  tick(now: number): void {
    this.now = now;
    if (this.waited) {
      this.vigil.excuse(now);
      this.waited = this.commands.pending !== null;
    }
    if (this.isOver) return;
    const late = this.vigil.check(now, this.output.sender);
    if (late !== null) this.fail(late.code, late.text);
  }

  /**
   * Lends bytes[start, end). They must stay unchanged until `poll` answers `NeedData`, or until {@link keepUnread}.
   *
   * @throws RangeError when the bytes lent before are not used up, or when the range does not lie inside.
   */
  feed(bytes: Uint8Array, start: number, end: number): void {
    if (this.isOver) return;
    if (this.stash !== NO_BLOCK && this.parser.unreadBytes === 0) this.dropStash();
    this.vigil.received(this.now);
    if (this.handshake !== null && !this.isOpen) this.shakeHands(this.handshake, bytes, start, end);
    else this.feedParser(bytes, start, end);
  }

  /** Does the work up to the next event, whose fields are valid until the next `poll` or `feed`. */
  poll(): ConnectionEvent {
    this.answerUnknownCommand();
    for (;;) {
      if (this.error !== null) return ConnectionEvent.Failed;
      if (this.isClosed) return ConnectionEvent.Closed;
      if (this.commands.pending !== null) {
        this.waited = true;
        return ConnectionEvent.Waiting;
      }
      if (!this.isOpen) return ConnectionEvent.NeedData;
      const event = this.step();
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
    this.commands.acceptConnect(this.answered("connect"));
    this.vigil.connected();
  }

  /** Lets the peer publish. @param sink - where its media goes; null makes a `Message` of each. */
  acceptPublish(sink: LiveStream | null): void {
    this.commands.acceptPublish(this.answered("publish"), sink);
    this.assembler.maximumHeldBytes = this.limits.partialMessageBytes;
  }

  /** Lets the peer play. The stream need not have a publisher yet. */
  acceptPlay(source: LiveStream): void {
    this.commands.acceptPlay(this.answered("play"), source);
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

  /** Answers a command. May come later, if the command was {@link defer}red. */
  answer(command: Command, value: AmfValue): void {
    this.defer(command);
    this.commands.result(command, value);
  }

  /** Answers that a command failed. */
  answerError(command: Command, description: string): void {
    this.defer(command);
    this.commands.error(command, description);
  }

  /** Says that a command will be answered later, or not at all. */
  defer(command: Command): void {
    if (this.command === command) this.command = null;
  }

  /** Ends the connection for a reason of the application's: the peer is told, then it is to be closed. */
  dismiss(code: string, description: string): void {
    if (this.isOver) return;
    if (this.connected !== null) this.tell(code, description);
    this.end(ErrorCode.Refused, description);
  }

  /** Gives all memory back, after the socket was closed. */
  close(): void {
    this.isClosed = true;
    this.letGo();
    this.output.close();
    if (this.stash !== NO_BLOCK) this.dropStash();
  }

  private get isOver(): boolean {
    return this.error !== null || this.isClosed;
  }

  private shakeHands(handshake: ServerHandshake, bytes: Uint8Array, start: number, end: number): void {
    handshake.feed(bytes, start, end);
    const event = handshake.poll();
    if (event === HandshakeEvent.Failed) {
      this.error = handshake.error;
      this.output.first = null;
    } else if (event === HandshakeEvent.Done) {
      this.isOpen = true;
      this.handshake = null;
      this.output.firstIsDone = true;
      this.vigil.handshakeFinished(this.now);
      this.feedParser(bytes, start + handshake.position, end);
    }
  }

  private feedParser(bytes: Uint8Array, start: number, end: number): void {
    this.parser.feed(bytes, start, end);
    this.duties.receive(end - start);
  }

  /** One event of the chunk parser. */
  private step(): ConnectionEvent | typeof NOTHING {
    const { parser } = this;
    const event = parser.poll();
    if (event === ChunkEvent.Payload) return this.takeSpan();
    if (event === ChunkEvent.NeedData) {
      if (this.connected === null && parser.offset > this.limits.bytesBeforeConnect) {
        return this.fail(ErrorCode.BytesBeforeConnectLimit, `${parser.offset} bytes came, but no connect.`);
      }
      return this.unlessOverfull(ConnectionEvent.NeedData);
    }
    if (event === ChunkEvent.Aborted) {
      this.vigil.abort(parser.slot);
      this.assembler.abort(parser.slot);
      this.intake.abort(parser.slot);
      return NOTHING;
    }
    return this.failWith(parser.error);
  }

  private takeSpan(): ConnectionEvent | typeof NOTHING {
    const { parser, assembler } = this;
    const { messageType } = parser;
    this.vigil.span(parser.slot, parser.isLast, this.now);
    if (parser.messageLength === 0 && !this.emptyMessages.allows(this.now)) {
      return this.fail(ErrorCode.EmptyMessageRateLimit, "Too many empty messages in a second.");
    }
    if (messageType === MessageType.Audio || messageType === MessageType.Video) {
      // Only the first span decides where the message goes.
      const stream = parser.payloadOffset === 0 ? this.commands.stream(parser.messageStreamId) : undefined;
      if (this.intake.take(parser, stream)) {
        if (this.intake.strayBytes <= this.limits.strayMediaBytes) return NOTHING;
        return this.fail(ErrorCode.MediaWithoutPublish, "Too much media for streams that are not published here.");
      }
    }
    const assembly = assembler.add(parser);
    if (assembly === Assembly.Incomplete) return NOTHING;
    if (assembly === Assembly.Failed) return this.failWith(assembler.error);
    return this.unlessOverfull(this.takeMessage(messageType));
  }

  private unlessOverfull(event: ConnectionEvent | typeof NOTHING): ConnectionEvent | typeof NOTHING {
    if (this.error !== null || this.output.waitingBytes <= this.limits.outgoingBytes) return event;
    return this.fail(ErrorCode.OutgoingBytesLimit, "The peer does not read what it asked for.");
  }

  private takeMessage(messageType: number): ConnectionEvent | typeof NOTHING {
    switch (messageType) {
      case MessageType.SetChunkSize:
      case MessageType.Abort:
      case MessageType.Acknowledgement:
      case MessageType.UserControl:
      case MessageType.WindowAcknowledgementSize:
      case MessageType.SetPeerBandwidth:
        return this.takeControl(messageType);
      case MessageType.CommandAmf0:
      case MessageType.CommandAmf3:
        return this.takeCommand(messageType === MessageType.CommandAmf3);
    }
    // Nothing else of a peer passes before it was let in.
    if (this.connected === null) return NOTHING;
    if (messageType === MessageType.DataAmf0 && this.takeData()) return NOTHING;
    const { parser, assembler, message } = this;
    message.messageType = messageType;
    message.messageStreamId = parser.messageStreamId;
    message.timestamp = parser.timestamp;
    message.bytes = assembler.bytes;
    message.start = assembler.start;
    message.end = assembler.end;
    return ConnectionEvent.Message;
  }

  private takeControl(messageType: number): ConnectionEvent | typeof NOTHING {
    const { bytes, start, end } = this.assembler;
    const outcome = this.duties.handle(messageType, bytes, start, end, this.now);
    if (outcome === ControlOutcome.Truncated) {
      const text = `A protocol control message of type ${messageType} has only ${end - start} bytes.`;
      return this.fail(ErrorCode.ControlMessageTruncated, text);
    }
    if (outcome === ControlOutcome.TooMany) {
      return this.fail(ErrorCode.ControlRateLimit, "Too many control messages in a second.");
    }
    const { event } = this.duties;
    if (event?.event === UserControlEvent.SetBufferLength) {
      const stream = this.streams.get(event.value);
      if (stream !== undefined) stream.bufferLength = event.second;
    }
    return NOTHING;
  }

  private takeCommand(isAmf3Kind: boolean): ConnectionEvent | typeof NOTHING {
    const { bytes, start, end } = this.assembler;
    const command = readCommand(bytes, start, end, isAmf3Kind, this.limits);
    if (command instanceof ProtocolError) return this.failWith(command);
    switch (this.commands.handle(command, this.parser.messageStreamId)) {
      case Outcome.Done:
        return NOTHING;
      case Outcome.Request:
        return ConnectionEvent.Request;
      case Outcome.StreamEnded:
        return ConnectionEvent.StreamEnded;
      case Outcome.Unknown:
        this.command = command;
        return ConnectionEvent.Command;
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

  /** Passes a publisher's data message on to its live stream. @returns false when it is for the application. */
  private takeData(): boolean {
    const { parser } = this;
    const sink = this.commands.stream(parser.messageStreamId)?.sink ?? null;
    if (sink === null) return false;
    const { bytes, start, end } = this.assembler;
    const head = readDataHead(bytes, start, end, this.limits);
    const isMetadata = head.handler === "onMetaData";
    if (head.kind === DataKind.ClearDataFrame) {
      if (isMetadata) sink.setMetadata(null);
      return true;
    }
    // Encoders wrap other messages in @setDataFrame as well (FFmpeg |RtmpSampleAccess): these do not replace metadata.
    if (isMetadata) sink.setMetadata(bytes.slice(head.start, end));
    if (head.start < end) sink.push(MessageType.DataAmf0, parser.timestamp, bytes, head.start, end);
    return true;
  }

  private answerUnknownCommand(): void {
    if (this.command === null) return;
    this.commands.error(this.command, `There is no method ${this.command.name}.`);
    this.command = null;
  }

  private answered<Kind extends Request["kind"]>(kind: Kind): Extract<Request, { kind: Kind }> {
    const request = this.commands.pending;
    if (request?.kind !== kind) throw new TypeError(`There is no request to ${kind} that could be accepted.`);
    this.commands.pending = null;
    return request as Extract<Request, { kind: Kind }>; // its kind was compared
  }

  private failWith(error: ProtocolError | null): ConnectionEvent {
    return error === null ? ConnectionEvent.Failed : this.fail(error.code, error.message);
  }

  /** The peer broke the protocol: it is told what was wrong, and nothing more is read. */
  private fail(code: ErrorCode, text: string): ConnectionEvent {
    if (this.isOpen) this.tell(StatusCode.CallFailed, `${errorName(code)}: ${text}`);
    return this.end(code, text);
  }

  private tell(code: string, description: string): void {
    this.output.sender.call("onStatus", 0, null, information("error", code, description));
  }

  private end(code: ErrorCode, text: string): ConnectionEvent {
    this.error = new ProtocolError(code, text, this.parser.offset);
    this.letGo();
    return ConnectionEvent.Failed;
  }

  private letGo(): void {
    this.commands.pending = null;
    this.command = null;
    for (const stream of this.streams.values()) stream.reset();
    this.intake.close();
    this.assembler.close();
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
