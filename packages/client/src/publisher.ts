import {
  AmfEcmaArray,
  type AmfValue,
  asSetDataFrame,
  DataKind,
  defaultLimits,
  encodeValues,
  MessageType,
  type PublishedStream,
  readDataHead,
  type Status,
  StreamState,
} from "@millrace/core";
import { ClientError, statusError } from "./client-error.ts";
import { Deferred, orAbort } from "./deferred.ts";
import type { Abortable, Message } from "./options.ts";

/** A stream that is being published. */
export interface Publisher {
  readonly name: string;
  /**
   * Sends a message. Wait for the promise before the next one: it settles when there is room, so that a slow server slows
   * the caller. The payload must stay as it is until then; it is copied.
   *
   * A message of data that says `onMetaData` goes out as encoders send it, as `@setDataFrame`.
   *
   * @throws ClientError (as a rejection) when the stream or the connection has ended.
   */
  send(message: Message, options?: Abortable): Promise<void>;
  /** Sends what describes the stream, such as `width` and `height`: see {@link send}. */
  metadata(values: { readonly [name: string]: AmfValue }, options?: Abortable): Promise<void>;
  /**
   * Ends the stream. What {@link send} was given before goes out before.
   *
   * @returns when all of it, and the end, is handed to the operating system.
   */
  end(options?: Abortable): Promise<void>;
}

/** The client, as a publisher needs it. */
export interface PublisherHost {
  /** Whether another message may be queued. */
  readonly hasRoom: boolean;
  readonly waitingBytes: number;
  /** Writes what is queued. */
  flush(): void;
  /** When all that is queued now is written. */
  flushed(): Promise<void>;
  /** The stream has ended. */
  forget(stream: PublishedStream): void;
}

interface PendingMessage extends Message {
  readonly sent: Deferred<void>;
}

const LONGEST_PAYLOAD = 0xffffff;
const DONE = Promise.resolve();

export class StreamPublisher implements Publisher {
  /** Settles when the server has decided. */
  readonly started: Deferred<void> = new Deferred();
  private readonly host: PublisherHost;
  private readonly stream: PublishedStream;
  private readonly pending: PendingMessage[] = [];
  /** Why nothing more can be sent. */
  private error: ClientError | null = null;
  private ending: Promise<void> | null = null;

  constructor(host: PublisherHost, stream: PublishedStream) {
    this.host = host;
    this.stream = stream;
  }

  get name(): string {
    return this.stream.name;
  }

  send(message: Message, { signal }: Abortable = {}): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.error !== null) return Promise.reject(this.error);
    if (this.ending !== null) return Promise.reject(new ClientError("closed", `The publication of ${this.name} ends.`));
    const { messageType, timestamp } = message;
    const payload = messageType === MessageType.DataAmf0 ? asEncodersSend(message.payload) : message.payload;
    if (payload.length > LONGEST_PAYLOAD) {
      const text = `A message has at most ${LONGEST_PAYLOAD} bytes, not ${payload.length}.`;
      return Promise.reject(new RangeError(text));
    }
    if (this.pending.length === 0 && this.sendNow(messageType, timestamp, payload)) return DONE;
    const pending = { messageType, timestamp, payload, sent: new Deferred<void>() };
    this.pending.push(pending);
    this.advance();
    return orAbort(pending.sent.promise, signal, () => {
      const at = this.pending.indexOf(pending);
      if (at !== -1) this.pending.splice(at, 1);
      pending.sent.resolve();
    });
  }

  metadata(values: { readonly [name: string]: AmfValue }, options: Abortable = {}): Promise<void> {
    const payload = encodeValues("onMetaData", AmfEcmaArray.of(values));
    return this.send({ messageType: MessageType.DataAmf0, timestamp: 0, payload }, options);
  }

  end({ signal }: Abortable = {}): Promise<void> {
    this.ending ??= this.finish();
    return orAbort(this.ending, signal, () => this.abandon());
  }

  /** There may be room. */
  advance(): void {
    for (let [first] = this.pending; first !== undefined; [first] = this.pending) {
      const { messageType, timestamp, payload, sent } = first;
      if (this.sendNow(messageType, timestamp, payload)) sent.resolve();
      else if (this.host.waitingBytes > 0) return;
      else sent.reject(new RangeError(`The pool has no ${payload.length} bytes left.`));
      this.pending.shift();
    }
  }

  /** The server has said something of the stream. */
  handleStatus(status: Status): void {
    const { state } = this.stream;
    if (state === StreamState.Active) this.started.resolve();
    if (state === StreamState.Ended) this.fail(statusError("refused", `The server does not take ${this.name}`, status));
  }

  /** It is over. */
  fail(error: ClientError): void {
    if (this.error !== null) return;
    this.error = error;
    this.started.reject(error);
    for (const { sent } of this.pending.splice(0)) sent.reject(error);
    this.host.forget(this.stream);
  }

  /** It is not wanted any more. */
  abandon(): void {
    this.stream.close();
    this.host.flush();
    this.fail(new ClientError("closed", `The publication of ${this.name} was given up.`));
  }

  private sendNow(messageType: number, timestamp: number, payload: Uint8Array): boolean {
    if (!this.host.hasRoom || !this.stream.send(messageType, timestamp, payload, 0, payload.length)) return false;
    this.host.flush();
    return true;
  }

  private async finish(): Promise<void> {
    await Promise.all(this.pending.map(({ sent }) => sent.promise));
    if (this.error !== null) throw this.error;
    this.abandon();
    await this.host.flushed();
  }
}

/** Servers keep metadata for late players only when it comes as `@setDataFrame`. */
function asEncodersSend(payload: Uint8Array): Uint8Array {
  const { kind, handler, start } = readDataHead(payload, 0, payload.length, defaultLimits);
  if (kind !== DataKind.Plain || handler !== "onMetaData") return payload;
  return asSetDataFrame(payload.subarray(start));
}
