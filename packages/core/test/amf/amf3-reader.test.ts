import { describe, expect, it } from "vitest";
import {
  Amf0Reader,
  Amf3Reader,
  AmfDictionary,
  AmfDouble,
  AmfEcmaArray,
  AmfNumberVector,
  AmfObject,
  AmfTraits,
  type AmfValue,
} from "../../src/amf/index.ts";
import { ErrorCode } from "../../src/errors.ts";
import { limitsWith } from "../../src/limits.ts";
import { bytesOf, decode, decode3, encode3, failure, failure3 } from "./amf.ts";

describe("Amf3Reader", () => {
  it("keeps its first error until reset", () => {
    const reader = new Amf3Reader();
    reader.reset(bytesOf("03 12 01"));
    expect(reader.read()).toBe(true);
    expect(reader.read()).toBeUndefined();
    const { error, position } = reader;
    expect(error).toMatchObject({ code: ErrorCode.AmfUnknownMarker, offset: 1 });
    expect(reader.read()).toBeUndefined();
    expect(reader.readUint8()).toBe(0);
    expect(reader.readUint29()).toBe(0);
    expect(reader.readDouble()).toBe(0);
    expect(reader.readUtf()).toBe("");
    expect(reader.readBytes(1)).toEqual(new Uint8Array(0));
    reader.refuse("something else");
    expect(reader.error).toBe(error);
    expect(reader.position).toBe(position);
    reader.reset(bytesOf("01"));
    expect(reader.error).toBeNull();
    expect(reader.read()).toBeNull();
    expect(reader.atEnd).toBe(true);
  });

  it("forgets the tables of the message before", () => {
    const reader = new Amf3Reader();
    for (const hex of ["0600", "0900", "0a01"]) {
      reader.reset(bytesOf("060361 090101 0a13034303780401"));
      while (!reader.atEnd) reader.read();
      expect(reader.error).toBeNull();
      expect(failure3(hex, reader)).toEqual({ code: ErrorCode.AmfBadReference, offset: 1 });
    }
  });

  it("returns values that stand on their own", () => {
    const bytes = encode3("text", Uint8Array.of(1, 2), new AmfNumberVector(Int32Array.of(3)));
    /** As a Buffer, whose slice copies nothing. */
    class Sharing extends Uint8Array {
      override slice(start?: number, end?: number): never {
        return this.subarray(start, end) as never; // only its bytes matter
      }
    }
    for (const memory of [bytes, new Sharing(bytes)]) {
      const values = decode3(memory);
      memory.fill(0);
      expect(values).toEqual(["text", Uint8Array.of(1, 2), new AmfNumberVector(Int32Array.of(3))]);
    }
  });

  it("reads from a view that lies within other memory", () => {
    const memory = bytesOf("ffffffff 05 3ff0000000000000 0f0300 3ff8000000000000 ff");
    const reader = new Amf3Reader();
    reader.reset(memory.subarray(3), 1, 21);
    expect(reader.read()).toBe(1);
    expect(reader.read()).toEqual(new AmfNumberVector(Float64Array.of(1.5)));
    expect(reader.atEnd).toBe(true);
  });

  it("tells doubles from integers where asked to", () => {
    const hex = "05 3ff0000000000000 0401 05 3ff8000000000000 05 8000000000000000 05 41b0000000000000";
    expect(decode3(hex)).toEqual([1, 1, 1.5, -0, 2 ** 28]);
    expect(decode3(hex, { keepDoubles: true })).toEqual([new AmfDouble(1), 1, 1.5, -0, 2 ** 28]);
    const reader = new Amf0Reader(undefined, undefined, { keepDoubles: true });
    expect(decode("11 05 3ff0000000000000", reader)).toEqual([new AmfDouble(1)]);
    reader.reset(bytesOf("11 05 3ff0000000000000"));
    expect(reader.readNumber()).toBe(1);
  });

  it("makes one instance of what is referred to, and one of traits", () => {
    const [array] = decode3("09 0d 01  0a 13 0343 0378 01  0a 01 01  0a 02  0801 0000000000000000  08 06  09 00");
    if (!Array.isArray(array)) throw new Error("no array");
    const [first, second, again, date, sameDate, itself] = array;
    expect(again).toBe(first);
    expect(second).not.toBe(first);
    expect(sameDate).toBe(date);
    expect(itself).toBe(array);
    if (!(first instanceof AmfObject && second instanceof AmfObject)) throw new Error("no objects");
    expect(first.traits).toEqual(new AmfTraits("C", ["x"]));
    expect(second.traits).toBe(first.traits);
    expect(first.className).toBe("C");
  });

  it("keeps a peer's __proto__ apart from prototypes", () => {
    const [object] = decode3("0a 1b 01 13 5f5f70726f746f5f5f 0a0b010361 03 01 0361 03 01");
    if (!(object instanceof AmfObject)) throw new Error("no object");
    expect(object.get("__proto__")).toEqual(AmfObject.of({ a: true }));
    expect(object.get("constructor")).toBeUndefined();
    expect(Object.getPrototypeOf(object)).toBe(AmfObject.prototype);
  });

  it("has keys of any kind in dictionaries", () => {
    const [dictionary] = decode3("11 05 00 0a0b0101 0401 0603 31 0402");
    if (!(dictionary instanceof AmfDictionary)) throw new Error("no dictionary");
    expect(dictionary.entries.get("1")).toBe(2);
    expect([...dictionary.entries.keys()][0]).toEqual(new AmfObject());
  });

  it("refuses spans and depths that cannot be", () => {
    const reader = new Amf3Reader();
    expect(() => reader.reset(new Uint8Array(4), 2, 5)).toThrow(RangeError);
    expect(() => reader.reset(new Uint8Array(4), 3, 2)).toThrow(RangeError);
    expect(() => new Amf3Reader(undefined, 513)).toThrow(RangeError);
    expect(() => new Amf3Reader(undefined, 0)).toThrow(RangeError);
  });
});

