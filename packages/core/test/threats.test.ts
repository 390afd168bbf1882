// docs/threats.md says what is true: its limits, error codes and tests are there, and no limit is missing.
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { ErrorCode } from "../src/errors.ts";
import { defaultLimits } from "../src/limits.ts";

const root = new URL("../../../", import.meta.url);
const text = readFileSync(new URL("docs/threats.md", root), "utf8");
const rows = text
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| Threat"))
  .map((line) => line.split("|").map((cell) => cell.trim()));
const folders: Readonly<Record<string, string>> = { core: "core", node: "node-adapter", cli: "cli", fuzz: "fuzz" };

it.each(Object.entries(defaultLimits))("the limit %s is there, with its default", (name, value) => {
  expect(text).toContain(`\`${name}\` ${value.toLocaleString("en")}`);
});

it.each(rows)("%s%s", (_, __, ___, error, test = "") => {
  for (const [code] of (error ?? "").matchAll(/\b[A-Z][a-z0-9]+[A-Z]\w+(?!\.)\b/g)) {
    if (!["RangeError", "CaptureError", "NetStream", "BadName"].includes(code)) expect(ErrorCode).toHaveProperty(code);
  }
  const [, folder = "", path = ""] = /^(\w+)\/(.+)$/.exec(test) ?? [];
  expect(existsSync(new URL(`packages/${folders[folder]}/test/${path}.test.ts`, root)), test).toBe(true);
});
