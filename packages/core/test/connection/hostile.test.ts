import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AmfEcmaArray, AmfObject, type AmfValue } from "../../src/amf/index.ts";
import { BufferPool } from "../../src/bytes/index.ts";
import { MessageType } from "../../src/chunk/index.ts";
import { encodeValues } from "../../src/message/index.ts";
import { TestClient } from "./client.ts";

const { CommandAmf0, CommandAmf3, DataAmf0 } = MessageType;
const options = AmfObject.of({ streamName: "key", start: 0, list: [1, AmfEcmaArray.of({ a: null })] });

/** Every command that is known, with all that it may carry, and the message stream on which it comes. */
const commands: [name: string, streamId: number, payload: Uint8Array][] = (
  [
    ["createStream", 0, [null]],
    ["releaseStream", 0, [null, "key"]],
    ["FCPublish", 0, [null, "key"]],
    ["FCUnpublish", 0, [null, "key"]],
    ["FCSubscribe", 0, [null, "key"]],
    ["FCUnsubscribe", 0, [null, "key"]],
    ["getStreamLength", 0, [null, "key"]],
    ["_checkbw", 0, [null]],
    ["deleteStream", 0, [null, 1]],
    ["publish", 2, [null, "key?a=b", "live"]],
    ["play", 2, [null, "key?a=b", -1000, -1, true]],
    ["play2", 1, [null, options]],
    ["pause", 1, [null, true, 1000]],
    ["seek", 1, [null, 1000]],
    ["receiveAudio", 1, [null, false]],
    ["receiveVideo", 1, [null, true]],
    ["closeStream", 1, [null]],
    ["unknown", 0, [options, "text", undefined, false]],
    ["connect", 0, [options]],
  ] satisfies [string, number, AmfValue[]][]
).map(([name, streamId, values]) => [name, streamId, encodeValues(name, 5, ...values)]);

const connect = encodeValues(
  "connect",
  1,
  AmfObject.of({ app: "live", tcUrl: "rtmp://h/live", audioCodecs: 4071, fpad: false, fourCcList: ["av01"] }),
  "user",
);

/** For all clients: memory is expensive to make, and each gives its own back. */
const pool = new BufferPool(2 ** 22);

/** A client that plays on message stream 1, and has a second one. */
function player(): TestClient {
  const client = TestClient.playing({ pool });
  client.call("createStream", 4, null);
  client.hear();
  return client;
}

/** What came of it: whatever the bytes are, only answers that can be read, and at most one error. */
function survives(client: TestClient, messageType: number, streamId: number, payload: Uint8Array): void {
  client.send(messageType, streamId, payload);
  client.hear();
  const failures = client.events.filter((event) => event.startsWith("failed"));
  expect(failures.length).toBeLessThanOrEqual(1);
  if (failures.length === 0) {
    if (client.events.includes("closed")) return;
    // It goes on as if nothing had been.
    client.call("_checkbw", 99, null);
    expect(client.hear().at(-1)).toBe('[3/0] "_result" 99 null undefined');
  } else {
    expect(client.connection.error?.message).toMatch(/\S/);
    client.send(messageType, streamId, payload);
    expect(client.sent()).toEqual([]);
  }
  client.connection.close();
  client.live.close();
  expect(client.pool.lentBlocks).toBe(0);
}

const markers = [0x00, 0x01, 0x02, 0x03, 0x05, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0f, 0x10, 0x11, 0x12, 0xff];

describe.each(commands)("%s", (_, streamId, payload) => {
  it("cut off at each byte", () => {
    for (let length = 0; length < payload.length; length++) {
      survives(player(), CommandAmf0, streamId, payload.subarray(0, length));
    }
  });

  it("with another byte at each place", () => {
    for (let at = 0; at < payload.length; at++) {
      // All markers at each place would take minutes: each place gets another few.
      for (const marker of [markers[at % 16], markers[(at + 5) % 16], 0xff]) {
        const hostile = payload.slice();
        hostile[at] = marker ?? 0;
        survives(player(), CommandAmf0, streamId, hostile);
      }
    }
  });
});

