import { describe, expect, it } from "vitest";
import { Pace } from "../../src/publish/pace.ts";

describe("Pace", () => {
  it("waits as long as the times say, from the first on", () => {
    const pace = new Pace();
    expect(pace.delay(5000, 100)).toBe(0);
    expect(pace.delay(5040, 101)).toBe(39);
    expect(pace.delay(5040, 140)).toBe(0);
    expect(pace.delay(5020, 141)).toBe(0);
  });

  it("makes up for what was sent late", () => {
    const pace = new Pace();
    pace.delay(0, 0);
    expect([pace.delay(1000, 3000), pace.delay(2000, 3000), pace.delay(3500, 3000)]).toEqual([0, 0, 500]);
  });

  it.each([
    ["60 s are waited for", 60_000, 60_000],
    ["more are not", 60_001, 0],
    ["nor is a jump back", -60_001, 0],
  ])("%s", (_, time, delay) => {
    const pace = new Pace();
    pace.delay(0, 0);
    expect(pace.delay(time, 0)).toBe(delay);
    // From there it goes on.
    expect(pace.delay(time + 100, delay)).toBe(100);
  });
});
