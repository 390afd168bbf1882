// A server with a publisher and a player who mind their own business, whatever others do to the server.
import { BufferPool, errorName } from "@millrace/core";
import { expect } from "vitest";
import { createServer, type Server, type ServerEvent, type ServerOptions } from "../src/index.ts";
import { RawClient } from "./client.ts";

/** A video frame that can be told from every other one: a keyframe every 10. */
export function videoFrame(number: number, length = 200): Buffer {
  const frame = Buffer.alloc(length, number & 0xff);
  frame[0] = number % 10 === 0 ? 0x17 : 0x27;
  frame[1] = 1;
  frame.writeUInt32BE(number, 5);
  return frame;
}

export class House {
  readonly server: Server;
  readonly events: ServerEvent[] = [];
  private readonly bystanders: { publisher: RawClient; player: RawClient }[] = [];
  private published = 0;
  /** What the server holds of its pool when nobody is there. */
  private readonly idleBlocks: number;
  private readonly waiting = new Set<() => void>();

  constructor(options: ServerOptions = {}) {
    this.server = createServer({
      pool: new BufferPool(2 ** 26),
      ...options,
      onEvent: (event) => {
        this.events.push(event);
        for (const look of this.waiting) look();
      },
    });
    this.idleBlocks = this.server.relay.pool.lentBlocks;
  }

  /** A server with its bystanders. */
  static async open(options: ServerOptions = {}): Promise<House> {
    const house = new House(options);
    await house.server.listen(0, "127.0.0.1");
    const publisher = await RawClient.publishing(house.port, "bystander");
    const player = await RawClient.playing(house.port, "bystander");
    house.bystanders.push({ publisher, player });
    house.show(10);
    house.events.length = 0;
    return house;
  }

  get port(): number {
    const { address } = this.server;
    if (address === null) throw new Error("The server does not listen.");
    return address.port;
  }

  /** The bystander publishes so many more frames. */
  show(count: number): void {
    const [first] = this.bystanders;
    for (let index = 0; index < count; index++) {
      first?.publisher.video(this.published * 40, videoFrame(this.published));
      this.published++;
    }
  }

  /** What was reported so far of anybody but the bystanders, as text. */
  get reports(): string[] {
    return this.events.map((event) => {
      switch (event.type) {
        case "failed":
          return `failed ${errorName(event.code)}`;
        case "refused":
          return `refused ${event.what}: ${event.reason}`;
        case "record-failed":
          return `record-failed ${event.path}: ${event.reason}`;
        case "hook-failed":
          return `hook-failed ${event.error instanceof Error ? event.error.message : event.error}`;
        case "storage-failed":
          return `storage-failed ${event.error instanceof Error ? event.error.message : event.error}`;
        case "turned-away":
          return `turned-away ${event.count}: ${event.reason}`;
        default:
          return `${event.type} ${event.path}`;
      }
    });
  }

  get failures(): string[] {
    return this.reports.filter((report) => report.startsWith("failed"));
  }

  /** Resolves once this was reported. */
  reported(report: string): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.reports.includes(report)) return;
        this.waiting.delete(look);
        resolve();
      };
      this.waiting.add(look);
      look();
    });
  }

  /** Resolves once only so many connections are left. */
  async left(count: number): Promise<void> {
    // The server has no event for a closed socket; a connection of our own makes it turn its loop.
    while (this.server.connectionCount > count) await new Promise((resolve) => setImmediate(resolve));
  }

  /** The bystander's player got everything, from the first frame on. */
  async undisturbed(): Promise<void> {
    this.show(10);
    const [first] = this.bystanders;
    if (first === undefined) throw new Error("There are no bystanders.");
    const { publisher, player } = first;
    await player.until(() => player.videos.length >= this.published, "the last frame");
    expect(player.videos.map(({ payload }) => payload.readUInt32BE(5))).toEqual(
      Array.from({ length: this.published }, (_, index) => index),
    );
    expect(player.videos.every(({ payload }, index) => payload.equals(videoFrame(index)))).toBe(true);
    expect([...publisher.complaints, ...player.complaints]).toEqual([]);
  }

  /** All go, and take their memory with them. */
  async close(): Promise<void> {
    for (const { publisher, player } of this.bystanders) await Promise.all([publisher.close(), player.close()]);
    await this.left(0);
    expect(this.server.streams).toEqual([]);
    expect(this.server.relay.pool.lentBlocks).toBe(this.idleBlocks);
    await this.server.close(0);
    expect(this.server.relay.pool.lentBlocks).toBe(0);
  }
}
