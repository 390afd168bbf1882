import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const home = fileURLToPath(new URL("..", import.meta.url));
const bun = createRequire(import.meta.url).resolve("bun/bin/bun.exe");

/**
 * About the source text, about V8, or with programs of others; and those that try so many inputs that they take minutes
 * here: what they look for is no matter of the runtime.
 */
const left =
  /architecture|allocation|complexity|ffmpeg|properties|bytes\/(ring|pool)|live\/narrow|client\/pair|hostile|bun\.test/;

/** Runs Bun's own test runner, which takes what is imported from vitest to be itself. */
function runBun(files: readonly string[]): Promise<{ code: number | null; text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(bun, ["test", "--timeout", "60000", ...files], {
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
  const all = readdirSync(`${home}test`, { recursive: true, encoding: "utf8" }).map((file) =>
    file.replaceAll("\\", "/"),
  );
  const files = all.filter((file) => file.endsWith(".test.ts") && !left.test(file)).map((file) => `./test/${file}`);
  expect(files.length).toBeGreaterThan(30);
  const { code, text } = await runBun(files);
  expect(text.split("\n").filter((line) => /^\(fail\)|error:/.test(line))).toEqual([]);
  expect(Number(/^ (\d+) pass$/m.exec(text)?.[1])).toBeGreaterThan(1_000);
  expect(code).toBe(0);
}, 300_000);
