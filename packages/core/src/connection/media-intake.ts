import type { ChunkParser } from "../chunk/index.ts";
import type { IncomingMessage } from "../live/index.ts";
import type { MessageStream } from "./message-stream.ts";

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
 * Carries audio and video of a publishing peer into its live stream: each span is copied once, from the received bytes to
 * the place in the ring from which all players get it.
 */
export class MediaIntake {
  /** Media that came for streams that the peer does not publish, in bytes. */
  strayBytes = 0;
  private readonly routes: Route[] = [];
  private readonly messages: (IncomingMessage | null)[] = [];

  /**
   * Takes the parser's span of an audio or video message, which is about this stream.
   *
   * @returns false when the span is for the application.
   */
  take(parser: ChunkParser, stream: MessageStream | undefined): boolean {
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

  private begin(parser: ChunkParser, stream: MessageStream | undefined): Route {
    if (stream === undefined || !stream.isPublishing) return Route.Nowhere;
    if (stream.sink === null) return Route.Application;
    this.messages[parser.slot] = stream.sink.begin(parser.messageType, parser.timestamp, parser.messageLength);
    return Route.Stream;
  }
}
