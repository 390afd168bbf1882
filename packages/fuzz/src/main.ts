import { argv, exit, stdout } from "node:process";
import { parseArgs } from "node:util";
import { Coverage } from "./coverage.ts";
import { Fuzzer } from "./fuzzer.ts";
import { keep } from "./kept.ts";
import { kindOf } from "./minimise.ts";
import type { Target } from "./target.ts";

/** Of the time of a target: to look at the code that is reached makes inputs slow, but finds those to begin with. */
const GUIDED_SHARE = 0.4;

const usage = `npm run fuzz -- [--minutes N] [--seed S] [--target NAME]...

Feeds hostile bytes to everything that reads, until the time is up. What fails is made as short as it can be and kept in
fixtures/fuzz, where npm test runs it again.

  --minutes N     for all targets together (default 1)
  --seed S        a number; the same seed makes the same inputs (default: the time)
  --target NAME   one target, or several; all by default
  --unguided      never look at which code was reached: more inputs, each worth less
`;

function options(): { minutes: number; seed: number; names: string[]; isGuided: boolean } {
  const { values } = parseArgs({
    args: argv.slice(2),
    options: {
      minutes: { type: "string", default: "1" },
      seed: { type: "string", default: String(Date.now() % 2 ** 31) },
      target: { type: "string", multiple: true, default: [] },
      unguided: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    stdout.write(usage);
    exit(0);
  }
  const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
  if (!(minutes > 0)) throw new TypeError(`--minutes takes a number above 0, not ${values.minutes}.`);
  if (!Number.isInteger(seed)) throw new TypeError(`--seed takes an integer, not ${values.seed}.`);
  return { minutes, seed, names: values.target, isGuided: !values.unguided };
}

async function main(): Promise<number> {
  const { minutes, seed, names, isGuided } = options();
  // Before the code is loaded that it is about.
  const coverage = isGuided ? new Coverage() : null;
  const { targets } = await import("./targets/index.ts");
  const unknown = names.find((name) => !targets.some((target) => target.name === name));
  if (unknown !== undefined) {
    throw new TypeError(`There is no target ${unknown}; there are ${targets.map(({ name }) => name).join(", ")}.`);
  }
  const chosen = targets.filter(({ name }) => names.length === 0 || names.includes(name));
  stdout.write(`seed ${seed}\n`);
  let failures = 0;
  for (const target of chosen) {
    const share = (minutes * 60_000) / chosen.length;
    const fuzzer = new Fuzzer(target, seed, coverage, true);
    if (coverage !== null) {
      coverage.start();
      failures += await run(fuzzer, target, share * GUIDED_SHARE);
      coverage.stop();
      report(fuzzer, target, coverage.figures(target.covers));
      fuzzer.guide = null;
    }
    failures += await run(fuzzer, target, coverage === null ? share : share * (1 - GUIDED_SHARE));
    report(fuzzer, target, null);
  }
  return failures === 0 ? 0 : 1;
}

/** Runs inputs for so many milliseconds. @returns how many failed, each in another way */
async function run(fuzzer: Fuzzer, target: Target, milliseconds: number): Promise<number> {
  let failures = 0;
  fuzzer.startClock();
  while (fuzzer.milliseconds < milliseconds) {
    const failure = fuzzer.step();
    // What methods of the application answer comes later: it must come at last.
    if (fuzzer.inputs % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    if (failure === null) continue;
    failures++;
    const path = keep(target.name, failure.input, kindOf(failure.error));
    const text = failure.error instanceof Error ? failure.error.stack : String(failure.error);
    stdout.write(`${target.name}: FAILED, see ${path}\n${text}\n`);
  }
  return failures;
}

function report(fuzzer: Fuzzer, { name }: Target, reached: { blocks: number; percent: number } | null): void {
  const { inputs, bytes, corpus } = fuzzer;
  const seconds = fuzzer.milliseconds / 1_000;
  const rate = `${(inputs / seconds).toFixed()} a second, ${(bytes / seconds / 1e6).toFixed(1)} MB/s`;
  const code = reached === null ? "unguided" : `${reached.blocks} blocks, ${reached.percent.toFixed(1)} % of the code`;
  stdout.write(`${name}: ${inputs} inputs in ${seconds.toFixed()} s (${rate}), corpus ${corpus.length}, ${code}\n`);
}

exit(
  await main().catch((error: unknown) => {
    stdout.write(
      `fuzz: ${error instanceof TypeError ? error.message : error instanceof Error ? error.stack : error}\n`,
    );
    return 2;
  }),
);
