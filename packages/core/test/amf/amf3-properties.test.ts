import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  Amf0Reader,
  Amf0Writer,
  Amf3Reader,
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
} from "../../src/amf/index.ts";
import { ErrorCode } from "../../src/errors.ts";
import { decode, decode3, encode, encode3, sameGraph } from "./amf.ts";

const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("", "app", "__proto__", "tcUrl"));
const name = text.filter((name) => name !== "");
const leaf: fc.Arbitrary<AmfValue> = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.integer({ min: -(2 ** 29), max: 2 ** 29 }),
  fc.boolean(),
  text,
  fc.constantFrom<AmfValue>(null, undefined, -0),
  fc.integer({ min: -(2 ** 28), max: 2 ** 28 - 1 }).map((value) => new AmfDouble(value)),
  fc.double().map((time) => new AmfDate(time)),
  fc.tuple(text, fc.boolean()).map(([content, isDocument]) => new AmfXml(content, isDocument)),
  fc.uint8Array({ maxLength: 300 }),
  fc
    .tuple(fc.oneof(fc.int32Array(), fc.uint32Array(), fc.float64Array()), fc.boolean())
    .map(([items, isFixed]) => new AmfNumberVector(items, isFixed)),
);

const kinds = ["array", "ecma", "object", "class", "sealed", "both", "vector", "dictionary", "external"] as const;
/** Each is the traits of all objects of its kind. */
const sealed = new AmfTraits("Sealed", ["x", "", "y"]);
const both = new AmfTraits("", ["x"], true);

type Node = AmfValue[] | AmfObject | AmfEcmaArray | AmfObjectVector | AmfDictionary | AmfExternal;

function nodeOf(kind: (typeof kinds)[number], isSet: boolean): Node {
  switch (kind) {
    case "array":
      return [];
    case "ecma":
      return AmfEcmaArray.of({ first: null });
    case "object":
      return new AmfObject();
    case "class":
      return new AmfObject(new Map(), isSet ? "Class" : "Other");
    case "sealed":
      return AmfObject.of({ x: null, "": null, y: null }, sealed);
    case "both":
      return AmfObject.of({ x: null }, both);
    case "vector":
      return new AmfObjectVector([], isSet ? "Class" : "*", isSet);
    case "dictionary":
      return new AmfDictionary(new Map(), isSet);
    case "external":
      return new AmfExternal(`flex.messaging.io.Array${isSet ? "Collection" : "List"}`, null);
  }
}

function put(node: Node | undefined, member: string, key: AmfValue, value: AmfValue): void {
  if (Array.isArray(node)) node.push(value);
  else if (node instanceof AmfObjectVector) node.items.push(value);
  else if (node instanceof AmfExternal) node.content = value;
  else if (node instanceof AmfDictionary) node.entries.set(Object.is(key, -0) ? 0 : key, value);
  else if (node instanceof AmfEcmaArray && member.length % 2 === 1) node.dense.push(value);
  else if (node instanceof AmfObject && node.traits === sealed) node.properties.set("y", value);
  else node?.properties.set(member, value);
}

/** Everything that can hold values, with leaves and each other in any way: trees, shared values and cycles. */
const item = fc.oneof(leaf, fc.record({ node: fc.nat(15) }));
const graph: fc.Arbitrary<AmfValue> = fc
  .array(
    fc.record({
      kind: fc.constantFrom(...kinds),
      isSet: fc.boolean(),
      items: fc.array(fc.tuple(name, item, item), { maxLength: 6 }),
    }),
    { minLength: 1, maxLength: 16 },
  )
  .map((plan) => {
    const nodes = plan.map(({ kind, isSet }) => nodeOf(kind, isSet));
    const made = (item: AmfValue | { node: number }): AmfValue =>
      typeof item === "object" && item !== null && "node" in item ? nodes[item.node % nodes.length] : item;
    plan.forEach(({ items }, i) => {
      for (const [member, key, value] of items) put(nodes[i], member, made(key), made(value));
    });
    return nodes[0];
  });
