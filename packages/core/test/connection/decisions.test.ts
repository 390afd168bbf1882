import { describe, expect, it } from "vitest";
import { BufferPool } from "../../src/bytes/index.ts";
import { MessageType } from "../../src/chunk/index.ts";
import { ConnectionEvent } from "../../src/connection/index.ts";
import { ErrorCode } from "../../src/errors.ts";
import { encodeValues } from "../../src/message/index.ts";
import { TestClient } from "./client.ts";
import { mediaOf } from "./media-log.ts";

const { Video, CommandAmf0 } = MessageType;
const keyframe = Uint8Array.of(0x17, 1, 0, 0, 0, 1);

describe("a refusal", () => {
  it("of connect ends the connection", () => {
    const client = new TestClient({ connect: "go away" });
    client.shakeHands();
    client.connect();
    expect(client.hear()).toEqual([
      '[3/0] "_error" 1 null {level: "error", code: "NetConnection.Connect.Rejected", description: "go away"}',
    ]);
    client.call("createStream", 2, null);
    expect(client.hear()).toEqual([]);
    expect(client.events).toEqual(["request connect live", "failed Refused"]);
    expect(client.connection.error?.message).toBe("connect was refused: go away");
  });

  it("of publish ends the connection, and its media reaches nobody", () => {
    const client = TestClient.connected({ publish: "wrong key" });
    client.call("createStream", 2, null);
    client.hear();
    const publish = client.chunks(CommandAmf0, 1, encodeValues("publish", 3, null, "key", "live"));
    const media = client.chunks(Video, 1, keyframe, 6);
    client.give(Buffer.concat([publish, media]));
    client.media(Video, 40, keyframe);
    expect(client.hear()).toEqual([
      '[5/1] "onStatus" 0 null {level: "error", code: "NetStream.Publish.Denied", description: "wrong key"}',
    ]);
    expect(client.events).toEqual(["request publish key", "failed Refused"]);
    expect(mediaOf(client.live)).toEqual([]);
  });

  it("of play ends the connection", () => {
    const client = TestClient.connected({ play: "not for you" });
    client.call("createStream", 2, null);
    client.hear();
    client.callOn(1, "play", 3, null, "key");
    client.live.beginPublication();
    client.push(Video, 0, keyframe);
    expect(client.hear()).toEqual([
      '[5/1] "onStatus" 0 null {level: "error", code: "NetStream.Play.Failed", description: "not for you"}',
    ]);
    expect(client.events).toEqual(["request play key", "failed Refused"]);
  });

  it("leaves the connection to a peer that does something else on it", () => {
    const client = TestClient.publishing({ play: "not for you" });
    client.call("createStream", 4, null);
    client.callOn(2, "play", 5, null, "key");
    client.media(Video, 0, keyframe);
    expect(client.events).toEqual(["request play key"]);
    expect(mediaOf(client.live)).toHaveLength(1);
  });

  it("has the status code that the application gives it", () => {
    const client = TestClient.connected({ publish: "later" });
    client.call("createStream", 2, null);
    client.callOn(1, "publish", 3, null, "key", "live");
    client.hear();
    client.connection.refuse("taken", "NetStream.Publish.BadName");
    expect(client.hear()).toEqual([expect.stringContaining('code: "NetStream.Publish.BadName", description: "taken"')]);
  });
});

