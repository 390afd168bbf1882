import type { ChunkHeader, Failure, Message } from "./events.ts";

/** How events are written down: one line each, without its end. */
export interface Report {
  /** Comes before all others; null for none. */
  readonly heading: string | null;
  message(message: Message): string;
  chunk(header: ChunkHeader): string;
  failure(failure: Failure): string;
}
