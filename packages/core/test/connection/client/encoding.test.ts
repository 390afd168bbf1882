import { describe, expect, it } from "vitest";
import { AmfEcmaArray, AmfObject, type AmfValue } from "../../../src/amf/index.ts";
import { MessageType } from "../../../src/chunk/index.ts";
import { encodeAmf3Values, encodeValues } from "../../../src/message/index.ts";
import { mediaOf } from "../media-log.ts";
import { mediaLine } from "../message-log.ts";
import { Pair } from "./pair.ts";

const speaksAmf3 = { client: { connect: { app: "live", tcUrl: "rtmp://host/live", objectEncoding: 3 as const } } };

/** Calls a method with this value there and back; what came of it, and of which types the messages were. */
function echo(pair: Pair, value: AmfValue): { there: AmfValue; back: AmfValue } {
  const { client, server } = pair;
  let there: AmfValue;
  pair.onCommand = () => {
    const { command } = client;
    if (command === null) return;
    [there] = command.arguments;
    client.answer(command, there);
  };
  server.call("echo", value);
  pair.run();
  return { there, back: server.answered?.value };
}

describe("objects in calls", () => {
  const value = AmfObject.of({ bytes: "of", list: [1, 2, "three"] });

  it("go in AMF3 where both ends agree", () => {
    const pair = Pair.connected(speaksAmf3);
    expect(pair.client.welcome?.information.get("objectEncoding")).toBe(3);
    expect(pair.client.output.sender.usesAmf3).toBe(true);
    const { there, back } = echo(pair, value);
    expect([there, back].map((each) => each instanceof AmfObject && each.get("list"))).toEqual([
      [1, 2, "three"],
      [1, 2, "three"],
    ]);
    const bytes = Uint8Array.of(1, 2, 255);
    expect(echo(pair, bytes)).toEqual({ there: bytes, back: bytes });
    pair.close();
  });

  it("go in AMF0 where the client says nothing", () => {
    const pair = Pair.connected();
    expect(pair.client.welcome?.information.get("objectEncoding")).toBe(0);
    expect(pair.client.output.sender.usesAmf3).toBe(false);
    expect(echo(pair, value)).toEqual({ there: value, back: value });
    pair.close();
  });
});

describe("data of a publisher in AMF3", () => {
  const { DataAmf0, DataAmf3 } = MessageType;

  it("reaches players in AMF0, and metadata is kept", () => {
    const pair = Pair.connected(speaksAmf3);
    const stream = pair.client.publish("show");
    pair.run();
    const metadata = AmfEcmaArray.of({ width: 640 });
    for (const values of [
      ["@setDataFrame", "onMetaData", metadata],
      ["onCuePoint", AmfObject.of({ name: "a" })],
    ]) {
      const payload = encodeAmf3Values(...values);
      stream.send(DataAmf3, 40, payload, 0, payload.length);
    }
    pair.run();
    const expected = [encodeValues("onMetaData", metadata), encodeValues("onCuePoint", AmfObject.of({ name: "a" }))];
    const lines = expected.map((payload) => mediaLine(DataAmf0, 40, payload, 0, payload.length));
    expect(mediaOf(pair.live)).toEqual(lines);
    expect(pair.live.metadata).toEqual({ messageType: DataAmf0, payload: expected[0] });
    expect(pair.serverEvents.filter((event) => event === "message")).toEqual([]);
    pair.close();
  });

  it("that would be much longer in AMF0, or cannot be read, is the application's", () => {
    const pair = Pair.connected({ ...speaksAmf3, limits: { dataMessageLength: 20_000 } });
    const stream = pair.client.publish("show");
    pair.run();
    pair.forget();
    // In AMF3 a text that comes again takes two bytes.
    const bomb = encodeAmf3Values(
      "onBomb",
      Array.from({ length: 1_000 }, () => "x".repeat(10_000)),
    );
    expect(bomb.length).toBeLessThan(20_000);
    for (const payload of [bomb, Uint8Array.of(0, 0xff)]) stream.send(DataAmf3, 0, payload, 0, payload.length);
    pair.run();
    expect(pair.serverEvents).toEqual(["message", "message"]);
    expect(mediaOf(pair.live)).toEqual([]);
    pair.close();
  });
});
