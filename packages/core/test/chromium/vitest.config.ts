/**
 * Runs core's tests in a page of Chromium, where nothing of Node is. What the tests themselves need of it is replaced by the
 * files beside this one, and only for modules of the tests: a Buffer or a node:crypto in core fails.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { playwright } from "@vitest/browser-playwright";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { portableTests } from "../portable.ts";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const beside = (name: string): string => fileURLToPath(new URL(name, import.meta.url)).replaceAll("\\", "/");

const tests = /\/packages\/core\/test\/(?!chromium\/)/;
const modules = new Map(["fs", "crypto", "url"].map((name) => [`node:${name}`, beside(`node-${name}.ts`)]));

const nodeForTests: Plugin = {
  name: "node-for-tests",
  enforce: "pre",
  resolveId: (source, importer = "") => (tests.test(importer) ? modules.get(source) : undefined),
  transform(code, id) {
    const [path = ""] = id.split("?");
    if (!tests.test(path)) return;
    const names = ["Buffer", "process", "setImmediate"].filter((name) => new RegExp(`\\b${name}\\b`).test(code));
    // On the first line, so that all others keep their numbers.
    const globals = names.length > 0 ? `import { ${names.join(", ")} } from "${beside("node-globals.ts")}"; ` : "";
    // A file's address as on Node, by which it finds the fixtures.
    const address = JSON.stringify(pathToFileURL(path).href);
    return { code: globals + code.replaceAll("import.meta.url", address), map: null };
  },
};

/** What is in each fixture, in base64, by the path of its address. */
function fixtures(): Record<string, string> {
  const files = readdirSync(join(root, "fixtures"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(bin|txt|ndjson)$/.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(files.map((file) => [pathToFileURL(file).pathname, readFileSync(file, "base64")]));
}

export default defineConfig({
  root,
  plugins: [nodeForTests],
  // Known beforehand, as what is found under way loads the page anew.
  optimizeDeps: { include: ["fast-check"], exclude: ["@noble/hashes"] },
  test: {
    include: portableTests().map((file) => `packages/core/${file}`),
    testTimeout: 60_000,
    // One page for all files: a new one for each takes longer than most of them.
    isolate: false,
    fileParallelism: false,
    provide: { fixtures: fixtures() },
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        // Chromium refuses to run as root inside of its sandbox; the page is our own.
        launchOptions: {
          executablePath: process.env["MILLRACE_CHROMIUM"] ?? "/usr/bin/chromium",
          args: ["--no-sandbox"],
        },
      }),
      instances: [{ browser: "chromium" }],
    },
  },
});
