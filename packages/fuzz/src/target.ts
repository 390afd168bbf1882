import type { Random } from "./random.ts";

/** Something that reads what others wrote, and what must hold whatever that is. */
export interface Target {
  readonly name: string;
  /** The modules whose code it is about, as the ends of their paths: for coverage. */
  readonly covers: RegExp;
  /** Bytes of an input at most. */
  readonly longest: number;
  /** Inputs that real peers or the vectors have. */
  seeds(): Uint8Array[];
  /** An input by the rules of the format, more or less. */
  make(random: Random): Uint8Array;
  /** Reads it. @throws whatever must not happen: a {@link Violation}, or what the code under test throws. */
  run(input: Uint8Array): void;
}

/** What must always hold did not. */
export class Violation extends Error {
  override readonly name = "Violation";
}

export function check(condition: boolean, text: string): asserts condition {
  if (!condition) throw new Violation(text);
}

/** That two logs are the same; shows the first lines in which they differ. */
export function checkSame(expected: readonly string[], found: readonly string[], what: string): void {
  const length = Math.max(expected.length, found.length);
  for (let index = 0; index < length; index++) {
    if (expected[index] === found[index]) continue;
    throw new Violation(`${what}: line ${index} is\n  ${found[index]}\nand not\n  ${expected[index]}`);
  }
}

/** That the work is in proportion to the input: so many polls for so many bytes that came in so many pieces. */
export function checkPolls(polls: number, bytes: number, pieces: number): void {
  const most = 3 * bytes + 3 * pieces + 64;
  check(polls <= most, `${polls} polls for ${bytes} bytes in ${pieces} pieces.`);
}
