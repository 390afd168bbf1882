// Assembles packages/core/src/bytes/copy.wat into copy-module.ts beside it; with --check only says whether that is up to date.
import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import wabt from "wabt";

const source = new URL("../packages/core/src/bytes/copy.wat", import.meta.url);
const target = new URL("../packages/core/src/bytes/copy-module.ts", import.meta.url);

const features = { simd: true, bulk_memory: true };
const module = (await wabt()).parseWat("copy.wat", readFileSync(source, "utf8"), features);
const hex = Buffer.from(module.toBinary({}).buffer).toString("hex");
const lines = hex.match(/.{1,104}/g) ?? [];
const text = `/** copy.wat, assembled by \`npm run assemble\`: do not edit. */
const hex = \`
${lines.map((line) => `  ${line}\n`).join("")}\`;

export const copyModule: Uint8Array = Uint8Array.from(hex.match(/[0-9a-f]{2}/g) ?? [], (byte) =>
  Number.parseInt(byte, 16),
);
`;

if (!argv.includes("--check")) writeFileSync(target, text);
else if (readFileSync(target, "utf8") !== text) {
  throw new Error("copy-module.ts is not what copy.wat assembles to: run `npm run assemble`.");
}
