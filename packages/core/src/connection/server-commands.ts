import { AmfObject, type AmfValue } from "../amf/index.ts";
import { MessageType } from "../chunk/index.ts";
import type { Limits } from "../limits.ts";
import { LiveStream } from "../live/index.ts";
import type { Abilities } from "../media/index.ts";
import {
  BandwidthLimit,
  type Command,
  information,
  peerBandwidthPayload,
  StatusCode,
  UserControlEvent,
} from "../message/index.ts";
import { RecordedStream } from "../recording/index.ts";
import { abilitiesOf, EVERY_CAPABILITY } from "./abilities.ts";
import type { Calls } from "./calls.ts";
import { USUAL_WINDOW } from "./flow-control.ts";
import { MessageStream } from "./message-stream.ts";
import type { Output } from "./output.ts";
import { Playback } from "./playback.ts";
import type { PlaylistItem } from "./playlist-item.ts";
import { LONGEST_PLAYLIST, Program, playStarted } from "./program.ts";
import { RecordedPlayback } from "./recorded-playback.ts";
import {
  type ConnectRequest,
  connectRequest,
  type PlayRequest,
  type PublishRequest,
  play2Request,
  playDuration,
  playRequest,
  playStart,
  publishRequest,
  type Request,
} from "./requests.ts";
import { ChunkStream } from "./sender.ts";

/** What a command led to. */
export const Outcome = {
  /** It is answered. */
  Done: 0,
  /** The application must decide: see `pending`. */
  Request: 1,
  /** It is none of those known here: the application's. */
  Unknown: 2,
  /** The peer ended what it did with `ended`. */
  StreamEnded: 3,
  /** A command before `connect`. */
  BeforeConnect: 4,
  /** A second `connect`. */
  SecondConnect: 5,
  /** A name is longer than the limit `nameLength`. */
  NameTooLong: 6,
  /** The peer says goodbye. */
  Close: 7,
  /** It lacks an argument without which it means nothing. */
  Malformed: 8,
  /** A call of the application's is answered. */
  Answer: 9,
} as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/** A message stream at the moment when the peer ended what it did with it. */
export interface EndedStream {
  readonly streamId: number;
  readonly name: string;
  readonly wasPublishing: boolean;
  readonly sink: LiveStream | null;
}

/** What Flash Media Server 3 said of itself, and what clients know: see the answer of nginx-rtmp and FFmpeg. */
const SERVER_PROPERTIES = { fmsVer: "FMS/3,0,1,123", capabilities: 31 };

/** A server forwards every codec (Enhanced RTMP v2, "Enhancing NetConnection connect Command"). */
const FORWARD = 4;

/** What a client that knows of Enhanced RTMP is told of this server; others may not like what they do not know. */
function enhancements(): Record<string, AmfValue> {
  const any = AmfObject.of({ "*": FORWARD });
  return { capsEx: EVERY_CAPABILITY, videoFourCcInfoMap: any, audioFourCcInfoMap: any };
}

/** Whether a client has said anything of Enhanced RTMP. */
function isEnhanced(properties: AmfObject): boolean {
  const names = ["capsEx", "fourCcList", "videoFourCcInfoMap", "audioFourCcInfoMap"];
  return names.some((name) => properties.get(name) !== undefined);
}

/**
 * The commands of RTMP 7.2 on the server's side, and those that encoders and players send by custom: what each asks
 * for, what it is answered, and which message streams there are.
 */
export class ServerCommands {
  /** What the peer asked to connect to, once it was let in. */
  connected: ConnectRequest | null = null;
  /** What the application has to decide. */
  pending: Request | null = null;
  /** What the peer ended last, as it was before. */
  ended: EndedStream | null = null;
  /** Whether the application says how long streams are: see `getStreamLength`. */
  knowsLengths = false;
  readonly streams: Map<number, MessageStream> = new Map();

  private readonly output: Output;
  private readonly limits: Readonly<Limits>;
  private readonly chunkSize: number;
  private readonly calls: Calls;
  private pendingTransaction = 0;

  constructor(output: Output, limits: Readonly<Limits>, chunkSize: number, calls: Calls) {
    this.output = output;
    this.limits = limits;
    this.chunkSize = chunkSize;
    this.calls = calls;
  }

