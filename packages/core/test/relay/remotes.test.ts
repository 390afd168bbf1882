import { describe, expect, it } from "vitest";
import { AmfObject } from "../../src/amf/index.ts";
import { BufferPool } from "../../src/bytes/index.ts";
import { MessageType } from "../../src/chunk/index.ts";
import { ConnectionEvent, ServerConnection } from "../../src/connection/index.ts";
import { LiveStream } from "../../src/live/index.ts";
import { encodeValues } from "../../src/message/index.ts";
import { REMOTE_RANDOM_BYTES, type RelayClient, Remotes, type ServerEvent } from "../../src/relay/index.ts";
import { randomBytes } from "../handshake/reference.ts";
import { type Peer, World } from "./client.ts";

const random = randomBytes(REMOTE_RANDOM_BYTES, 3);
/** 25 pictures a second, one in 50 a keyframe; one message of audio with each. */
const FRAME = 40;
const GROUP = 50;

function picture(number: number): Uint8Array {
  const payload = new Uint8Array(700);
  payload.set([number % GROUP === 0 ? 0x17 : 0x27, 1, 0, 0, 0, number >>> 24, number >>> 16, number >>> 8, number]);
  return payload;
}

/** Another server, which comes and goes, and what it was sent: one list of picture numbers for each publication. */
class Elsewhere {
  isUp = true;
  /** Redirects whoever connects. */
  redirect: string | null = null;
  readonly pool = new BufferPool(2 ** 21);
  /** What it has for whoever plays there. */
  readonly live = new LiveStream(this.pool, { segmentBytes: 2 ** 12 });
  readonly publications: { name: string; app: string; pictures: number[]; others: string[] }[] = [];
  private readonly connections = new Set<ServerConnection>();

  open(now: number): ServerConnection | null {
    if (!this.isUp) return null;
    const connection = new ServerConnection({ pool: this.pool, random, now });
    this.connections.add(connection);
    return connection;
  }

  /** All its connections break. */
  fall(): void {
    this.isUp = false;
    for (const connection of this.connections) this.forget(connection);
  }

  isOpen(connection: ServerConnection): boolean {
    return this.connections.has(connection);
  }

  forget(connection: ServerConnection): void {
    connection.close();
    this.connections.delete(connection);
  }

  /** @returns whether the connection goes on. */
  poll(connection: ServerConnection): boolean {
    for (;;) {
      switch (connection.poll()) {
        case ConnectionEvent.NeedData:
        case ConnectionEvent.Waiting:
          return true;
        case ConnectionEvent.Request: {
          const { request } = connection;
          if (request?.kind === "connect" && this.redirect !== null) this.sendAway(connection, this.redirect);
          else if (request?.kind === "connect") connection.acceptConnect();
          if (request?.kind === "play") connection.acceptPlay(this.live);
          if (request?.kind !== "publish") break;
          const { app, name } = request;
          this.publications.push({ app, name, pictures: [], others: [] });
          connection.acceptPublish(null);
          break;
        }
        case ConnectionEvent.Message:
          this.take(connection);
          break;
        case ConnectionEvent.Failed:
        case ConnectionEvent.Closed:
          return false;
        default:
          break;
      }
    }
  }

  private sendAway({ output }: ServerConnection, redirect: string): void {
    const ex = AmfObject.of({ code: 302, redirect });
    const answer = AmfObject.of({ level: "error", code: "NetConnection.Connect.Rejected", ex });
    output.sender.message(3, MessageType.CommandAmf0, 0, 0, encodeValues("_error", 1, null, answer));
  }

  private take({ message }: ServerConnection): void {
    const { messageType, timestamp, bytes, start, end } = message;
    const publication = this.publications.at(-1);
    const view = new DataView(bytes.buffer, bytes.byteOffset + start, end - start);
    if (messageType !== MessageType.Video) publication?.others.push(`${messageType} ${timestamp} ${end - start}`);
    else if (view.getUint8(1) === 0) publication?.others.push(`header ${timestamp}`);
    else publication?.pictures.push(view.getUint32(5));
  }
}

