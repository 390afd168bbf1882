import { AmfObject, type AmfValue } from "../amf/index.ts";
import type { Limits } from "../limits.ts";
import { type Command, information, StatusCode } from "../message/index.ts";
import { type Call, type Calls, CONNECT_TRANSACTION, Purpose } from "./calls.ts";
import { type ClientStream, type StreamHost, StreamState } from "./client-stream.ts";
import type { Output } from "./output.ts";

/** What a command led to. */
export const ClientOutcome = {
  /** Nothing that the application need know. */
  Done: 0,
  /** The server let the client in. */
  Connected: 1,
  /** It did not: see `refused`. */
  Refused: 2,
  /** The server says something of a stream or of the connection: see `status`. */
  Status: 3,
  /** A call of the application's is answered. */
  Answer: 4,
  /** It is none of those known here: the application's. */
  Unknown: 5,
  /** The server says goodbye. */
  Close: 6,
} as const;
export type ClientOutcome = (typeof ClientOutcome)[keyof typeof ClientOutcome];

/** What the server says of itself when it lets a client in (RTMP 7.2.1.1). */
export interface Welcome {
  /** The server's software and capabilities; null when it did not say. */
  readonly properties: AmfObject | null;
  readonly information: AmfObject;
}

/** What the server says (onStatus, RTMP 7.2.2), or what it failed to say in time. Judge it by its code. */
export interface Status {
  /** The stream that it is about, whose `state` is up to date; null for the connection. */
  readonly stream: ClientStream | null;
  /** See {@link StatusCode} for some; empty when there is none. */
  readonly code: string;
  readonly description: string;
  /** All of it. A reconnect request has its URL in `tcUrl`: perhaps relative, the old one when it is not there. */
  readonly information: AmfObject;
}

/** The commands of RTMP 7.2 on the client's side: what is answered to them, and which message streams there are. */
export class ClientCommands implements StreamHost {
  /** What the server said of itself, once it let the client in. */
  welcome: Welcome | null = null;
  /** Why it did not. */
  refused: Status | null = null;
  status: Status | null = null;
  /** By message stream id. */
  readonly streams: Map<number, ClientStream> = new Map();
  readonly output: Output;
  readonly calls: Calls;
  readonly limits: Readonly<Limits>;

  constructor(output: Output, limits: Readonly<Limits>, calls: Calls) {
    this.output = output;
    this.limits = limits;
    this.calls = calls;
  }

  /** @param streamId - the message stream on which the command came. */
  handle(command: Command, streamId: number): ClientOutcome {
    switch (command.name) {
      case "_result":
        return this.result(command);
      case "_error":
        return this.error(command);
      case "onStatus":
        return this.takeStatus(command, streamId);
      case "onBWDone":
      case "_onbwdone":
        // Asks for a test of the bandwidth, as FFmpeg and librtmp do.
        if (this.welcome !== null) this.output.sender.call("_checkbw", this.calls.next(), null);
        return ClientOutcome.Done;
      case "onFCPublish":
      case "onFCUnpublish":
      case "onFCSubscribe":
      case "onFCUnsubscribe":
        // They say what onStatus says as well.
        return ClientOutcome.Done;
      case "close":
        return ClientOutcome.Close;
      default:
        return ClientOutcome.Unknown;
    }
  }

  /** Gives up a call of its own that was not answered in time. */
  handleLate({ name, stream }: Call): ClientOutcome {
    const text = `${name} was not answered within ${this.limits.callTimeout} ms.`;
    return this.failStream(stream, information("error", StatusCode.CallFailed, text));
  }

  /** The stream that a message on this id is about; on id 0, where FFmpeg's server puts media, the only one there is. */
  stream(streamId: number): ClientStream | undefined {
    if (streamId !== 0 || this.streams.size !== 1) return this.streams.get(streamId);
    return this.streams.values().next().value;
  }

  remove(stream: ClientStream): void {
    if (this.streams.get(stream.id) === stream) this.streams.delete(stream.id);
  }

  /** The connection is over. */
  close(): void {
    for (const stream of [...this.streams.values()]) stream.end();
    for (const { stream } of this.calls.takeAll()) stream?.end();
  }

  private result({ transactionId, object, arguments: values }: Command): ClientOutcome {
    if (transactionId === CONNECT_TRANSACTION && this.welcome === null) {
      const properties = object instanceof AmfObject ? object : null;
      const [answer] = values;
      this.welcome = { properties, information: answer instanceof AmfObject ? answer : new AmfObject() };
      return ClientOutcome.Connected;
    }
    const call = this.calls.settle(transactionId, "result", values[0]);
    if (call?.purpose === Purpose.Application) return ClientOutcome.Answer;
    if (call?.purpose === Purpose.CreateStream) return this.created(call, values[0]);
    // Some servers answer `play` and `publish`, though onStatus says what became of them.
    return ClientOutcome.Done;
  }

  private error({ transactionId, arguments: values }: Command): ClientOutcome {
    const [value] = values;
    const answer = value instanceof AmfObject ? value : information("error", StatusCode.CallFailed, textOf(value));
    if (transactionId === CONNECT_TRANSACTION && this.welcome === null) {
      this.refused = statusOf(null, answer);
      return ClientOutcome.Refused;
    }
    const call = this.calls.settle(transactionId, "error", value);
    // releaseStream and its like: nothing depends on them.
    if (call === undefined) return ClientOutcome.Done;
    return call.purpose === Purpose.Application ? ClientOutcome.Answer : this.failStream(call.stream, answer);
  }

  private created({ stream }: Call, id: AmfValue): ClientOutcome {
    if (typeof id !== "number" || !Number.isInteger(id) || id < 1 || id > 0xffffffff || this.streams.has(id)) {
      const text = "createStream was answered by an id that is no free message stream.";
      return this.failStream(stream, information("error", StatusCode.CallFailed, text));
    }
    if (stream === null) return ClientOutcome.Done;
    if (stream.state !== StreamState.Ended) this.streams.set(id, stream);
    stream.created(id);
    return ClientOutcome.Done;
  }

  private failStream(stream: ClientStream | null, answer: AmfObject): ClientOutcome {
    // The application has closed it meanwhile: it does not matter any more.
    if (stream === null || stream.state === StreamState.Ended) return ClientOutcome.Done;
    stream.close();
    this.status = statusOf(stream, answer);
    return ClientOutcome.Status;
  }

  private takeStatus(command: Command, streamId: number): ClientOutcome {
    const [answer] = command.arguments;
    if (!(answer instanceof AmfObject)) return ClientOutcome.Done;
    const isAboutStream = streamId !== 0 || textOf(answer.get("code")).startsWith("NetStream.");
    const stream = isAboutStream ? (this.stream(streamId) ?? null) : null;
    this.status = statusOf(stream, answer);
    stream?.handleStatus(this.status.code, isError(answer));
    return ClientOutcome.Status;
  }
}

function statusOf(stream: ClientStream | null, answer: AmfObject): Status {
  const code = textOf(answer.get("code"));
  return { stream, code, description: textOf(answer.get("description")), information: answer };
}

/** Servers differ in levels, and some leave them out. */
const failure =
  /\.(Failed|BadName|Denied|Rejected|Unauthorized|StreamNotFound|AlreadyExistStream|FileStructureInvalid|NoSupportedTrackFound)$/;

function isError(answer: AmfObject): boolean {
  return answer.get("level") === "error" || failure.test(textOf(answer.get("code")));
}

function textOf(value: AmfValue): string {
  return typeof value === "string" ? value : "";
}