describe("connect", () => {
  function stranger(payload: Uint8Array): TestClient {
    const client = new TestClient();
    client.shakeHands();
    client.send(CommandAmf0, 0, payload);
    client.hear();
    return client;
  }

  it("cut off at each byte is let in or refused, never both", () => {
    for (let length = 0; length < connect.length; length++) {
      const client = stranger(connect.subarray(0, length));
      const isIn = client.connection.connected !== null;
      expect(client.connection.error === null, `cut at ${length}`).toBe(isIn);
    }
  });

  it("with every marker at every place", () => {
    for (let at = 0; at < connect.length; at++) {
      for (const marker of [markers[at % 16], markers[(at + 3) % 16], markers[(at + 7) % 16], 0xff]) {
        const hostile = connect.slice();
        hostile[at] = marker ?? 0;
        const client = stranger(hostile);
        expect(client.connection.error === null).toBe(client.connection.connected !== null);
      }
    }
  });
});

describe("hostile values in a command", () => {
  const head = encodeValues("createStream", 5);

  it.each([
    ["nesting of 70,000 levels", "0a00000001".repeat(50_000), "AmfDepthLimit"],
    ["objects within objects", "03000161".repeat(50_000), "AmfDepthLimit"],
    ["an array of 2^32 - 1 values", "0affffffff", "AmfCountBeyondInput"],
    ["a string of 4 GiB", "0cffffffff", "AmfTruncated"],
    ["a reference to nothing", "070000", "AmfBadReference"],
    ["references to oneself", `0a000000ff${"070000".repeat(255)}`, null],
    ["20,000 values", "05".repeat(20_000), "AmfValueLimit"],
    ["AMF3 that is cut off", "110a0b01", "AmfTruncated"],
    ["a movie clip", "04", "AmfUnknownMarker"],
    ["__proto__ and constructor", "0300095f5f70726f746f5f5f03000009000b636f6e7374727563746f7205000009", null],
  ])("%s", (_, hex, code) => {
    const client = TestClient.connected();
    client.setChunkSize(65_536);
    client.send(CommandAmf0, 0, Buffer.concat([head, Buffer.from(hex, "hex")]));
    if (code === null) expect(client.hear()).toEqual(['[3/0] "_result" 5 null 1']);
    else expect(client.events).toEqual([`failed ${code}`]);
  });

  it("a command longer than the limit commandMessageLength fails before its bytes come", () => {
    const client = TestClient.connected();
    client.giveHex("03 000000 040001 14 00000000 02");
    expect(client.events).toEqual(["failed CommandMessageLengthLimit"]);
    expect(client.pool.lentBlocks).toBe(0);
  });
});

describe("anything", () => {
  it("as a command or a data message, on any stream", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(CommandAmf0, CommandAmf3, DataAmf0),
        fc.integer({ min: 0, max: 3 }),
        fc.uint8Array({ maxLength: 60 }),
        (messageType, streamId, payload) => survives(player(), messageType, streamId, payload),
      ),
      { numRuns: 200 },
    );
  });

  it("as the values of a command that is known", () => {
    const name = fc.constantFrom(...commands.map(([known]) => known), "close", "onStatus", "_result", "_error");
    const value: fc.Arbitrary<AmfValue> = fc.oneof(
      fc.constantFrom(null, undefined, true, false, "", "key", 0, 1, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53),
      fc.string(),
      fc.constant(options),
    );
    fc.assert(
      fc.property(
        name,
        fc.integer({ min: 0, max: 3 }),
        fc.double(),
        fc.array(value, { maxLength: 5 }),
        (known, streamId, transaction, values) => {
          survives(player(), CommandAmf0, streamId, encodeValues(known, transaction, ...values));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("behind the handshake, in pieces", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { maxLength: 5 }), (pieces) => {
        const client = TestClient.publishing();
        for (const piece of pieces) client.give(piece);
        client.hear();
        client.connection.close();
        client.live.close();
        expect(client.pool.lentBlocks).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
