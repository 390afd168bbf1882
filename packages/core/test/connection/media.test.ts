import { describe, expect, it } from "vitest";
import { AmfEcmaArray } from "../../src/amf/index.ts";
import { BufferPool } from "../../src/bytes/index.ts";
import { MessageType } from "../../src/chunk/index.ts";
import { encodeValues } from "../../src/message/index.ts";
import { TestClient } from "./client.ts";
import { mediaOf } from "./media-log.ts";

const { Abort, Audio, CommandAmf0, DataAmf0, Video } = MessageType;
const keyframe = Uint8Array.of(0x17, 1, 0, 0, 0, 1);
const frame = Uint8Array.of(0x27, 1, 0, 0, 0, 2);
const metadata = AmfEcmaArray.of({ width: 1920 });

/** A video message of so many bytes. */
function video(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index === 0 ? 0x27 : (index * 7 + seed) & 0xff));
}

/** More than the live stream keeps passes through it: nothing that was given up stands in the way. */
function expectRoom({ live }: TestClient): void {
  const payload = video(50_000);
  for (let count = 0; count < 50; count++) live.push(Video, count, payload, 0, payload.length);
  expect(live.droppedMessages).toBe(0);
}

describe("media of a publisher", () => {
  it("keeps its type, timestamp and bytes, whatever these are", () => {
    const client = TestClient.publishing();
    client.media(Video, 0, keyframe);
    client.media(Audio, 0xffffff, Uint8Array.of(0xaf, 1));
    client.media(Video, 0xffffffff, frame);
    client.media(Video, 5, frame);
    client.media(Audio, 6, new Uint8Array(0));
    client.media(Video, 7, video(5_000));
    expect(mediaOf(client.live)).toEqual([
      "Video @0 170100000001",
      "Audio @16777215 af01",
      "Video @4294967295 270100000002",
      "Video @5 270100000002",
      "Audio @6 ",
      expect.stringMatching(/^Video @7 5000 bytes/),
    ]);
    expect(client.events).toEqual([]);
  });

  it("on several chunk streams at once, in pieces of every size", () => {
    const build = (client: TestClient): Uint8Array => {
      const [first, second] = [
        client.chunks(Video, 1, video(300, 1), 6, 40),
        client.chunks(Audio, 1, video(300, 2), 4, 41),
      ];
      // 140, 129 and 45 bytes of each, in turn.
      const cut = (bytes: Uint8Array): Uint8Array[] => [
        bytes.subarray(0, 140),
        bytes.subarray(140, 269),
        bytes.subarray(269),
      ];
      const [a, b] = [cut(first), cut(second)];
      return Buffer.concat([0, 1, 2].flatMap((index) => [a[index], b[index]]).filter((piece) => piece !== undefined));
    };
    const whole = TestClient.publishing();
    whole.give(build(whole));
    const expected = mediaOf(whole.live);
    expect(expected.map((line) => line.slice(0, 9))).toEqual(["Video @40", "Audio @41"]);
    for (let size = 1; size < 300; size += 7) {
      const client = TestClient.publishing();
      const bytes = build(client);
      for (let at = 0; at < bytes.length; at += size) client.give(bytes.subarray(at, at + size));
      expect(mediaOf(client.live), `pieces of ${size}`).toEqual(expected);
    }
  });

  it("with a new chunk size in the middle of a message", () => {
    const client = TestClient.publishing();
    const payload = video(300);
    const begin = client.chunks(Video, 1, payload, 6, 40).subarray(0, 140);
    client.give(begin);
    client.giveHex("02 000000 000004 01 00000000 00000010"); // 16
    const rest: number[] = [];
    for (let at = 128; at < 300; at += 16) rest.push(0xc6, ...payload.subarray(at, at + 16));
    client.give(Uint8Array.from(rest));
    const reference = TestClient.publishing();
    reference.media(Video, 40, payload);
    expect(mediaOf(client.live)).toEqual(mediaOf(reference.live));
  });

  it("aborted in the middle: nobody sees it, and the next one is whole", () => {
    const client = TestClient.publishing();
    const begin = client.chunks(Video, 1, video(300), 6, 40).subarray(0, 140);
    client.give(begin);
    client.control(Abort, 0, 0, 0, 6);
    client.send(Video, 1, keyframe, 6, 80);
    expect(mediaOf(client.live)).toEqual(["Video @80 170100000001"]);
    expectRoom(client);
  });

  it("of a connection that fails in the middle of a message leaves its room to others", () => {
    const client = TestClient.publishing();
    client.give(client.chunks(Video, 1, video(300), 6, 40).subarray(0, 140));
    client.giveHex("02 000000 000004 01 00000000 00000000");
    expect(client.events).toEqual(["failed ChunkSizeZero"]);
    expectRoom(client);
  });

  it("aborted where it is gathered for the application", () => {
    const client = TestClient.publishing({ withoutSink: true });
    const begin = client.chunks(Video, 1, video(300), 6, 40).subarray(0, 140);
    client.give(begin);
    expect(client.pool.lentBlocks).toBe(1);
    client.control(Abort, 0, 0, 0, 6);
    expect(client.pool.lentBlocks).toBe(0);
    client.send(Video, 1, keyframe, 6, 80);
    expect(client.events).toEqual(["message 1: Video @80 170100000001"]);
  });

  it("an Abort of a chunk stream on which nothing is under way, or that is unknown, does no harm", () => {
    const client = TestClient.publishing();
    for (const id of [2, 3, 6, 63]) client.control(Abort, 0, 0, 0, id);
    client.control(Abort, 0xff, 0xff, 0xff, 0xff);
    client.media(Video, 40, keyframe);
    expect(mediaOf(client.live)).toHaveLength(1);
  });

  it("ended in the middle of a message: the rest goes nowhere", () => {
    const client = TestClient.publishing();
    const message = client.chunks(Video, 1, video(300), 6, 40);
    client.give(message.subarray(0, 140));
    client.callOn(1, "closeStream", 0, null);
    client.live.endPublication();
    client.give(message.subarray(140));
    expect(mediaOf(client.live)).toEqual([]);
    expect(client.events).toEqual(["ended 1 publishing key"]);
  });

  it("without memory is dropped and counted; the connection goes on", () => {
    const pool = new BufferPool(2 ** 20);
    const client = TestClient.publishing({ pool });
    const blocks: number[] = [];
    for (let block = pool.take(1024); block !== -1; block = pool.take(1024)) blocks.push(block);
    client.media(Video, 0, keyframe);
    expect(client.live.droppedMessages).toBe(1);
    for (const block of blocks) pool.give(block);
    client.media(Video, 40, keyframe);
    expect(mediaOf(client.live)).toEqual(["Video @40 170100000001"]);
    expect(client.events).toEqual([]);
  });

  it("without a sink comes as messages", () => {
    const client = TestClient.publishing({ withoutSink: true });
    client.media(Video, 40, keyframe);
    client.media(Audio, 41, new Uint8Array(0));
    client.media(Video, 80, video(5_000));
    client.send(DataAmf0, 1, encodeValues("@setDataFrame"), 4, 81);
    expect(client.events).toEqual([
      "message 1: Video @40 170100000001",
      "message 1: Audio @41 ",
      expect.stringContaining("message 1: Video @80 5000 bytes"),
      "message 1: DataAmf0 @81 02000d40736574446174614672616d65",
    ]);
  });
});

