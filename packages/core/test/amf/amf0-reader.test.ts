import { describe, expect, it } from "vitest";
import { Amf0Reader, AmfEcmaArray, AmfObject } from "../../src/amf/index.ts";
import { ErrorCode } from "../../src/errors.ts";
import { limitsWith } from "../../src/limits.ts";
import { bytesOf, decode, encode, failure } from "./amf.ts";

function readerOf(hex: string): Amf0Reader {
  const reader = new Amf0Reader();
  reader.reset(bytesOf(hex));
  return reader;
}

describe("Amf0Reader", () => {
  it("reads typed values, and leaves others where they are", () => {
    const reader = readerOf("02000161 003ff0000000000000 05 0c0000000162");
    expect(reader.readNumber()).toBeNull();
    expect(reader.position).toBe(0);
    expect(reader.readString()).toBe("a");
    expect(reader.readString()).toBeNull();
    expect(reader.readNumber()).toBe(1);
    expect(reader.readNumber()).toBeNull();
    expect(reader.read()).toBeNull();
    expect(reader.readString()).toBe("b");
    expect(reader.atEnd).toBe(true);
    expect(reader.readString()).toBeNull();
    expect(reader.error).toBeNull();
  });

  it("tells a truncated value from one of another type", () => {
    const reader = readerOf("00 3ff0");
    expect(reader.readNumber()).toBeNull();
    expect(reader.error).toMatchObject({ code: ErrorCode.AmfTruncated, offset: 1 });
  });

  it("recognises a string without reading it", () => {
    const reader = readerOf("02000d 4073657444617461467261 6d65 05");
    expect(reader.matchesString("@setDataFrame")).toBe(true);
    expect(reader.matchesString("@setDataFram")).toBe(false);
    expect(reader.matchesString("@setDataFrame2")).toBe(false);
    expect(reader.matchesString("@setdataFrame")).toBe(false);
    expect(reader.position).toBe(0);
    reader.skip();
    expect(reader.matchesString("@setDataFrame")).toBe(false);
    expect(readerOf("020003616263").matchesString("abc")).toBe(true);
    expect(readerOf("0200046162").matchesString("ab")).toBe(false);
    expect(readerOf("02").matchesString("")).toBe(false);
  });

  it("looks at nothing behind the end of its span", () => {
    const reader = new Amf0Reader();
    reader.reset(bytesOf("05 02000161"), 1, 1);
    expect(reader.readString()).toBeNull();
    expect(reader.matchesString("a")).toBe(false);
    expect(reader.error).toBeNull();
    reader.reset(bytesOf("0200026162"), 0, 4);
    expect(reader.matchesString("ab")).toBe(false);
    reader.reset(bytesOf("03000009"), 0, 3);
    expect(reader.read()).toBeUndefined();
    expect(reader.error).toMatchObject({ code: ErrorCode.AmfTruncated, offset: 3 });
  });

  it("keeps its first error until reset", () => {
    const reader = readerOf("0109 22 05");
    expect(reader.read()).toBe(true);
    expect(reader.read()).toBeUndefined();
    const { error, position } = reader;
    expect(error).toMatchObject({ code: ErrorCode.AmfUnknownMarker, offset: 2 });
    expect(reader.read()).toBeUndefined();
    expect(reader.skip()).toBe(false);
    expect(reader.readString()).toBeNull();
    expect(reader.readNumber()).toBeNull();
    expect(reader.error).toBe(error);
    expect(reader.position).toBe(position);
    reader.reset(bytesOf("05"));
    expect(reader.error).toBeNull();
    expect(reader.read()).toBeNull();
  });

  it("counts the offset of an error from the start of its span", () => {
    const reader = new Amf0Reader();
    reader.reset(bytesOf("ffffff 05 22 ffff"), 3, 5);
    reader.read();
    reader.read();
    expect(reader.error?.offset).toBe(1);
  });

  it("reads from a view that lies within other memory", () => {
    const memory = bytesOf("ffffffff 003ff0000000000000 ffff");
    const reader = new Amf0Reader();
    reader.reset(memory.subarray(3), 1, 10);
    expect(reader.read()).toBe(1);
    expect(reader.atEnd).toBe(true);
  });

  it("returns values that stand on their own", () => {
    const bytes = encode("text", AmfObject.of({ name: "value" }));
    const values = decode(bytes);
    bytes.fill(0);
    expect(values).toEqual(["text", AmfObject.of({ name: "value" })]);
  });

  it("says what is missing at the end", () => {
    expect(failure(bytesOf(""))).toBeNull();
    const reader = readerOf("");
    expect(reader.read()).toBeUndefined();
    expect(reader.error?.code).toBe(ErrorCode.AmfTruncated);
  });

  it("keeps a peer's __proto__ apart from prototypes", () => {
    const [object] = decode("03 00095f5f70726f746f5f5f 03 000161 0101 000009 000009");
    if (!(object instanceof AmfObject)) throw new Error("no object");
    expect(object.get("__proto__")).toEqual(AmfObject.of({ a: true }));
    expect(object.get("a")).toBeUndefined();
    expect(object.get("constructor")).toBeUndefined();
    expect(Object.getPrototypeOf(object)).toBe(AmfObject.prototype);
  });

  it("keeps names apart that share their bytes, or the place where known names are kept", () => {
    const names = Array.from({ length: 2000 }, (_, i) => `name${i}`).concat("é", "\u00c3", "\ufffd", "x".repeat(100));
    for (const name of [...names, ...names])
      expect(decode(encode(AmfObject.of({ [name]: 1 })))).toEqual([AmfObject.of({ [name]: 1 })]);
  });

  it("does not take malformed bytes for a known name whose units they equal", () => {
    // c2 89 c2 a7 is the name U+0089 U+00A7; the bytes 89 a7 are none, and share its place among the known names.
    for (let first = 0x80; first < 0x90; first++) {
      for (let second = 0xa0; second < 0xc0; second++) {
        const name = String.fromCharCode(first, second);
        expect(decode(encode(AmfObject.of({ [name]: 1 })))).toEqual([AmfObject.of({ [name]: 1 })]);
        const malformed = Uint8Array.from([0x03, 0, 2, first, second, 0x05, 0, 0, 0x09]);
        expect(decode(malformed)).toEqual([AmfObject.of({ "\ufffd\ufffd": null })]);
      }
    }
  });

  it("refuses spans and depths that cannot be", () => {
    const reader = new Amf0Reader();
    expect(() => reader.reset(new Uint8Array(4), 2, 5)).toThrow(RangeError);
    expect(() => reader.reset(new Uint8Array(4), 3, 2)).toThrow(RangeError);
    expect(() => new Amf0Reader(limitsWith({ amfDepth: 100_000 }))).toThrow(RangeError);
  });
});

