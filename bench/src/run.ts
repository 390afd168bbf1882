import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Result } from "./result.ts";
import type { Group } from "./subject.ts";

const worker = fileURLToPath(new URL("worker.js", import.meta.url));

export interface RunOptions {
  readonly groups: readonly Group[];
  readonly processes: number;
  readonly pace: "quick" | "full";
  /** Called before each process. */
  readonly progress: (text: string) => void;
}

/**
 * Runs every group in so many processes for the times, and in one more for memory. A round goes through all groups, so that
 * what disturbs the machine for a while disturbs one process of several groups, not all processes of one.
 */
export async function runAll({ groups, processes, pace, progress }: RunOptions): Promise<Result[]> {
  const results: Result[] = [];
  for (let round = 0; round <= processes; round++) {
    const role = round < processes ? "time" : "memory";
    for (const group of groups) {
      progress(`${group.name}: ${role === "time" ? `process ${round + 1} of ${processes}` : "memory"}`);
      results.push(...(await runWorker([group.name, role, `${round}`, pace])));
    }
  }
  return results;
}

async function runWorker(args: readonly string[]): Promise<Result[]> {
  const child = spawn(process.execPath, ["--expose-gc", worker, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const results: Result[] = [];
  // A worker prints results and nothing else; the libraries that it loads log to the same place when they are not content.
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith("{")) results.push(JSON.parse(line) as Result);
  }
  if ((await ended) !== 0) throw new Error(`The bench of ${args[0]} failed.`);
  return results;
}