describe("data of a publisher", () => {
  /** The names at the start of the headers that a joiner gets. */
  function metadataOf(client: TestClient): (string | undefined)[] {
    return client.live.headers.map(({ payload }) => Buffer.from(payload).toString("latin1", 3, 13));
  }

  it("@setDataFrame onMetaData is kept for joiners, and passed on without the request", () => {
    const client = TestClient.publishing();
    client.send(DataAmf0, 1, encodeValues("@setDataFrame", "onMetaData", metadata), 4, 7);
    expect(metadataOf(client)).toEqual(["onMetaData"]);
    const reference = TestClient.publishing();
    reference.send(DataAmf0, 1, encodeValues("onMetaData", metadata), 4, 7);
    expect(metadataOf(reference)).toEqual(["onMetaData"]);
    expect(mediaOf(client.live)).toEqual(mediaOf(reference.live));
    expect(client.events).toEqual([]);
  });

  it("@setDataFrame of something else does not replace the metadata", () => {
    const client = TestClient.publishing();
    client.send(DataAmf0, 1, encodeValues("@setDataFrame", "onMetaData", metadata), 4);
    client.send(DataAmf0, 1, encodeValues("@setDataFrame", "|RtmpSampleAccess", true, true), 4);
    client.send(DataAmf0, 1, encodeValues("@clearDataFrame", "other"), 4);
    expect(metadataOf(client)).toEqual(["onMetaData"]);
    expect(mediaOf(client.live)).toHaveLength(2);
  });

  it("@clearDataFrame forgets it", () => {
    const client = TestClient.publishing();
    client.send(DataAmf0, 1, encodeValues("@setDataFrame", "onMetaData", metadata), 4);
    client.send(DataAmf0, 1, encodeValues("@clearDataFrame", "onMetaData"), 4);
    expect(metadataOf(client)).toEqual([]);
    expect(mediaOf(client.live)).toHaveLength(1);
  });

  it("a stray zero before it is left out", () => {
    const client = TestClient.publishing();
    const payload = Buffer.concat([Buffer.of(0), encodeValues("@setDataFrame", "onMetaData", metadata)]);
    client.send(DataAmf0, 1, payload, 4);
    expect(metadataOf(client)).toEqual(["onMetaData"]);
  });

  it("a request without a name passes nothing on", () => {
    const client = TestClient.publishing();
    client.send(DataAmf0, 1, encodeValues("@setDataFrame"), 4);
    client.send(DataAmf0, 1, encodeValues("@clearDataFrame"), 4);
    client.send(DataAmf0, 1, new Uint8Array(0), 4);
    expect(metadataOf(client)).toEqual([]);
    expect(mediaOf(client.live)).toEqual([]);
    expect(client.events).toEqual([]);
  });

  it("what is no AMF is passed on as it is", () => {
    const client = TestClient.publishing();
    client.send(DataAmf0, 1, Uint8Array.of(0xff, 0, 1, 2), 4, 9);
    client.send(DataAmf0, 1, Uint8Array.of(2, 0, 50, 1), 4, 9);
    expect(mediaOf(client.live)).toEqual(["DataAmf0 @9 ff000102", "DataAmf0 @9 02003201"]);
  });
});

