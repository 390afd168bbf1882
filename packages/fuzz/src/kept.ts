import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseHex } from "./seeds.ts";

const folder = new URL("../../../fixtures/fuzz/", import.meta.url);
const BYTES_OF_A_LINE = 32;

/** An input that failed once, and must not again. */
export interface KeptInput {
  readonly target: string;
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** All inputs of fixtures/fuzz. */
export function keptInputs(): KeptInput[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: target }) =>
      readdirSync(new URL(`${target}/`, folder))
        .sort()
        .map((file) => ({ target, file, bytes: parseHex(readFileSync(new URL(`${target}/${file}`, folder), "utf8")) })),
    );
}

/** Keeps an input. @param what - one line that says how it failed @returns the path of its file. */
export function keep(target: string, bytes: Uint8Array, what: string): string {
  const name = createHash("sha1").update(bytes).digest("hex").slice(0, 12);
  const hex = Buffer.from(bytes).toString("hex");
  const lines = hex.match(new RegExp(`.{1,${2 * BYTES_OF_A_LINE}}`, "g")) ?? [];
  const path = `${target}/${name}.hex`;
  mkdirSync(new URL(`${target}/`, folder), { recursive: true });
  writeFileSync(new URL(path, folder), `; ${what.replace(/[^ -~]/g, " ")}\n${lines.join("\n")}\n`);
  return `fixtures/fuzz/${path}`;
}
