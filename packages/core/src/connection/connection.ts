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
import { type Handshake, HandshakeEvent } from "../handshake/index.ts";
import { defaultLimits, type Limits } from "../limits.ts";
import { AggregateReader, type Command, readCommand, StatusCode, type UserControl } from "../message/index.ts";
import { type Answer, type Call, Calls, Purpose } from "./calls.ts";
import { ControlDuties, ControlOutcome } from "./control-duties.ts";
import { passData } from "./data-intake.ts";
import { MediaIntake, type MediaTarget } from "./media-intake.ts";
import { Output } from "./output.ts";
import { RateLimit } from "./rate-limit.ts";
import { ChunkStream } from "./sender.ts";
import { Vigil } from "./vigil.ts";

/** What `poll` of either end may find: these numbers mean the same in the events of both. */
export const SharedEvent = {
  /** All lent bytes are used up: the caller may reuse them and feed more. */
  NeedData: 0,
  /** A whole message for the application: see `message`. */
  Message: 3,
  /** The connection is over; see `error`. What is left to be sent may still be sent, then it is to be closed. */
  Failed: 6,
  /** The peer said goodbye: to be closed likewise. */
  Closed: 7,
} as const;
export type SharedEvent = (typeof SharedEvent)[keyof typeof SharedEvent];

/** No event: `poll` goes on. */
export const NOTHING = -1;
export type Nothing = typeof NOTHING;

export interface ConnectionOptions {
  /** Memory for everything that this connection holds; may be shared by all of them. */
  pool: BufferPool;
  /** At least 1528 random bytes for the handshake; copied. */
  random: Uint8Array;
  /** The time of the first byte, in milliseconds of the clock that `tick` is given. */
  now: number;
  limits?: Readonly<Limits>;
  tolerances?: Readonly<ChunkTolerances>;
  /** The chunk size that is sent. Of a server it must be that of the live streams which the peer may play. Default 4096. */
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
 * What both ends of a connection do: the handshake, chunks into whole messages, media into live streams, flow control,
 * time. It opens no socket and reads no clock: `feed` it what came and `poll` it until NeedData; write what
 * `output.lend()` shows; call `tick` at `deadline`.
 *
 * The ends differ in what commands mean to them, and in their events.
 */
export abstract class Connection<Event extends number> {
  readonly output: Output;
  /** After `Message`. */
  readonly message: ReceivedMessage;
  /** After `Command`. */
  command: Command | null = null;
  /** Why it failed. */
  error: ProtocolError | null = null;

  protected readonly limits: Readonly<Limits>;
  protected readonly pool: BufferPool;
  protected readonly parser: ChunkParser;
  protected readonly vigil: Vigil;
  protected readonly calls: Calls;
  /** Whether the chunk stream has begun. */
  protected isOpen = false;
  protected isClosed = false;
  protected now: number;
  private readonly assembler: MessageAssembler;
  private readonly duties: ControlDuties;
  private readonly intake = new MediaIntake();
  /** What is left of the aggregate message that came last. */
  private readonly parts: AggregateReader;
  private readonly emptyMessages: RateLimit;
  private handshake: Handshake | null;

  constructor(options: ConnectionOptions, handshake: Handshake) {
    const { pool, now, limits = defaultLimits, tolerances = defaultTolerances } = options;
    this.pool = pool;
    this.limits = limits;
    this.now = now;
    this.output = new Output(pool);
    this.parser = new ChunkParser({ limits, tolerances });
    this.assembler = new MessageAssembler(pool, limits);
    this.assembler.maximumHeldBytes = limits.partialMessageBytesBeforePublish;
    this.duties = new ControlDuties(this.output.sender, limits);
    this.vigil = new Vigil(limits, now);
    this.calls = new Calls(limits, now);
    this.parts = new AggregateReader(limits);
    this.emptyMessages = new RateLimit(limits.emptyMessagesPerSecond);
    this.handshake = handshake;
    this.output.first = handshake;
    this.message = { messageType: 0, messageStreamId: 0, timestamp: 0, bytes: pool.memory, start: 0, end: 0 };
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
    return Math.min(this.vigil.deadline, this.calls.deadline, this.output.deadline);
  }
  /** After `Answer`. */
  get answered(): Answer | null {
    return this.calls.answer;
  }

