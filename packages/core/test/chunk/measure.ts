import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("measure.mjs", import.meta.url));
const built = new URL("../../dist/chunk/index.js", import.meta.url);

/** Runs measure.mjs in a node of its own. @returns its standard output. */
export function measure(nodeOptions: readonly string[], ...args: readonly string[]): string {
  if (!existsSync(built)) throw new Error("This test runs on built code: npm run build.");
  return execFileSync(process.execPath, [...nodeOptions, script, ...args], { encoding: "utf8", env: {} });
}
