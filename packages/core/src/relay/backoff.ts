const FIRST = 100;
const LONGEST = 10_000;
/** What lived so long was not broken from its beginning. */
const STEADY = 30_000;

/** How long to wait before the next try of what ends again and again: a worker that dies, a server that is away. */
export class Backoff {
  private next = 0;

  /** @param lifetime - of what ended. All times are milliseconds. */
  after(lifetime: number): number {
    const delay = lifetime >= STEADY ? 0 : this.next;
    this.next = Math.min(Math.max(FIRST, 2 * delay), LONGEST);
    return delay;
  }
}