describe("messages that are the application's", () => {
  it.each([7, 10, 15, 16, 19, 255])("type %i", (messageType) => {
    const client = TestClient.publishing();
    client.send(messageType, 1, Uint8Array.of(1, 2, 3), 4, 12);
    expect(client.events).toEqual([expect.stringMatching(/^message 1: .*@12 010203$/)]);
    expect(mediaOf(client.live)).toEqual([]);
  });

  it("data of who does not publish", () => {
    const client = TestClient.playing();
    client.send(DataAmf0, 1, encodeValues("x"), 4, 12);
    client.send(DataAmf0, 0, encodeValues("x"), 4, 12);
    expect(client.events).toEqual(["message 1: DataAmf0 @12 02000178", "message 0: DataAmf0 @12 02000178"]);
    expect(mediaOf(client.live)).toEqual([]);
  });
});

describe("media of who does not publish", () => {
  it("reaches nobody, and ends the connection at the limit strayMediaBytes", () => {
    const client = TestClient.playing({ limits: { strayMediaBytes: 10_000 } });
    for (let count = 0; count < 10; count++) client.media(Video, count, video(1_000));
    expect(client.events).toEqual([]);
    client.media(Video, 10, keyframe);
    expect(client.events).toEqual(["failed MediaWithoutPublish"]);
    expect(mediaOf(client.live)).toEqual([]);
  });

  it("on another message stream than the published one likewise", () => {
    const client = TestClient.publishing({ limits: { strayMediaBytes: 10 } });
    client.media(Video, 0, keyframe, 7);
    expect(client.events).toEqual([]);
    client.media(Video, 0, keyframe, 7);
    expect(client.events).toEqual(["failed MediaWithoutPublish"]);
    expect(mediaOf(client.live)).toEqual([]);
  });
});

