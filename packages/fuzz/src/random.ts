/** What lengths and counts are wrong by: the ends of every width, and what lies beside them. */
const EDGES: readonly number[] = [
  0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 63, 64, 127, 128, 129, 255, 256, 4095, 4096, 32_767, 32_768, 65_535, 65_536,
  0xff_fffe, 0xff_ffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff,
];

/** Random numbers that are the same again for the same seed (Marsaglia's xorshift, 32 bits). */
export class Random {
  private state: number;

  /** @param seed - any number; each gives another sequence */
  constructor(seed: number) {
    // Neighbouring seeds begin far from each other; a state of 0 would stay 0.
    this.state = Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) | 0 || 1;
    for (let round = 0; round < 4; round++) this.next();
  }

  /** 0 to 2^32 - 1. */
  next(): number {
    let state = this.state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.state = state;
    return state >>> 0;
  }

  /** An integer, 0 to bound - 1; 0 when there is none. */
  below(bound: number): number {
    return bound <= 1 ? 0 : this.next() % bound;
  }

  /** An integer that is more often small, 0 to bound - 1. */
  small(bound: number): number {
    return this.below(this.below(bound) + 1);
  }

  /** Whether something happens that does so once in so many times. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /** @throws RangeError when there is nothing to pick from. */
  pick<Item>(items: readonly Item[]): Item {
    if (items.length === 0) throw new RangeError("There is nothing to pick from.");
    return items[this.below(items.length)] as Item; // the index lies inside
  }

  /** The end of a width, or what lies beside it: 0 to 2^32 - 1. */
  edge(): number {
    return this.pick(EDGES);
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.next());
  }
}

/** A number for these bytes (FNV-1a, 32 bits). */
export function hashOf(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  let hash = 0x811c_9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x0100_0193);
  return hash >>> 0;
}