describe("Amf0Reader against hostile messages", () => {
  it.each([
    ["strict arrays", "0a00000001", 5],
    ["objects", "03000161", 1],
    ["typed objects", "100000000161", 3],
    ["ECMA arrays", "08ffffffff000161", 5],
  ])("70,000 levels of %s: 32 are entered, the next is not", (_, level, head) => {
    const bytes = bytesOf(level.repeat(70_000));
    const found = { code: ErrorCode.AmfDepthLimit, offset: 32 * (level.length / 2) + head };
    expect(failure(bytes)).toEqual(found);
    expect(failure(bytes, "skip")).toEqual(found);
  });

  it("allows exactly as many levels as the limit says", () => {
    const reader = new Amf0Reader(limitsWith({}), 3);
    expect(failure(encode([[[1]]]), "read", reader)).toBeNull();
    expect(failure(encode([[[1]]]), "skip", reader)).toBeNull();
    expect(failure(encode([[[[]]]]), "read", reader)?.code).toBe(ErrorCode.AmfDepthLimit);
    expect(failure(encode([[[[]]]]), "skip", reader)?.code).toBe(ErrorCode.AmfDepthLimit);
  });

  it("believes no count", () => {
    expect(failure(bytesOf("0affffffff05"))).toEqual({ code: ErrorCode.AmfCountBeyondInput, offset: 1 });
    expect(failure(bytesOf("0affffffff05"), "skip")).toEqual({ code: ErrorCode.AmfCountBeyondInput, offset: 1 });
    expect(failure(bytesOf("0a000000020505"))).toBeNull();
    expect(decode("08ffffffff000009")).toEqual([new AmfEcmaArray()]);
  });

  it("stops at the value limit, over all values of a message", () => {
    const reader = new Amf0Reader(limitsWith({ amfValues: 4 }));
    const four = encode([1, 2], 3);
    const five = encode([1, 2], 3, 4);
    for (const call of ["read", "skip"] as const) {
      expect(failure(four, call, reader)).toBeNull();
      expect(failure(five, call, reader)?.code).toBe(ErrorCode.AmfValueLimit);
    }
    const nulls = bytesOf(`0a00005000${"05".repeat(0x5000)}`);
    expect(failure(nulls)).toEqual({ code: ErrorCode.AmfValueLimit, offset: 5 + 16_383 });
  });

  it.each([
    ["string", "02000561616161 61"],
    ["long string", "0c000000056161616161"],
    ["XML document", "0f000000056161616161"],
    ["property name", "0300056161616161 05000009"],
    ["class name", "1000056161616161 000009"],
  ])("stops at the string limit: %s", (_, hex) => {
    for (const call of ["read", "skip"] as const) {
      expect(failure(bytesOf(hex), call, new Amf0Reader(limitsWith({ amfStringBytes: 5 })))).toBeNull();
      const found = failure(bytesOf(hex), call, new Amf0Reader(limitsWith({ amfStringBytes: 4 })));
      expect(found?.code).toBe(ErrorCode.AmfStringLimit);
    }
  });

  it("refuses a long string of 4 GiB at its length", () => {
    expect(failure(bytesOf("0cffffffff6162"))).toEqual({ code: ErrorCode.AmfTruncated, offset: 5 });
  });

  it.each([
    ["when nothing came before", "070000", 0],
    ["beyond what came before", "03000009 070001", 4],
    ["to a date, which has no index", "0b00000000000000000000 070000", 11],
  ])("refuses a reference %s", (_, hex, offset) => {
    expect(failure(bytesOf(hex))).toEqual({ code: ErrorCode.AmfBadReference, offset });
    expect(failure(bytesOf(hex), "skip")).toEqual({ code: ErrorCode.AmfBadReference, offset });
  });

  it("forgets the references of the message before", () => {
    const reader = readerOf("03000009");
    reader.read();
    reader.reset(bytesOf("070000"));
    reader.read();
    expect(reader.error?.code).toBe(ErrorCode.AmfBadReference);
  });

  it("counts skipped objects, but cannot return them", () => {
    const toSecond = readerOf("03000009 03 000161 0101 000009 070001");
    expect(toSecond.skip()).toBe(true);
    const second = toSecond.read();
    expect(toSecond.read()).toBe(second);

    const toFirst = readerOf("03000009 05 070000");
    toFirst.skip();
    toFirst.read();
    expect(toFirst.read()).toBeUndefined();
    expect(toFirst.error).toMatchObject({ code: ErrorCode.AmfBadReference, offset: 5 });
  });

  it("copies nothing on a reference: 10^30 laughs are 30 arrays", () => {
    // Each level: an array of 10, the first the next level, the other nine references to it.
    let level = "0a00000000";
    for (let index = 30; index > 0; index--) {
      level = `0a0000000a${level}${`07${index.toString(16).padStart(4, "0")}`.repeat(9)}`;
    }
    let [value] = decode(level);
    for (let depth = 0; depth < 30; depth++) {
      if (!Array.isArray(value)) throw new Error("no array");
      expect(new Set(value).size).toBe(1);
      value = value[9];
    }
    expect(value).toEqual([]);
  });
});
