import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { expect, it } from "vitest";
import { home, portableTests } from "./portable.ts";

const bun = createRequire(import.meta.url).resolve("bun/bin/bun.exe");

/**
 * Runs Bun's own test runner, which takes what is imported from vitest to be itself. Each file has a world of its own: in a
 * common one the last of them take many times as long.
 */
function runBun(files: readonly string[]): Promise<{ code: number | null; text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(bun, ["test", "--isolate", "--timeout", "60000", ...files], {
      cwd: home,
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let text = "";
    child.stderr.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    child.on("error", reject).on("close", (code) => resolve({ code, text }));
  });
}

it("works on Bun as well", async () => {
  const { code, text } = await runBun(portableTests().map((file) => `./${file}`));
  expect(text.split("\n").filter((line) => /^\(fail\)|error:/.test(line))).toEqual([]);
  expect(Number(/^ (\d+) pass$/m.exec(text)?.[1])).toBeGreaterThan(1_400);
  expect(code).toBe(0);
}, 300_000);
