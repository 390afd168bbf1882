import { describe, expect, it } from "vitest";
import { AmfDate, AmfEcmaArray, AmfObject, type AmfValue } from "../../src/amf/index.ts";
import { ErrorCode, ProtocolError } from "../../src/errors.ts";
import { defaultLimits, limitsWith } from "../../src/limits.ts";
import { type Command, encodeAmf3Values, encodeValues, readCommand } from "../../src/message/index.ts";

function read(payload: Uint8Array | string, isAmf3Kind = false, limits = defaultLimits): Command | ProtocolError {
  const bytes = typeof payload === "string" ? Buffer.from(payload, "hex") : payload;
  const memory = new Uint8Array(bytes.length + 20).fill(2);
  memory.set(bytes, 9);
  return readCommand(memory, 9, 9 + bytes.length, isAmf3Kind, limits);
}

function codeOf(result: Command | ProtocolError): ErrorCode | null {
  return result instanceof ProtocolError ? result.code : null;
}

const connect =
  "020007636f6e6e656374003ff00000000000000300036170700200046c6976650008666c617368566572020008464d4c452f332e30" +
  "000574635572" +
  "6c02000d72746d703a2f2f682f6c697665000009";
const createStream = "02000c63726561746553747265616d00401000000000000005";
const result = "0200075f726573756c7400401000000000000005003ff0000000000000";
const publish = "0200077075626c697368004018000000000000050200036b65790200046c697665";
const play = "020004706c6179004014000000000000050200036b657900c08f400000000000";

