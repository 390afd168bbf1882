import { describe, expect, it } from "vitest";
import { AmfEcmaArray } from "../../src/amf/index.ts";
import { defaultLimits } from "../../src/limits.ts";
import { type DataHead, DataKind, encodeValues, readDataHead } from "../../src/message/index.ts";

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
