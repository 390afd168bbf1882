import type { StreamInfo } from "@millrace/node-adapter";

/** A server, or all workers together. */
export interface LoadSource {
  readonly streams: readonly StreamInfo[];
  readonly receivedBytes: number;
}

/** What the relay carries now. */
export interface Load {
  readonly streams: number;
  readonly players: number;
  /** Received since the last look. */
  readonly bitsPerSecond: number;
}

/** Looks at the counters; each look counts from the one before. */
export class LoadMeter {
  private readonly source: LoadSource;
  private bytes = 0;
  private time: number = performance.now();

  constructor(source: LoadSource) {
    this.source = source;
  }

  read(): Load {
    const bytes = this.source.receivedBytes;
    const time = performance.now();
    const bitsPerSecond = Math.round(((bytes - this.bytes) * 8000) / Math.max(1, time - this.time));
    this.bytes = bytes;
    this.time = time;
    const published = this.source.streams.filter((stream) => stream.isPublished);
    const players = this.source.streams.reduce((sum, stream) => sum + stream.players, 0);
    return { streams: published.length, players, bitsPerSecond };
  }
}
