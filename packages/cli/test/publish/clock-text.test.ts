import { expect, it } from "vitest";
import { clockText } from "../../src/clock-text.ts";

it.each([
  [0, "0:00"],
  [499, "0:00"],
  [500, "0:01"],
  [59_499, "0:59"],
  [59_500, "1:00"],
  [3_599_000, "59:59"],
  [3_723_000, "1:02:03"],
  [360_000_000, "100:00:00"],
])("%i ms are %s", (milliseconds, text) => {
  expect(clockText(milliseconds)).toBe(text);
});