  /** Says what time it is, in milliseconds of a monotonic clock. To be called before `feed`, and at `deadline`. */
  tick(now: number): void {
    this.now = now;
    this.calls.now = now;
    if (this.isOver) return;
    const late = this.vigil.check(now, this.output.sender);
    if (late !== null) this.fail(late.code, late.text);
    else if (this.output.isTooSlow(now)) this.fail(ErrorCode.PlayerTooSlow, "The peer takes media too slowly.");
  }

  /**
   * Lends bytes[start, end). They must stay unchanged until `poll` answers `NeedData`.
   *
   * @throws RangeError when the bytes lent before are not used up, or when the range does not lie inside.
   */
  feed(bytes: Uint8Array, start: number, end: number): void {
    if (this.isOver) return;
    this.vigil.received(this.now);
    if (this.handshake !== null) this.shakeHands(this.handshake, bytes, start, end);
    else this.feedParser(bytes, start, end);
  }

  /** Does the work up to the next event, whose fields are valid until the next `poll` or `feed`. */
  abstract poll(): Event;

  /**
   * Calls a method of the peer's application. What becomes of it comes as `Answer`, within the limit `callTimeout`; not at all
   * when the connection ends before.
   *
   * @returns its transaction id; 0 when as many calls wait as the limit `pendingCalls` allows: nothing was sent then.
   * @throws TypeError before `connect` was granted.
   */
  call(name: string, ...values: readonly AmfValue[]): number {
    this.checkConnected();
    const { calls } = this;
    if (this.isOver || calls.isFull) return 0;
    const transactionId = calls.expect(Purpose.Application, name, null);
    this.output.sender.call(name, transactionId, null, ...values);
    return transactionId;
  }

  /** Sends a shared object message (types 19 and 16). Nobody changes the payload any more. */
  sendSharedObject(messageType: number, payload: Uint8Array): void {
    if (!this.isOver) this.output.sender.message(ChunkStream.Connection, messageType, 0, 0, payload);
  }

  /** The peer broke the protocol in a message that was handed out: it is told so, and the next `poll` answers `Failed`. */
  breakOff(error: ProtocolError): void {
    if (!this.isOver) this.failWith(error);
  }

  /** Answers a command. May come later, if the command was {@link defer}red. */
  answer(command: Command, value: AmfValue): void {
    this.defer(command);
    this.output.sender.result(command.transactionId, value);
  }

  /** Answers that a command failed. */
  answerError(command: Command, description: string): void {
    this.defer(command);
    this.output.sender.error(command.transactionId, description);
  }

  /** Says that a command will be answered later, or not at all. */
  defer(command: Command): void {
    if (this.command === command) this.command = null;
  }

  /** Gives all memory back, after the socket was closed. */
  close(): void {
    this.isClosed = true;
    this.letGo();
    this.output.close();
  }

  /** Whether `connect` was granted: nothing but commands and control passes before. */
  protected abstract readonly isConnected: boolean;
  /** The most that may wait to be sent before the peer counts as one that does not read. */
  protected abstract readonly mostWaiting: number;
  /** The message stream that a message on this id is about. */
  protected abstract targetOf(streamId: number): MediaTarget | undefined;
  protected abstract takeCommand(command: Command, streamId: number): Event | SharedEvent | Nothing;
  protected abstract takeUserControl(event: UserControl): void;
  /** Whether a data message of this handler is a publisher's, as media is, not one of the peer's own. */
  protected abstract isMediaData(handler: string): boolean;
  /** Says to the peer, if it can be said, why nothing more is read. */
  protected abstract tell(code: string, description: string): void;
  /** The handshake is done. */
  protected abstract begin(): void;

  /** A call of the connection's own was not answered in time. */
  protected abstract giveUp(call: Call): Event | Nothing;

  /** @throws TypeError before `connect` was granted. */
  protected checkConnected(): void {
    if (!this.isConnected) throw new TypeError("Wait until connect was granted before you ask for anything.");
  }

