import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { runDeno } from "./deno.ts";

// Types are checked with those of the real Deno, and so that JSR can read them off without inferring any ("slow types").
describe("JSR", () => {
  it.each(["core", "client", "deno-adapter"])("would take %s as it is", async (name) => {
    const folder = fileURLToPath(new URL(`../../${name}`, import.meta.url));
    const { code, text } = await runDeno(["publish", "--dry-run", "--allow-dirty"], folder);
    expect(text).toContain("Success Dry run complete");
    expect(text).not.toMatch(/^(warning|error)\b/im);
    expect(code).toBe(0);
  });
});

it("has types for the suite that runs on it", async () => {
  const { code, text } = await runDeno(["check", "conformance/run.ts"]);
  expect(code, text).toBe(0);
});
