const FIRST = 100;
const LONGEST = 10_000;

/** How long to wait before the next try of what ends again and again: a worker that dies, a server that is away. */
export class Backoff {
  private readonly steady: number;
  private next = 0;

  /** @param steady - what lived so long was not broken from its beginning. All times are milliseconds. */
  constructor(steady: number) {
    this.steady = steady;
  }

  /** @param lifetime - of what ended */
  after(lifetime: number): number {
    const delay = lifetime >= this.steady ? 0 : this.next;
    this.next = Math.min(Math.max(FIRST, 2 * delay), LONGEST);
    return delay;
  }
}
