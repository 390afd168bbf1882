import type { Server } from "@millrace/node-adapter";

/** What the relay carries now. */
export interface Load {
  readonly streams: number;
  readonly players: number;
  /** Received since the last look. */
  readonly bitsPerSecond: number;
}

/** Looks at a server's counters; each look counts from the one before. */
export class LoadMeter {
  private readonly server: Server;
  private bytes = 0;
  private time: number = performance.now();

  constructor(server: Server) {
    this.server = server;
  }

  read(): Load {
    const bytes = this.server.receivedBytes;
    const time = performance.now();
    const bitsPerSecond = Math.round(((bytes - this.bytes) * 8000) / Math.max(1, time - this.time));
    this.bytes = bytes;
    this.time = time;
    const published = this.server.streams.filter((stream) => stream.isPublished);
    const players = this.server.streams.reduce((sum, stream) => sum + stream.players, 0);
    return { streams: published.length, players, bitsPerSecond };
  }
}
