import type { Client, ClientOptions } from "@millrace/client";
import { BufferPool } from "@millrace/core";
import { expectEqual } from "./expect.ts";
import { House } from "./house.ts";
import { gather, line, messages } from "./messages.ts";
import type { Runtime, ServerOptions } from "./runtime.ts";

/** A house, and clients of the adapter's own who meet there. Their memory is one. */
export class Stand {
  readonly house: House;
  readonly pool: BufferPool = new BufferPool(2 ** 26);
  private readonly runtime: Runtime;
  private readonly clients: Client[] = [];

  constructor(runtime: Runtime, house: House) {
    this.runtime = runtime;
    this.house = house;
  }

  /** A stand in a house with bystanders. */
  static async open(runtime: Runtime, options: ServerOptions = {}): Promise<Stand> {
    return new Stand(runtime, await House.open(runtime, options));
  }

  get url(): string {
    return `rtmp://127.0.0.1:${this.house.port}/live`;
  }

  async connect(options: ClientOptions = {}, url: string = this.url, certificate?: string): Promise<Client> {
    const client = await this.runtime.connectClient(url, { pool: this.pool, ...options }, certificate);
    this.clients.push(client);
    return client;
  }

  /** A show arrives at a player message for message. */
  async carries(url: string, options: ClientOptions = {}, certificate?: string): Promise<void> {
    const sent = messages(100, 20_000);
    const publisher = await this.connect(options, url, certificate);
    const player = await this.connect(options, url, certificate);
    this.house.events.length = 0;
    const played = gather(player.play("show"));
    await this.house.reported("play live/show");
    const publication = await publisher.publish("show");
    for (const message of sent) await publication.send(message);
    await publication.end();
    expectEqual(await played, sent.map(line), "what was played");
  }

  /** All clients go, and take their memory with them. */
  async leave(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close()));
    expectEqual(this.pool.lentBlocks, 0, "blocks of memory that clients which are closed hold");
  }

  /** All go. */
  async close(): Promise<void> {
    await this.leave();
    await this.house.close();
  }
}
