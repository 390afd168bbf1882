import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect, it } from "vitest";
import { home, portableTests } from "./portable.ts";

/** Set to 1 where Chromium is known to be installed: then it fails if it is missing. */
const isRequired = process.env["MILLRACE_REQUIRE_PEERS"] === "1";
const names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];
const chromium = process.env["MILLRACE_CHROMIUM"] ?? findOnPath(names);

/** What vitest's JSON reporter writes, as far as it is looked at. */
interface Report {
  readonly numPassedTests: number;
  readonly numTotalTests: number;
  readonly testResults: readonly object[];
}

interface Outcome {
  readonly code: number | null;
  readonly report: Report;
  readonly text: string;
}

function findOnPath(programs: readonly string[]): string | undefined {
  const folders = process.env["PATH"]?.split(delimiter) ?? [];
  return programs.flatMap((program) => folders.map((folder) => join(folder, program))).find((file) => existsSync(file));
}

/** Runs core's tests in a page, as chromium/vitest.config.ts says. */
async function runInChromium(program: string, signal: AbortSignal): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-chromium-"));
  const file = join(folder, "report.json");
  const vitest = join(createRequire(import.meta.url).resolve("vitest/package.json"), "../vitest.mjs");
  const args = [
    "run",
    "--config",
    "test/chromium/vitest.config.ts",
    "--reporter=dot",
    "--reporter=json",
    `--outputFile.json=${file}`,
  ];
  try {
    const child = spawn(process.execPath, [vitest, ...args], {
      cwd: home,
      env: { ...process.env, MILLRACE_CHROMIUM: program, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
      signal,
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    }
    const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
    if (!existsSync(file)) throw new Error(`vitest ended with ${code} and no report:\n${text}`);
    return { code, report: JSON.parse(readFileSync(file, "utf8")), text };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

it("works in a browser as well", async ({ signal, skip }) => {
  if (chromium === undefined && !isRequired) {
    process.stderr.write("Core: not tried in a browser, as Chromium is not installed.\n");
    skip("Chromium");
  }
  expect(chromium, `one of ${names.join(", ")}`).toBeDefined();
  const { code, report, text } = await runInChromium(chromium ?? "", signal);
  expect(code, text).toBe(0);
  expect(report.testResults).toHaveLength(portableTests().length);
  expect(report.numPassedTests).toBe(report.numTotalTests);
  expect(report.numPassedTests).toBeGreaterThan(1_400);
}, 600_000);
