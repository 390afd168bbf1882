import { describe, expect, it } from "vitest";
import { AmfEcmaArray } from "../../src/amf/index.ts";
import { MessageType } from "../../src/chunk/index.ts";
import { encodeValues, UserControlEvent } from "../../src/message/index.ts";
import { TestClient } from "./client.ts";
import { mediaOf } from "./media-log.ts";

const { Audio, Video, DataAmf0 } = MessageType;
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));

const metadata = AmfEcmaArray.of({ width: 1920, height: 1080 });
const avcHeader = bytes("1700000000" + "0164001fffe100");
const aacHeader = bytes("af001210");
const keyframe = bytes("1701000000" + "00000001");
const frame = bytes("2701000000" + "00000002");
const sound = bytes("af01" + "2110");

describe("publishing, as FFmpeg does it", () => {
  it("from connect to the end", () => {
    const client = new TestClient();
    client.shakeHands();
    expect(client.hear()).toEqual([]);

    client.connect();
    expect(client.hear()).toEqual([
      "[2/0] WindowAcknowledgementSize 2500000",
      "[2/0] SetPeerBandwidth 2500000 2",
      "[2/0] StreamBegin 0",
      "[2/0] SetChunkSize 4096",
      '[3/0] "_result" 1 {fmsVer: "FMS/3,0,1,123", capabilities: 31} {level: "status", ' +
        'code: "NetConnection.Connect.Success", description: "Connection succeeded.", objectEncoding: 0}',
      '[3/0] "onBWDone" 0 null',
    ]);

    // It does not wait for answers in between.
    client.setChunkSize(4096);
    client.call("releaseStream", 2, null, "key");
    client.call("FCPublish", 3, null, "key");
    client.call("createStream", 4, null);
    client.call("_checkbw", 5, null);
    expect(client.hear()).toEqual([
      '[3/0] "_result" 2 null undefined',
      '[3/0] "_result" 3 null undefined',
      '[3/0] "onFCPublish" 0 null {level: "status", code: "NetStream.Publish.Start", description: "key"}',
      '[3/0] "_result" 4 null 1',
      '[3/0] "_result" 5 null undefined',
    ]);

    client.callOn(1, "publish", 6, null, "key", "live");
    expect(client.hear()).toEqual([
      "[2/0] StreamBegin 1",
      '[5/1] "onStatus" 0 null {level: "status", code: "NetStream.Publish.Start", description: "key is now published."}',
    ]);

    client.send(DataAmf0, 1, encodeValues("@setDataFrame", "onMetaData", metadata), 4);
    client.media(Video, 0, avcHeader);
    client.media(Audio, 0, aacHeader);
    client.media(Video, 0, keyframe);
    client.media(Audio, 23, sound);
    client.media(Video, 40, frame);
    expect(client.hear()).toEqual([]);

    client.call("FCUnpublish", 7, null, "key");
    client.call("deleteStream", 8, null, 1);
    expect(client.hear()).toEqual([
      '[3/0] "onFCUnpublish" 0 null {level: "status", code: "NetStream.Unpublish.Success", description: "key"}',
      '[3/0] "_result" 7 null undefined',
      '[5/1] "onStatus" 0 null {level: "status", code: "NetStream.Unpublish.Success", ' +
        'description: "key is no longer published."}',
    ]);

    expect(client.events).toEqual(["request connect live", "request publish key", "ended 1 publishing key"]);
    expect(mediaOf(client.live)).toEqual([
      expect.stringMatching(/^DataAmf0 @0 54 bytes /),
      "Video @0 17000000000164001fffe100",
      "Audio @0 af001210",
      "Video @0 170100000000000001",
      "Audio @23 af012110",
      "Video @40 270100000000000002",
    ]);
  });

  it("takes media that comes before the answer to publish", () => {
    const client = TestClient.connected();
    client.call("createStream", 2, null);
    const publish = client.chunks(MessageType.CommandAmf0, 1, encodeValues("publish", 3, null, "key", "live"));
    const media = client.chunks(Video, 1, keyframe, 6);
    client.give(Buffer.concat([publish, media]));
    expect(mediaOf(client.live)).toHaveLength(1);
  });

  it("begins with a Set Chunk Size before connect in a fmt 1 header, as OBS does", () => {
    const client = new TestClient();
    client.shakeHands();
    client.giveHex("42 000000 000004 01 00001000");
    client.connect();
    expect(client.events).toEqual(["request connect live"]);
  });
});

