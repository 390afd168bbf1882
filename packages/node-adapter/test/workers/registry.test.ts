import { describe, expect, it } from "vitest";
import { type Owner, Registry } from "../../src/workers/registry.ts";

/** A worker whose answers the test gives. */
class Worker implements Owner {
  readonly id: number;
  isGone = false;
  /** Paths that others wanted, and how to answer. */
  readonly asked: string[] = [];
  answer: (isFree: boolean) => void = () => {};

  constructor(id: number) {
    this.id = id;
  }

  yields(path: string): Promise<boolean> {
    this.asked.push(path);
    return new Promise((resolve) => (this.answer = resolve));
  }
}

function registry(): { registry: Registry; changes: string[]; first: Worker; second: Worker; third: Worker } {
  const changes: string[] = [];
  const made = new Registry((path, worker) => changes.push(`${path}: ${worker}`));
  return { registry: made, changes, first: new Worker(1), second: new Worker(2), third: new Worker(3) };
}

describe("a path", () => {
  it("is the first claimant's, until it is released", async () => {
    const { registry: paths, changes, first, second } = registry();
    expect(await paths.claim("live/a", first)).toBe(true);
    expect([...paths.entries()]).toEqual([["live/a", 1]]);
    paths.release("live/a", second);
    expect([...paths.entries()]).toEqual([["live/a", 1]]);
    paths.release("live/a", first);
    expect(await paths.claim("live/a", second)).toBe(true);
    expect(changes).toEqual(["live/a: 1", "live/a: null", "live/a: 2"]);
  });

  it("can be claimed again by its owner, who decides between its own publishers", async () => {
    const { registry: paths, changes, first } = registry();
    await paths.claim("live/a", first);
    expect(await paths.claim("live/a", first)).toBe(true);
    expect(changes).toEqual(["live/a: 1"]);
    expect(first.asked).toEqual([]);
  });

  it("passes to another worker only if the publisher of the first gives way", async () => {
    const { registry: paths, changes, first, second } = registry();
    await paths.claim("live/a", first);
    const refused = paths.claim("live/a", second);
    first.answer(false);
    expect(await refused).toBe(false);
    const granted = paths.claim("live/a", second);
    first.answer(true);
    expect(await granted).toBe(true);
    // What the first one says late of its publisher changes nothing.
    paths.release("live/a", first);
    expect(first.asked).toEqual(["live/a", "live/a"]);
    expect(changes).toEqual(["live/a: 1", "live/a: 2"]);
  });

  it("goes to one of two who want it at once; the other one has to ask the new owner", async () => {
    const { registry: paths, changes, first, second, third } = registry();
    await paths.claim("live/a", first);
    const wanted = paths.claim("live/a", second);
    const answerSecond = first.answer;
    const wantedToo = paths.claim("live/a", third);
    first.answer(true);
    answerSecond(true);
    expect(await wantedToo).toBe(true);
    expect(third.asked).toEqual(["live/a"]);
    third.answer(false);
    expect(await wanted).toBe(false);
    expect(changes).toEqual(["live/a: 1", "live/a: 3"]);
  });

  it("is free as soon as its owner is gone", async () => {
    const { registry: paths, changes, first, second } = registry();
    await paths.claim("live/a", first);
    await paths.claim("live/b", first);
    await paths.claim("live/c", second);
    paths.releaseAll(first);
    expect(changes.slice(3)).toEqual(["live/a: null", "live/b: null"]);
    expect(await paths.claim("live/a", second)).toBe(true);
  });

  it("is not given to a worker that is gone when the answer comes", async () => {
    const { registry: paths, changes, first, second, third } = registry();
    await paths.claim("live/a", first);
    const claim = paths.claim("live/a", second);
    second.isGone = true;
    first.answer(true);
    expect(await claim).toBe(false);
    expect(changes).toEqual(["live/a: 1", "live/a: null"]);
    expect(await paths.claim("live/a", third)).toBe(true);
  });
});
