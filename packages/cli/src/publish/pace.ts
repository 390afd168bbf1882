/** A jump of the times that is longer, in milliseconds, is not waited for, and neither is so long a delay made up for. */
const LONGEST_WAIT = 60_000;

/** Says when what has a time is to be sent, so that it goes out at the speed at which it is to be played. */
export class Pace {
  /** The time on the clock that stands for time 0 of the stream; null before the first. */
  private origin: number | null = null;

  /**
   * How long to wait, in milliseconds.
   *
   * @param time - of the stream
   * @param now - on the clock; both in milliseconds
   */
  delay(time: number, now: number): number {
    if (this.origin === null || Math.abs(this.origin + time - now) > LONGEST_WAIT) this.origin = now - time;
    return Math.max(0, this.origin + time - now);
  }
}