/** A relay whose streams go to {@link Elsewhere}, or come from it, over sockets that are none; time passes by steps. */
class Stage {
  readonly world = new World({ pool: new BufferPool(2 ** 21) });
  readonly elsewhere = new Elsewhere();
  readonly events: string[] = [];
  readonly remotes: Remotes;
  attempts = 0;
  readonly addresses: string[] = [];
  private readonly links = new Map<RelayClient, ServerConnection>();
  private readonly memory = new Uint8Array(65_536);

  constructor() {
    const { relay } = this.world;
    const now = (): number => this.world.now;
    this.remotes = new Remotes({ relay, now, emit: (event) => this.events.push(lineOf(event)) });
  }

  /** What an adapter does from time to time. */
  step(milliseconds: number): void {
    this.world.now += milliseconds;
    for (const remote of this.remotes.due()) {
      this.attempts++;
      this.addresses.push(`${remote.address.host}:${remote.address.port}`);
      const client = remote.open(random);
      const server = this.elsewhere.open(this.world.now);
      if (server === null) client.close("connect ECONNREFUSED");
      else this.links.set(client, server);
    }
    for (const [client, server] of this.links) this.carry(client, server);
  }

  private carry(client: RelayClient, server: ServerConnection): void {
    const { elsewhere, world } = this;
    client.connection.tick(world.now);
    let goesOn = client.poll() && elsewhere.isOpen(server);
    for (let moved = true; goesOn && moved; ) {
      moved = false;
      for (const [from, to] of [[client.connection, server] as const, [server, client.connection] as const]) {
        to.tick(world.now);
        const length = from.output.transmit(this.memory, 0, this.memory.length);
        if (length === 0) continue;
        moved = true;
        to.feed(this.memory, 0, length);
        goesOn = (to === server ? elsewhere.poll(server) : client.poll()) && goesOn;
      }
    }
    if (goesOn) return;
    if (elsewhere.isOpen(server)) elsewhere.forget(server);
    client.close();
    this.links.delete(client);
  }
}

function lineOf(event: ServerEvent): string {
  const { type, ...facts } = event;
  return [type, ...Object.values(facts)].join(" ");
}

