import { describe, expect, it } from "vitest";
import { Fuzzer } from "../src/fuzzer.ts";
import { keptInputs } from "../src/kept.ts";
import type { Target } from "../src/target.ts";
import { targets } from "../src/targets/index.ts";

/** How many inputs each target gets here: about half a second's worth. `npm run fuzz` gives them more. */
const inputs: Readonly<Record<string, number>> = {
  chunk: 600,
  writer: 300,
  handshake: 300,
  amf0: 3_000,
  amf3: 4_000,
  message: 4_000,
  aggregate: 2_000,
  media: 4_000,
  codec: 4_000,
  flv: 2_000,
  capture: 500,
  recording: 1_000,
  "shared-object": 2_000,
  server: 150,
  client: 200,
  relay: 120,
};

const SEED = 1;

describe("hostile bytes make events or one error, in bounded memory and time", () => {
  it.each(targets)("$name", (target) => {
    const count = inputs[target.name];
    if (count === undefined) throw new Error(`Say how many inputs ${target.name} gets.`);
    const fuzzer = new Fuzzer(target, SEED);
    while (fuzzer.inputs < count) {
      const failure = fuzzer.step();
      if (failure === null) continue;
      const hex = Buffer.from(failure.input).toString("hex");
      throw new Error(`${target.name} fails with ${hex}`, { cause: failure.error });
    }
  });
});

describe("what failed once does not fail again", () => {
  it.each(keptInputs())("$target $file", ({ target: name, bytes }) => {
    const target = targets.find((candidate) => candidate.name === name);
    if (target === undefined) throw new Error(`There is no target ${name}.`);
    target.run(bytes);
  });
});

describe("the fuzzer", () => {
  /** Breaks where two bytes follow each other. */
  const brittle: Target = {
    name: "brittle",
    covers: /nothing/,
    longest: 1_000,
    seeds: () => [Uint8Array.from({ length: 200 }, (_, index) => index)],
    make: (random) => random.bytes(100),
    run: (bytes) => {
      if (Buffer.from(bytes).includes(Buffer.from([5, 4]))) throw new Error("5 and 4");
    },
  };

  it("finds what breaks a target, and says it in as few bytes as it takes", () => {
    const fuzzer = new Fuzzer(brittle, SEED);
    let failure = fuzzer.step();
    while (failure === null && fuzzer.inputs < 100_000) failure = fuzzer.step();
    expect(failure?.input).toEqual(Uint8Array.of(5, 4));
  });

  it("makes the same inputs again for the same seed, and others for another", () => {
    const made = (seed: number): string => {
      const seen: string[] = [];
      const fuzzer = new Fuzzer({ ...brittle, run: (bytes) => seen.push(Buffer.from(bytes).toString("hex")) }, seed);
      for (let count = 0; count < 200; count++) fuzzer.step();
      return seen.join("\n");
    };
    expect(made(3)).toBe(made(3));
    expect(made(3)).not.toBe(made(4));
  });
});
