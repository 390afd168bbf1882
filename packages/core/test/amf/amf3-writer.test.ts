import { describe, expect, it } from "vitest";
import {
  Amf0Writer,
  Amf3Writer,
  AmfDate,
  AmfDictionary,
  AmfDouble,
  AmfEcmaArray,
  AmfExternal,
  AmfNumberVector,
  AmfObject,
  AmfObjectVector,
  AmfTraits,
  type AmfValue,
  AmfXml,
  amfUnsupported,
} from "../../src/amf/index.ts";
import { decode, decode3, encode, encode3, encodeWith, hexOf, sameGraph } from "./amf.ts";

/** The hex of the values in AMF3. */
function hex3(...values: AmfValue[]): string {
  return hexOf(encode3(...values));
}

describe("Amf3Writer", () => {
  it("writes integers from -2^28 to 2^28 - 1, and doubles else", () => {
    expect(hex3(0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152)).toBe(
      "0400" + "047f" + "048100" + "04ff7f" + "04818000" + "04ffff7f" + "0480c08000",
    );
    expect(hex3(2 ** 28 - 1, -1, -(2 ** 28))).toBe("04bfffffff" + "04ffffffff" + "04c0808000");
    for (const value of [2 ** 28, -(2 ** 28) - 1, -0, 0.5, Number.POSITIVE_INFINITY, 2 ** 32, 2 ** 53]) {
      expect(hex3(value).slice(0, 2)).toBe("05");
      expect(decode3(encode3(value))).toEqual([value]);
    }
    expect(hex3(Number.NaN)).toBe("057ff8000000000000");
    expect(hex3(new AmfDouble(1), new AmfDouble(Number.NaN))).toBe("053ff0000000000000" + "057ff8000000000000");
  });

  it("writes strings once, wherever they stand", () => {
    expect(hex3(AmfEcmaArray.of({ a: "b", b: "a" }), "a", "")).toBe(
      "0901" + "0361" + "060362" + "02" + "0600" + "01" + "0600" + "0601",
    );
  });

  it("writes traits once: those of an instance, of a class without sealed members, of an externalizable class", () => {
    const traits = new AmfTraits("C", ["x"]);
    const same = new AmfTraits("C", ["x"]);
    const of = (ofTraits: AmfTraits): AmfObject => AmfObject.of({ x: null }, ofTraits);
    expect(hex3(of(traits), of(traits), of(same))).toBe("0a130343037801" + "0a0101" + "0a13000201");
    expect(hex3(new AmfObject(), AmfObject.of({}, "C"), new AmfObject(), AmfObject.of({}, "C"))).toBe(
      "0a0b0101" + "0a0b034301" + "0a0101" + "0a0501",
    );
    const list = (): AmfExternal => new AmfExternal("flex.messaging.io.ArrayList", null);
    expect(hex3(list(), list()).slice(-6)).toBe("0a0101");
  });

  it("takes traits without sealed members for none", () => {
    const object = new AmfObject(new Map(), new AmfTraits("C", [], true));
    expect(object.traits).toBeNull();
    expect(object.className).toBe("C");
    expect(new AmfObject(new Map(), new AmfTraits("", ["x"])).className).toBeNull();
  });

  it("writes sealed members that are missing as undefined, and refuses members that the traits do not have", () => {
    expect(hex3(AmfObject.of({}, new AmfTraits("C", ["x"])))).toBe("0a130343037800");
    expect(() => encode3(AmfObject.of({ y: 1 }, new AmfTraits("C", ["x"])))).toThrow(/no member "y"/);
    expect(() => encode3(AmfObject.of({ y: 1 }, new AmfTraits("C")))).toThrow(TypeError);
    expect(hex3(AmfObject.of({ y: 1, x: 2 }, new AmfTraits("C", ["x"], true)))).toBe("0a1b034303780402" + "0379040101");
  });

  it("writes what comes again as a reference, of every kind, within one message only", () => {
    const values = [
      [],
      AmfEcmaArray.of({ a: 1 }),
      new AmfObject(),
      new AmfDate(0),
      new AmfXml("<a/>"),
      new AmfXml("<a/>", false),
      Uint8Array.of(1),
      new AmfNumberVector(Int32Array.of(1)),
      new AmfNumberVector(Uint32Array.of(1)),
      new AmfNumberVector(Float64Array.of(1)),
      new AmfObjectVector(),
      new AmfDictionary(),
      new AmfExternal("flex.messaging.io.ArrayList", null),
    ];
    const markers = ["09", "09", "0a", "08", "07", "0b", "0c", "0d", "0e", "0f", "10", "11", "0a"];
    const references = markers.map((marker, i) => marker + (i << 1).toString(16).padStart(2, "0")).join("");
    expect(hex3(...values, ...values).endsWith(references)).toBe(true);
    const writer = new Amf3Writer();
    for (let message = 0; message < 2; message++) {
      expect(hexOf(encodeWith(writer, ["a", new AmfObject()]))).toBe("0603610a0b0101");
    }
  });

  it("writes what only AMF0 has as near as can be", () => {
    expect(decode3(encode3(amfUnsupported, new AmfDate(1, -60), new AmfEcmaArray()))).toEqual([
      undefined,
      new AmfDate(1, 0),
      [],
    ]);
    const holes: AmfValue[] = [];
    holes[1] = 1;
    expect(hex3(holes)).toBe("090501" + "00" + "0401");
  });

  it("refuses what AMF3 cannot hold", () => {
    expect(() => encode3(AmfObject.of({ "": 1 }))).toThrow(/empty name/);
    expect(() => encode3(AmfEcmaArray.of({ "": 1 }))).toThrow(RangeError);
    const hollow: AmfValue[] = [];
    hollow.length = 2 ** 28;
    expect(() => encode3(hollow)).toThrow(RangeError);
    expect(() => encode3(new AmfExternal("Foo", null))).toThrow(/"Foo"/);
    for (const wrong of [{ a: 1 }, new Map(), new Date(), 1n, () => 1, Symbol("other"), Int32Array.of(1)]) {
      // A caller in plain JavaScript is not held back by the types.
      expect(() => encode3(wrong as unknown as AmfValue)).toThrow(/AmfObject\.of/);
      expect(() => encode(wrong as unknown as AmfValue)).toThrow(/AmfObject\.of/);
    }
    const writer = new Amf3Writer();
    expect(() => writer.reset(new Uint8Array(4), 0, 5)).toThrow(RangeError);
    writer.reset(new Uint8Array(100));
    for (const value of [-1, 2 ** 29, 0.5, Number.NaN]) expect(() => writer.writeUint29(value)).toThrow(RangeError);
    expect(() => writer.writeUtf("x".repeat(65_536))).toThrow(RangeError);
  });

  it("refuses what is nested too deep, but not what is deep only by a cycle", () => {
    let deep: AmfValue = 1;
    for (let level = 0; level < 32; level++) deep = [deep];
    expect(decode3(encode3(deep))).toEqual([deep]);
    expect(() => encode3([deep])).toThrow(/more than 32 deep/);
    expect(() => encode(new AmfDictionary(new Map([[1, deep]])))).toThrow(/more than 32 deep/);
    const around = new AmfDictionary();
    around.entries.set(around, around);
    expect(sameGraph(around, decode3(encode3(around))[0])).toBe(true);
  });

  it("says that the memory is too small, at every size, and writes nothing behind it", () => {
    const again = AmfEcmaArray.of({
      list: [1, "é".repeat(9)],
      inner: AmfObject.of({ x: 1 }, new AmfTraits("C", ["x"])),
    });
    const all: AmfValue[] = [
      "naïve",
      1,
      -1,
      20_000,
      0.5,
      true,
      null,
      again,
      [again, new AmfDate(1), new AmfXml("<é/>"), Uint8Array.of(1, 2, 3)],
      new AmfNumberVector(Int32Array.of(1, 2)),
      new AmfNumberVector(Float64Array.of(1, 2)),
      new AmfObjectVector([1, "2"], "T"),
      new AmfDictionary(new Map<AmfValue, AmfValue>([["key", 1]])),
      new AmfExternal("flex.messaging.io.ArrayList", []),
    ];
    for (const [writer, whole] of [
      [new Amf3Writer(), encode3(...all)],
      [new Amf0Writer(), encode(...all)],
    ] as const) {
      for (let size = 0; size < whole.length; size++) {
        const memory = new Uint8Array(whole.length + 32).fill(0xaa);
        writer.reset(memory, 7, 7 + size);
        for (const value of all) writer.write(value);
        expect(writer.overflow).toBe(true);
        expect(writer.position).toBeLessThanOrEqual(7 + size);
        expect(memory.subarray(7 + size).every((byte) => byte === 0xaa)).toBe(true);
        const { position } = writer;
        writer.write(null);
        expect(writer.position).toBe(position);
      }
      const memory = new Uint8Array(whole.length + 14);
      writer.reset(memory, 7, 7 + whole.length);
      for (const value of all) writer.write(value);
      expect(writer.overflow).toBe(false);
      expect(hexOf(memory.subarray(7, writer.position))).toBe(hexOf(whole));
    }
  });

  it("stops early at an array whose length is all it has", () => {
    const writer = new Amf3Writer();
    writer.reset(new Uint8Array(100));
    const hollow: AmfValue[] = [];
    hollow.length = 2 ** 28 - 1;
    writer.write(hollow);
    expect(writer.overflow).toBe(true);
  });
});