  /** Gives up a call that was not answered in time, if there is one. @param answer - the event of the application's calls */
  protected takeLateCall(answer: Event): Event | Nothing | null {
    const late = this.calls.takeLate();
    if (late === undefined) return null;
    if (late.purpose !== Purpose.Application) return this.giveUp(late);
    this.calls.answer = { transactionId: late.transactionId, outcome: "timeout", value: undefined };
    return answer;
  }

  protected get isOver(): boolean {
    return this.error !== null || this.isClosed;
  }

  /** To be called by `poll`: a command that the application left alone is answered that it failed. */
  protected answerUnknownCommand(): void {
    if (this.command === null) return;
    this.output.sender.error(this.command.transactionId, `There is no method ${this.command.name}.`);
    this.command = null;
  }

  /** From now on the peer may send media in earnest. */
  protected expectMedia(): void {
    this.assembler.maximumHeldBytes = this.limits.partialMessageBytes;
  }

  /** What came too late for a stream that was closed does not count any more. */
  protected forgiveStrayMedia(): void {
    this.intake.strayBytes = 0;
  }

  /** One event of the chunk parser. */
  protected step(): Event | SharedEvent | Nothing {
    const { parser, parts } = this;
    if (parts.next()) return this.takePart();
    const event = parser.poll();
    if (event === ChunkEvent.Payload) return this.takeSpan();
    if (event === ChunkEvent.NeedData) {
      if (!this.isConnected && parser.offset > this.limits.bytesBeforeConnect) {
        return this.fail(ErrorCode.BytesBeforeConnectLimit, `${parser.offset} bytes came, but nothing is connected.`);
      }
      return this.unlessOverfull(SharedEvent.NeedData);
    }
    if (event === ChunkEvent.Aborted) {
      this.vigil.abort(parser.slot);
      this.assembler.abort(parser.slot);
      this.intake.abort(parser.slot);
      return NOTHING;
    }
    return this.failWith(parser.error);
  }

  protected failWith(error: ProtocolError | null): typeof SharedEvent.Failed {
    return error === null ? SharedEvent.Failed : this.fail(error.code, error.message);
  }

  /** The peer broke the protocol: it is told what was wrong, and nothing more is read. */
  protected fail(code: ErrorCode, text: string): typeof SharedEvent.Failed {
    if (this.isOpen) this.tell(StatusCode.CallFailed, `${errorName(code)}: ${text}`);
    return this.end(code, text);
  }

  protected end(code: ErrorCode, text: string): typeof SharedEvent.Failed {
    this.error = new ProtocolError(code, text, this.parser.offset);
    this.letGo();
    return SharedEvent.Failed;
  }

  /** Lets go of what only a living connection needs. */
  protected letGo(): void {
    this.command = null;
    this.parts.drop();
    this.intake.close();
    this.assembler.close();
  }

  private shakeHands(handshake: Handshake, bytes: Uint8Array, start: number, end: number): void {
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
      this.begin();
      this.feedParser(bytes, start + handshake.position, end);
    }
  }

  private feedParser(bytes: Uint8Array, start: number, end: number): void {
    this.parser.feed(bytes, start, end);
    this.duties.receive(end - start);
  }

  private takeSpan(): Event | SharedEvent | Nothing {
    const { parser, assembler } = this;
    const { messageType } = parser;
    this.vigil.span(parser.slot, parser.isLast, this.now);
    if (parser.messageLength === 0 && !this.emptyMessages.allows(this.now)) {
      return this.tooManyEmpty();
    }
    if (messageType === MessageType.Audio || messageType === MessageType.Video) {
      // Only the first span decides where the message goes.
      const stream = parser.payloadOffset === 0 ? this.targetNow(parser.messageStreamId) : undefined;
      if (this.intake.take(parser, stream)) return this.unlessTooMuchStrays();
    }
    const assembly = assembler.add(parser);
    if (assembly === Assembly.Incomplete) return NOTHING;
    if (assembly === Assembly.Failed) return this.failWith(assembler.error);
    return this.unlessOverfull(this.takeMessage(messageType));
  }

  private tooManyEmpty(): typeof SharedEvent.Failed {
    return this.fail(ErrorCode.EmptyMessageRateLimit, "Too many empty messages in a second.");
  }

