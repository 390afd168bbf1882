// A server of our own, and clients of our own that meet there.
import { createHash } from "node:crypto";
import { BufferPool } from "@millrace/core";
import { expect } from "vitest";
import {
  type Client,
  type ClientOptions,
  connect,
  createServer,
  type Message,
  type Server,
  type ServerEvent,
  type ServerOptions,
} from "../../src/index.ts";

export class Stand {
  readonly server: Server;
  readonly events: ServerEvent[] = [];
  readonly pool: BufferPool = new BufferPool(2 ** 26);
  private readonly clients: Client[] = [];
  private readonly waiting = new Set<() => void>();

  constructor(options: ServerOptions = {}) {
    this.server = createServer({
      ...options,
      onEvent: (event) => {
        this.events.push(event);
        for (const look of this.waiting) look();
      },
    });
  }

  static async open(options: ServerOptions = {}): Promise<Stand> {
    const stand = new Stand(options);
    await stand.server.listen(0, "127.0.0.1");
    return stand;
  }

  get url(): string {
    return `rtmp://127.0.0.1:${this.server.address?.port}/live`;
  }

  /** A client whose memory is the stand's. */
  async connect(options: ClientOptions = {}, url = this.url): Promise<Client> {
    const client = await connect(url, { pool: this.pool, ...options });
    this.clients.push(client);
    return client;
  }

  /** Resolves once this was reported. */
  reported(type: ServerEvent["type"]): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.events.some((event) => event.type === type)) return;
        this.waiting.delete(look);
        resolve();
      };
      this.waiting.add(look);
      look();
    });
  }

  /** All go, and take their memory with them. */
  async close(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close()));
    expect(this.pool.lentBlocks).toBe(0);
    await this.server.close(0);
    expect(this.server.relay.pool.lentBlocks).toBe(0);
  }
}

/** A message in short. */
export function line({ messageType, timestamp, payload }: Message): string {
  return `${messageType} ${timestamp} ${payload.length} ${createHash("sha1").update(payload).digest("hex")}`;
}
