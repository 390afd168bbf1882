const FIRST = 100;
const LONGEST = 10_000;
/** A worker that lived so long was not broken from its beginning. */
const STEADY = 30_000;

/** How long to wait before the next try, so that a worker that dies again and again does not keep the machine busy. */
export class Backoff {
  private next = 0;

  /** @param lifetime - of the worker that died. All times are milliseconds. */
  after(lifetime: number): number {
    const delay = lifetime >= STEADY ? 0 : this.next;
    this.next = Math.min(Math.max(FIRST, 2 * delay), LONGEST);
    return delay;
  }
}