describe("Amf3Reader against hostile messages", () => {
  it.each([
    ["arrays", "090301", 3],
    ["arrays with names", "0901 0361", 4],
    ["objects", "0a0b01 0361", 3],
    ["vectors", "10030001", 4],
    ["dictionaries", "110300", 3],
    ["keys of dictionaries", "110300", 3],
  ])("70,000 levels of %s: 32 are entered, the next is not", (_, level, entered) => {
    const hex = level.replaceAll(" ", "");
    const message = bytesOf(hex.repeat(70_000));
    const code = ErrorCode.AmfDepthLimit;
    expect(failure3(message)).toEqual({ code, offset: 32 * (hex.length / 2) + entered });
    const switched = new Uint8Array(message.length + 1);
    switched[0] = 0x11;
    switched.set(message, 1);
    for (const call of ["read", "skip"] as const) {
      expect(failure(switched, call)).toEqual({ code, offset: 33 + 32 * (hex.length / 2 - 1) + entered });
    }
  });

  it("512 levels fit the stack, through both encodings", () => {
    const half = `${"0a00000001".repeat(256)}11${"10030001".repeat(255)}01`;
    const reader = new Amf0Reader(limitsWith({ amfDepth: 512 }));
    expect(failure(bytesOf(half), "read", reader)).toBeNull();
    const deeper = `${"0a00000001".repeat(256)}11${"10030001".repeat(257)}01`;
    expect(failure(bytesOf(deeper), "read", reader)?.code).toBe(ErrorCode.AmfDepthLimit);
  });

  it("copies nothing on a reference: 10^30 laughs are 30 arrays", () => {
    let level = "090101";
    for (let index = 29; index >= 0; index--) {
      // Each array holds the next level, and nine times a reference to it: its index is one greater.
      const reference = `09${((index + 1) << 1).toString(16).padStart(2, "0")}`;
      level = `091501${level}${reference.repeat(9)}`;
    }
    let [value] = decode3(level);
    for (let depth = 0; depth < 30; depth++) {
      if (!Array.isArray(value)) throw new Error("no array");
      expect(value).toHaveLength(10);
      expect(new Set(value).size).toBe(1);
      value = value[9];
    }
    expect(value).toEqual([]);
  });

  it("references are values: as many as the limit lets be", () => {
    const limits = limitsWith({ amfValues: 100 });
    expect(failure3(`09814901${"0900".repeat(100)}`, new Amf3Reader(limits))).toEqual({
      code: ErrorCode.AmfValueLimit,
      offset: 4 + 99 * 2,
    });
  });

  it("one long string is one string, however often it is referred to", () => {
    const text = "x".repeat(100_000);
    const array = new Array<AmfValue>(10_000).fill(text);
    const message = encode3(array);
    expect(message.length).toBe(4 + 1 + 4 + 100_000 + 9_999 * 2);
    const [read] = decode3(message);
    expect(read).toEqual(array);
  });

  it("traits with many names make no objects out of a few bytes: each needs as many values", () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `n${index}`);
    const first = encode3(new AmfObject(new Map(), new AmfTraits("C", names)));
    const and = (hex: string): Uint8Array => Buffer.concat([first, bytesOf(hex)]);
    expect(failure3(and(`0a01${"01".repeat(100)}`))?.code).toBe(ErrorCode.AmfTruncated);
    expect(failure3(and(`0a01${"01".repeat(10_000)}`))?.code).toBe(ErrorCode.AmfValueLimit);
    expect(failure3(and("0a01".repeat(5_000)))?.code).toBe(ErrorCode.AmfDepthLimit);
  });

  it.each([
    ["an array", "09ffffffff01", ErrorCode.AmfCountBeyondInput],
    ["a vector of int", "0dffffffff00", ErrorCode.AmfCountBeyondInput],
    ["a vector of uint", "0effffffff00", ErrorCode.AmfCountBeyondInput],
    ["a vector of doubles", "0fffffffff00", ErrorCode.AmfCountBeyondInput],
    ["a vector of objects", "10ffffffff0001", ErrorCode.AmfCountBeyondInput],
    ["a dictionary", "11ffffffff00", ErrorCode.AmfCountBeyondInput],
    ["sealed names", "0afffffff301", ErrorCode.AmfTraitsBeyondInput],
    ["a ByteArray", "0cffffffff", ErrorCode.AmfTruncated],
    ["a string", "06ffffffff", ErrorCode.AmfTruncated],
    ["XML", "0bffffffff", ErrorCode.AmfTruncated],
  ])("believes no count: %s", (_, hex, code) => {
    expect(failure3(hex)?.code).toBe(code);
    expect(failure3(hex + "01".repeat(1000))?.code).toBe(code);
    expect(failure(bytesOf(`11${hex}`))?.code).toBe(code);
    expect(failure(bytesOf(`11${hex}`), "skip")?.code).toBe(code);
  });

  it("refers to what is still being read, but to no more", () => {
    const [array] = decode3("09 03 0361 0900 01 0900");
    expect(array).toBeInstanceOf(AmfEcmaArray);
    if (!(array instanceof AmfEcmaArray)) return;
    expect(array.get("a")).toBe(array);
    expect(array.dense).toEqual([array]);
    expect(failure3("09 03 01 0902")).toEqual({ code: ErrorCode.AmfBadReference, offset: 4 });
  });

  it("has one table of its own: a reference in AMF0 leads to nothing in AMF3", () => {
    expect(failure(bytesOf("11090101 070000"))).toEqual({ code: ErrorCode.AmfBadReference, offset: 4 });
    expect(failure(bytesOf("03000009 110900"))).toEqual({ code: ErrorCode.AmfBadReference, offset: 6 });
  });

  it("leads back into what AMF0 skipped, because it was built", () => {
    const reader = new Amf0Reader();
    reader.reset(bytesOf("11 09030106 0361 11 0900 11 0600"));
    expect(reader.skip()).toBe(true);
    expect(reader.read()).toEqual(["a"]);
    expect(reader.read()).toBe("a");
  });
});
