import { Bench } from "tinybench";
import { median } from "./median.ts";
import type { Subject } from "./subject.ts";

/** How long the nanoseconds of a subject are measured. */
export interface TimeBudget {
  /** How often all subjects have their turn. */
  readonly turns: number;
  /** Milliseconds of a turn, half as long again for warming up. */
  readonly time: number;
  /** Passes of a turn at least. */
  readonly iterations: number;
}

/**
 * Measures all subjects in turn, several times, so that what disturbs the machine for a moment does not disturb one alone.
 *
 * @returns for each the nanoseconds of a pass: the median of its turns, each of which is the median of its passes.
 */
export function timeAll(subjects: readonly Subject[], budget: TimeBudget): Map<Subject, number> {
  const times = new Map<Subject, number[]>();
  for (let turn = 0; turn < budget.turns; turn++) {
    for (const subject of subjects) times.set(subject, [...(times.get(subject) ?? []), timeOnce(subject, budget)]);
  }
  return new Map([...times].map(([subject, turns]) => [subject, median(turns)]));
}

function timeOnce({ name, input, run }: Subject, { time, iterations }: TimeBudget): number {
  if ("elsewhere" in run) return run.elsewhere(time);
  const bench = new Bench({
    time,
    iterations,
    warmupTime: time / 2,
    warmupIterations: iterations,
    timestampProvider: "hrtimeNow",
  });
  bench.add(name, run.pass, { async: false });
  bench.runSync();
  const result = bench.getTask(name)?.result;
  if (result?.state !== "completed") throw new Error(`${name} / ${input}: ${JSON.stringify(result)}`);
  return result.latency.p50 * 1e6;
}