  /** @param streamId - the message stream on which the command came. */
  handle(command: Command, streamId: number): Outcome {
    if (command.name === "connect") return this.connect(command);
    if (this.connected === null) return Outcome.BeforeConnect;
    switch (command.name) {
      case "createStream":
        return this.createStream(command);
      case "publish":
        return this.publish(command, streamId, this.connected.app);
      case "play":
        return this.play(command, streamId, this.connected.app);
      case "releaseStream":
        return this.result(command, undefined);
      case "FCPublish":
        this.result(command, undefined);
        return this.announce("onFCPublish", StatusCode.PublishStart, command);
      case "FCUnpublish":
        return this.unpublish(command);
      case "FCSubscribe":
        return this.announce("onFCSubscribe", StatusCode.PlayStart, command);
      case "FCUnsubscribe":
        return this.announce("onFCUnsubscribe", StatusCode.PlayStop, command);
      case "getStreamLength":
        return this.knowsLengths ? Outcome.Unknown : this.result(command, 0);
      case "_checkbw":
        return this.result(command, undefined);
      case "deleteStream":
        return this.deleteStream(command);
      case "closeStream":
        return this.endStream(this.stream(streamId));
      case "pause":
      case "pauseRaw":
        return this.pause(command, this.stream(streamId));
      case "seek":
        return this.seek(command, this.stream(streamId));
      case "play2":
        return this.play2(command, streamId, this.connected.app);
      case "receiveAudio":
      case "receiveVideo":
        return this.receive(command, this.stream(streamId));
      case "close":
        return Outcome.Close;
      case "_result":
        return this.answer(command, "result");
      case "_error":
        return this.answer(command, "error");
      default:
        return Outcome.Unknown;
    }
  }

  /** Lets the peer in (RTMP 7.2.1.1). */
  acceptConnect(request: ConnectRequest): void {
    const { sender, writer } = this.output;
    this.connected = request;
    sender.control(MessageType.WindowAcknowledgementSize, USUAL_WINDOW);
    const bandwidth = peerBandwidthPayload(USUAL_WINDOW, BandwidthLimit.Dynamic);
    sender.message(ChunkStream.Control, MessageType.SetPeerBandwidth, 0, 0, bandwidth);
    sender.userControl(UserControlEvent.StreamBegin, 0);
    // Before the first answer that is longer than the initial chunk size: clients are known that misread it otherwise.
    writer.announceChunkSize(this.chunkSize);
    // The specification does not say in which of the two objects they stand.
    const more = isEnhanced(request.properties) ? enhancements() : {};
    const usesAmf3 = request.properties.get("objectEncoding") === 3;
    const facts = { objectEncoding: usesAmf3 ? 3 : 0, ...more };
    const answer = information("status", StatusCode.ConnectSuccess, "Connection succeeded.", facts);
    sender.call("_result", this.pendingTransaction, AmfObject.of({ ...SERVER_PROPERTIES, ...more }), answer);
    // From the answer on: the client has not agreed before.
    sender.usesAmf3 = usesAmf3;
    // Old clients wait for it before they create a stream.
    sender.call("onBWDone", 0, null);
  }

  /** @param sink - where the media goes; null hands each message to the application. */
  acceptPublish(request: PublishRequest, sink: LiveStream | null): void {
    const stream = this.streams.get(request.streamId);
    if (stream === undefined) return;
    stream.name = request.name;
    stream.isPublishing = true;
    stream.sink = sink;
    const { sender } = this.output;
    sender.userControl(UserControlEvent.StreamBegin, stream.id);
    sender.status(stream.id, information("status", StatusCode.PublishStart, `${request.name} is now published.`));
  }

  /** @param now - of the connection's clock, in milliseconds */
  acceptPlay(request: PlayRequest, source: LiveStream | RecordedStream, now: number): void {
    const stream = this.streams.get(request.streamId);
    if (stream === undefined) {
      if (source instanceof RecordedStream) source.close();
      return;
    }
    const abilities = abilitiesOf(this.connected?.properties ?? new AmfObject(), request.query);
    const item = itemFor(request, source, stream, abilities);
    if (stream.program === null) this.begin(stream, item, request, now);
    else this.arrange(stream.program, item, request);
  }

  /** Says no to what is pending. */
  refuse(request: Request, code: string, description: string): void {
    const { sender } = this.output;
    const answer = information("error", code, description);
    if (request.kind === "connect") sender.call("_error", this.pendingTransaction, null, answer);
    else sender.status(request.streamId, answer);
  }

  /** The answer to a command: its result. */
  result(command: Command, value: AmfValue): Outcome {
    this.output.sender.result(command.transactionId, value);
    return Outcome.Done;
  }

  /** The answer to a command: that it failed. */
  error(command: Command, description: string): Outcome {
    this.output.sender.error(command.transactionId, description);
    return Outcome.Done;
  }

  /** The stream that a message on this id is about; on id 0 the only one there is, as some clients send it. */
  stream(streamId: number): MessageStream | undefined {
    if (streamId !== 0 || this.streams.size !== 1) return this.streams.get(streamId);
    return this.streams.values().next().value;
  }

