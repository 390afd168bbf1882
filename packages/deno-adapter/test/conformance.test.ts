import { cases } from "@millrace/conformance";
import { beforeAll, describe, expect, it } from "vitest";
import { runDeno } from "./deno.ts";

/** What each case came to, as run.ts writes it: null, or an error. */
const outcomes = new Map<string, string | null>();
let output = "";

beforeAll(async () => {
  // The sources as they are: nothing is built, nothing is loaded from elsewhere, and the network is all that is allowed.
  const { text } = await runDeno(["run", "--no-remote", "--allow-net", "conformance/run.ts"]);
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
