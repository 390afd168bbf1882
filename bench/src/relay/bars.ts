import type { Metrics } from "./measurement.ts";
import type { Row } from "./row.ts";

/** What Millrace's figure of a scenario must not exceed. */
interface Bar {
  readonly scenario: string;
  readonly metric: keyof Metrics;
  /** The figure itself, divided by that of another server, or less that of another server. */
  readonly figure: "itself" | { readonly dividedBy: string } | { readonly lessThat: string };
  /** Null where the figure is wanted but nothing is asked of it. */
  readonly atMost: number | null;
}

const bars: readonly Bar[] = [
  { scenario: "players-300", metric: "cpuPerGigabit", figure: { dividedBy: "nginx-rtmp" }, atMost: 1 },
  { scenario: "players-300", metric: "latencyP50", figure: { dividedBy: "nginx-rtmp" }, atMost: 1.2 },
  { scenario: "players-300", metric: "latencyP99", figure: { dividedBy: "nginx-rtmp" }, atMost: 1.2 },
  { scenario: "players-300", metric: "gcP99", figure: "itself", atMost: 3 },
  { scenario: "players-800", metric: "withoutKeyframe", figure: "itself", atMost: 0 },
  { scenario: "players-800", metric: "lostFrames", figure: "itself", atMost: 0 },
  { scenario: "players-800", metric: "lostAudioTags", figure: "itself", atMost: 0 },
  { scenario: "players-800", metric: "brokenFrames", figure: "itself", atMost: 0 },
  { scenario: "players-800", metric: "closed", figure: "itself", atMost: 0 },
  { scenario: "publishers-200", metric: "cpuPerGigabit", figure: { dividedBy: "nginx-rtmp" }, atMost: 1 },
  { scenario: "publishers-200", metric: "cpuPerGigabit", figure: { dividedBy: "node-media-server" }, atMost: 0.5 },
  { scenario: "idle-2000", metric: "bytesPerConnection", figure: { lessThat: "bare sockets" }, atMost: 20 * 1024 },
  { scenario: "slow-100", metric: "withoutKeyframe", figure: "itself", atMost: 0 },
  { scenario: "slow-100", metric: "lostFrames", figure: "itself", atMost: 0 },
  { scenario: "slow-100", metric: "lostAudioTags", figure: "itself", atMost: 0 },
  { scenario: "slow-100", metric: "closed", figure: "itself", atMost: 0 },
  { scenario: "joins-50", metric: "startedWithoutKeyframe", figure: "itself", atMost: 0 },
  { scenario: "joins-50", metric: "withoutKeyframe", figure: "itself", atMost: 0 },
  { scenario: "joins-50", metric: "keyframeMax", figure: "itself", atMost: 100 },
];

/** A line per bar for which there are figures. */
export function judged(own: string, rows: readonly Row[]): string[] {
  return bars.flatMap(({ scenario, metric, figure, atMost }) => {
    const rowOf = (server: string): Row | undefined =>
      rows.find((row) => row.scenario === scenario && row.server === server);
    const mine = rowOf(own)?.metrics[metric] ?? null;
    let value: number | null = mine;
    let name = `${metric}`;
    if (figure !== "itself" && "dividedBy" in figure) {
      value = rowOf(figure.dividedBy)?.ratios[metric] ?? null;
      name = `${metric} / ${figure.dividedBy}`;
    } else if (figure !== "itself") {
      const other = rowOf(figure.lessThat)?.metrics[metric] ?? null;
      value = mine === null || other === null ? null : mine - other;
      name = `${metric} - ${figure.lessThat}`;
    }
    if (value === null) return [];
    const verdict = atMost === null ? "" : value <= atMost ? `at most ${atMost}: met` : `at most ${atMost}: NOT MET`;
    return [`${scenario.padEnd(16)}${name.padEnd(36)}${value.toFixed(2).padStart(10)}  ${verdict}`.trimEnd()];
  });
}
