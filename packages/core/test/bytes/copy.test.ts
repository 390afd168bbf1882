import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { copyBytes } from "../../src/bytes/index.ts";

function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index);
}

describe("copyBytes", () => {
  // 48 is the last length that is copied by a loop.
  it.each([0, 1, 47, 48, 49, 200])("copies %i bytes to another array and touches nothing else", (length) => {
    const into = new Uint8Array(250).fill(0xee);
    copyBytes(counting(256), 10, 10 + length, into, 20);
    const expected = new Uint8Array(250).fill(0xee);
    expected.set(counting(256).subarray(10, 10 + length), 20);
    expect(into).toEqual(expected);
  });

  it("moves ranges that overlap within one array", () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(100), fc.nat(100), (start, length, at) => {
        const bytes = counting(256);
        const moved = bytes.slice(start, start + length);
        copyBytes(bytes, start, start + length, bytes, at);
        expect(bytes.slice(at, at + length)).toEqual(moved);
      }),
    );
  });
});
