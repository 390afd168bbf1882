import { MessageType } from "../chunk/index.ts";
import type { LiveStream } from "../live/index.ts";
import { StatusCode } from "../message/index.ts";
import { ClientStream, type StreamHost, StreamState } from "./client-stream.ts";
import { Forwarding } from "./forwarding.ts";
import { ChunkStream } from "./sender.ts";

/** What the server is to do with a published stream (RTMP 7.2.2.6): nothing more, record it, or add to a recording. */
export type PublishType = "live" | "record" | "append";

/**
 * A stream that the client publishes, by the commands of FMLE as all encoders send them. Its media is what it is given to
 * {@link send}; or that of a live stream, from its newest keyframe on, as soon as the server has taken it.
 */
export class PublishedStream extends ClientStream {
  readonly type: PublishType;
  /** It takes none: what it sends goes the other way. */
  readonly takesMedia = false;
  readonly sink = null;
  private readonly source: LiveStream | null;
  private forwarding: Forwarding | null = null;

  constructor(host: StreamHost, name: string, type: PublishType, source: LiveStream | null) {
    super(host, name);
    this.type = type;
    this.source = source;
  }

  /** Whether the publication of the live stream is over, and all of it was given out. */
  get isDrained(): boolean {
    return this.forwarding?.isDrained === true;
  }

  override openSink(): LiveStream | null {
    return null;
  }

  /**
   * Sends a message whose payload is bytes[start, end): a tag of audio or video, or values of data (metadata goes as
   * `@setDataFrame`). The payload is copied into the pool: the caller may reuse its bytes at once. Messages go out in the
   * order in which they were sent. `output.waitingBytes` of the connection says how much has not gone out yet.
   *
   * May be called as soon as `publish` was sent, without waiting for its answer.
   *
   * @param timestamp - milliseconds, taken modulo 2^32
   * @returns false when nothing was sent: the stream is not there yet or has ended, or too much waits to be sent (limit
   *   `outgoingBytes`), or the pool has nothing left.
   */
  send(messageType: number, timestamp: number, bytes: Uint8Array, start: number, end: number): boolean {
    const { output, limits } = this.host;
    if (this.state !== StreamState.Asked && this.state !== StreamState.Active) return false;
    const { waitingBytes } = output;
    if (waitingBytes > 0 && waitingBytes + end - start > limits.outgoingBytes) return false;
    return output.writer.copy(chunkStreamOf(messageType), messageType, this.id, timestamp, bytes, start, end);
  }

  override create(): void {
    const { output, calls } = this.host;
    output.sender.call("releaseStream", calls.next(), null, this.name);
    output.sender.call("FCPublish", calls.next(), null, this.name);
    super.create();
  }

  override end(): void {
    super.end();
    if (this.forwarding !== null) this.forwarding.isEnded = true;
  }

  override handleStatus(code: string, isError: boolean): void {
    super.handleStatus(code, isError);
    if (code === StatusCode.PublishStart) this.start();
    else if (code === StatusCode.UnpublishSuccess || (isError && code.includes(".Publish."))) this.close();
  }

  protected override start(): void {
    super.start();
    if (this.source === null || this.forwarding !== null) return;
    this.forwarding = new Forwarding(this.source, this.id);
    this.host.output.add(this.forwarding);
  }

  protected override ask(): void {
    const { sender } = this.host.output;
    sender.callOn(this.id, "publish", this.expectStart("publish"), null, this.name, this.type);
  }

  protected override sendClosing(): void {
    const { output, calls } = this.host;
    output.sender.call("FCUnpublish", calls.next(), null, this.name);
    super.sendClosing();
  }
}

function chunkStreamOf(messageType: number): number {
  if (messageType === MessageType.Audio) return ChunkStream.Audio;
  return messageType === MessageType.Video ? ChunkStream.Video : ChunkStream.Stream;
}
