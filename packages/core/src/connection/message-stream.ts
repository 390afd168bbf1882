import type { LiveStream } from "../live/index.ts";
import type { MediaTarget } from "./media-intake.ts";
import type { Program } from "./program.ts";

/** A message stream that the peer created (RTMP 7.2.1.3), and what it does with it: nothing, publish or play. */
export class MessageStream implements MediaTarget {
  readonly id: number;
  /** The name under which it is published or played; empty while it is neither. */
  name = "";
  isPublishing = false;
  /** Where published media goes; null hands each message to the application. */
  sink: LiveStream | null = null;
  program: Program | null = null;
  /** What the player said of its buffer, in milliseconds (RTMP 7.1.7). */
  bufferLength = 0;

  constructor(id: number) {
    this.id = id;
  }

  get isIdle(): boolean {
    return !this.isPublishing && this.program === null;
  }

  get takesMedia(): boolean {
    return this.isPublishing;
  }

  openSink(): LiveStream | null {
    return this.sink;
  }

  /** Ends what the peer does with it; the stream may be used again. */
  reset(): void {
    if (this.program !== null) this.program.isEnded = true;
    this.name = "";
    this.isPublishing = false;
    this.sink = null;
    this.program = null;
  }
}
