import { describe, expect, it } from "vitest";
import { AmfEcmaArray } from "../../src/amf/index.ts";
import { ErrorCode } from "../../src/errors.ts";
import { defaultLimits } from "../../src/limits.ts";
import {
  type DataHead,
  DataKind,
  encodeAmf3Values,
  encodeValues,
  readData,
  readDataHead,
} from "../../src/message/index.ts";

const metadata = AmfEcmaArray.of({ width: 1920, height: 1080 });

/** Reads the head of a payload, and says where the payload begins as players get it, counted from its start. */
function read(payload: Uint8Array): DataHead {
  const memory = new Uint8Array(payload.length + 20).fill(2);
  memory.set(payload, 5);
  const head = readDataHead(memory, 5, 5 + payload.length, defaultLimits);
  return { ...head, start: head.start - 5 };
}

describe("readDataHead", () => {
  it("leaves a data message as it is", () => {
    expect(read(encodeValues("onMetaData", metadata))).toEqual({
      kind: DataKind.Plain,
      handler: "onMetaData",
      start: 0,
    });
  });

  it.each([
    ["@setDataFrame", DataKind.SetDataFrame],
    ["@clearDataFrame", DataKind.ClearDataFrame],
  ])("steps over %s", (request, kind) => {
    const start = encodeValues(request).length;
    expect(read(encodeValues(request, "onMetaData", metadata))).toEqual({ kind, handler: "onMetaData", start });
    expect(read(encodeValues(request))).toEqual({ kind, handler: "", start });
    expect(read(encodeValues(request, 1))).toEqual({ kind, handler: "", start });
  });

  it("steps over a stray zero before the first string", () => {
    const stray = Buffer.concat([Buffer.of(0), encodeValues("onMetaData", metadata)]);
    expect(read(stray)).toEqual({ kind: DataKind.Plain, handler: "onMetaData", start: 1 });
    const request = Buffer.concat([Buffer.of(0), encodeValues("@setDataFrame", "onMetaData", metadata)]);
    expect(read(request)).toEqual({
      kind: DataKind.SetDataFrame,
      handler: "onMetaData",
      start: 1 + encodeValues("@setDataFrame").length,
    });
  });

  it.each([
    ["nothing", ""],
    ["a timecode of FFmpeg's", "00000102"],
    ["a single zero", "00"],
    ["a zero and the start of a string", "0002"],
    ["a number", "003ff0000000000000"],
    ["an unknown marker", "ffffff"],
    ["a string that is cut off", "02000a6f6e4d"],
  ])("passes on what is no AMF: %s", (_, payload) => {
    expect(read(Buffer.from(payload, "hex"))).toMatchObject({ kind: DataKind.Plain, handler: "", start: 0 });
  });

  it("cut off at each byte: a handler or none, and a start inside", () => {
    const whole = encodeValues("@setDataFrame", "onMetaData", metadata);
    for (let length = 0; length <= whole.length; length++) {
      const { start, handler } = read(whole.subarray(0, length));
      expect(start).toBeLessThanOrEqual(length);
      expect(["", "onMetaData"]).toContain(handler);
    }
  });
});

describe("readData", () => {
  const readAll = (payload: Uint8Array, isAmf3Kind = false): ReturnType<typeof readData> => {
    const memory = new Uint8Array(payload.length + 20).fill(2);
    memory.set(payload, 5);
    return readData(memory, 5, 5 + payload.length, isAmf3Kind, defaultLimits);
  };

  it("reads metadata as encoders send it, in either kind", () => {
    const data = { kind: DataKind.SetDataFrame, handler: "onMetaData", arguments: [metadata] };
    expect(readAll(encodeValues("@setDataFrame", "onMetaData", metadata))).toEqual(data);
    expect(readAll(encodeAmf3Values("@setDataFrame", "onMetaData", metadata), true)).toEqual(data);
    expect(readAll(encodeValues("@setDataFrame", "onMetaData", metadata), true)).toEqual(data);
  });

  it("steps over a stray zero, and takes what has no handler", () => {
    const stray = Buffer.concat([Buffer.of(0), encodeValues("onMetaData", metadata)]);
    expect(readAll(stray)).toEqual({ kind: DataKind.Plain, handler: "onMetaData", arguments: [metadata] });
    expect(readAll(encodeValues(1, null))).toEqual({ kind: DataKind.Plain, handler: "", arguments: [1, null] });
    expect(readAll(encodeValues())).toEqual({ kind: DataKind.Plain, handler: "", arguments: [] });
    expect(readAll(encodeValues("@clearDataFrame", "onMetaData"))).toEqual({
      kind: DataKind.ClearDataFrame,
      handler: "onMetaData",
      arguments: [],
    });
  });

  it("says what is wrong, and where from the start of the payload", () => {
    const broken = Buffer.concat([encodeAmf3Values("onMetaData"), Buffer.of(0x11, 0x12)]);
    expect(readAll(broken, true)).toMatchObject({ code: ErrorCode.AmfUnknownMarker, offset: 15 });
    const stray = Buffer.concat([Buffer.of(0), encodeValues("onMetaData"), Buffer.of(0x22)]);
    expect(readAll(stray)).toMatchObject({ code: ErrorCode.AmfUnknownMarker, offset: 14 });
  });
});
