import { expect, it } from "vitest";
import { Backoff } from "../../src/relay/index.ts";

it("replaces at once, then ever later what dies young, up to ten seconds", () => {
  const backoff = new Backoff(30_000);
  const delays = Array.from({ length: 10 }, () => backoff.after(50));
  expect(delays).toEqual([0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
});

it("begins anew after one that lived", () => {
  const backoff = new Backoff(30_000);
  for (let count = 0; count < 5; count++) backoff.after(50);
  expect(backoff.after(60_000)).toBe(0);
  expect(backoff.after(50)).toBe(100);
});