describe("Amf0Writer, where it switches to AMF3", () => {
  it("writes in AMF3 what AMF0 has no form for, and nothing else", () => {
    expect(hexOf(encode([Uint8Array.of(1), "a"]))).toBe("0a00000002" + "110c0301" + "02000161");
    expect(hexOf(encode(new AmfXml("a", false)))).toBe("110b0361");
    expect(hexOf(encode(new AmfXml("a")))).toBe("0f0000000161");
    expect(hexOf(encode(new AmfDouble(1)))).toBe("003ff0000000000000");
    expect(hexOf(encode(AmfObject.of({ x: null }, new AmfTraits("C", ["x"]))))).toBe("1000014300017805000009");
    expect(hexOf(encode(new AmfEcmaArray(new Map([["a", null]]), [true])))).toBe(
      "0800000002" + "0001300101" + "00016105" + "000009",
    );
  });

  it("refers within a value, counted through the message, and never to before it", () => {
    const date = new AmfDate(0);
    const dictionary = (): AmfDictionary => new AmfDictionary(new Map<AmfValue, AmfValue>([["k", [date, date, "k"]]]));
    const first = "11030006036b" + "090701" + "08010000000000000000" + "0804" + "0600";
    const second = "11030006036b" + "090701" + "08010000000000000000" + "080a" + "0602";
    const bytes = encode(dictionary(), dictionary());
    expect(hexOf(bytes)).toBe(`11${first}11${second}`);
    expect(decode(bytes)).toEqual([dictionary(), dictionary()]);
  });

  it("writes any value in AMF3 when asked to", () => {
    const writer = new Amf0Writer();
    const memory = new Uint8Array(100);
    writer.reset(memory);
    writer.writeAmf3(42);
    writer.writeNumber(1);
    writer.writeAmf3(AmfObject.of({ a: 1 }));
    expect(hexOf(memory.subarray(0, writer.position))).toBe("11042a" + "003ff0000000000000" + "110a0b010361040101");
    writer.reset(memory, 0, 2);
    writer.writeAmf3("longer");
    expect(writer.overflow).toBe(true);
    writer.writeNull();
    expect(writer.position).toBeLessThanOrEqual(2);
  });

  it("ends cycles that go through both", () => {
    const array: AmfValue[] = [];
    const dictionary = new AmfDictionary(new Map([["up", array]]));
    array.push(dictionary);
    const [read] = decode(encode(array));
    if (!(Array.isArray(read) && read[0] instanceof AmfDictionary)) throw new Error("no dictionary");
    const inner = read[0].entries.get("up");
    expect(Array.isArray(inner) && inner[0] === read[0]).toBe(true);
  });
});
