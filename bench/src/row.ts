import { median } from "./median.ts";
import type { MemoryResult, Result, TimeResult } from "./result.ts";
import type { Kind } from "./subject.ts";

/** One line of the table. Numbers that do not apply or were not measured are null. */
export interface Row {
  readonly group: string;
  readonly name: string;
  readonly input: string;
  readonly kind: Kind;
  readonly nsPerChunk: number | null;
  readonly nsPerMessage: number;
  readonly bytesPerSecond: number;
  readonly allocatedBytesPerMessage: number | null;
  /** Garbage collections while {@link gcChunks} chunks (messages, where there are no chunks) were handled. */
  readonly gcCount: number | null;
  readonly gcChunks: number | null;
  /** Time relative to controls and peers on the same input, less is faster. */
  readonly ratioTo: Readonly<Record<string, number>>;
}

/** Puts together what the processes found: medians of times and of ratios. */
export function rowsOf(results: readonly Result[]): Row[] {
  const times = new Map<string, TimeResult[]>();
  const memory = new Map<string, MemoryResult>();
  for (const result of results) {
    if (result.role === "announcement") continue;
    const key = `${result.name} / ${result.input}`;
    if (result.role === "memory") memory.set(key, result);
    else times.set(key, [...(times.get(key) ?? []), result]);
  }
  return [...times].flatMap(([key, all]) => {
    const [first] = all;
    return first === undefined ? [] : [rowOf(first, all, memory.get(key) ?? null)];
  });
}

function rowOf(first: TimeResult, all: readonly TimeResult[], memory: MemoryResult | null): Row {
  const { group, name, input, kind, work } = first;
  const nanoseconds = median(all.map(({ nanosecondsPerPass }) => nanosecondsPerPass));
  const labels = Object.keys(first.ratioTo);
  const ratioTo = labels.map((label) => [label, round(median(all.map((one) => one.ratioTo[label] ?? Number.NaN)))]);
  return {
    group,
    name,
    input,
    kind,
    nsPerChunk: work.chunks === 0 ? null : round(nanoseconds / work.chunks),
    nsPerMessage: round(nanoseconds / work.messages),
    bytesPerSecond: Math.round((work.bytes / nanoseconds) * 1e9),
    allocatedBytesPerMessage: memory === null ? null : round(memory.allocatedBytesPerPass / work.messages),
    gcCount: memory?.gcCount ?? null,
    gcChunks: memory === null ? null : memory.gcPasses * (work.chunks || work.messages),
    ratioTo: Object.fromEntries(ratioTo),
  };
}

/** Three digits behind the point: more is noise. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
