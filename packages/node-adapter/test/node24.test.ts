import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cases } from "@millrace/conformance";
import { expect, it } from "vitest";

/** Set to 1 where Node 24 is known to be installed: then it fails if it is missing. */
const isRequired = process.env["MILLRACE_REQUIRE_PEERS"] === "1";
const program = process.env["MILLRACE_NODE24"] ?? "node24";
const version = spawnSync(program, ["--version"], { encoding: "utf8" }).stdout ?? "none";
const isHere = version.startsWith("v24.");

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** What vitest's JSON reporter writes, as far as it is looked at. */
interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

/** Runs the conformance suite as conformance.test.ts does here, but on Node 24. */
async function runConformance(signal: AbortSignal): Promise<{ code: number | null; report: Report; text: string }> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-node24-"));
  const file = join(folder, "report.json");
  const vitest = join(createRequire(import.meta.url).resolve("vitest/package.json"), "../vitest.mjs");
  const suite = "packages/node-adapter/test/conformance.test.ts";
  try {
    const child = spawn(
      program,
      [vitest, "run", suite, "--reporter=dot", "--reporter=json", `--outputFile.json=${file}`],
      {
        cwd: root,
        env: { ...process.env, NO_COLOR: "1" },
        stdio: ["ignore", "pipe", "pipe"],
        signal,
      },
    );
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

it("passes the conformance suite on Node 24", async ({ signal, skip }) => {
  if (!isHere && !isRequired) {
    process.stderr.write("Conformance: not tried on Node 24, as it is not installed as node24.\n");
    skip("Node 24");
  }
  expect(version).toMatch(/^v24\./);
  const { code, report, text } = await runConformance(signal);
  expect(code, text).toBe(0);
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const passed = results.filter(({ status }) => status === "passed").map(({ title }) => title);
  expect(passed).toEqual(cases.map(({ name }) => name));
}, 300_000);
