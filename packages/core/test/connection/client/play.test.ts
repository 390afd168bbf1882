import { describe, expect, it } from "vitest";
import { AmfEcmaArray } from "../../../src/amf/index.ts";
import { MessageType } from "../../../src/chunk/index.ts";
import { StreamState } from "../../../src/connection/index.ts";
import { encodeValues } from "../../../src/message/index.ts";
import { mediaOf } from "../media-log.ts";
import { liveStream, Pair } from "./pair.ts";

const { Audio, Video } = MessageType;
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));

const keyframe = bytes("1701000000" + "00000001");
const sound = bytes("af01" + "2110");

function push(pair: Pair, messageType: number, timestamp: number, payload: Uint8Array): void {
  pair.live.push(messageType, timestamp, payload, 0, payload.length);
}

describe("playing into a live stream", () => {
  it("from connect to the end of the publication", () => {
    const pair = new Pair();
    pair.run();
    expect(pair.clientEvents).toEqual(["connected"]);
    const metadata = encodeValues("onMetaData", AmfEcmaArray.of({ width: 1920 }));
    pair.live.beginPublication();
    pair.live.setMetadata(metadata);
    push(pair, Video, 40, keyframe);

    const sink = liveStream();
    const stream = pair.client.play("key", sink);
    expect(stream.state).toBe(StreamState.Creating);
    pair.run();
    expect(stream.state).toBe(StreamState.Active);
    expect(stream.id).toBe(1);
    expect(pair.clientEvents.splice(0)).toEqual([
      "connected",
      "status key NetStream.Play.Reset",
      "status key NetStream.Play.Start",
      // |RtmpSampleAccess is the server's own.
      expect.stringMatching(/^message 1: DataAmf0 @0 24 bytes/),
    ]);
    expect(pair.serverEvents).toEqual(["request connect live", "request play key"]);
    expect(sink.isPublished).toBe(true);
    expect(sink.headers).toEqual([{ messageType: MessageType.DataAmf0, payload: metadata }]);
    expect(mediaOf(sink)).toEqual([expect.stringMatching(/^DataAmf0 /), "Video @40 170100000000000001"]);

    push(pair, Audio, 46, sound);
    pair.live.endPublication();
    pair.run();
    expect(mediaOf(sink).slice(2)).toEqual(["Audio @46 af012110"]);
    expect(sink.isPublished).toBe(false);
    expect(pair.clientEvents).toEqual(["status key NetStream.Play.UnpublishNotify"]);
    pair.close();
  });

  it("before anybody publishes, and from one publication to the next", () => {
    const pair = Pair.connected();
    const sink = liveStream();
    const stream = pair.client.play("key", sink);
    pair.run();
    expect([stream.state, sink.isPublished, sink.publication]).toEqual([StreamState.Active, false, 0]);
    pair.live.beginPublication();
    push(pair, Video, 0, keyframe);
    pair.run();
    expect([sink.isPublished, sink.publication]).toEqual([true, 1]);
    // Another publisher takes the stream over.
    pair.live.beginPublication();
    push(pair, Video, 0, keyframe);
    pair.run();
    expect([sink.isPublished, sink.publication]).toEqual([true, 2]);
    expect(mediaOf(sink)).toHaveLength(2);
    pair.close();
  });
});
