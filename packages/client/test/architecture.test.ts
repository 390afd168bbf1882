import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const src = fileURLToPath(new URL("../src", import.meta.url));

// What else it may use, the compiler holds: runtimes.d.ts is all that it knows of the world.
it.each(readdirSync(src))("%s imports nothing but core", (file) => {
  const specifiers = [...readFileSync(join(src, file), "utf8").matchAll(/\bfrom "([^"]+)"/g)].map(([, name]) => name);
  expect(specifiers.filter((name) => !name?.startsWith("./") && name !== "@millrace/core")).toEqual([]);
});
