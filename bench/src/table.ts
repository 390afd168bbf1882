import type { Row } from "./row.ts";

interface Column {
  readonly title: string;
  readonly text: (row: Row) => string;
  readonly isLeft?: true;
}

const columns: readonly Column[] = [
  { title: "what", text: ({ name, kind }) => (kind === "own" ? name : `  ${name}`), isLeft: true },
  { title: "ns/chunk", text: (row) => number(row.nsPerChunk) },
  { title: "ns/message", text: (row) => number(row.nsPerMessage) },
  { title: "GB/s", text: (row) => number(row.bytesPerSecond / 1e9) },
  { title: "B alloc/message", text: (row) => number(row.allocatedBytesPerMessage) },
  { title: "GCs", text: (row) => (row.gcCount === null ? "" : `${row.gcCount} in ${count(row.gcChunks ?? 0)}`) },
  { title: "time relative to", text: ratios, isLeft: true },
];

/** For people at a terminal: one table per input. */
export function textTable(rows: readonly Row[]): string {
  return tables(rows)
    .map(({ input, columns, cells }) => {
      const lines = [columns.map(({ title }) => title), ...cells];
      const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
      const pad = (cell: string, index: number): string =>
        columns[index]?.isLeft ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0);
      return [`\n${input}`, ...lines.map((line) => line.map(pad).join("  ").trimEnd())].join("\n");
    })
    .join("\n");
}

/** For bench/README.md. */
export function markdownTable(rows: readonly Row[]): string {
  return tables(rows)
    .map(({ input, columns, cells }) =>
      [
        `\n**${input}**\n`,
        `| ${columns.map(({ title }) => title).join(" | ")} |`,
        `|${columns.map(({ isLeft }) => (isLeft ? "---" : "--:")).join("|")}|`,
        ...cells.map((line) => `| ${line.map((cell) => cell.trim()).join(" | ")} |`),
      ].join("\n"),
    )
    .join("\n");
}

/** Each row of a run beside the row of the same name in another one. */
export function comparison(before: readonly Row[], now: readonly Row[]): string {
  const old = new Map(before.map((row) => [`${row.name} / ${row.input}`, row]));
  const lines = now.flatMap((row) => {
    const key = `${row.name} / ${row.input}`;
    const other = old.get(key);
    if (other === undefined) return [];
    const change = (row.nsPerMessage / other.nsPerMessage - 1) * 100;
    const percent = `${change >= 0 ? "+" : ""}${change.toFixed(1)} %`;
    return [[key, number(other.nsPerMessage), number(row.nsPerMessage), percent, ratios(other), ratios(row)]];
  });
  const title = ["what", "ns/message before", "now", "change", "relative before", "now"];
  const cells = [title, ...lines];
  const widths = title.map((_, index) => Math.max(...cells.map((line) => line[index]?.length ?? 0)));
  return cells
    .map((line) =>
      line
        .map((cell, index) =>
          index === 0 || index > 3 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

interface Table {
  readonly input: string;
  readonly columns: readonly Column[];
  readonly cells: readonly string[][];
}

/** A table per input, without columns in which nothing stands. */
function tables(rows: readonly Row[]): Table[] {
  const inputs = new Map<string, Row[]>();
  for (const row of rows) inputs.set(row.input, [...(inputs.get(row.input) ?? []), row]);
  return [...inputs].map(([input, ofInput]) => {
    const filled = columns.filter(({ text }) => ofInput.some((row) => text(row) !== ""));
    return { input, columns: filled, cells: ofInput.map((row) => filled.map(({ text }) => text(row))) };
  });
}

function ratios({ ratioTo }: Row): string {
  return Object.entries(ratioTo)
    .map(([name, ratio]) => `${name} ${ratio.toFixed(ratio < 0.1 ? 3 : 2)}`)
    .join(", ");
}

/** About three digits. */
function number(value: number | null): string {
  if (value === null) return "";
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

function count(value: number): string {
  return value >= 1e6 ? `${(value / 1e6).toFixed(1)}M` : `${Math.round(value / 1e3)}k`;
}
