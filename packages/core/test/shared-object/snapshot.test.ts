import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ErrorCode, ProtocolError } from "../../src/errors.ts";
import { encodeValue, readSnapshot, type SharedObjectSnapshot, writeSnapshot } from "../../src/shared-object/index.ts";
import { hexBytes } from "../vector-file.ts";

const text = fc.string({ unit: "grapheme" });
const snapshot: fc.Arbitrary<SharedObjectSnapshot> = fc.record({
  name: text,
  version: fc.nat(2 ** 32 - 1),
  properties: fc
    .array(
      fc.tuple(
        text,
        fc.oneof(fc.double(), text).map((value) => encodeValue(value)),
      ),
    )
    .map((entries) => new Map(entries)),
});

function codeOf(bytes: Uint8Array): ErrorCode | null {
  const read = readSnapshot(bytes);
  return read instanceof ProtocolError ? read.code : null;
}

describe("a snapshot", () => {
  it("has this form", () => {
    const bytes = writeSnapshot({ name: "so", version: 2, properties: new Map([["k", encodeValue(true)]]) });
    // The CRC-32 was computed with zlib.
    const expected = `"MRSO" 0000001d 20d6dca0
      00 3ff0000000000000 02 0002 "so" 00 4000000000000000
      02 0001 "k" 0101`;
    expect(Buffer.from(bytes).toString("hex")).toBe(Buffer.from(hexBytes(expected)).toString("hex"));
  });

  it("is read as it was written", () => {
    fc.assert(
      fc.property(snapshot, (written) => {
        expect(readSnapshot(writeSnapshot(written))).toEqual(written);
      }),
      { numRuns: 1_000 },
    );
  });

  it("is damaged when any bit of it is changed, or any part of it is missing, or something follows", () => {
    const properties = new Map([
      ["a", encodeValue("text")],
      ["b", encodeValue(1)],
    ]);
    const whole = writeSnapshot({ name: "so", version: 7, properties });
    for (let end = 0; end < whole.length; end++) {
      expect(codeOf(whole.subarray(0, end)), `cut at ${end}`).toBe(ErrorCode.SharedObjectSnapshotDamaged);
      for (let bit = 0; bit < 8; bit++) {
        const changed = whole.slice();
        changed[end] = (changed[end] ?? 0) ^ (1 << bit);
        expect(codeOf(changed), `bit ${bit} of byte ${end}`).toBe(ErrorCode.SharedObjectSnapshotDamaged);
      }
      // A part of it was written over something else.
      const torn = new Uint8Array(whole.length).fill(0xee);
      torn.set(whole.subarray(0, end));
      expect(codeOf(torn), `torn at ${end}`).toBe(ErrorCode.SharedObjectSnapshotDamaged);
    }
    expect(codeOf(Uint8Array.of(...whole, 0))).toBe(ErrorCode.SharedObjectSnapshotDamaged);
    expect(codeOf(whole)).toBeNull();
  });

  it("holds values of any depth and number: what was acknowledged once is read under any limits", () => {
    const deep = hexBytes(`${"0a00000001 ".repeat(500)} 05`);
    const wide = hexBytes("0a 0000ffff 05*65535");
    const properties = new Map([
      ["deep", deep],
      ["wide", wide],
    ]);
    expect(readSnapshot(writeSnapshot({ name: "so", version: 1, properties }))).toMatchObject({ properties });
  });
});
