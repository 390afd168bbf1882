import type { Row } from "./row.ts";

interface Column {
  readonly title: string;
  readonly text: (row: Row) => string;
  readonly isLeft?: true;
}

const columns: readonly Column[] = [
  { title: "server", text: ({ server }) => server, isLeft: true },
  { title: "Gbit", text: ({ metrics }) => digits(metrics.gigabits, 1) },
  { title: "CPU s/Gbit", text: ({ metrics }) => digits(metrics.cpuPerGigabit, 3) },
  { title: "cores", text: ({ metrics }) => digits(metrics.serverCores, 2) },
  { title: "p50 ms", text: ({ metrics }) => digits(metrics.latencyP50, 2) },
  { title: "p99 ms", text: ({ metrics }) => digits(metrics.latencyP99, 2) },
  { title: "RSS MB", text: ({ metrics }) => digits(metrics.resident / 1e6, 1) },
  { title: "peak MB", text: ({ metrics }) => digits(metrics.residentPeak / 1e6, 1) },
  { title: "KB/connection", text: ({ metrics }) => thousands(metrics.bytesPerConnection) },
  { title: "no media", text: ({ metrics }) => digits(metrics.withoutKeyframe, 0) },
  { title: "lost frames", text: ({ metrics }) => digits(metrics.lostFrames, 0) },
  { title: "lost audio", text: ({ metrics }) => digits(metrics.lostAudioTags, 0) },
  { title: "broken", text: ({ metrics }) => digits(metrics.brokenFrames, 0) },
  { title: "closed", text: ({ metrics }) => digits(metrics.closed, 0) },
  { title: "non-readers left", text: ({ metrics }) => digits(metrics.neverReadingLeft, 0) },
  { title: "closed after s", text: ({ metrics }) => digits(metrics.neverReadingClosedAfter, 1) },
  { title: "GCs", text: ({ metrics }) => digits(metrics.gcPauses, 0) },
  { title: "GC p99 ms", text: ({ metrics }) => digits(metrics.gcP99, 2) },
  { title: "GC max ms", text: ({ metrics }) => digits(metrics.gcMax, 2) },
  { title: "no key first", text: ({ metrics }) => digits(metrics.startedWithoutKeyframe, 0) },
  { title: "key byte p50", text: ({ metrics }) => digits(metrics.firstByteP50, 1) },
  { title: "max ms", text: ({ metrics }) => digits(metrics.firstByteMax, 1) },
  { title: "keyframe p50", text: ({ metrics }) => digits(metrics.keyframeP50, 1) },
  { title: "max ms", text: ({ metrics }) => digits(metrics.keyframeMax, 1) },
  { title: "chunk", text: ({ metrics }) => digits(metrics.chunkSize, 0) },
  { title: "load cores", text: ({ metrics }) => digits(metrics.generatorCores, 2) },
  { title: "late p99", text: ({ metrics }) => digits(metrics.latenessP99, 1) },
];

/** For people at a terminal: a table per scenario, then what the first server's figures are of those of the others. */
export function textTable(rows: readonly Row[], own: string, about: (scenario: string) => string): string {
  const names = [...new Set(rows.map(({ scenario }) => scenario))];
  return names
    .map((name) => {
      const of = rows.filter(({ scenario }) => scenario === name);
      const filled = columns.filter(({ text }) => of.some((row) => text(row) !== ""));
      const lines = [filled.map(({ title }) => title), ...of.map((row) => filled.map(({ text }) => text(row)))];
      const widths = filled.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
      const pad = (cell: string, index: number): string =>
        filled[index]?.isLeft ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0);
      const table = lines.map((line) => line.map(pad).join("  ").trimEnd());
      return [`\n${name}: ${about(name)}`, ...table, ...of.flatMap((row) => ratioLine(row, own))].join("\n");
    })
    .join("\n");
}

function ratioLine({ server, ratios }: Row, own: string): string[] {
  const parts = Object.entries(ratios).map(([metric, ratio]) => `${metric} ${ratio.toFixed(2)}`);
  return parts.length === 0 ? [] : [`${own} / ${server}: ${parts.join(", ")}`];
}

function digits(value: number | null, count: number): string {
  return value === null || Number.isNaN(value) ? "" : value.toFixed(count);
}

function thousands(bytes: number | null): string {
  return bytes === null ? "" : digits(bytes / 1000, 1);
}
