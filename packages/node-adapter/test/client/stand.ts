// A server of our own, and clients of our own that meet there.
import { createHash } from "node:crypto";
import { BufferPool, MessageType } from "@millrace/core";
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
import { videoFrame } from "../house.ts";

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

  /** Resolves once this was reported of live/show. */
  reported(type: "publish" | "unpublish" | "play" | "stop", times = 1): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.events.filter((event) => event.type === type).length < times) return;
        this.waiting.delete(look);
        resolve();
      };
      this.waiting.add(look);
      look();
    });
  }

  /**
   * A show arrives at a player tag for tag.
   *
   * @returns the publisher's client.
   */
  async carries(url: string, options: ClientOptions = {}, count = 100): Promise<Client> {
    const sent = frames(count, 20_000);
    const publisher = await this.connect(options, url);
    const player = await this.connect(options, url);
    const before = this.events.filter(({ type }) => type === "play").length;
    const played = gather(player.play("show"));
    await this.reported("play", before + 1);
    const publication = await publisher.publish("show");
    for (const message of sent) await publication.send(message);
    await publication.end();
    expect(await played).toEqual(sent.map(line));
    return publisher;
  }

  /** All go, and take their memory with them. */
  async close(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close()));
    expect(this.pool.lentBlocks).toBe(0);
    await this.server.close(0);
    expect(this.server.relay.pool.lentBlocks).toBe(0);
  }
}

/** Video and audio; every message can be told from every other. */
export function frames(count: number, length = 3_000): Message[] {
  return Array.from({ length: count }, (_, number) => ({
    messageType: number % 3 === 2 ? MessageType.Audio : MessageType.Video,
    timestamp: number * 20,
    payload: number % 3 === 2 ? audioFrame(number, length) : videoFrame(number, length),
  }));
}

function audioFrame(number: number, length: number): Buffer {
  const frame = Buffer.alloc(length, number & 0xff);
  frame[0] = 0xaf;
  frame[1] = 1;
  return frame;
}

/** All messages up to the end, as {@link line}s. */
export async function gather(messages: AsyncIterable<Message>): Promise<string[]> {
  const gathered: string[] = [];
  for await (const message of messages) gathered.push(line(message));
  return gathered;
}

/** A message in short. */
export function line({ messageType, timestamp, payload }: Message): string {
  return `${messageType} ${timestamp} ${payload.length} ${createHash("sha1").update(payload).digest("hex")}`;
}
