import { median } from "../median.ts";
import type { Measurement, Metrics } from "./measurement.ts";

/** One line of the table: medians of all rounds. */
export interface Row extends Measurement {
  readonly rounds: number;
  /** Metrics of the first server of the scenario divided by those of this one, formed within each round; medians. */
  readonly ratios: Partial<Record<keyof Metrics, number>>;
}

/** Metrics of which less is better and whose ratio says something. */
const compared = ["cpuPerGigabit", "latencyP50", "latencyP99", "bytesPerConnection", "keyframeP50"] as const;

/** @param rounds - the measurements of each round, the server that others are compared with first in each scenario */
export function rowsOf(own: string, rounds: readonly (readonly Measurement[])[]): Row[] {
  const all = rounds.flat();
  const keys = new Set(all.map(({ scenario, server }) => JSON.stringify([scenario, server])));
  return [...keys].flatMap((key) => {
    const of = all.filter(({ scenario, server }) => JSON.stringify([scenario, server]) === key);
    const last = of.at(-1);
    if (last === undefined) return [];
    const ratios = compared.flatMap((metric) => {
      const values = rounds.flatMap((round) => {
        const find = (name: string): number | null =>
          round.find((one) => one.scenario === last.scenario && one.server === name)?.metrics[metric] ?? null;
        const [mine, other] = [find(own), find(last.server)];
        return mine === null || other === null || last.server === own ? [] : [mine / other];
      });
      return values.length === 0 ? [] : [[metric, round3(median(values))]];
    });
    return [{ ...last, metrics: medians(last.metrics, of), rounds: of.length, ratios: Object.fromEntries(ratios) }];
  });
}

function medians(example: Metrics, all: readonly Measurement[]): Metrics {
  const entries = Object.keys(example).map((name) => {
    const metric = name as keyof Metrics; // of an object that is nothing but Metrics
    const values = all.flatMap(({ metrics }) => metrics[metric] ?? []);
    return [metric, values.length === 0 ? null : round3(median(values))];
  });
  return Object.fromEntries(entries) as unknown as Metrics; // the same keys; null where all are null
}

/** Three digits behind the point: more is noise. */
function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}
