import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Row } from "./row.ts";

const folder = new URL("../saved/", import.meta.url);

/** Keeps a run under a name, in bench/saved. */
export function saveRun(name: string, rows: readonly Row[]): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileOf(name), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

/** A run that was saved. @throws Error when there is none of that name. */
export function loadRun(name: string): Row[] {
  const lines = readFileSync(fileOf(name), "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Row); // written by saveRun
}

function fileOf(name: string): URL {
  if (!/^[\w.-]+$/.test(name))
    throw new RangeError(`The name of a run has letters, digits, "_", "-" and ".", not "${name}".`);
  return new URL(`${name}.ndjson`, folder);
}
