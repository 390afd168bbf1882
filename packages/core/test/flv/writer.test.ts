import { describe, expect, it } from "vitest";
import { writeFlvHeader, writeFlvTag, writeFlvTagHeader, writePreviousTagSize } from "../../src/flv/index.ts";
import { hexOf } from "../vector-file.ts";

const payload = Uint8Array.of(0xee, 0xaf, 0x01, 0xee);

/** What is written to the middle of a larger memory, and that nothing else is. */
function written(write: (into: Uint8Array, at: number) => number): string {
  const memory = new Uint8Array(64).fill(0xee);
  const end = write(memory, 5);
  expect([...memory.subarray(0, 5), ...memory.subarray(end)].every((byte) => byte === 0xee)).toBe(true);
  return hexOf(memory, 5, end);
}

describe("The FLV writer", () => {
  // Vector 123.
  it.each([
    [true, true, "464c5601050000000900000000"],
    [true, false, "464c5601040000000900000000"],
    [false, true, "464c5601010000000900000000"],
    [false, false, "464c5601000000000900000000"],
  ])("writes a header with audio: %s, video: %s", (hasAudio, hasVideo, hex) => {
    expect(written((into, at) => writeFlvHeader(into, at, hasAudio, hasVideo))).toBe(hex);
  });

  it("writes a tag with a timestamp of 32 bits", () => {
    // Vector 124.
    const hex = "0800000202030401000000af010000000d";
    expect(written((into, at) => writeFlvTag(into, at, 8, 0x01020304, payload, 1, 3))).toBe(hex);
  });

  it("writes a tag in parts", () => {
    const hex = "0800000202030401000000af010000000d";
    const inParts = written((into, at) => {
      const end = writeFlvTagHeader(into, at, 8, 2, 0x01020304);
      into.set(payload.subarray(1, 3), end);
      return writePreviousTagSize(into, end + 2, 13);
    });
    expect(inParts).toBe(hex);
  });

  it("writes an empty tag", () => {
    expect(written((into, at) => writeFlvTag(into, at, 9, 0, payload, 2, 2))).toBe("09000000000000000000000000000b");
  });

  it.each([
    [2 ** 31, "00000080"],
    [2 ** 32 - 1, "ffffffff"],
    [2 ** 32 + 5, "00000500"],
    [-1, "ffffffff"],
  ])("takes the timestamp %i modulo 2^32", (timestamp, hex) => {
    expect(written((into, at) => writeFlvTagHeader(into, at, 9, 0, timestamp)).slice(8, 16)).toBe(hex);
  });

  it("writes a length of 24 bits", () => {
    expect(written((into, at) => writeFlvTagHeader(into, at, 9, 0xffffff, 0)).slice(0, 8)).toBe("09ffffff");
  });

  it.each([
    [() => writeFlvTagHeader(payload, 0, 9, 0, 0), "11 bytes at 0 have no room in 4 bytes."],
    [() => writeFlvTagHeader(new Uint8Array(11), 1, 9, 0, 0), "11 bytes at 1 have no room in 11 bytes."],
    [() => writeFlvTagHeader(new Uint8Array(11), 0, 32, 0, 0), "A tag type is one of 0 to 31, not 32."],
    [() => writeFlvTagHeader(new Uint8Array(11), 0, -1, 0, 0), "A tag type is one of 0 to 31, not -1."],
    [() => writeFlvTagHeader(new Uint8Array(11), 0, 9, 2 ** 24, 0), "has 0 to 16777215 bytes, not 16777216."],
    [() => writeFlvTagHeader(new Uint8Array(11), 0, 9, -1, 0), "has 0 to 16777215 bytes, not -1."],
    [() => writeFlvTag(new Uint8Array(18), 0, 9, 0, payload, 0, 4), "19 bytes at 0 have no room in 18 bytes."],
    [() => writeFlvTag(new Uint8Array(64), 0, 9, 0, payload, 0, 5), "from 0 to 5 does not lie inside 4 bytes."],
    [() => writeFlvTag(new Uint8Array(64), 0, 9, 0, payload, 3, 2), "from 3 to 2 does not lie inside 4 bytes."],
    [() => writeFlvHeader(new Uint8Array(12), 0, true, true), "13 bytes at 0 have no room in 12 bytes."],
    [() => writeFlvHeader(new Uint8Array(20), -1, true, true), "13 bytes at -1 have no room in 20 bytes."],
    [() => writePreviousTagSize(new Uint8Array(4), 1, 11), "4 bytes at 1 have no room in 4 bytes."],
  ])("refuses what is wrong: case %#", (write, text) => {
    expect(write).toThrow(RangeError);
    expect(write).toThrow(text);
  });

  it("leaves the memory as it is when there is no room", () => {
    const memory = new Uint8Array(18).fill(0xee);
    expect(() => writeFlvTag(memory, 0, 9, 0, payload, 0, 4)).toThrow(RangeError);
    expect(memory.every((byte) => byte === 0xee)).toBe(true);
  });
});
