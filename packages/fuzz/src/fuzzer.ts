import { kindOf, minimise } from "./minimise.ts";
import { mutate } from "./mutation.ts";
import { Random } from "./random.ts";
import { type Target, Violation } from "./target.ts";

/** Says which code was reached: see `Coverage`. */
export interface Guide {
  take(covers: RegExp): Set<string>;
  claim(covers: RegExp, wanted: Set<string>): boolean;
}

export interface Failure {
  readonly input: Uint8Array;
  readonly error: unknown;
}

/** Inputs between two looks at the coverage: a look costs as much as dozens of them. */
const BATCH = 64;
/** How often, and for how many milliseconds, a failure is made shorter. */
const MOST_TRIES = 4_000;
const LONGEST_TRIAL = 20_000;
/** What one input may take at most, in milliseconds: so much, and so much for each byte. */
const SLOW = 250;
const SLOW_BY_BYTE = 0.05;

/** Makes inputs for one target and runs them, the same again for the same seed. */
export class Fuzzer {
  /** Since {@link startClock}. */
  inputs = 0;
  bytes = 0;
  private began = performance.now();
  readonly corpus: Uint8Array[];
  private readonly target: Target;
  private readonly random: Random;
  /** Which inputs are worth more than others; null when all are alike. */
  guide: Guide | null;
  private readonly isTimed: boolean;
  /** What has failed already: each way to fail is told once. */
  private readonly known = new Set<string>();
  private batch: Uint8Array[] = [];
  private seeds: Uint8Array[];

  /**
   * @param isTimed - whether an input that takes too long is a failure: not where other programs run as well
   */
  constructor(target: Target, seed: number, guide: Guide | null = null, isTimed = false) {
    this.target = target;
    this.random = new Random(seed);
    this.guide = guide;
    this.isTimed = isTimed;
    this.corpus = target.seeds().map((bytes) => bytes.slice(0, target.longest));
    this.seeds = [...this.corpus];
  }

  get milliseconds(): number {
    return performance.now() - this.began;
  }

  startClock(): void {
    this.began = performance.now();
    this.inputs = 0;
    this.bytes = 0;
  }

  /** Runs the next input. @returns how it failed; null when it did not, or as another one did before. */
  step(): Failure | null {
    const input = this.nextInput();
    this.inputs++;
    this.bytes += input.length;
    const error = this.fails(input);
    if (error !== null) return this.isKnown(error) ? null : this.explain(input, error);
    if (this.guide !== null) this.note(input);
    return null;
  }

  private nextInput(): Uint8Array {
    const { random, corpus, target } = this;
    const seed = this.seeds.shift();
    if (seed !== undefined) return seed;
    if (corpus.length === 0 || random.oneIn(3)) {
      const made = target.make(random).slice(0, target.longest);
      return random.oneIn(3) ? mutate(made, random, [...corpus, made], target.longest) : made;
    }
    // What was found last is what others have not grown from yet.
    const parent = random.oneIn(2)
      ? random.pick(corpus)
      : (corpus[corpus.length - 1 - random.small(corpus.length)] ?? random.pick(corpus));
    return mutate(parent, random, corpus, target.longest);
  }

  /** Keeps those of a batch that reach what no other did. */
  private note(input: Uint8Array): void {
    const { batch, guide, target, corpus } = this;
    batch.push(input);
    if (batch.length < BATCH || guide === null) return;
    this.batch = [];
    const found = guide.take(target.covers);
    for (const candidate of batch) {
      if (found.size === 0) return;
      target.run(candidate);
      if (guide.claim(target.covers, found)) corpus.push(candidate);
    }
  }

  private fails(input: Uint8Array): unknown {
    const began = performance.now();
    try {
      this.target.run(input);
    } catch (error) {
      return error;
    }
    const most = SLOW + SLOW_BY_BYTE * input.length;
    if (!this.isTimed || performance.now() - began <= most) return null;
    const again = Math.min(...[1, 2, 3].map(() => this.time(input)));
    return again <= most ? null : new Violation(`${input.length} bytes took ${again.toFixed()} ms.`);
  }

  private time(input: Uint8Array): number {
    const began = performance.now();
    this.target.run(input);
    return performance.now() - began;
  }

  private isKnown(error: unknown): boolean {
    const kind = kindOf(error);
    if (this.known.has(kind)) return true;
    this.known.add(kind);
    return false;
  }

  private explain(input: Uint8Array, error: unknown): Failure {
    let last: unknown = error;
    const failureOf = (candidate: Uint8Array): string | null => {
      const found = this.fails(candidate);
      if (found === null) return null;
      last = found;
      return kindOf(found);
    };
    const until = performance.now() + LONGEST_TRIAL;
    let tries = MOST_TRIES;
    const least = minimise(input, failureOf, () => tries-- > 0 && performance.now() < until);
    failureOf(least);
    return { input: least, error: last };
  }
}