  private connect(command: Command): Outcome {
    if (this.connected !== null) return Outcome.SecondConnect;
    this.pendingTransaction = command.transactionId;
    const request = connectRequest(command);
    if (request === null) {
      const answer = information("error", StatusCode.ConnectInvalidApp, "connect names no app.");
      this.output.sender.call("_error", command.transactionId, null, answer);
      return Outcome.Malformed;
    }
    return this.ask(request, request.app + request.query);
  }

  private createStream(command: Command): Outcome {
    if (this.streams.size === this.limits.messageStreams) {
      return this.error(command, `There are ${this.streams.size} streams already, as many as one connection may have.`);
    }
    let id = 1;
    while (this.streams.has(id)) id++;
    this.streams.set(id, new MessageStream(id));
    return this.result(command, id);
  }

  private publish(command: Command, streamId: number, app: string): Outcome {
    const stream = this.stream(streamId);
    if (stream === undefined) return this.noStream(command, streamId);
    const request = publishRequest(command, app, stream.id);
    if (request === null) return this.malformed(stream, StatusCode.PublishBadName, "publish names no stream.");
    if (!stream.isIdle) {
      const text = `This message stream is in use for ${stream.name}.`;
      this.output.sender.status(stream.id, information("error", StatusCode.PublishBadName, text));
      return Outcome.Done;
    }
    return this.ask(request, request.name + request.query);
  }

  /** The order of answers is that of SRS and Flash Media Server; players take any. */
  private begin(stream: MessageStream, item: PlaylistItem, request: PlayRequest, now: number): void {
    const { sender } = this.output;
    const { name } = item;
    stream.name = name;
    item.begin(sender, now);
    if (request.reset) {
      sender.status(stream.id, information("status", StatusCode.PlayReset, `Playing and resetting ${name}.`));
    }
    sender.status(stream.id, playStarted(name));
    sender.data(stream.id, "|RtmpSampleAccess", true, true);
    stream.program = new Program(stream.id, item, now);
    this.output.add(stream.program);
  }

  /** Something is played already. */
  private arrange(program: Program, item: PlaylistItem, { transition, oldName, streamId }: PlayRequest): void {
    if (transition === "switch") program.switchTo(item);
    else if (transition === "swap") program.swap(oldName, item);
    else program.append(item);
    if (transition === null) return;
    const facts = { details: item.name, reason: StatusCode.TransitionSuccess };
    const text = `${item.name} is to follow.`;
    this.output.sender.status(streamId, information("status", StatusCode.PlayTransition, text, facts));
  }

  private play(command: Command, streamId: number, app: string): Outcome {
    const stream = this.stream(streamId);
    if (stream === undefined) return this.noStream(command, streamId);
    const request = playRequest(command, app, stream.id);
    return this.askToPlay(stream, request);
  }

  private askToPlay(stream: MessageStream, request: PlayRequest | null): Outcome {
    if (request === null) return this.malformed(stream, StatusCode.PlayStreamNotFound, "play names no stream.");
    if (stream.isPublishing) {
      const text = `This message stream is in use for ${stream.name}.`;
      this.output.sender.status(stream.id, information("error", StatusCode.PlayFailed, text));
      return Outcome.Done;
    }
    if (request.reset) stream.reset();
    if (stream.program?.isFull === true) {
      const text = `${LONGEST_PLAYLIST} streams wait to be played already.`;
      this.output.sender.status(stream.id, information("error", StatusCode.PlayFailed, text));
      return Outcome.Done;
    }
    return this.ask(request, request.name + request.query);
  }

  private unpublish(command: Command): Outcome {
    const [name] = command.arguments;
    this.announce("onFCUnpublish", StatusCode.UnpublishSuccess, command);
    this.result(command, undefined);
    const path = typeof name === "string" ? (name.split("?")[0] ?? "") : "";
    const stream = [...this.streams.values()].find((candidate) => candidate.isPublishing && candidate.name === path);
    return this.endStream(stream);
  }

  private deleteStream(command: Command): Outcome {
    const [id] = command.arguments;
    const stream = typeof id === "number" ? this.streams.get(id) : undefined;
    const outcome = this.endStream(stream);
    if (stream !== undefined) this.streams.delete(stream.id);
    return outcome;
  }

  private endStream(stream: MessageStream | undefined): Outcome {
    if (stream === undefined || stream.isIdle) return Outcome.Done;
    const { id, name, sink, isPublishing } = stream;
    this.ended = { streamId: id, name, wasPublishing: isPublishing, sink };
    stream.reset();
    if (isPublishing) {
      const text = `${name} is no longer published.`;
      this.output.sender.status(id, information("status", StatusCode.UnpublishSuccess, text));
    }
    return Outcome.StreamEnded;
  }

