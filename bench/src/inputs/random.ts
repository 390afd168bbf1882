/** A small generator of 32-bit numbers (xorshift), so that each run measures the same bytes. */
export class SeededRandom {
  private state: number;

  /** @param seed - any integer but 0 */
  constructor(seed: number) {
    this.state = seed;
  }

  /** The next integer from 0 to before `bound`. */
  below(bound: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % bound;
  }

  /** Bytes of any value. */
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}
