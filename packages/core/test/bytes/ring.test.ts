import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BufferPool, SegmentRing } from "../../src/bytes/index.ts";

const KiB = 1024;

/** Small segments, so that everything crosses their borders. */
function makeRing(capacityBytes = 4 * KiB, pool = new BufferPool(64 * KiB)) {
  return { pool, ring: new SegmentRing(pool, { segmentBytes: KiB, capacityBytes }) };
}

/** `length` bytes, of which the first is `first`. */
function counting(first: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => first + index);
}

function put(ring: SegmentRing, bytes: Uint8Array): number {
  const position = ring.reserve(bytes.length);
  expect(ring.write(position, bytes, 0, bytes.length)).toBe(true);
  return position;
}

function get(ring: SegmentRing, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  ring.read(position, bytes, 0, length);
  return bytes;
}

/** Moves the empty window on until its positions have passed `distance` bytes. */
function moveOn(ring: SegmentRing, distance: number): void {
  for (let moved = 0; moved < distance; ) {
    const length = Math.min(ring.capacityBytes, distance - moved);
    ring.reserve(length);
    ring.raiseFloor(ring.tail);
    moved += length;
  }
}

describe("SegmentRing", () => {
  it("keeps bytes across segments, and takes memory where bytes are written", () => {
    const { ring, pool } = makeRing();
    const first = put(ring, counting(1, 1000));
    expect(ring.heldSegments).toBe(1);
    const second = put(ring, counting(77, 2500));
    expect(second).toBe(1000);
    expect(ring.heldSegments).toBe(4);
    expect(get(ring, first, 1000)).toEqual(counting(1, 1000));
    expect(get(ring, second, 2500)).toEqual(counting(77, 2500));
    expect(get(ring, second + 20, 10)).toEqual(counting(97, 10));
    expect(pool.lentBlocks).toBe(4);
  });

  it("takes no memory for what is only reserved", () => {
    const { ring, pool } = makeRing();
    ring.reserve(4 * KiB);
    expect(pool.lentBlocks).toBe(0);
    ring.write(3 * KiB, counting(0, 1), 0, 1);
    expect(pool.lentBlocks).toBe(1);
  });

  it("is filled in any order, by parts of the caller's bytes", () => {
    const { ring } = makeRing();
    const position = ring.reserve(2000);
    const bytes = counting(0, 2000);
    ring.write(position + 1500, bytes, 1500, 2000);
    ring.write(position, bytes, 0, 900);
    ring.write(position + 900, bytes, 900, 1500);
    expect(get(ring, position, 2000)).toEqual(bytes);
  });

  it("reads into a part of the caller's bytes", () => {
    const { ring } = makeRing();
    const position = put(ring, counting(0, 2000));
    const into = new Uint8Array(1300).fill(0xee);
    ring.read(position + 100, into, 50, 1250);
    expect(into.subarray(50, 1250)).toEqual(counting(100, 1200));
    expect([into[49], into[1250]]).toEqual([0xee, 0xee]);
  });

  it("has no room for more than its capacity until the floor rises", () => {
    const { ring } = makeRing(3 * KiB);
    put(ring, counting(0, 2000));
    expect(ring.room).toBe(1072);
    expect(() => ring.reserve(1073)).toThrow("There is room for 1072 bytes, not for 1073: raise the floor.");
    ring.raiseFloor(1);
    expect(ring.reserve(1073)).toBe(2000);
    expect(ring.room).toBe(0);
  });

  it("gives back a segment when the floor has passed its last byte", () => {
    const { ring, pool } = makeRing();
    put(ring, counting(0, 3000));
    ring.raiseFloor(KiB - 1);
    expect(pool.lentBlocks).toBe(3);
    ring.raiseFloor(KiB);
    expect(pool.lentBlocks).toBe(2);
    ring.raiseFloor(3000);
    expect(pool.lentBlocks).toBe(1);
    expect(ring.heldSegments).toBe(1);
  });

  it("says so when the pool has nothing left, and goes on when it has again", () => {
    const { ring, pool } = makeRing(4 * KiB, new BufferPool(2 * KiB));
    const position = ring.reserve(3000);
    expect(ring.write(position, counting(0, 3000), 0, 3000)).toBe(false);
    expect(pool.refusals).toBe(1);
    ring.raiseFloor(KiB);
    expect(ring.write(2 * KiB, counting(9, 952), 0, 952)).toBe(true);
    expect(get(ring, 2 * KiB, 952)).toEqual(counting(9, 952));
  });

  it("keeps a pinned segment readable after the window has left it, until it is unpinned as often", () => {
    const { ring, pool } = makeRing(2 * KiB);
    put(ring, counting(5, KiB));
    const block = ring.pin(0);
    expect(ring.pin(KiB - 1)).toBe(block);
    ring.raiseFloor(KiB);
    // These come to lie at the same places as what is pinned.
    for (let count = 0; count < 20; count++) {
      put(ring, counting(100 + count, KiB));
      ring.raiseFloor(ring.tail);
    }
    expect(pool.memory.slice(block, block + KiB)).toEqual(counting(5, KiB));
    expect(ring.heldSegments).toBe(1);
    ring.unpin(0, block);
    expect(pool.lentBlocks).toBe(1);
    ring.unpin(0, block);
    expect(pool.lentBlocks).toBe(0);
    expect(ring.heldSegments).toBe(0);
  });

  it("does not confuse the pins of a segment with those of its successor at the same place", () => {
    const { ring, pool } = makeRing(KiB);
    put(ring, counting(1, KiB));
    const old = ring.pin(0);
    ring.raiseFloor(KiB);
    put(ring, counting(2, KiB));
    ring.raiseFloor(2 * KiB);
    // Two places: this one lies where the first lay.
    const position = put(ring, counting(3, KiB));
    const young = ring.pin(position);
    ring.unpin(0, old);
    expect(pool.lentBlocks).toBe(1);
    ring.raiseFloor(ring.tail);
    expect(pool.memory.slice(young, young + KiB)).toEqual(counting(3, KiB));
    ring.unpin(position, young);
    expect(pool.lentBlocks).toBe(0);
  });

  it("keeps a segment that was unpinned inside the window", () => {
    const { ring, pool } = makeRing();
    put(ring, counting(1, 100));
    ring.unpin(0, ring.pin(0));
    expect(get(ring, 0, 100)).toEqual(counting(1, 100));
    ring.raiseFloor(ring.tail);
    ring.clear();
    expect(pool.lentBlocks).toBe(0);
  });

  it("gives everything back when it is cleared, but for what is pinned, and can be used again", () => {
    const { ring, pool } = makeRing();
    put(ring, counting(1, 2000));
    const block = ring.pin(0);
    ring.clear();
    expect(pool.lentBlocks).toBe(1);
    expect(ring.room).toBe(4 * KiB);
    const position = put(ring, counting(8, 3000));
    expect(get(ring, position, 3000)).toEqual(counting(8, 3000));
    expect(pool.memory.slice(block, block + 1000)).toEqual(counting(1, 1000));
    ring.unpin(0, block);
    ring.clear();
    expect(pool.lentBlocks).toBe(0);
  });

  it.each([
    ["2^31, where the sign changes", 2 ** 31],
    ["2^32, where they begin again", 2 ** 32],
  ])("goes on where positions pass %s", (_, border) => {
    const { ring, pool } = makeRing(64 * KiB, new BufferPool(128 * KiB));
    moveOn(ring, border - 1500);
    const before = put(ring, counting(1, 1000));
    const across = put(ring, counting(2, 3000));
    const after = put(ring, counting(3, 1000));
    expect([before, across, after]).toEqual(
      [border - 1500, border - 500, border + 2500].map((position) => position | 0),
    );
    expect(ring.room).toBe(64 * KiB - 5000);
    expect(get(ring, across, 3000)).toEqual(counting(2, 3000));
    const block = ring.pin(across);
    ring.raiseFloor(after);
    expect(get(ring, after, 1000)).toEqual(counting(3, 1000));
    expect(pool.lentBlocks).toBe(3); // the pinned one, and the two in which the last 1000 bytes lie
    ring.unpin(across, block);
    expect(pool.lentBlocks).toBe(2);
  });

  it("checks its options", () => {
    const pool = new BufferPool(64 * KiB);
    for (const segmentBytes of [0, 512, 1025, 3000, -1024, Number.NaN, 2 ** 31]) {
      expect(() => new SegmentRing(pool, { segmentBytes, capacityBytes: 2 ** 20 })).toThrow(RangeError);
    }
    for (const capacityBytes of [0, KiB - 1, 2 ** 30 + 1, Number.NaN]) {
      expect(() => new SegmentRing(pool, { segmentBytes: KiB, capacityBytes })).toThrow(RangeError);
    }
  });
});

