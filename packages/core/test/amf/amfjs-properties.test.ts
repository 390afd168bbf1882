import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  AmfDate,
  AmfDictionary,
  AmfEcmaArray,
  AmfExternal,
  AmfNumberVector,
  AmfObject,
  AmfObjectVector,
  type AmfProperties,
  type AmfValue,
  AmfXml,
  amfUnsupported,
} from "../../src/amf/index.ts";
import { bytesOf, decode, decode3, encode, encode3, hexOf, sameGraph } from "./amf.ts";
import { isSame, theirBytes, theirValue, type Version } from "./amfjs.ts";

// Two implementations that know nothing of each other. Where amfjs differs from the specifications, the differences below
// have a case each, and what is generated keeps clear of them.

const name = fc
  .oneof(fc.string({ unit: "binary", minLength: 1, maxLength: 8 }), fc.constantFrom("app", "constructor", "length"))
  .filter((text) => !text.startsWith("__"));

/** Where amfjs is told nothing that it gets wrong. */
interface Domain {
  readonly leaf: fc.Arbitrary<AmfValue>;
  readonly kinds: readonly Kind[];
  /** Whether objects may be in several places, and in themselves. */
  readonly isGraph: boolean;
  readonly leastItems: number;
}
type Kind = "array" | "ecma" | "object" | "class";

const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("", "live", "é".repeat(100)));
const number = fc.oneof(fc.double(), fc.integer(), fc.integer({ min: -(2 ** 28), max: 2 ** 28 - 1 }));
const simple = fc.oneof(
  number,
  fc.boolean(),
  fc.constantFrom<AmfValue>(null, undefined),
  fc.integer({ min: -8.64e15, max: 8.64e15 }).map((time) => new AmfDate(time)),
);
const bytes = fc.uint8Array({ minLength: 2, maxLength: 200 });
/** Without the integers of four bytes, and -0. */
const writable = simple.filter(
  (value) =>
    !(Number.isInteger(value) && typeof value === "number") ||
    Object.is(value, 0) ||
    (value > 0 && value < 2 ** 21) ||
    Math.abs(value) >= 2 ** 29,
);

function valuesOf({ leaf, kinds, isGraph, leastItems }: Domain): fc.Arbitrary<AmfValue> {
  const link = fc.record({ node: fc.nat(15) });
  const node = fc.record({
    kind: fc.constantFrom(...kinds),
    items: fc.array(fc.tuple(name, fc.oneof(leaf, link)), { minLength: leastItems, maxLength: 8 }),
  });
  const graph = fc.array(node, { minLength: 1, maxLength: 16 }).map((plan) => {
    const nodes = plan.map(({ kind }): AmfValue[] | AmfObject | AmfEcmaArray => {
      if (kind === "array") return [];
      if (kind === "ecma") return new AmfEcmaArray();
      return new AmfObject(new Map(), kind === "class" ? "Class" : null);
    });
    let next = 1; // in trees each node but the first lies in one before it
    plan.forEach(({ items }, index) => {
      const holder = nodes[index];
      for (const [member, item] of items) {
        let value: AmfValue;
        if (typeof item === "object" && item !== null && "node" in item) {
          if (isGraph) value = nodes[item.node % nodes.length];
          else value = index < next ? (nodes[next++] ?? null) : null;
        } else value = item;
        if (Array.isArray(holder)) holder.push(value);
        else (holder as AmfProperties).properties.set(member, value); // there is a node for each index
      }
    });
    return nodes[0];
  });
  return fc.oneof({ weight: 1, arbitrary: leaf }, { weight: 4, arbitrary: graph });
}

const RUNS = { numRuns: 10_000 } as const;

function checkReading(version: Version, domain: Domain): void {
  const write = version === "AMF0" ? encode : encode3;
  fc.assert(
    fc.property(valuesOf(domain), (value) => {
      expect(isSame(value, theirValue(write(value), version))).toBe(true);
    }),
    RUNS,
  );
}

function checkWriting(version: Version, domain: Domain): void {
  const read = version === "AMF0" ? decode : decode3;
  fc.assert(
    fc.property(valuesOf(domain), (value) => {
      const [ours] = read(theirBytes(value, version));
      expect(sameGraph(simplified(ours), simplified(value))).toBe(true);
    }),
    RUNS,
  );
}

/** Without what amfjs cannot be told: it seals the members of classes, and has no empty array with names. */
function simplified(value: AmfValue, made: Map<AmfValue, AmfValue> = new Map()): AmfValue {
  if (!(Array.isArray(value) || value instanceof AmfObject || value instanceof AmfEcmaArray)) return value;
  const before = made.get(value);
  if (before !== undefined) return before;
  if (Array.isArray(value) || (value instanceof AmfEcmaArray && value.properties.size === 0)) {
    const array: AmfValue[] = [];
    made.set(value, array);
    for (const item of Array.isArray(value) ? value : []) array.push(simplified(item, made));
    return array;
  }
  const copy = value instanceof AmfObject ? new AmfObject(new Map(), value.className) : new AmfEcmaArray();
  made.set(value, copy);
  for (const [member, item] of value.properties) copy.properties.set(member, simplified(item, made));
  return copy;
}

