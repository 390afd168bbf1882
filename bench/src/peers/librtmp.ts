import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { difference, type Tally } from "../checksum.ts";
import { type Input, viewOf } from "../inputs/input.ts";
import { median } from "../median.ts";
import type { Announce, Subject } from "../subject.ts";

const source = fileURLToPath(new URL("../../peers/librtmp/reader.c", import.meta.url));
const build = fileURLToPath(new URL("../../peers/librtmp/build/", import.meta.url));
const binary = join(build, "reader");

/** Why librtmp cannot be measured here; null when it can. */
export function librtmpObstacle(): string | null {
  if ((statSync(binary, { throwIfNoEntry: false })?.mtimeMs ?? 0) > statSync(source).mtimeMs) return null;
  mkdirSync(build, { recursive: true });
  const gcc = spawnSync("gcc", ["-std=gnu11", "-O2", "-Wall", "-o", binary, source, "-lrtmp"], { encoding: "utf8" });
  if (gcc.error !== undefined) return "there is no gcc";
  if (gcc.status !== 0) return `${gcc.stderr.trim().split("\n")[0]} (apt-get install librtmp-dev)`;
  return null;
}

let folder: string | null = null;
let files = 0;

/** The input as a file, for as long as this process lives. */
function fileOf(input: Input): string {
  if (folder === null) {
    const made = mkdtempSync(join(tmpdir(), "millrace-bench-"));
    process.once("exit", () => rmSync(made, { recursive: true }));
    folder = made;
  }
  const file = join(folder, `${files++}`);
  writeFileSync(file, viewOf(input));
  return file;
}

/** What the harness prints; see peers/librtmp/reader.c. */
interface Answer extends Tally {
  nanoseconds: number[];
}

/** librtmp's reader on this input, in its own process. Null when it reads something else than we do. */
export function librtmpSubject(label: string, input: Input, piece: number, announce: Announce): Subject | null {
  if (librtmpObstacle() !== null) return null;
  const file = fileOf(input);
  const run = (milliseconds: number): Answer | string => {
    const reader = spawnSync(binary, [file, `${piece}`, `${milliseconds}`], { encoding: "utf8", maxBuffer: 2 ** 26 });
    // The harness prints this shape and nothing else, and only when it exits with 0.
    return reader.status === 0 ? (JSON.parse(reader.stdout) as Answer) : reader.stderr.trim() || `${reader.signal}`;
  };
  const first = run(0);
  const obstacle = typeof first === "string" ? first : difference(input.tally, first);
  if (obstacle !== null) {
    announce(`librtmp does not count for ${label}: ${obstacle}`);
    return null;
  }
  const elsewhere = (milliseconds: number): number => {
    const answer = run(milliseconds);
    if (typeof answer === "string") throw new Error(answer);
    return median(answer.nanoseconds);
  };
  const { chunks, tally } = input;
  const work = { chunks, messages: tally.messages, bytes: input.end - input.start };
  return { name: "librtmp", input: label, kind: "peer", work, run: { elsewhere } };
}
