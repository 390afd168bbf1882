import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  readInt32,
  readInt32LE,
  readUint8,
  readUint16,
  readUint24,
  readUint32,
  writeUint16,
  writeUint24,
  writeUint32,
  writeUint32LE,
} from "../../src/bytes/index.ts";

// DataView is the judge; it has no 24 bits, for which the upper byte of 32 is left out.
const AT = 3;

function memory(): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(AT + 6).fill(0xee);
  return { bytes, view: new DataView(bytes.buffer) };
}

const uint32 = fc.oneof(
  fc.constantFrom(0, 1, 0x7fff, 0x8000, 0xffff, 0x7fffff, 0x800000, 0xffffff, 0x7fffffff, 0x80000000, 0xffffffff),
  fc.integer({ min: 0, max: 0xffffffff }),
);

describe("reading", () => {
  it("agrees with DataView, for every value", () => {
    fc.assert(
      fc.property(uint32, (value) => {
        const { bytes, view } = memory();
        view.setUint32(AT, value);
        expect(readUint8(bytes, AT)).toBe(view.getUint8(AT));
        expect(readUint16(bytes, AT)).toBe(view.getUint16(AT));
        expect(readUint24(bytes, AT)).toBe(value >>> 8);
        expect(readUint32(bytes, AT)).toBe(value);
        expect(readInt32(bytes, AT)).toBe(view.getInt32(AT));
        expect(readInt32LE(bytes, AT)).toBe(view.getInt32(AT, true));
      }),
    );
  });
});

describe("writing", () => {
  it("agrees with DataView, and touches nothing else", () => {
    const widths = [
      [writeUint16, (view: DataView, value: number) => view.setUint16(AT, value)],
      [
        writeUint24,
        (view: DataView, value: number) => {
          view.setUint8(AT, value >>> 16);
          view.setUint16(AT + 1, value);
        },
      ],
      [writeUint32, (view: DataView, value: number) => view.setUint32(AT, value)],
      [writeUint32LE, (view: DataView, value: number) => view.setUint32(AT, value, true)],
    ] as const;
    fc.assert(
      fc.property(uint32, (value) => {
        for (const [write, judge] of widths) {
          const ours = memory();
          const theirs = memory();
          write(ours.bytes, AT, value);
          judge(theirs.view, value);
          expect(ours.bytes, write.name).toEqual(theirs.bytes);
        }
      }),
    );
  });

  it("takes a signed integer as the same 32 bits", () => {
    const { bytes } = memory();
    writeUint32(bytes, AT, -2);
    expect(readUint32(bytes, AT)).toBe(0xfffffffe);
    writeUint32LE(bytes, AT, -2);
    expect(readInt32LE(bytes, AT)).toBe(-2);
  });

  it("takes a value modulo 2^32", () => {
    const { bytes } = memory();
    writeUint32(bytes, AT, 2 ** 32 + 5);
    expect(readUint32(bytes, AT)).toBe(5);
  });
});