/** Sends pictures [from, to) with their audio. */
function show(stage: Stage, publisher: Peer, from: number, to: number): void {
  for (let number = from; number < to; number++) {
    publisher.media(MessageType.Video, number * FRAME, picture(number));
    publisher.media(MessageType.Audio, number * FRAME + 20, Uint8Array.of(0xaf, 1, number));
    stage.step(FRAME);
  }
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

describe("a push", () => {
  it("begins with metadata as encoders send it, headers, and the newest keyframe", () => {
    const stage = new Stage();
    const publisher = stage.world.publisher("show");
    publisher.media(MessageType.DataAmf0, 0, encodeValues("@setDataFrame", "onMetaData", "values"));
    publisher.media(MessageType.Video, 0, Uint8Array.of(0x17, 0, 0, 0, 0, 1));
    show(stage, publisher, 0, 60);
    stage.remotes.push("rtmp://elsewhere/other");
    show(stage, publisher, 60, 70);
    const [publication] = stage.elsewhere.publications;
    expect([publication?.app, publication?.name]).toEqual(["other", "show"]);
    expect(publication?.pictures).toEqual(numbers(50, 70));
    const wrapped = encodeValues("@setDataFrame", "onMetaData", "values").length;
    expect(publication?.others.slice(0, 2)).toEqual([`18 0 ${wrapped}`, `header ${50 * FRAME}`]);
    expect(stage.events).toEqual(["push app/show rtmp://elsewhere/other"]);
  });

  it("gives metadata once, and new metadata when it comes", () => {
    const stage = new Stage();
    stage.remotes.push("rtmp://elsewhere/other");
    const publisher = stage.world.publisher("show");
    stage.step(1);
    for (let count = 0; count < 3; count++) {
      publisher.media(MessageType.DataAmf0, 0, encodeValues("@setDataFrame", "onMetaData", count));
      publisher.media(MessageType.DataAmf0, 0, encodeValues("onCuePoint", count));
      show(stage, publisher, count * GROUP, (count + 1) * GROUP);
    }
    const lengths = [encodeValues("@setDataFrame", "onMetaData", 1).length, encodeValues("onCuePoint", 1).length];
    const data = stage.elsewhere.publications[0]?.others.filter((line) => line.startsWith("18 "));
    expect(data).toEqual([0, 1, 2].flatMap(() => lengths.map((length) => `18 0 ${length}`)));
  });

  it("ends when the stream does, once all of it was sent; and begins with the next one", () => {
    const stage = new Stage();
    stage.remotes.push("rtmp://elsewhere/other/its-name?key=1", "app/show");
    const publisher = stage.world.publisher("show");
    show(stage, publisher, 0, 5);
    publisher.media(MessageType.Video, 200, picture(5));
    publisher.close();
    for (let count = 0; count < 3; count++) stage.step(FRAME);
    expect(stage.elsewhere.publications.map(({ name, pictures }) => ({ name, pictures }))).toEqual([
      { name: "its-name", pictures: numbers(0, 6) },
    ]);
    expect(stage.events).toEqual(["push app/show rtmp://elsewhere/other", "push-end app/show rtmp://elsewhere/other"]);
    expect(stage.world.relay.streams.size).toBe(0);
    show(stage, stage.world.publisher("show"), 0, 5);
    expect(stage.elsewhere.publications[1]?.pictures).toEqual(numbers(0, 5));
  });

  it("follows a publisher that takes over", () => {
    const stage = new Stage();
    stage.remotes.push("rtmp://elsewhere/other");
    show(stage, stage.world.publisher("show"), 0, 5);
    stage.world.now += 6_000;
    const second = stage.world.publisher("show");
    show(stage, second, 100, 105);
    expect(stage.elsewhere.publications.map(({ pictures }) => pictures)).toEqual([
      [...numbers(0, 5), ...numbers(100, 105)],
    ]);
  });

  it("does not end a stream's life, nor lengthen it", () => {
    const stage = new Stage();
    stage.elsewhere.isUp = false;
    stage.remotes.push("rtmp://elsewhere/other");
    const publisher = stage.world.publisher("show");
    show(stage, publisher, 0, 100);
    publisher.close();
    stage.step(60_000);
    const { attempts } = stage;
    stage.step(60_000);
    expect(stage.attempts).toBe(attempts);
    expect(stage.world.relay.streams.size).toBe(0);
    expect(stage.world.pool.lentBytes).toBe(0);
  });

  it("goes where it is sent; after a failure it begins again where it was told to go", () => {
    const stage = new Stage();
    stage.elsewhere.redirect = "rtmp://third:1936/app?key=1";
    stage.remotes.push("rtmp://elsewhere/other");
    const publisher = stage.world.publisher("show");
    show(stage, publisher, 0, 1);
    stage.elsewhere.redirect = null;
    show(stage, publisher, 1, 5);
    expect(stage.addresses).toEqual(["elsewhere:1935", "third:1936"]);
    expect(stage.elsewhere.publications).toMatchObject([{ app: "app", name: "show", pictures: numbers(0, 5) }]);
    stage.elsewhere.fall();
    show(stage, publisher, 5, 6);
    expect(stage.events).toEqual([
      "push app/show rtmp://elsewhere/other",
      "push-lost app/show rtmp://elsewhere/other The connection was closed. 0",
    ]);
    stage.step(0);
    expect(stage.addresses[2]).toBe("elsewhere:1935");
  });

  it("survives an hour of a server that comes and goes: each time it resumes at a keyframe, and nothing leaks", () => {
    const stage = new Stage();
    const { elsewhere, world } = stage;
    stage.remotes.push("rtmp://elsewhere/other");
    const publisher = world.publisher("show");
    show(stage, publisher, 0, GROUP * 20);
    const used = world.pool.lentBytes;
    const shown: number[][] = [];
    // A minute each: up for 40 s, away for 20 s.
    for (let minute = 0; minute < 60; minute++) {
      const start = 1000 + minute * 1500;
      elsewhere.isUp = true;
      show(stage, publisher, start, start + 1000);
      shown.push(elsewhere.publications.at(-1)?.pictures ?? []);
      elsewhere.fall();
      expect(elsewhere.pool.lentBytes).toBe(0);
      const { attempts } = stage;
      show(stage, publisher, start + 1000, start + 1500);
      expect(stage.attempts - attempts).toBeLessThan(10);
      // What is kept of the stream moves with its keyframes, by a segment or two.
      expect(world.pool.lentBytes).toBeLessThan(used + 100_000);
    }
    expect(elsewhere.publications).toHaveLength(60);
    for (const [minute, pictures] of shown.entries()) {
      const last = 1000 + minute * 1500 + 999;
      const [first = 0] = pictures;
      expect(first % GROUP).toBe(0);
      expect(pictures).toEqual(numbers(first, last + 1));
      // The pause between two tries is 10 s at most.
      expect(last - first).toBeGreaterThan(1000 - 300);
    }
    publisher.close();
    for (let count = 0; count < 10; count++) stage.step(1_000);
    expect([world.pool.lentBytes, world.relay.streams.size]).toEqual([0, 0]);
  });
});

describe("a pull", () => {
  /** Shows pictures [from, to) elsewhere. */
  function showThere(stage: Stage, from: number, to: number): void {
    const { live } = stage.elsewhere;
    for (let number = from; number < to; number++) {
      live.now = stage.world.now;
      live.push(MessageType.Video, number * FRAME, picture(number), 0, 700);
      stage.step(FRAME);
    }
  }

  /** The times of what a stream of the relay keeps. */
  function kept(stage: Stage, path: string): number[] {
    const live = stage.world.relay.streams.get(path)?.live;
    if (live === undefined) return [];
    return numbers(live.first, live.next).map((number) => live.timestampOf(number) / FRAME);
  }

  it("publishes here what is played there, again and again", () => {
    const stage = new Stage();
    stage.elsewhere.live.beginPublication();
    showThere(stage, 0, 10);
    stage.remotes.pull("rtmp://elsewhere/other/show?key=1");
    showThere(stage, 10, 20);
    expect(kept(stage, "other/show")).toEqual(numbers(0, 20));
    stage.elsewhere.fall();
    stage.step(FRAME);
    expect(stage.world.relay.streams.get("other/show")?.live.isPublished).not.toBe(true);
    stage.elsewhere.isUp = true;
    showThere(stage, 50, 60);
    expect(kept(stage, "other/show")).toEqual(numbers(50, 60));
    expect(stage.events).toEqual([
      "pull other/show rtmp://elsewhere/other",
      "pull-lost other/show rtmp://elsewhere/other The connection was closed. 0",
      "pull other/show rtmp://elsewhere/other",
    ]);
  });

  it("gives way to a publisher here, and comes back after it", () => {
    const stage = new Stage();
    stage.elsewhere.live.beginPublication();
    stage.remotes.pull("rtmp://elsewhere/other/show", "app/show");
    showThere(stage, 0, 10);
    const publisher = stage.world.publisher("show");
    show(stage, publisher, 1000, 1010);
    expect(stage.world.relay.streams.get("app/show")?.live.isPublished).toBe(true);
    expect(stage.events.at(-1)).toBe("pull-end app/show rtmp://elsewhere/other");
    const { attempts } = stage;
    stage.step(60_000);
    expect(stage.attempts).toBe(attempts);
    publisher.close();
    showThere(stage, 50, 60);
    expect(kept(stage, "app/show")).toEqual(numbers(50, 60));
  });

  it("goes on to other servers by a push of all streams", () => {
    const stage = new Stage();
    stage.elsewhere.live.beginPublication();
    stage.remotes.pull("rtmp://elsewhere/other/show");
    stage.remotes.push("rtmp://third/app");
    showThere(stage, 0, 10);
    expect(stage.elsewhere.publications).toMatchObject([{ name: "show", pictures: numbers(0, 10) }]);
  });
});

describe("what cannot be", () => {
  const { remotes } = new Stage();
  it.each([
    ["a push of all streams to one", () => remotes.push("rtmp://host/app/name")],
    ["a push of one stream to an app", () => remotes.push("rtmp://host/app", "live/show")],
    ["a pull of an app", () => remotes.pull("rtmp://host/app")],
    ["another URL", () => remotes.push("http://host/app")],
  ])("%s is refused", (_, act) => {
    expect(act).toThrow(TypeError);
  });
});
