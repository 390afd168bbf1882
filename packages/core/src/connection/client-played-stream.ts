import type { AmfValue } from "../amf/index.ts";
import type { LiveStream } from "../live/index.ts";
import { StatusCode, UserControlEvent } from "../message/index.ts";
import { ClientStream, type StreamHost, StreamState } from "./client-stream.ts";

export interface PlayOptions {
  /**
   * Where to begin, as it goes out. RTMP 7.2.2.1 has seconds, servers take milliseconds: 0 and more is a place in a
   * recording, -1000 only what is live, -2000 either. Not sent by default, which means either.
   */
  readonly start?: number;
  /** How much to play, in the unit of `start`; -1, the default, is all. */
  readonly duration?: number;
  /** Whether what was played before ends. The default of servers is true. */
  readonly reset?: boolean;
  /** What the server is told of the own buffer, in milliseconds. Default 3,000. */
  readonly bufferLength?: number;
  /** Send FCSubscribe first: some networks play live streams to nobody else. Default false. */
  readonly subscribe?: boolean;
}

/**
 * A stream that the client plays. Media goes into its live stream, as that of a publisher does on a server; without one
 * each message is an event of the connection.
 *
 * The live stream's publication begins with the first media, or when the server says that somebody publishes; it ends
 * when the server says so, and when the stream or the connection ends.
 */
export class PlayedStream extends ClientStream {
  readonly sink: LiveStream | null;
  /** How often the server has said that there is no more media; it may begin again with another publisher. */
  endsOfMedia = 0;
  private readonly options: PlayOptions;
  /** The publication of the sink that is this stream's; -1 for none. */
  private publication = -1;

  constructor(host: StreamHost, name: string, sink: LiveStream | null, options: PlayOptions) {
    super(host, name);
    this.sink = sink;
    this.options = options;
  }

  override get takesMedia(): boolean {
    return this.state === StreamState.Asked || this.state === StreamState.Active;
  }

  override openSink(): LiveStream | null {
    this.start();
    if (!this.isRunning) this.beginPublication();
    return this.sink;
  }

  /** @param position - where the client stands, in milliseconds */
  pause(isPaused: boolean, position = 0): void {
    this.command("pause", isPaused, position);
  }

  /** @param position - in milliseconds */
  seek(position: number): void {
    this.command("seek", position);
  }

  /** Whether audio is wanted. */
  receiveAudio(isWanted: boolean): void {
    this.command("receiveAudio", isWanted);
  }

  /** Whether video is wanted. */
  receiveVideo(isWanted: boolean): void {
    this.command("receiveVideo", isWanted);
  }

  override create(): void {
    super.create();
    const { output, calls } = this.host;
    if (this.options.subscribe === true) output.sender.call("FCSubscribe", calls.next(), null, this.name);
  }

  override handleStatus(code: string, isError: boolean): void {
    super.handleStatus(code, isError);
    if (!this.takesMedia) return;
    switch (code) {
      case StatusCode.PlayStart:
        this.start();
        break;
      case StatusCode.PlayPublishNotify:
        this.start();
        this.beginPublication();
        break;
      case StatusCode.PlayUnpublishNotify:
      case StatusCode.PlayStop:
        this.endOfMedia();
        break;
    }
  }

  override endOfMedia(): void {
    this.endsOfMedia++;
    this.endPublication();
  }

  override end(): void {
    super.end();
    this.endPublication();
  }

  protected override ask(): void {
    const { start, duration, reset, bufferLength = 3000 } = this.options;
    const { sender } = this.host.output;
    // What stands before an argument that is given must be given too.
    const values: AmfValue[] = [];
    if (start !== undefined || duration !== undefined || reset !== undefined) values.push(start ?? -2000);
    if (duration !== undefined || reset !== undefined) values.push(duration ?? -1);
    if (reset !== undefined) values.push(reset);
    sender.callOn(this.id, "play", this.expectStart("play"), null, this.name, ...values);
    sender.userControl(UserControlEvent.SetBufferLength, this.id, bufferLength);
  }

  /** Whether the sink's publication is this stream's, and not one of somebody else who took it over. */
  private get isRunning(): boolean {
    const { sink } = this;
    return sink?.isPublished === true && sink.publication === this.publication;
  }

  private beginPublication(): void {
    if (this.sink === null) return;
    this.sink.beginPublication();
    this.publication = this.sink.publication;
  }

  private endPublication(): void {
    if (this.isRunning) this.sink?.endPublication();
  }

  private command(name: string, ...values: AmfValue[]): void {
    if (!this.takesMedia) return;
    const { output, calls } = this.host;
    output.sender.callOn(this.id, name, calls.next(), null, ...values);
  }
}
