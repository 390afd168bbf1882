import type { ChunkParser } from "../chunk/index.ts";
import type { IncomingMessage, LiveStream } from "../live/index.ts";

/** A message stream on which the peer may send media. */
export interface MediaTarget {
  /** Whether it may now. */
  readonly takesMedia: boolean;
  /** Where the media goes; null hands each message to the application. */
  readonly sink: LiveStream | null;
  /** The same, to be called when something of a publisher is there for it. */
  openSink(): LiveStream | null;
}

/** What becomes of the message of a chunk stream. */
const Route = {
  /** It is gathered for the application. */
  Application: 0,
  /** It goes span by span into a live stream. */
  Stream: 1,
  /** Nobody may get it. */
  Nowhere: 2,
} as const;
type Route = (typeof Route)[keyof typeof Route];

/**
 * Carries audio and video that the peer sends into a live stream: each span is copied once, from the received bytes to
 * the place in the ring from which all players get it.
 */
export class MediaIntake {
  /** Media that came for streams that take none, in bytes. */
  strayBytes = 0;
  private readonly routes: Route[] = [];
  private readonly messages: (IncomingMessage | null)[] = [];

  /**
   * Takes the parser's span of an audio or video message, which is about this stream.
   *
   * @returns false when the span is for the application.
   */
  take(parser: ChunkParser, stream: MediaTarget | undefined): boolean {
    const { slot } = parser;
    if (parser.payloadOffset === 0) this.routes[slot] = this.begin(parser, stream);
    const route = this.routes[slot];
    if (route === Route.Application) return false;
    if (route === Route.Nowhere) {
      this.strayBytes += parser.end - parser.start;
      return true;
    }
    const message = this.messages[slot] ?? null;
    if (message === null) return true;
    if (!message.append(parser.buffer, parser.start, parser.end) || parser.isLast) this.messages[slot] = null;
    return true;
  }

  /** The peer gave up the message of a slot. */
  abort(slot: number): void {
    this.messages[slot]?.cancel();
    this.messages[slot] = null;
  }

  /** Gives up whatever is under way. */
  close(): void {
    for (let slot = 0; slot < this.messages.length; slot++) this.abort(slot);
  }

  private begin(parser: ChunkParser, stream: MediaTarget | undefined): Route {
    if (stream === undefined || !stream.takesMedia) return Route.Nowhere;
    const sink = stream.openSink();
    if (sink === null) return Route.Application;
    this.messages[parser.slot] = sink.begin(parser.messageType, parser.timestamp, parser.messageLength);
    return Route.Stream;
  }
}