  private unlessTooMuchStrays(): typeof SharedEvent.Failed | Nothing {
    if (this.intake.strayBytes <= this.limits.strayMediaBytes) return NOTHING;
    return this.fail(ErrorCode.MediaWithoutPublish, "Too much media for streams that take none.");
  }

  private unlessOverfull(event: Event | SharedEvent | Nothing): Event | SharedEvent | Nothing {
    if (this.error !== null || this.output.waitingBytes <= this.mostWaiting) return event;
    return this.fail(ErrorCode.OutgoingBytesLimit, "The peer does not read what it asked for.");
  }

  private takeMessage(messageType: number): Event | SharedEvent | Nothing {
    const { parser, assembler, message } = this;
    switch (messageType) {
      case MessageType.SetChunkSize:
      case MessageType.Abort:
      case MessageType.Acknowledgement:
      case MessageType.UserControl:
      case MessageType.WindowAcknowledgementSize:
      case MessageType.SetPeerBandwidth:
        return this.takeControl(messageType);
      case MessageType.CommandAmf0:
      case MessageType.CommandAmf3: {
        const { bytes, start, end } = assembler;
        const command = readCommand(bytes, start, end, messageType === MessageType.CommandAmf3, this.limits);
        if (command instanceof ProtocolError) return this.failWith(command);
        return this.takeCommand(command, parser.messageStreamId);
      }
    }
    // Nothing else of a peer passes before.
    if (!this.isConnected) return NOTHING;
    message.messageType = messageType;
    message.messageStreamId = parser.messageStreamId;
    message.timestamp = parser.timestamp;
    message.bytes = assembler.bytes;
    message.start = assembler.start;
    message.end = assembler.end;
    if (messageType === MessageType.Aggregate) {
      this.parts.reset(assembler.bytes, assembler.start, assembler.end, parser.timestamp);
      return NOTHING;
    }
    const isData = messageType === MessageType.DataAmf0 || messageType === MessageType.DataAmf3;
    return isData && this.takeData() ? NOTHING : SharedEvent.Message;
  }

  /** One message of an aggregate: what is no media means nothing there. */
  private takePart(): Event | SharedEvent | Nothing {
    const { parts, message } = this;
    const { messageType, start, end } = parts;
    const isMedia = messageType === MessageType.Audio || messageType === MessageType.Video;
    if (!isMedia && messageType !== MessageType.DataAmf0) return NOTHING;
    if (start === end && !this.emptyMessages.allows(this.now)) return this.tooManyEmpty();
    message.messageType = messageType;
    message.timestamp = parts.timestamp;
    message.start = start;
    message.end = end;
    if (!isMedia) return this.takeData() ? NOTHING : SharedEvent.Message;
    const target = this.targetNow(message.messageStreamId);
    if (target?.takesMedia !== true) {
      this.intake.strayBytes += end - start;
      return this.unlessTooMuchStrays();
    }
    const sink = target.openSink();
    if (sink === null) return SharedEvent.Message;
    sink.push(messageType, parts.timestamp, parts.bytes, start, end);
    return NOTHING;
  }

  private takeControl(messageType: number): typeof SharedEvent.Failed | Nothing {
    const { bytes, start, end } = this.assembler;
    const outcome = this.duties.handle(messageType, bytes, start, end, this.now);
    if (outcome === ControlOutcome.Truncated) {
      const text = `A protocol control message of type ${messageType} has only ${end - start} bytes.`;
      return this.fail(ErrorCode.ControlMessageTruncated, text);
    }
    if (outcome === ControlOutcome.TooMany) {
      return this.fail(ErrorCode.ControlRateLimit, "Too many control messages in a second.");
    }
    if (this.duties.event !== null) this.takeUserControl(this.duties.event);
    return NOTHING;
  }

  /** The same as {@link targetOf}, whose live stream is told the time. */
  private targetNow(streamId: number): MediaTarget | undefined {
    const target = this.targetOf(streamId);
    if (target !== undefined && target.sink !== null) target.sink.now = this.now;
    return target;
  }

  /** @returns false when it is for the application. */
  private takeData(): boolean {
    const { message } = this;
    return passData(message, this.targetNow(message.messageStreamId), (name) => this.isMediaData(name), this.limits);
  }
}
