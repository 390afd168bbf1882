import type { Limits } from "../limits.ts";
import type { LiveStream } from "../live/index.ts";
import { type Calls, Purpose } from "./calls.ts";
import type { MediaTarget } from "./media-intake.ts";
import type { Output } from "./output.ts";

/** How far a message stream of the client's has come. */
export const StreamState = {
  /** createStream is not answered yet. */
  Creating: 0,
  /** `play` or `publish` is not answered yet. */
  Asked: 1,
  /** It is played or published. */
  Active: 2,
  /** It was refused, or closed by either end. */
  Ended: 3,
} as const;
export type StreamState = (typeof StreamState)[keyof typeof StreamState];

/** The connection, as a message stream needs it. */
export interface StreamHost {
  readonly output: Output;
  readonly calls: Calls;
  readonly limits: Readonly<Limits>;
  /** The stream has ended. */
  remove(stream: ClientStream): void;
}

/** A message stream that the client created (RTMP 7.2.1.3): see `PlayedStream` and `PublishedStream`. */
export abstract class ClientStream implements MediaTarget {
  readonly name: string;
  /** The message stream id; 0 until the server has said it. */
  id = 0;
  state: StreamState = StreamState.Creating;
  protected readonly host: StreamHost;
  /** Of `play` or `publish`, while it is waited for. */
  private startTransaction = 0;

  constructor(host: StreamHost, name: string) {
    this.host = host;
    this.name = name;
  }

  abstract readonly takesMedia: boolean;
  abstract readonly sink: LiveStream | null;
  abstract openSink(): LiveStream | null;

  /** Ends it, and frees its id at the server. What was sent before still goes out before. */
  close(): void {
    if (this.state === StreamState.Ended) return;
    const isCreated = this.id !== 0;
    this.end();
    if (isCreated) this.sendClosing();
  }

  /** Asks for a message stream: called once, by the connection. */
  create(): void {
    const { output, calls } = this.host;
    output.sender.call("createStream", calls.expect(Purpose.CreateStream, "createStream", this), null);
  }

  /** The server has answered createStream. */
  created(id: number): void {
    this.id = id;
    if (this.state === StreamState.Ended) this.sendClosing();
    else {
      this.state = StreamState.Asked;
      this.ask();
    }
  }

  /** The server says what became of it (RTMP 7.2.2). */
  handleStatus(code: string, isError: boolean): void {
    if (this.state === StreamState.Asked && isError && !code.startsWith("NetStream.Seek.")) this.close();
  }

  /** The server says that there is no more media (RTMP 7.1.7). */
  endOfMedia(): void {}

  /** It is over, without a word to the server. */
  end(): void {
    if (this.state === StreamState.Ended) return;
    this.state = StreamState.Ended;
    this.host.remove(this);
  }

  /** Sends `play` or `publish`. */
  protected abstract ask(): void;

  /** The transaction id of `play` or `publish`. */
  protected expectStart(command: string): number {
    this.startTransaction = this.host.calls.expect(Purpose.Start, command, this);
    return this.startTransaction;
  }

  protected start(): void {
    if (this.state !== StreamState.Asked) return;
    this.state = StreamState.Active;
    this.host.calls.take(this.startTransaction);
  }

  protected sendClosing(): void {
    const { output, calls } = this.host;
    output.sender.call("deleteStream", calls.next(), null, this.id);
  }
}
