import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  Amf0Reader,
  AmfDate,
  AmfEcmaArray,
  AmfObject,
  type AmfValue,
  AmfXml,
  amfUnsupported,
} from "../../src/amf/index.ts";
import { ErrorCode } from "../../src/errors.ts";
import { encode, sameGraph } from "./amf.ts";

const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("", "app", "__proto__", "tcUrl"));
const leaf: fc.Arbitrary<AmfValue> = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.boolean(),
  text,
  fc.constantFrom<AmfValue>(null, undefined, amfUnsupported, -0),
  fc.tuple(fc.double(), fc.integer({ min: -32_768, max: 32_767 })).map(([time, zone]) => new AmfDate(time, zone)),
  text.map((content) => new AmfXml(content)),
);

/** Objects and arrays of every kind that hold leaves and each other in any way: trees, shared values and cycles. */
const graph: fc.Arbitrary<AmfValue> = fc
  .array(
    fc.record({
      kind: fc.constantFrom("array", "object", "typed", "ecma"),
      items: fc.array(fc.tuple(text, fc.oneof(leaf, fc.record({ node: fc.nat(15) }))), { maxLength: 6 }),
    }),
    { minLength: 1, maxLength: 16 },
  )
  .map((plan) => {
    const nodes = plan.map(({ kind }): AmfObject | AmfEcmaArray | AmfValue[] => {
      if (kind === "array") return [];
      if (kind === "ecma") return new AmfEcmaArray();
      return new AmfObject(new Map(), kind === "typed" ? "Class" : null);
    });
    plan.forEach(({ items }, i) => {
      const node = nodes[i];
      for (const [name, item] of items) {
        const isLink = typeof item === "object" && item !== null && "node" in item;
        const value = isLink ? nodes[item.node % nodes.length] : item;
        if (Array.isArray(node)) node.push(value);
        else node?.properties.set(name, value);
      }
    });
    return nodes[0];
  });

/** Messages that are right, and the same with bytes changed, cut out and put in; and bytes that are mostly markers. */
const anyBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 100 }),
  fc.array(fc.oneof(fc.nat(0x11), fc.constantFrom(0, 0, 0, 1)), { maxLength: 100 }).map((b) => Uint8Array.from(b)),
  fc
    .tuple(
      fc.array(fc.oneof(leaf, graph), { maxLength: 3 }),
      fc.array(fc.tuple(fc.nat(), fc.nat(0x11)), { maxLength: 3 }),
    )
    .map(([values, changes]) => {
      const bytes = encode(...values);
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

/** Reads or skips a span that lies amid other bytes. */
function outcome(bytes: Uint8Array, call: "read" | "skip", before: number, around: number): Outcome {
  const memory = new Uint8Array(before + bytes.length + 20).fill(around);
  memory.set(bytes, before);
  const reader = new Amf0Reader();
  reader.reset(memory, before, before + bytes.length);
  const values: AmfValue[] = [];
  while (!reader.atEnd && reader.error === null) {
    const value = reader[call]();
    if (call === "read") values.push(value);
  }
  expect(reader.position).toBeLessThanOrEqual(before + bytes.length);
  return {
    values,
    position: reader.position - before,
    code: reader.error?.code ?? null,
    offset: reader.error?.offset ?? -1,
  };
}

describe("AMF0 properties", () => {
  it("what was written is read as it was, shared values and cycles included", () => {
    fc.assert(
      fc.property(fc.oneof(leaf, graph), (value) => {
        const reader = new Amf0Reader();
        reader.reset(encode(value));
        const read = reader.read();
        expect(reader.error).toBeNull();
        expect(reader.atEnd).toBe(true);
        expect(sameGraph(value, read)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it("any bytes are read without a throw, and what lies around them makes no difference", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const amongZeros = outcome(bytes, "read", 0, 0x00);
        const amongOnes = outcome(bytes, "read", 5, 0xff);
        expect(amongOnes).toMatchObject({
          position: amongZeros.position,
          code: amongZeros.code,
          offset: amongZeros.offset,
        });
        expect(sameGraph(amongZeros.values, amongOnes.values)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  it("what can be read can be skipped, with the same end and the same error", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const { position, code, offset } = outcome(bytes, "read", 0, 0);
        expect(outcome(bytes, "skip", 0, 0)).toMatchObject({ position, code, offset });
      }),
      { numRuns: 5000 },
    );
  });

  it("what was read from any bytes can be written and read again", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const { values } = outcome(bytes, "read", 0, 0);
        expect(sameGraph(values, outcome(encode(...values), "read", 0, 0).values)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it("the generated bytes reach most errors", () => {
    const codes = new Set(fc.sample(anyBytes, { numRuns: 3000, seed: 1 }).map((b) => outcome(b, "read", 0, 0).code));
    for (const code of [null, ErrorCode.AmfTruncated, ErrorCode.AmfUnknownMarker, ErrorCode.AmfBadReference]) {
      expect(codes).toContain(code);
    }
    expect(codes).toContain(ErrorCode.AmfCountBeyondInput);
  });
});