/** What a ring is meant to be: every byte ever written, by its position as a number that never wraps. */
class Model {
  floor: number;
  tail: number;
  readonly written = new Map<number, number>();
  /** Reserved and not written: [start, end). */
  unwritten: { start: number; end: number }[] = [];
  /** Per pin its position, its block, and what the segment held at that time. */
  pins: { position: number; block: number; bytes: Map<number, number> }[] = [];

  constructor(start: number) {
    this.floor = start;
    this.tail = start;
  }
}

const action = fc.oneof(
  fc.record({ do: fc.constant("reserve" as const), length: fc.integer({ min: 0, max: 3000 }) }),
  fc.record({ do: fc.constant("write" as const), which: fc.nat(), share: fc.integer({ min: 1, max: 100 }) }),
  fc.record({ do: fc.constant("raise" as const), share: fc.integer({ min: 0, max: 100 }) }),
  fc.record({ do: fc.constant("pin" as const), which: fc.nat() }),
  fc.record({ do: fc.constant("unpin" as const), which: fc.nat() }),
  fc.record({ do: fc.constant("clear" as const) }),
);

describe("a SegmentRing and its model", () => {
  it.each([0, 2 ** 31 - 5000, 2 ** 32 - 5000])("hold the same bytes, from position %i on", (start) => {
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 60 }),
        fc.constantFrom(KiB, 4 * KiB, 5 * KiB + 1),
        (actions, capacity) => {
          const pool = new BufferPool(64 * KiB);
          const { ring } = makeRing(capacity, pool);
          // As if so much had passed through already.
          ring.floor = ring.tail = start | 0;
          const model = new Model(start);
          let seed = 0;
          for (const step of actions) {
            switch (step.do) {
              case "reserve": {
                const fits = step.length <= capacity - (model.tail - model.floor);
                if (!fits) {
                  expect(() => ring.reserve(step.length)).toThrow(RangeError);
                  break;
                }
                expect(ring.reserve(step.length)).toBe(model.tail | 0);
                model.unwritten.push({ start: model.tail, end: model.tail + step.length });
                model.tail += step.length;
                break;
              }
              case "write": {
                const span = model.unwritten[step.which % model.unwritten.length];
                if (span === undefined) break;
                const length = Math.ceil(((span.end - span.start) * step.share) / 100);
                const bytes = counting(++seed * 7, length);
                expect(ring.write(span.start | 0, bytes, 0, length)).toBe(true);
                for (const [index, byte] of bytes.entries()) model.written.set(span.start + index, byte);
                span.start += length;
                model.unwritten = model.unwritten.filter((each) => each.start < each.end);
                break;
              }
              case "raise": {
                model.floor += Math.floor(((model.tail - model.floor) * step.share) / 100);
                ring.raiseFloor(model.floor | 0);
                break;
              }
              case "pin": {
                const kept = [...model.written.keys()];
                const position = kept[step.which % kept.length];
                if (position === undefined) break;
                const base = position - (position % KiB);
                const bytes = new Map([...model.written].filter(([at]) => at >= base && at < base + KiB));
                model.pins.push({ position, block: ring.pin(position | 0), bytes });
                break;
              }
              case "unpin": {
                const [pin] = model.pins.splice(step.which % Math.max(1, model.pins.length), 1);
                if (pin !== undefined) ring.unpin(pin.position | 0, pin.block);
                break;
              }
              case "clear":
                ring.clear();
                model.floor = model.tail;
                break;
            }
            for (const position of model.written.keys()) if (position < model.floor) model.written.delete(position);
            model.unwritten = model.unwritten
              .map(({ start, end }) => ({ start: Math.max(start, model.floor), end }))
              .filter(({ start, end }) => start < end);
            expect(ring.room).toBe(capacity - (model.tail - model.floor));
            expect(pool.lentBlocks).toBe(ring.heldSegments);
            for (const pin of model.pins) {
              for (const [at, byte] of pin.bytes) {
                if (pool.memory[pin.block + (at % KiB)] !== byte)
                  expect.fail(`The byte at ${at} changed under its pin.`);
              }
            }
            const one = new Uint8Array(1);
            for (const [position, byte] of model.written) {
              ring.read(position | 0, one, 0, 1);
              if (one[0] !== byte) expect.fail(`The byte at ${position} is ${one[0]}, not ${byte}.`);
            }
          }
          ring.clear();
          for (const pin of model.pins) ring.unpin(pin.position | 0, pin.block);
          expect(pool.lentBlocks).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });
});