describe("playing", () => {
  it("from connect to the end of the publication", () => {
    const client = TestClient.connected();
    const { live } = client;
    live.beginPublication();
    live.setMetadata(encodeValues("onMetaData", metadata));
    client.push(Video, 0, avcHeader);
    client.push(Audio, 0, aacHeader);
    client.push(Video, 0, frame);
    client.push(Video, 40, keyframe);
    client.push(Audio, 46, sound);

    client.control(MessageType.WindowAcknowledgementSize, 0x00, 0x26, 0x25, 0xa0);
    client.call("createStream", 2, null);
    client.call("FCSubscribe", 3, null, "key");
    client.call("getStreamLength", 4, null, "key");
    client.callOn(1, "play", 5, null, "key", -1000);
    client.userControl(UserControlEvent.SetBufferLength, 1, 3000);
    expect(client.hear()).toEqual([
      "[2/0] StreamBegin 1",
      '[3/0] "_result" 2 null 1',
      '[3/0] "onFCSubscribe" 0 null {level: "status", code: "NetStream.Play.Start", description: "key"}',
      '[3/0] "_result" 4 null 0',
      '[5/1] "onStatus" 0 null {level: "status", code: "NetStream.Play.Reset", description: "Playing and resetting key."}',
      '[5/1] "onStatus" 0 null {level: "status", code: "NetStream.Play.Start", description: "Started playing key."}',
      '[5/1] data "|RtmpSampleAccess" true true',
      // What is needed before the first frame has the time of that frame.
      '[4/1] data "onMetaData" {width: 1920, height: 1080}',
      "[6/1] Video @40 17000000000164001fffe100",
      "[4/1] Audio @40 af001210",
      "[6/1] Video @40 170100000000000001",
      "[4/1] Audio @46 af012110",
    ]);
    expect(client.connection.streams.get(1)?.bufferLength).toBe(3000);

    client.push(Video, 80, frame);
    expect(client.hear()).toEqual(["[6/1] Video @80 270100000000000002"]);
    client.push(Audio, 92, sound);
    live.endPublication();
    expect(client.hear()).toEqual([
      "[4/1] Audio @92 af012110",
      "[2/0] StreamEof 1",
      '[5/1] "onStatus" 0 null {level: "status", code: "NetStream.Play.UnpublishNotify", ' +
        'description: "key is no longer published."}',
    ]);

    live.beginPublication();
    client.push(Video, 0, frame);
    client.push(Video, 40, keyframe);
    expect(client.hear()).toEqual([
      "[2/0] StreamBegin 1",
      '[5/1] "onStatus" 0 null {level: "status", code: "NetStream.Play.PublishNotify", ' +
        'description: "key is now published."}',
      "[6/1] Video @40 170100000000000001",
    ]);

    client.call("deleteStream", 6, null, 1);
    client.push(Video, 80, frame);
    expect(client.hear()).toEqual([]);
    expect(client.events).toEqual(["request play key", "ended 1 playing key"]);
  });

  it("before anybody publishes: the player is told when it begins", () => {
    const client = TestClient.playing();
    client.live.beginPublication();
    client.push(Video, 0, keyframe);
    expect(client.hear()).toEqual([
      "[2/0] StreamBegin 1",
      '[5/1] "onStatus" 0 null {level: "status", code: "NetStream.Play.PublishNotify", ' +
        'description: "key is now published."}',
      "[6/1] Video @0 170100000000000001",
    ]);
  });

  it("puts the media on the player's own message stream", () => {
    const client = TestClient.connected();
    for (const transaction of [2, 3, 4]) client.call("createStream", transaction, null);
    client.callOn(3, "play", 5, null, "key", -1000, -1, false);
    expect(client.hear().slice(-3)).toEqual([
      '[3/0] "_result" 4 null 3',
      '[5/3] "onStatus" 0 null {level: "status", code: "NetStream.Play.Start", description: "Started playing key."}',
      '[5/3] data "|RtmpSampleAccess" true true',
    ]);
    client.live.beginPublication();
    client.push(Video, 16_777_215, keyframe);
    client.push(Video, 16_777_255, frame);
    expect(client.hear().slice(-2)).toEqual([
      "[6/3] Video @16777215 170100000000000001",
      "[6/3] Video @16777255 270100000000000002",
    ]);
  });

  it("two streams at once, each with its own media", () => {
    const client = TestClient.connected();
    client.call("createStream", 2, null);
    client.call("createStream", 3, null);
    client.callOn(1, "play", 4, null, "a");
    client.callOn(2, "play", 5, null, "b");
    client.live.beginPublication();
    client.hear();
    client.push(Video, 0, keyframe);
    client.push(Audio, 10, sound);
    const lines = client.hear();
    for (const id of [1, 2]) {
      expect(lines.filter((line) => line.includes(`/${id}]`))).toEqual([
        `[6/${id}] Video @0 170100000000000001`,
        `[4/${id}] Audio @10 af012110`,
      ]);
    }
  });

  it("without reset nothing is said of a reset", () => {
    const client = TestClient.connected();
    client.call("createStream", 2, null);
    client.callOn(1, "play", 5, null, "key", -2000, -1, 0);
    expect(client.hear().filter((line) => line.includes("Reset"))).toEqual([]);
  });

  it("another play on the same message stream replaces the first", () => {
    const client = TestClient.playing();
    client.callOn(1, "play", 4, null, "other");
    client.hear();
    client.live.beginPublication();
    client.push(Video, 0, keyframe);
    expect(client.hear().filter((line) => line.includes("Video"))).toHaveLength(1);
    expect(client.connection.streams.get(1)?.name).toBe("other");
  });
});