  private pause(command: Command, stream: MessageStream | undefined): Outcome {
    const program = stream?.program ?? null;
    if (stream === undefined || program === null) return Outcome.Done;
    const { sender } = this.output;
    const isPause = command.arguments[0] === true;
    program.pause(isPause);
    // As nginx-rtmp and Flash Media Server say it of recordings.
    const event = isPause ? UserControlEvent.StreamEof : UserControlEvent.StreamBegin;
    const code = isPause ? StatusCode.PauseNotify : StatusCode.UnpauseNotify;
    const answer = information("status", code, `${stream.name}: ${code}.`);
    if (program.recorded === null) {
      sender.status(stream.id, answer);
      return Outcome.Done;
    }
    program.tell(sender, (next) => {
      next.userControl(event, stream.id);
      next.status(stream.id, answer);
    });
    return Outcome.Done;
  }

  /** RTMP 7.2.2.8; the order is that of Flash Media Server. */
  private seek(command: Command, stream: MessageStream | undefined): Outcome {
    if (stream === undefined) return Outcome.Done;
    const { sender } = this.output;
    const [time] = command.arguments;
    const recorded = stream.program?.recorded ?? null;
    if (typeof time !== "number" || stream.program === null || recorded === null) {
      const text = `${stream.name || "The stream"} is live: there is nowhere to seek to.`;
      sender.status(stream.id, information("error", StatusCode.SeekFailed, text));
    } else if (stream.program.seek(time)) {
      stream.program.tell(sender, (next) => {
        next.userControl(UserControlEvent.StreamEof, stream.id);
        next.userControl(UserControlEvent.StreamIsRecorded, stream.id);
        next.userControl(UserControlEvent.StreamBegin, stream.id);
        next.status(stream.id, information("status", StatusCode.SeekNotify, `Seeking ${time} ms.`));
        next.status(stream.id, playStarted(stream.name));
      });
    } else {
      const details = recorded.duration / 1000;
      const text = `${stream.name} has ${details} s.`;
      sender.status(stream.id, information("error", StatusCode.SeekInvalidTime, text, { details }));
    }
    return Outcome.Done;
  }

  private play2(command: Command, streamId: number, app: string): Outcome {
    const stream = this.stream(streamId);
    if (stream === undefined) return this.noStream(command, streamId);
    const request = play2Request(command, app, stream.id);
    if (request?.transition === "stop") return this.endStream(stream);
    if (request !== null) return this.askToPlay(stream, request);
    this.output.sender.status(stream.id, information("error", StatusCode.PlayFailed, "play2 names no stream."));
    return Outcome.Done;
  }

  private receive(command: Command, stream: MessageStream | undefined): Outcome {
    const program = stream?.program ?? null;
    const [wanted] = command.arguments;
    if (stream === undefined || program === null || typeof wanted !== "boolean") return Outcome.Done;
    if (command.name === "receiveAudio") program.receiveAudio(wanted);
    else program.receiveVideo(wanted);
    if (wanted) {
      // RTMP 7.2.2.4, 7.2.2.5: turning on is answered by these two, turning off is not answered.
      this.output.sender.status(stream.id, information("status", StatusCode.SeekNotify, `${command.name}: on.`));
      this.output.sender.status(stream.id, information("status", StatusCode.PlayStart, `Playing ${stream.name}.`));
    }
    return Outcome.Done;
  }

  /** Answers are not answered. */
  private answer({ transactionId, arguments: values }: Command, outcome: "result" | "error"): Outcome {
    return this.calls.settle(transactionId, outcome, values[0]) === undefined ? Outcome.Done : Outcome.Answer;
  }

  /** FCPublish and its like are answered by a call of the client's; encoders are known that wait for its transaction id. */
  private announce(name: string, code: string, command: Command): Outcome {
    const [stream] = command.arguments;
    const description = typeof stream === "string" ? stream : "";
    this.output.sender.call(name, 0, null, information("status", code, description));
    return Outcome.Done;
  }

  private ask(request: Request, name: string): Outcome {
    if (name.length > this.limits.nameLength) return Outcome.NameTooLong;
    this.pending = request;
    return Outcome.Request;
  }

  private noStream(command: Command, streamId: number): Outcome {
    const text = `${command.name} came on message stream ${streamId}, which was not created.`;
    this.output.sender.status(streamId, information("error", StatusCode.CallFailed, text));
    return Outcome.Done;
  }

  private malformed(stream: MessageStream, code: string, description: string): Outcome {
    this.output.sender.status(stream.id, information("error", code, description));
    return Outcome.Malformed;
  }
}

function itemFor(
  request: PlayRequest,
  source: LiveStream | RecordedStream,
  stream: MessageStream,
  abilities: Abilities,
): PlaylistItem {
  const wanted = playDuration(request);
  if (source instanceof LiveStream) return new Playback(source, stream.id, request.name, wanted, abilities);
  const start = playStart(request);
  const from = start.kind === "recorded" ? start.time : 0;
  return new RecordedPlayback(source, stream, request.name, from, wanted, abilities);
}