describe("beside amfjs", () => {
  it("it reads in AMF3 what the core writes", () => {
    const vector = fc.oneof(
      fc.array(fc.integer(), { minLength: 1 }).map((items) => new AmfNumberVector(Int32Array.from(items))),
      fc.array(fc.double(), { minLength: 1 }).map((items) => new AmfNumberVector(Float64Array.from(items))),
    );
    const leaf = fc.oneof(simple, text, bytes, vector);
    checkReading("AMF3", { leaf, kinds: ["array", "ecma", "object", "class"], isGraph: true, leastItems: 0 });
  });

  it("the core reads in AMF3 what it writes", () => {
    const leaf = fc.oneof(writable, bytes);
    checkWriting("AMF3", { leaf, kinds: ["array", "ecma", "object", "class"], isGraph: true, leastItems: 0 });
  });

  it("the core reads in AMF3 the strings that it writes, where there are no names", () => {
    checkWriting("AMF3", { leaf: fc.oneof(writable, text), kinds: ["array"], isGraph: true, leastItems: 0 });
  });

  it("it reads in AMF0 what the core writes, with values in AMF3 among them", () => {
    const leaf = fc.oneof(simple, text, bytes);
    checkReading("AMF0", { leaf, kinds: ["array", "ecma", "object", "class"], isGraph: false, leastItems: 1 });
  });

  it("the core reads in AMF0 what it writes", () => {
    const leaf = fc.oneof(simple, text);
    checkWriting("AMF0", { leaf, kinds: ["array", "ecma", "object", "class"], isGraph: true, leastItems: 0 });
  });
});

/** What the bytes are by the specifications, and that amfjs says something else. */
const readOtherwise: readonly (readonly [string, Version, string, AmfValue])[] = [
  ["AMF0 2.12: an empty array is empty, and not of two values", "AMF0", "0a00000000", []],
  ["AMF0 2.9: an object has its index before what lies in it", "AMF0", "0a00000002 03000009 070001", shared()],
  ["AMF0 2.15: unsupported is a value", "AMF0", "0d", amfUnsupported],
  ["AMF0 2.17: XML documents are values", "AMF0", "0f000000043c612f3e", new AmfXml("<a/>")],
  ["AMF3 3.9: XML documents are values", "AMF3", "07093c612f3e", new AmfXml("<a/>")],
  ["AMF3 3.11: an array has elements behind its names", "AMF3", "0903 0361 0401 01 0402", mixed()],
  ["AMF3 3.14: a ByteArray of one byte is one", "AMF3", "0c03ff", Uint8Array.of(255)],
  ["AMF3 3.15: uint has no sign", "AMF3", "0e0300ffffffff", new AmfNumberVector(Uint32Array.of(2 ** 32 - 1))],
  ["AMF3 3.15: a vector of objects has a type", "AMF3", "10030003 2a 0402", new AmfObjectVector([2])],
  ["AMF3 3.15: an empty vector is empty", "AMF3", "0d0100", new AmfNumberVector(new Int32Array(0))],
  [
    "AMF3 3.16: keys of a dictionary are values",
    "AMF3",
    "1103000a0b010101",
    new AmfDictionary(new Map([[new AmfObject(), null]])),
  ],
];

function shared(): AmfValue {
  const object = new AmfObject();
  return [object, object];
}

function mixed(): AmfValue {
  return new AmfEcmaArray(new Map([["a", 1]]), [2]);
}

describe("amfjs reads otherwise", () => {
  it.each(readOtherwise)("%s", (_, version, hex, value) => {
    const [ours] = version === "AMF0" ? decode(hex) : decode3(hex);
    expect(sameGraph(ours, value)).toBe(true);
    let theirs: unknown;
    try {
      theirs = theirValue(bytesOf(hex), version);
    } catch (error) {
      theirs = error;
    }
    expect(isSame(value, theirs)).toBe(false);
  });

  it("AMF3 3.12: an externalizable object has its index before its content", () => {
    const collection = new AmfExternal("flex.messaging.io.ArrayCollection", []);
    const hex = hexOf(encode3([collection, collection.content]));
    const [ours] = decode3(hex);
    expect(sameGraph(ours, [collection, collection.content])).toBe(true);
    expect(hex.slice(-4)).toBe("0904"); // 0 is the array around, 1 the collection, 2 its content
    expect(theirValue(bytesOf(`${hex.slice(0, -4)}0902`), "AMF3")).toEqual([[], []]);
  });
});

describe("amfjs writes otherwise", () => {
  it.each<readonly [string, Version, AmfValue, AmfValue]>([
    ["AMF3 3.6: integers end at 268,435,455", "AMF3", 2 ** 28, -(2 ** 28)],
    ["AMF3 3.6: -0 is a double", "AMF3", -0, 0],
    ["AMF3 1.3.1: the fourth byte of an integer has eight bits", "AMF3", 2 ** 21, 0],
  ])("%s", (_, version, value, read) => {
    expect(Object.is(decode3(theirBytes(value, version))[0], read)).toBe(true);
    expect(Object.is(decode3(encode3(value))[0], value)).toBe(true);
  });

  it("AMF3 1.3.2: names have their places in the table of strings too", () => {
    const value = AmfEcmaArray.of({ a: "x", b: "y", c: "y" });
    expect(hexOf(encode3(value))).toContain("0606"); // "y" is the fourth string
    expect(decode3(theirBytes(value, "AMF3"))).toEqual([AmfEcmaArray.of({ a: "x", b: "y", c: "x" })]);
  });

  it("AMF0 2.12: the count of an array has 32 bits", () => {
    const value = new Array<AmfValue>(16).fill(null);
    expect(decode(encode(value))).toEqual([value]);
    expect(hexOf(theirBytes(value, "AMF0")).slice(0, 10)).toBe("0a00000110");
  });

  it("AMF3 3.11: the count of an array is an integer of variable length", () => {
    const value = new Array<AmfValue>(64).fill(null);
    expect(decode3(encode3(value))).toEqual([value]);
    expect(hexOf(theirBytes(value, "AMF3")).slice(0, 6)).toBe("098101");
    expect(hexOf(encode3(value)).slice(0, 8)).toBe("09810101");
  });
});
