import {
  Amf0Reader,
  AmfObject,
  DataKind,
  defaultLimits,
  MessageType,
  type PlayedStream,
  type ReceivedMessage,
  readDataHead,
  type Status,
  StatusCode,
  StreamState,
} from "@millrace/core";
import { type ClientError, statusError } from "./client-error.ts";
import { Deferred, orAbort } from "./deferred.ts";
import type { Message } from "./options.ts";

/** The client, as a playback needs it. */
export interface PlaybackHost {
  readonly highWaterMark: number;
  /** There is room for more: the connection may be read again. */
  resume(): void;
}

/** About what a message costs beside its payload. */
const MESSAGE_COST = 256;
const PLAY_COMPLETE = "NetStream.Play.Complete";

/**
 * Keeps what came of a played stream until it is fetched.
 *
 * It ends when the server says so: by Stream EOF or `Play.UnpublishNotify` (the publisher has gone), by `Play.Stop` or
 * `Play.Complete` (what was asked for is played).
 */
export class Playback {
  private readonly host: PlaybackHost;
  private readonly stream: PlayedStream;
  private messages: Message[] = [];
  /** The next message to be fetched. */
  private at = 0;
  private heldBytes = 0;
  private hasBegun = false;
  /** Of the stream's {@link PlayedStream.endsOfMedia} those that were before this publication. */
  private endsBefore = 0;
  private isOver = false;
  private error: ClientError | null = null;
  private fetching: Deferred<void> | null = null;

  constructor(host: PlaybackHost, stream: PlayedStream) {
    this.host = host;
    this.stream = stream;
  }

  /** Whether so much waits to be fetched that nothing more should come. */
  get isFull(): boolean {
    return !this.isOver && this.heldBytes >= this.host.highWaterMark;
  }

  /**
   * Fetches the next message.
   *
   * @returns undefined at the end.
   * @throws ClientError when the stream was refused or the connection ended, once all that came before is fetched.
   */
  async next(signal: AbortSignal | undefined): Promise<Message | undefined> {
    signal?.throwIfAborted();
    if (this.at === this.messages.length && !this.isOver) {
      this.fetching = new Deferred();
      await orAbort(this.fetching.promise, signal, () => {});
    }
    const message = this.messages[this.at];
    if (message === undefined) {
      if (this.error !== null) throw this.error;
      return undefined;
    }
    this.at++;
    this.heldBytes -= costOf(message);
    if (this.at === this.messages.length) {
      this.messages = [];
      this.at = 0;
    }
    if (this.heldBytes <= this.host.highWaterMark / 2) this.host.resume();
    return message;
  }

  /** A message of the stream has come. */
  take({ messageType, timestamp, bytes, start, end }: ReceivedMessage): void {
    if (this.isOver) return;
    let from = start;
    if (messageType === MessageType.DataAmf0) {
      const head = readDataHead(bytes, start, end, defaultLimits);
      if (head.handler === "onPlayStatus" && codeOf(bytes, head.start, end) === PLAY_COMPLETE) this.finish(null);
      if (head.kind === DataKind.ClearDataFrame || serverHandlers.has(head.handler)) return;
      from = head.start;
    } else if (!streamTypes.has(messageType)) {
      return;
    }
    this.hasBegun = true;
    const message = { messageType, timestamp, payload: bytes.slice(from, end) };
    this.messages.push(message);
    this.heldBytes += costOf(message);
    this.wake();
  }

  /** Looks whether the server has said that there is no more media. To be called before what came behind is taken. */
  notice(): void {
    const { endsOfMedia } = this.stream;
    // Some servers say it of a publication that has not begun yet.
    if (!this.hasBegun) this.endsBefore = endsOfMedia;
    else if (endsOfMedia > this.endsBefore) this.finish(null);
  }

  /** The server has said something of the stream. */
  handleStatus(status: Status): void {
    const { code, information } = status;
    const isError = information.get("level") === "error" && code.includes(".Play.");
    if (code === StatusCode.PlayPublishNotify) this.hasBegun = true;
    if (code === StatusCode.PlayStop) this.finish(null);
    else if (this.stream.state === StreamState.Ended || isError) {
      this.finish(statusError("refused", `The server does not play ${this.stream.name}`, status));
    }
  }

  /** Nothing more will come; null when that is as it should be. */
  finish(error: ClientError | null): void {
    if (this.isOver) return;
    this.isOver = true;
    this.error = error;
    this.stream.close();
    this.wake();
  }

  private wake(): void {
    this.fetching?.resolve();
    this.fetching = null;
  }
}

const streamTypes: ReadonlySet<number> = new Set([
  MessageType.Audio,
  MessageType.Video,
  MessageType.DataAmf3,
  MessageType.Aggregate,
]);

/** What servers say to a player on their own account. */
const serverHandlers: ReadonlySet<string> = new Set(["|RtmpSampleAccess", "onStatus", "onPlayStatus"]);

function costOf({ payload }: Message): number {
  return payload.length + MESSAGE_COST;
}

/** The code of an information object that follows the handler's name. */
function codeOf(bytes: Uint8Array, start: number, end: number): unknown {
  const reader = new Amf0Reader(defaultLimits);
  reader.reset(bytes, start, end);
  reader.readString();
  const value = reader.atEnd ? null : reader.read();
  return value instanceof AmfObject ? value.get("code") : null;
}
