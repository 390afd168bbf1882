import { expect, it } from "vitest";
import { measure } from "./measure.ts";

interface Slope {
  /** e in time = constant * size^e, fitted over four sizes. */
  readonly exponent: number;
  readonly milliseconds: readonly number[];
}

/** 1 is linear, 2 quadratic; the rest is room for a machine that does other things as well. */
const LARGEST = 1.3;

it("the cost grows with the input, whatever the peer sends", () => {
  // The script prints this shape.
  const slopes = JSON.parse(measure([], "slopes")) as Record<string, Slope>;
  expect(Object.keys(slopes)).toHaveLength(6);
  for (const [subject, slope] of Object.entries(slopes)) {
    expect(slope.exponent, `${subject}: ${slope.milliseconds.join(", ")} ms`).toBeLessThan(LARGEST);
  }
});