describe("readCommand", () => {
  it("connect, as FMLE sends it", () => {
    expect(read(connect)).toEqual({
      name: "connect",
      transactionId: 1,
      object: AmfObject.of({ app: "live", flashVer: "FMLE/3.0", tcUrl: "rtmp://h/live" }),
      arguments: [],
    });
  });

  it.each([
    ["createStream", createStream, { name: "createStream", transactionId: 4, object: null, arguments: [] }],
    ["its result", result, { name: "_result", transactionId: 4, object: null, arguments: [1] }],
    ["publish", publish, { name: "publish", transactionId: 6, object: null, arguments: ["key", "live"] }],
    ["play", play, { name: "play", transactionId: 5, object: null, arguments: ["key", -1000] }],
  ])("%s, as FFmpeg sends it", (_, payload, command) => {
    expect(read(payload)).toEqual(command);
  });

  it("takes a missing command object for null", () => {
    expect(read(encodeValues("FCPublish", 3))).toEqual({
      name: "FCPublish",
      transactionId: 3,
      object: null,
      arguments: [],
    });
  });

  it("takes a name alone for a command that wants no answer, as FFmpeg's server sends onFCPublish", () => {
    const command = { name: "onFCPublish", transactionId: 0, object: null, arguments: [] };
    expect(read(encodeValues("onFCPublish"))).toEqual(command);
  });

  it("reads the AMF3 kind with the format selector, and without it", () => {
    const selected = Buffer.concat([Buffer.of(0), Buffer.from(createStream, "hex")]);
    expect(read(selected, true)).toEqual(read(createStream));
    expect(read(createStream, true)).toEqual(read(createStream));
    expect(codeOf(read(selected, false))).toBe(ErrorCode.CommandMalformed);
  });

  it("reads values in AMF3 in either kind, one by one", () => {
    const command = { name: "test", transactionId: 0, object: null, arguments: [42, Uint8Array.of(1)] };
    const values = "02000474657374000000000000000000" + "05" + "11042a" + "110c0301";
    expect(read(`00${values}`, true)).toEqual(command);
    expect(read(values, false)).toEqual(command);
  });

  it("counts the offset of an error from the start of the payload, the selector included", () => {
    expect(read(`00${createStream}ff`, true)).toMatchObject({ code: ErrorCode.AmfUnknownMarker, offset: 26 });
    expect(read(`${createStream}ff`, true)).toMatchObject({ code: ErrorCode.AmfUnknownMarker, offset: 25 });
  });

  it.each([
    ["nothing at all", ""],
    ["no name", encodeValues(1, 1)],
    ["a string for a transaction id", encodeValues("connect", "1", null)],
    ["null for a name", encodeValues(null, 1, null)],
  ])("refuses %s", (_, payload) => {
    expect(codeOf(read(payload))).toBe(ErrorCode.CommandMalformed);
  });

  it("reads 16 levels and no more, whatever the limit for other messages is", () => {
    const nested = (depth: number): AmfValue => (depth === 0 ? null : [nested(depth - 1)]);
    expect(codeOf(read(encodeValues("x", 1, nested(16))))).toBeNull();
    expect(codeOf(read(encodeValues("x", 1, nested(17))))).toBe(ErrorCode.AmfDepthLimit);
    expect(codeOf(read(encodeValues("x", 1, nested(3)), false, limitsWith({ amfDepth: 2 })))).toBe(
      ErrorCode.AmfDepthLimit,
    );
  });

  it("counts values across the whole command", () => {
    const limits = limitsWith({ amfValues: 5 });
    expect(codeOf(read(encodeValues("x", 1, null, 1, 2), false, limits))).toBeNull();
    expect(codeOf(read(encodeValues("x", 1, null, 1, 2, 3), false, limits))).toBe(ErrorCode.AmfValueLimit);
  });

  it("cut off at each byte: a shorter command, or an error; never an exception", () => {
    for (const payload of [connect, createStream, result, publish, play]) {
      for (let length = 0; length < payload.length; length += 2) {
        const cut = read(payload.slice(0, length));
        if (cut instanceof ProtocolError)
          expect([ErrorCode.AmfTruncated, ErrorCode.CommandMalformed]).toContain(cut.code);
        else expect(payload.startsWith(hex(encodeValues(cut.name)))).toBe(true);
      }
    }
  });
});

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("encodeAmf3Values", () => {
  it("writes what readCommand reads in the AMF3 kind: objects in AMF3, all else in AMF0", () => {
    const object = AmfObject.of({ a: 1 });
    expect(hex(encodeAmf3Values("x", 1, null, object, [true]))).toBe(
      "00" + "02000178" + "003ff0000000000000" + "05" + "110a0b010361040101" + "1109030103",
    );
    expect(read(encodeAmf3Values("x", 1, null, object, [true]), true)).toEqual({
      name: "x",
      transactionId: 1,
      object: null,
      arguments: [object, [true]],
    });
  });

  it("takes as much memory as it needs", () => {
    const bytes = new Uint8Array(300_000).fill(7);
    expect(read(encodeAmf3Values("x", 1, bytes), true)).toMatchObject({ object: bytes });
  });
});

describe("encodeValues", () => {
  it("writes what readCommand reads", () => {
    expect(hex(encodeValues("createStream", 4, null))).toBe(createStream);
    expect(hex(encodeValues("publish", 6, null, "key", "live"))).toBe(publish);
    expect(hex(encodeValues())).toBe("");
  });

  it("takes as much memory as it needs", () => {
    for (const length of [1000, 1021, 1022, 4096, 65_535, 65_536, 300_000]) {
      const text = "x".repeat(length);
      const command = read(encodeValues("x", 0, text, AmfEcmaArray.of({ text })), false, limitsWith({}));
      expect(command).toMatchObject({ object: text });
      if (!(command instanceof ProtocolError)) expect(command.arguments[0]).toEqual(AmfEcmaArray.of({ text }));
    }
  });

  it("writes shared values once, whatever memory it took first", () => {
    const shared = AmfObject.of({ text: "y".repeat(600), at: new AmfDate(0) });
    const command = read(encodeValues("x", 0, [shared, "z".repeat(2000), shared]));
    expect(command).toMatchObject({ object: [shared, "z".repeat(2000), shared] });
  });
});

it("encodeValues makes nothing that is longer than a message can be", () => {
  const longest = 2 ** 24 - 1 - 5; // marker and length
  expect(encodeValues("a".repeat(longest))).toHaveLength(2 ** 24 - 1);
  expect(() => encodeValues("a".repeat(longest + 1))).toThrow(RangeError);
});
