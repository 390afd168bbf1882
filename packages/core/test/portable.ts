import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** About the source text, about V8 with its flags, or with programs of others: another runtime has no part in these. */
const left = /architecture|threats|allocation|amfjs|complexity|ffmpeg|(bun|chromium)\.test/;
/** Thousands of runs, or an hour of virtual time, of what shorter tests try as well: they would take minutes more. */
const long = /convergence|narrow|remotes/;

/** The folder of the package. */
export const home: string = fileURLToPath(new URL("..", import.meta.url));

/** Core's tests that other runtimes have to pass as well, as paths from its package. */
export function portableTests(): string[] {
  return readdirSync(`${home}test`, { recursive: true, encoding: "utf8" })
    .map((file) => `test/${file.replaceAll("\\", "/")}`)
    .filter((file) => file.endsWith(".test.ts") && !left.test(file) && !long.test(file));
}
