import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BufferPool } from "../../src/bytes/index.ts";

const KiB = 1024;

describe("BufferPool", () => {
  it("rounds up to powers of two, 1 KiB at least", () => {
    const pool = new BufferPool(64 * KiB);
    const sizes = [0, 1, KiB, KiB + 1, 2 * KiB, 3 * KiB, 9000].map((size) => pool.sizeOf(pool.take(size)));
    expect(sizes).toEqual([KiB, KiB, KiB, 2 * KiB, 2 * KiB, 4 * KiB, 16 * KiB]);
  });

  it("lends the whole slab as one block", () => {
    const pool = new BufferPool(8 * KiB);
    expect(pool.take(8 * KiB)).toBe(0);
    expect(pool.sizeOf(0)).toBe(8 * KiB);
    expect(pool.take(1)).toBe(-1);
  });

  it("answers -1 when nothing of that size is left, and counts it", () => {
    const pool = new BufferPool(4 * KiB);
    pool.take(2 * KiB);
    pool.take(KiB);
    expect(pool.take(2 * KiB)).toBe(-1);
    expect(pool.refusals).toBe(1);
    expect(pool.take(KiB)).not.toBe(-1);
    expect(pool.take(1)).toBe(-1);
    expect(pool.refusals).toBe(2);
  });

  it("refuses what is larger than the slab", () => {
    const pool = new BufferPool(4 * KiB);
    expect(pool.take(4 * KiB + 1)).toBe(-1);
    expect(pool.take(2 ** 30 + 1)).toBe(-1);
    expect(pool.lentBlocks).toBe(0);
  });

  it("joins neighbours that are both free", () => {
    const pool = new BufferPool(4 * KiB);
    const blocks = [pool.take(KiB), pool.take(KiB), pool.take(KiB), pool.take(KiB)] as const;
    // 1 and 2 lie side by side, but belong to different blocks of 2 KiB.
    pool.give(blocks[1]);
    pool.give(blocks[2]);
    expect(pool.take(2 * KiB)).toBe(-1);
    pool.give(blocks[0]);
    expect(pool.take(2 * KiB)).toBe(blocks[0]);
    pool.give(blocks[0]);
    pool.give(blocks[3]);
    expect(pool.take(4 * KiB)).toBe(0);
  });

  it("gathers what is in use at the slab's start", () => {
    const pool = new BufferPool(2 ** 20);
    expect([pool.take(KiB), pool.take(KiB), pool.take(KiB)]).toEqual([0, KiB, 2 * KiB]);
  });

  it("counts what is lent", () => {
    const pool = new BufferPool(16 * KiB);
    const block = pool.take(3000);
    pool.take(500);
    expect([pool.lentBlocks, pool.lentBytes, pool.peakLentBytes]).toEqual([2, 5 * KiB, 5 * KiB]);
    pool.give(block);
    expect([pool.lentBlocks, pool.lentBytes, pool.peakLentBytes]).toEqual([1, KiB, 5 * KiB]);
  });

  it("throws when a block is given back twice, be it the lower or the upper of two", () => {
    for (const index of [0, 1]) {
      const pool = new BufferPool(4 * KiB);
      const blocks = [pool.take(KiB), pool.take(KiB)];
      const block = blocks[index] ?? -1;
      for (const each of blocks) pool.give(each);
      expect(() => pool.give(block)).toThrow(RangeError);
      expect(() => pool.sizeOf(block)).toThrow(RangeError);
      expect([pool.lentBlocks, pool.take(4 * KiB)]).toEqual([0, 0]);
    }
  });

  it.each([-1, 1, 512, KiB, 3 * KiB, 4 * KiB, 2 ** 30])("throws when no lent block begins at %i", (offset) => {
    const pool = new BufferPool(4 * KiB);
    expect(pool.take(2 * KiB)).toBe(0);
    expect(() => pool.give(offset)).toThrow(RangeError);
    expect([pool.lentBlocks, pool.lentBytes]).toEqual([1, 2 * KiB]);
  });

  it.each([0, 1, 512, 1000, 3 * KiB, -KiB, 1.5 * KiB, 2 ** 31, 2 ** 32, Number.NaN])(
    "throws when its size is %d",
    (size) => {
      expect(() => new BufferPool(size)).toThrow(RangeError);
    },
  );

  it("takes its smallest size", () => {
    const pool = new BufferPool(KiB);
    expect(pool.take(KiB)).toBe(0);
    expect(pool.take(1)).toBe(-1);
    pool.give(0);
    expect(pool.take(1)).toBe(0);
  });

  it("never lends a byte twice, and is whole again when all came back", () => {
    const size = 64 * KiB;
    // A number from 0 to 1 chooses a block to give back; a size is one to take.
    const step = fc.oneof(fc.integer({ min: 0, max: 20 * KiB }), fc.double({ min: 0, max: 0.999, noNaN: true }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const pool = new BufferPool(size);
        const lent = new Map<number, number>();
        for (const value of steps) {
          if (value > 0 && value < 1) {
            const offset = [...lent.keys()][Math.floor(value * lent.size)];
            if (offset === undefined) continue;
            pool.give(offset);
            lent.delete(offset);
            continue;
          }
          const offset = pool.take(value);
          if (offset === -1) continue;
          const end = offset + pool.sizeOf(offset);
          expect(pool.sizeOf(offset)).toBeGreaterThanOrEqual(value);
          expect(end).toBeLessThanOrEqual(size);
          for (const [start, stop] of lent) expect(end <= start || stop <= offset).toBe(true);
          lent.set(offset, end);
        }
        expect(pool.lentBlocks).toBe(lent.size);
        expect(pool.lentBytes).toBe([...lent].reduce((sum, [start, end]) => sum + end - start, 0));
        for (const offset of lent.keys()) pool.give(offset);
        expect(pool.lentBytes).toBe(0);
        expect(pool.take(size)).toBe(0);
      }),
    );
  });
});
