import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cases } from "@millrace/conformance";
import { beforeAll, describe, expect, it } from "vitest";
import { runDeno } from "./deno.ts";

/** What each case came to, as run.ts writes it: null, or an error. */
const outcomes = new Map<string, string | null>();
let output = "";

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-"));
  // The sources as they are: nothing is built, nothing is loaded from elsewhere, and the network and a folder are all that
  // is allowed.
  const allowed = ["--allow-net", `--allow-read=${folder}`, `--allow-write=${folder}`];
  const { text } = await runDeno(["run", "--no-remote", ...allowed, "conformance/run.ts", folder]);
  rmSync(folder, { recursive: true });
  output = text;
  for (const line of text.split("\n").filter((line) => line.startsWith("{"))) {
    const { name, error } = JSON.parse(line);
    outcomes.set(name, error);
  }
}, 300_000);

describe("conformance on Deno", () => {
  it.each(cases.map(({ name }) => name))("%s", (name) => {
    expect(outcomes.get(name), output).toBeNull();
  });
});
