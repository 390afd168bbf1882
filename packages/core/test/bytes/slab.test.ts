import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { makePlainSlab, makeSlab } from "../../src/bytes/slab.ts";

const SIZE = 4096;

/** The same bytes in both. */
function pair() {
  const fast = makeSlab(SIZE);
  const plain = makePlainSlab(SIZE);
  for (let at = 0; at < SIZE; at++) {
    fast.memory[at] = at * 7 + (at >> 8);
    plain.memory[at] = at * 7 + (at >> 8);
  }
  return { fast, plain };
}

/** Vitest has something for this, but Bun's own test runner has not. */
function replaceWebAssembly(by: unknown): void {
  Object.assign(globalThis, { WebAssembly: by });
}

describe("a slab", () => {
  const own = Reflect.get(globalThis, "WebAssembly");
  afterEach(() => replaceWebAssembly(own));

  // The lengths around which copy.wat goes other ways.
  it.each([0, 1, 15, 16, 17, 31, 32, 63, 64, 65, 79, 80, 127, 128, 129, 511, 512, 513, 1500])(
    "copies %i bytes and touches nothing else",
    (length) => {
      const { fast, plain } = pair();
      fast.copy(2001, 13, length);
      plain.copy(2001, 13, length);
      expect(fast.memory).toEqual(plain.memory);
    },
  );

  it("copies as copyWithin does, wherever and however long, overlapping or not", () => {
    const { fast, plain } = pair();
    fc.assert(
      fc.property(fc.nat(SIZE), fc.nat(SIZE), fc.nat(600), fc.nat(SIZE), (to, from, short, long) => {
        for (const wanted of [short, long]) {
          const length = Math.min(wanted, SIZE - to, SIZE - from);
          fast.copy(to, from, length);
          plain.copy(to, from, length);
        }
        expect(Buffer.compare(fast.memory, plain.memory)).toBe(0);
      }),
      { numRuns: 2000 },
    );
  });

  it("has the size that was asked for, zeroed", () => {
    expect(makeSlab(1024).memory).toEqual(new Uint8Array(1024));
    expect(makeSlab(2 ** 17).memory.length).toBe(2 ** 17);
  });

  it("is WebAssembly's memory, and a plain array where there is none", () => {
    expect(makeSlab(SIZE).memory.buffer.byteLength).toBe(65_536);
    replaceWebAssembly(undefined);
    const slab = makeSlab(SIZE);
    expect(slab.memory.buffer.byteLength).toBe(SIZE);
    slab.memory.set([1, 2, 3]);
    slab.copy(100, 0, 3);
    expect([...slab.memory.subarray(100, 104)]).toEqual([1, 2, 3, 0]);
  });

  it("is a plain array where the module is refused, as a page's security policy may do", () => {
    const refuse = () => {
      throw new Error("refused");
    };
    replaceWebAssembly({ Memory: refuse, Module: refuse, Instance: refuse });
    expect(makeSlab(SIZE).memory.buffer.byteLength).toBe(SIZE);
  });
});
