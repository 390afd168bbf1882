const SECOND = 1000;

/** Counts events within a second, of any clock. */
export class RateLimit {
  private readonly perSecond: number;
  private since = Number.NEGATIVE_INFINITY;
  private count = 0;

  constructor(perSecond: number) {
    this.perSecond = perSecond;
  }

  /** Counts one event at a time in milliseconds. @returns false when it is one too many. */
  allows(now: number): boolean {
    if (now - this.since >= SECOND) {
      this.since = now;
      this.count = 0;
    }
    this.count++;
    return this.count <= this.perSecond;
  }
}
