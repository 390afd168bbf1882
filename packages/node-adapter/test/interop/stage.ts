import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createServer, type Server, type ServerEvent, type ServerOptions } from "@millrace/node-adapter";
import { Child } from "./child.ts";
import { type Packet, packetsOfFile, parsePackets } from "./packets.ts";
import { ffmpeg, type Peer, type Player, type Publisher } from "./peers.ts";

/** Nothing that is waited for takes longer, even on a machine that is busy with other things. */
const PATIENCE = 30_000;
/** How often is looked whether it has come, in milliseconds. */
const GLANCE = 10;

/** A server with real publishers and players around it. All that runs, and all files, end with {@link close}. */
export class Stage {
  readonly server: Server;
  readonly events: ServerEvent[] = [];
  private readonly children: Child[] = [];
  private readonly folder: string = mkdtempSync(join(tmpdir(), "millrace-interop-"));
  private files = 0;
  private readonly scheme: "rtmp" | "rtmps";

  static async open(options: ServerOptions = {}): Promise<Stage> {
    const stage = new Stage(options);
    await stage.server.listen(0, "127.0.0.1");
    return stage;
  }

  private constructor(options: ServerOptions) {
    this.scheme = options.tls === undefined ? "rtmp" : "rtmps";
    this.server = createServer({ ...options, onEvent: (event) => this.events.push(event) });
  }

  url(name: string): string {
    return `${this.scheme}://127.0.0.1:${this.server.address?.port}/live/${name}`;
  }

  run(command: readonly string[], stdin?: string): Child {
    const child = new Child(command, stdin);
    this.children.push(child);
    return child;
  }

  /** Publishes an FLV file in real time; settles when the server has accepted it. */
  async publish(publisher: Publisher, name: string, file: string): Promise<Publication> {
    const before = this.count("publish", name);
    const child = this.run(publisher.command(this.url(name), file), file);
    await this.until(`${publisher.name} publishes`, () => this.count("publish", name) > before);
    return new Publication(this, publisher, child, file);
  }

  /** Lets all these play at once; settles when the server has accepted them all. @param query - with its question mark */
  async play(players: readonly Player[], name: string, query = ""): Promise<Recording[]> {
    const before = this.count("play", name);
    const url = this.url(name + query);
    const recordings = players.map((player) => new Recording(this, player, this.run(player.command(url))));
    await this.until("all play", () => this.count("play", name) === before + players.length);
    return recordings;
  }

  /** How often an event was seen for a stream. */
  count(type: "publish" | "unpublish" | "play" | "stop", name: string): number {
    return this.events.filter((event) => event.type === type && event.path === `live/${name}`).length;
  }

  /** Waits until something is so; fails as soon as a program fails. */
  async until(what: string, condition: () => boolean): Promise<void> {
    const deadline = performance.now() + PATIENCE;
    while (!condition()) {
      for (const child of this.children) {
        const { ending } = child;
        if (ending !== null && ending.code !== 0 && ending.signal === null) throw new Error(child.describe(ending));
      }
      if (performance.now() > deadline) throw new Error(`${what}: not within ${PATIENCE} ms`);
      await delay(GLANCE);
    }
  }

  /** A new file of the stage. */
  save(bytes: Buffer): string {
    const file = join(this.folder, String(++this.files));
    writeFileSync(file, bytes);
    return file;
  }

  async close(): Promise<void> {
    for (const child of this.children) child.kill();
    await Promise.all(this.children.map(({ ended }) => ended));
    await this.server.close(0);
    rmSync(this.folder, { recursive: true });
  }
}

/** A publisher at work. */
export class Publication {
  readonly child: Child;
  private readonly stage: Stage;
  private readonly publisher: Publisher;
  private readonly file: string;

  constructor(stage: Stage, publisher: Publisher, child: Child, file: string) {
    this.stage = stage;
    this.publisher = publisher;
    this.child = child;
    this.file = file;
  }

  /** Waits until about so much of the file has arrived; only for a stage with one publisher. */
  hasSent(share: number): Promise<void> {
    const bytes = statSync(this.file).size * share;
    return this.stage.until(`${share} is sent`, () => this.stage.server.receivedBytes > bytes);
  }

  /** What was sent, once all is. @param reader - an ffmpeg that knows the codecs */
  async packets(reader: Peer = ffmpeg): Promise<Packet[]> {
    const output = await this.child.output();
    return packetsOfFile(reader.command, this.publisher.writes === "flv" ? this.stage.save(output) : this.file);
  }
}

/** A player at work. */
export class Recording {
  readonly child: Child;
  readonly player: Player;
  private readonly stage: Stage;

  constructor(stage: Stage, player: Player, child: Child) {
    this.stage = stage;
    this.player = player;
    this.child = child;
  }

  /** What arrived, once the player has ended by itself. @param reader - an ffmpeg that knows the codecs */
  async packets(reader: Peer = ffmpeg): Promise<Packet[]> {
    const output = await this.child.output();
    return this.player.writes === "flv" ? packetsOfFile(reader.command, this.stage.save(output)) : parsePackets(output);
  }
}
