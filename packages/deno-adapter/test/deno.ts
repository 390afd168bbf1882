import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const deno = createRequire(import.meta.url).resolve("deno/bin.cjs");
const here = fileURLToPath(new URL("..", import.meta.url));

/** Runs the real Deno in this package, or in another one. @returns its exit code, and all that it wrote. */
export function runDeno(args: readonly string[], cwd: string = here): Promise<{ code: number | null; text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [deno, ...args], {
      cwd,
      env: { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", DENO_NO_PROMPT: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    }
    child.on("error", reject).on("close", (code) => resolve({ code, text }));
  });
}
