import { expect, it } from "vitest";
import { measure } from "./measure.ts";

/** The lines of --trace-gc that stand between the two lines of the script. */
function collections(subject: string): string[] {
  const lines = measure(["--trace-gc", "--expose-gc"], "collections", subject).split("\n");
  const start = lines.indexOf("measuring");
  const end = lines.findIndex((line) => /^measured \d{8,} chunks$/.test(line));
  expect(start).toBeGreaterThan(-1);
  expect(end).toBeGreaterThan(start);
  return lines.slice(start + 1, end);
}

it.each(["parser", "parser, 40 chunk streams", "reader, messages in one piece", "reader, messages in many pieces"])(
  "ten million chunks cause no garbage collection: %s",
  (subject) => {
    expect(collections(subject)).toEqual([]);
  },
);

it("a garbage collection would be seen", () => {
  expect(collections("garbage").length).toBeGreaterThan(0);
});
