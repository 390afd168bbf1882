import { BufferPool, errorName, type ServerEvent } from "@millrace/core";
import { expectEqual } from "./expect.ts";
import { range, videoFrame } from "./frame.ts";
import { RawClient } from "./raw-client.ts";
import type { Runtime, Server, ServerOptions } from "./runtime.ts";

/** A server with a publisher and a player who mind their own business, whatever others do to the server. */
export class House {
  readonly server: Server;
  readonly events: ServerEvent[] = [];
  private readonly runtime: Runtime;
  private readonly certificate: string | null;
  /** What the server holds of its pool when nobody is there. */
  private readonly idleBlocks: number;
  private readonly waiting = new Set<() => void>();
  private publisher: RawClient | null = null;
  private player: RawClient | null = null;
  private published = 0;

  constructor(runtime: Runtime, options: ServerOptions = {}) {
    this.runtime = runtime;
    this.certificate = options.tls !== undefined && "cert" in options.tls ? options.tls.cert : null;
    this.server = runtime.createServer({
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
  static async open(runtime: Runtime, options: ServerOptions = {}): Promise<House> {
    const house = new House(runtime, options);
    await house.server.listen(0, "127.0.0.1");
    house.publisher = await house.publishing("bystander");
    house.player = await house.playing("bystander");
    house.show(10);
    house.events.length = 0;
    return house;
  }

  get port(): number {
    const { address } = this.server;
    if (address === null) throw new Error("The server does not listen.");
    return address.port;
  }

  /** A connection that says nothing. */
  async client(): Promise<RawClient> {
    const { runtime, port, certificate } = this;
    if (certificate === null) return new RawClient(await runtime.connect(port));
    return new RawClient(await runtime.connectTls(port, certificate));
  }

  /** A connection with the handshake done. */
  async shaken(): Promise<RawClient> {
    const client = await this.client();
    await client.shakeHands();
    return client;
  }

  /** A connection that is let in. */
  async connected(): Promise<RawClient> {
    const client = await this.shaken();
    await client.connect();
    return client;
  }

  async publishing(name: string): Promise<RawClient> {
    const client = await this.connected();
    await client.publish(name);
    return client;
  }

  async playing(name: string): Promise<RawClient> {
    const client = await this.connected();
    await client.play(name);
    return client;
  }

  /** A connection that has asked for something and was not answered yet. */
  async asking(what: "publish" | "play", name: string): Promise<RawClient> {
    const client = await this.connected();
    this.events.length = 0;
    client.ask(what, name);
    return client;
  }

  /** The bystander publishes so many more frames. */
  show(count: number): void {
    for (const number of range(this.published, this.published + count)) {
      this.publisher?.video(number * 40, videoFrame(number));
    }
    this.published += count;
  }

  /** What was reported so far, as text. */
  get reports(): string[] {
    return this.events.map((event) => {
      switch (event.type) {
        case "failed":
          return `failed ${errorName(event.code)}`;
        case "refused":
          return `refused ${event.what}: ${event.reason}`;
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
    while (this.server.connectionCount > count) await this.runtime.turn();
  }

  /** The bystanders are alone again, and got everything from the first frame on. */
  async undisturbed(): Promise<void> {
    await this.left(2);
    await this.works();
    const paths = this.server.streams.map(({ path }) => path);
    expectEqual(paths, ["live/bystander"], "the streams");
  }

  /** The bystanders get on, whatever others do: by then the server has turned its loop. */
  async works(): Promise<void> {
    const { publisher, player } = this;
    if (publisher === null || player === null) throw new Error("There are no bystanders.");
    this.show(10);
    await player.frame(this.published - 1);
    expectEqual(player.frames, range(0, this.published), "the bystander's frames");
    expectEqual([...publisher.complaints, ...player.complaints], [], "what the bystanders were told");
  }

  /** All go, and take their memory with them. */
  async close(): Promise<void> {
    await Promise.all([this.publisher?.close(), this.player?.close()]);
    await this.left(0);
    expectEqual(this.server.streams, [], "the streams in the end");
    expectEqual(this.server.relay.pool.lentBlocks, this.idleBlocks, "blocks of memory that are lent in the end");
    await this.server.close(0);
    this.expectNothingHeld();
  }

  /** The server was closed: it has neither connections nor memory. */
  expectNothingHeld(): void {
    expectEqual(this.server.connectionCount, 0, "connections of a closed server");
    expectEqual(this.server.relay.pool.lentBlocks, 0, "blocks of memory that a closed server holds");
    expectEqual(this.server.address, null, "the address of a closed server");
  }
}