describe("memory", () => {
  it("for unfinished messages is bounded before the peer may publish, and less so after", () => {
    const limits = { partialMessageBytesBeforePublish: 32_768, partialMessageBytes: 131_072 };
    const large = video(200_000);
    const stranger = TestClient.connected({ limits });
    stranger.send(DataAmf0, 0, large, 4);
    expect(stranger.events).toEqual(["failed PartialMessageBytesLimit"]);

    const publisher = TestClient.publishing({ limits, withoutSink: true });
    publisher.media(Video, 0, large.subarray(0, 60_000));
    expect(publisher.events).toHaveLength(1);
    publisher.media(Video, 0, large);
    expect(publisher.events.at(-1)).toBe("failed PartialMessageBytesLimit");
  });

  const states: [string, () => TestClient][] = [
    ["before the handshake", () => new TestClient()],
    [
      "in the handshake",
      () => {
        const client = new TestClient();
        client.give(new Uint8Array(1_600).fill(3));
        return client;
      },
    ],
    [
      "before connect",
      () => {
        const client = new TestClient();
        client.shakeHands();
        return client;
      },
    ],
    ["connected", () => TestClient.connected()],
    [
      "with an unfinished command",
      () => {
        const client = TestClient.connected();
        client.give(client.chunks(CommandAmf0, 0, encodeValues("x", 0, "y".repeat(900))).subarray(0, 500));
        return client;
      },
    ],
    [
      "while a request waits, with bytes kept",
      () => {
        const client = TestClient.connected({ publish: "later" });
        client.call("createStream", 2, null);
        const bytes = Buffer.concat([
          client.chunks(CommandAmf0, 1, encodeValues("publish", 3, null, "key", "live")),
          client.chunks(Video, 1, keyframe, 6),
        ]);
        client.give(bytes);
        client.connection.keepUnread();
        return client;
      },
    ],
    [
      "publishing, in the middle of a message",
      () => {
        const client = TestClient.publishing();
        client.media(Video, 0, keyframe);
        client.give(client.chunks(Video, 1, video(900), 6, 40).subarray(0, 500));
        return client;
      },
    ],
    [
      "publishing to the application, in the middle of a message",
      () => {
        const client = TestClient.publishing({ withoutSink: true });
        client.give(client.chunks(Video, 1, video(900), 6, 40).subarray(0, 500));
        return client;
      },
    ],
    [
      "playing, with a piece lent",
      () => {
        const client = TestClient.playing();
        client.live.beginPublication();
        client.push(Video, 0, keyframe);
        client.hear();
        client.push(Video, 40, video(40_000));
        expect(client.connection.output.lend()).toBe(true);
        return client;
      },
    ],
    [
      "with a block of answers lent",
      () => {
        const client = TestClient.connected();
        client.call("_checkbw", 2, null);
        expect(client.connection.output.lend()).toBe(true);
        return client;
      },
    ],
    [
      "failed",
      () => {
        const client = TestClient.publishing();
        client.media(Video, 0, keyframe);
        client.give(client.chunks(Video, 1, video(900), 7, 40).subarray(0, 140));
        client.giveHex("02 000000 000004 01 00000000 00000000");
        expect(client.events).toEqual(["failed ChunkSizeZero"]);
        return client;
      },
    ],
  ];

  it.each(states)("all goes back to the pool when the connection is closed: %s", (_, make) => {
    const client = make();
    client.connection.close();
    client.connection.close();
    client.live.close();
    expect(client.pool.lentBlocks).toBe(0);
    // Nothing comes to life again.
    client.connection.tick(1e9);
    client.connection.feed(new Uint8Array(10), 0, 10);
    client.connection.poll();
    expect(client.sent()).toEqual([]);
    expect(client.pool.lentBlocks).toBe(0);
  });
});