describe("while the application decides", () => {
  function wholeOf(client: TestClient): Uint8Array {
    return Buffer.concat([
      client.chunks(CommandAmf0, 1, encodeValues("publish", 3, null, "key", "live")),
      client.chunks(Video, 1, keyframe, 6),
      client.chunks(CommandAmf0, 0, encodeValues("createStream", 4, null)),
      client.chunks(Video, 1, keyframe, 6, 40),
    ]);
  }

  function undecided(): TestClient {
    const client = TestClient.connected({ publish: "later" });
    client.call("createStream", 2, null);
    client.hear();
    return client;
  }

  it("nothing that follows is read, and nothing is lost", () => {
    const client = undecided();
    const publish = client.chunks(CommandAmf0, 1, encodeValues("publish", 3, null, "key", "live"));
    const media = client.chunks(Video, 1, keyframe, 6);
    const create = client.chunks(CommandAmf0, 0, encodeValues("createStream", 4, null));
    client.give(Buffer.concat([publish, media, create]));
    expect(client.connection.poll()).toBe(ConnectionEvent.Waiting);
    expect(client.connection.poll()).toBe(ConnectionEvent.Waiting);
    expect(client.hear()).toEqual([]);

    client.live.beginPublication();
    client.connection.acceptPublish(client.live);
    expect(client.poll()).toBe(true);
    expect(mediaOf(client.live)).toEqual(["Video @0 170100000001"]);
    expect(client.hear()).toEqual([
      "[2/0] StreamBegin 1",
      expect.stringContaining("NetStream.Publish.Start"),
      '[3/0] "_result" 4 null 2',
    ]);
  });

  it("keepUnread lets the caller have its bytes back, wherever they were cut", () => {
    const { length } = wholeOf(undecided());
    for (let cut = 0; cut <= length; cut++) {
      const client = undecided();
      const { connection } = client;
      const bytes = wholeOf(client);
      for (const [start, end] of [
        [0, cut],
        [cut, bytes.length],
      ] as const) {
        const lent = bytes.slice(start, end);
        connection.feed(lent, 0, lent.length);
        if (client.poll()) continue;
        connection.keepUnread();
        connection.keepUnread();
        lent.fill(0xee);
        expect(connection.poll()).toBe(ConnectionEvent.Waiting);
        client.live.beginPublication();
        connection.acceptPublish(client.live);
        expect(client.poll()).toBe(true);
      }
      expect(mediaOf(client.live), `cut at ${cut}`).toEqual(["Video @0 170100000001", "Video @40 170100000001"]);
      connection.close();
      client.live.close();
      expect(client.pool.lentBlocks).toBe(0);
    }
  });

  it("keepUnread ends the connection when the pool has nothing left", () => {
    const pool = new BufferPool(2 ** 20);
    const client = TestClient.connected({ publish: "later", pool });
    client.call("createStream", 2, null);
    const bytes = Buffer.concat([
      client.chunks(CommandAmf0, 1, encodeValues("publish", 3, null, "key", "live")),
      client.chunks(CommandAmf0, 0, encodeValues("createStream", 4, null)),
    ]);
    client.connection.feed(bytes, 0, bytes.length);
    client.poll();
    const all = pool.take(2 ** 20);
    client.connection.keepUnread();
    pool.give(all);
    expect(client.connection.poll()).toBe(ConnectionEvent.Failed);
    expect(client.connection.error?.code).toBe(ErrorCode.PoolExhausted);
    expect(client.connection.request).toBe(null);
  });

  it("to feed more is wrong use, and does no harm to what is kept", () => {
    const client = undecided();
    const bytes = Buffer.concat([
      client.chunks(CommandAmf0, 1, encodeValues("publish", 3, null, "key", "live")),
      client.chunks(CommandAmf0, 0, encodeValues("createStream", 4, null)),
    ]);
    client.connection.feed(bytes, 0, bytes.length);
    client.poll();
    client.connection.keepUnread();
    expect(() => client.connection.feed(bytes, 0, 1)).toThrow(RangeError);
    expect(client.pool.lentBlocks).toBe(1);
    client.connection.acceptPublish(null);
    client.poll();
    expect(client.hear().at(-1)).toBe('[3/0] "_result" 4 null 2');
  });

  it("the peer's silence is not its fault", () => {
    const client = new TestClient({ connect: "later", publish: "later" });
    client.shakeHands();
    client.connect();
    client.wait(40_000);
    expect(client.events).toEqual(["request connect live"]);
    client.connection.acceptConnect();
    client.wait(100);
    client.hear();

    const create = client.chunks(CommandAmf0, 0, encodeValues("createStream", 2, null));
    const publish = client.chunks(CommandAmf0, 1, encodeValues("publish", 3, null, "key", "live"));
    const firstChunk = client.chunks(Video, 1, new Uint8Array(300), 6).subarray(0, 12 + 128);
    client.give(Buffer.concat([firstChunk, create, publish]));
    // A driver that goes by the deadline alone need not tick meanwhile.
    client.connection.acceptPublish(null);
    client.wait(100_000);
    expect(client.hear().filter((line) => line.includes("Ping"))).toEqual([]);
    expect(client.events).toEqual(["request connect live", "request publish key"]);
    // From now on it is.
    client.wait(60_000);
    expect(client.events.at(-1)).toBe("failed PartialMessageTimeout");
  });

  it("who is not read counts as heard of now", () => {
    const client = undecided();
    client.wait(1_000);
    client.callOn(1, "publish", 3, null, "key", "live");
    client.wait(30_000);
    expect(client.connection.lastReceived).toBe(31_000);
  });

  it("the connection may end", () => {
    const client = undecided();
    client.callOn(1, "publish", 3, null, "key", "live");
    client.connection.dismiss("NetConnection.Connect.AppShutdown", "closing time");
    expect(client.connection.request).toBeNull();
    expect(client.poll()).toBe(true);
    expect(client.hear()).toEqual([
      '[3/0] "onStatus" 0 null {level: "error", code: "NetConnection.Connect.AppShutdown", description: "closing time"}',
    ]);
    expect(() => client.connection.acceptPublish(null)).toThrow(TypeError);
    expect(() => client.connection.refuse("too late")).toThrow(TypeError);
  });
});

describe("wrong use", () => {
  it("accepting what was not asked for", () => {
    const client = TestClient.connected({ publish: "later" });
    expect(() => client.connection.acceptConnect()).toThrow(TypeError);
    expect(() => client.connection.refuse("why")).toThrow(TypeError);
    client.call("createStream", 2, null);
    client.callOn(1, "publish", 3, null, "key", "live");
    expect(() => client.connection.acceptPlay(client.live)).toThrow(TypeError);
    expect(client.connection.request).not.toBeNull();
  });
});
