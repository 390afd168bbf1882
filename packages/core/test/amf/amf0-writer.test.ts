import { describe, expect, it } from "vitest";
import {
  Amf0Reader,
  Amf0Writer,
  AmfDate,
  AmfEcmaArray,
  AmfObject,
  type AmfValue,
  AmfXml,
  amfUnsupported,
} from "../../src/amf/index.ts";
import { bytesOf, decode, encode, hexOf } from "./amf.ts";

describe("Amf0Writer", () => {
  it("writes a command by its parts", () => {
    const memory = new Uint8Array(64);
    const writer = new Amf0Writer();
    writer.reset(memory);
    writer.writeString("_result");
    writer.writeNumber(4);
    writer.writeNull();
    writer.writeBoolean(true);
    writer.writeBoolean(false);
    writer.writeUndefined();
    expect(hexOf(memory.subarray(0, writer.position))).toBe("0200075f726573756c740040100000000000000501010100" + "06");
  });

  it("takes the long form from 65,536 bytes on, not units", () => {
    for (const [text, marker] of [
      ["a".repeat(65_535), 0x02],
      ["a".repeat(65_536), 0x0c],
      ["é".repeat(32_767), 0x02],
      ["é".repeat(32_768), 0x0c],
    ] as const) {
      const bytes = encode(text);
      expect(bytes[0]).toBe(marker);
      expect(decode(bytes)).toEqual([text]);
    }
  });

  it("writes holes as undefined", () => {
    const holes: AmfValue[] = [];
    holes[1] = 1;
    expect(hexOf(encode(holes))).toBe("0a0000000206003ff0000000000000");
  });

  it("writes what comes again as a reference, within one message only", () => {
    const object = AmfObject.of({});
    expect(hexOf(encode(object, object, [object]))).toBe("030000090700000a00000001070000");
    const writer = new Amf0Writer();
    const memory = new Uint8Array(16);
    for (let message = 0; message < 2; message++) {
      writer.reset(memory);
      writer.write(object);
      expect(hexOf(memory.subarray(0, writer.position))).toBe("03000009");
    }
  });

  it("gives no index to dates and XML, which AMF0 2.9 does not list", () => {
    const date = new AmfDate(0);
    const array = [date, date, AmfObject.of({})];
    expect(hexOf(encode(array, array[2])).slice(-14)).toBe("03000009" + "070001");
  });

  it("writes again what has no 16-bit index any more", () => {
    const many: AmfValue[][] = Array.from({ length: 65_536 }, () => []);
    const bytes = encode(...many, many[65_535], many[65_535]);
    expect(hexOf(bytes.subarray(-6))).toBe("07ffff" + "07ffff");
    const more = encode(...many, many, many);
    expect(more[more.length - 3]).toBe(0x07);
    expect(more.length).toBe(65_536 * 5 + 2 * (5 + 65_536 * 3));
  });

  it("says that the memory is too small, at every size, and writes nothing behind it", () => {
    const values: AmfValue[] = [
      "naïve",
      -0,
      true,
      null,
      undefined,
      amfUnsupported,
      new AmfXml("<é/>"),
      new AmfDate(1, -1),
    ];
    const again = AmfEcmaArray.of({ list: [1, "é".repeat(9)], "": AmfObject.of({ x: 1 }, "Class") });
    const all = [...values, again, [again, ...values], "z".repeat(70_000)];
    const whole = encode(...all);
    const writer = new Amf0Writer();
    const sizes = [...Array(400).keys(), whole.length - 1].filter((size) => size < whole.length);
    for (const size of sizes) {
      const memory = new Uint8Array(whole.length + 32).fill(0xaa);
      writer.reset(memory, 7, 7 + size);
      for (const value of all) writer.write(value);
      expect(writer.overflow).toBe(true);
      expect(writer.position).toBeLessThanOrEqual(7 + size);
      expect(memory.subarray(7 + size).every((byte) => byte === 0xaa)).toBe(true);
      const { position } = writer;
      writer.writeString("");
      writer.writeNull();
      expect(writer.position).toBe(position);
    }
    const memory = new Uint8Array(whole.length + 14);
    writer.reset(memory, 7, 7 + whole.length);
    for (const value of all) writer.write(value);
    expect(writer.overflow).toBe(false);
    expect(hexOf(memory.subarray(7, writer.position))).toBe(hexOf(whole));
  });

  it("writes into a view that lies within other memory", () => {
    const memory = new Uint8Array(16);
    const writer = new Amf0Writer();
    writer.reset(memory.subarray(3), 1, 10);
    writer.writeNumber(1);
    expect(hexOf(memory)).toBe("00000000" + "003ff0000000000000" + "000000");
  });

  it("refuses what is nested too deep, but not what is deep only by a cycle", () => {
    let deep: AmfValue = 1;
    for (let level = 0; level < 32; level++) deep = [deep];
    expect(decode(encode(deep))).toEqual([deep]);
    expect(() => encode([deep])).toThrow(/more than 32 deep/);
    const writer = new Amf0Writer(33);
    writer.reset(new Uint8Array(1000));
    writer.write([deep]);
    const reader = new Amf0Reader();
    const around: AmfValue[] = [];
    around.push(around);
    reader.reset(encode(around));
    const read = reader.read();
    expect(Array.isArray(read) && read[0] === read).toBe(true);
  });

  it("stops early at an array whose length is all it has", () => {
    const writer = new Amf0Writer();
    writer.reset(new Uint8Array(100));
    const hollow: AmfValue[] = [];
    hollow.length = 2 ** 32 - 1;
    writer.write(hollow);
    expect(writer.overflow).toBe(true);
  });

  it("refuses what AMF0 cannot hold", () => {
    expect(() => encode(AmfObject.of({ ["n".repeat(65_536)]: 1 }))).toThrow(RangeError);
    expect(() => new AmfDate(0, 32_768)).toThrow(RangeError);
    // A caller in plain JavaScript is not held back by the types.
    for (const wrong of [{ a: 1 }, new Map(), new Date(), 1n, () => 1, Symbol("other")]) {
      expect(() => encode(wrong as unknown as AmfValue)).toThrow(/AmfObject\.of/);
    }
    expect(() => new Amf0Writer().reset(new Uint8Array(4), 0, 5)).toThrow(RangeError);
  });
});

it("writes no name twice, where AMF3 has an element with the name of a place", () => {
  const array = new AmfEcmaArray(new Map([["0", "named"]]), ["placed", "second"]);
  expect(decode(encode(array))).toEqual([AmfEcmaArray.of({ 0: "named", 1: "second" })]);
  expect(hexOf(encode(array)).slice(0, 10)).toBe("0800000002");
});

describe("AmfObject and AmfEcmaArray", () => {
  it("are built from literals and read by name", () => {
    const status = AmfObject.of({ level: "status", code: "NetStream.Play.Start" });
    expect([...status.properties]).toEqual([
      ["level", "status"],
      ["code", "NetStream.Play.Start"],
    ]);
    expect(status.get("level")).toBe("status");
    expect(status.get("toString")).toBeUndefined();
    expect(status.className).toBeNull();
    expect(AmfObject.of({}, "C").className).toBe("C");
    expect(status instanceof AmfEcmaArray).toBe(false);
    expect(AmfEcmaArray.of({ a: 1 }) instanceof AmfObject).toBe(false);
    expect(hexOf(encode(AmfEcmaArray.of({ a: 1, b: null })))).toBe(
      hexOf(bytesOf("0800000002 000161 003ff0000000000000 000162 05 000009")),
    );
  });
});