const any = fc.oneof({ weight: 1, arbitrary: leaf }, { weight: 4, arbitrary: graph });

/** Messages that are right, and the same with bytes changed; and bytes that are mostly markers and small numbers. */
const anyBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 100 }),
  fc.array(fc.oneof(fc.nat(0x13), fc.constantFrom(1, 1, 3, 0x73)), { maxLength: 100 }).map((b) => Uint8Array.from(b)),
  fc
    .tuple(fc.array(any, { maxLength: 3 }), fc.array(fc.tuple(fc.nat(), fc.nat(0xff)), { maxLength: 3 }))
    .map(([values, changes]) => {
      const bytes = encode3(...values);
      for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
      return bytes;
    }),
);

interface Outcome {
  values: AmfValue[];
  position: number;
  code: ErrorCode | null;
  offset: number;
}

/** Reads a span that lies amid other bytes. */
function outcome(bytes: Uint8Array, before: number, around: number): Outcome {
  const memory = new Uint8Array(before + bytes.length + 20).fill(around);
  memory.set(bytes, before);
  const reader = new Amf3Reader();
  reader.reset(memory, before, before + bytes.length);
  const values: AmfValue[] = [];
  while (!reader.atEnd && reader.error === null) values.push(reader.read());
  expect(reader.position).toBeLessThanOrEqual(before + bytes.length);
  return {
    values,
    position: reader.position - before,
    code: reader.error?.code ?? null,
    offset: reader.error?.offset ?? -1,
  };
}

describe("AMF3 properties", () => {
  it("what was written is read as it was, shared values and cycles included", () => {
    fc.assert(
      fc.property(any, any, (first, second) => {
        const [a, b, c, ...more] = decode3(encode3(first, second, first), { keepDoubles: true });
        expect(more).toEqual([]);
        expect(sameGraph([first, second, first], [a, b, c])).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  it("the same within AMF0, behind the marker that switches", () => {
    const reader = new Amf0Reader(undefined, undefined, { keepDoubles: true });
    const memory = new Uint8Array(2 ** 20);
    fc.assert(
      fc.property(any, any, (first, second) => {
        const writer = new Amf0Writer();
        writer.reset(memory);
        writer.writeAmf3(first);
        writer.write("between");
        writer.writeAmf3(second);
        expect(writer.overflow).toBe(false);
        const [a, between, b] = decode(memory.slice(0, writer.position), reader);
        expect(between).toBe("between");
        expect(sameGraph(first, a)).toBe(true);
        expect(sameGraph(second, b)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it("any bytes are read without a throw, and what lies around them makes no difference", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const amongZeros = outcome(bytes, 0, 0x00);
        const amongOnes = outcome(bytes, 5, 0xff);
        const { position, code, offset } = amongZeros;
        expect(amongOnes).toMatchObject({ position, code, offset });
        expect(sameGraph(amongZeros.values, amongOnes.values)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  it("what was read from any bytes can be written and read again, in AMF3 and in AMF0", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const { values } = outcome(bytes, 0, 0);
        expect(sameGraph(values, outcome(encode3(...values), 0, 0).values)).toBe(true);
        expect(decode(encode(...values)).length).toBe(values.length);
      }),
      { numRuns: 5000 },
    );
  });

  it("the generated bytes reach most errors", () => {
    const codes = new Set(fc.sample(anyBytes, { numRuns: 3000, seed: 1 }).map((b) => outcome(b, 0, 0).code));
    for (const code of [null, ErrorCode.AmfTruncated, ErrorCode.AmfUnknownMarker, ErrorCode.AmfBadReference]) {
      expect(codes).toContain(code);
    }
    expect(codes).toContain(ErrorCode.AmfCountBeyondInput);
    expect(codes).toContain(ErrorCode.AmfTraitsBeyondInput);
    expect(codes).toContain(ErrorCode.AmfUnknownExternalizable);
  });
});
