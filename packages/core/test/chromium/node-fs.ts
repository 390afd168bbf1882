/** So much of node:fs as core's tests use, on the files that vitest.config.ts gives. */
import { inject } from "vitest";
import { Buffer } from "./node-globals.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** What is in each fixture, in base64, by the path of its address. */
    fixtures: Readonly<Record<string, string>>;
  }
}

const fixtures = inject("fixtures");

function pathOf(at: URL | string): string {
  return typeof at === "string" ? at : at.pathname;
}

export function readFileSync(at: URL | string, encoding?: string): Buffer | string {
  const content = fixtures[pathOf(at)];
  if (content === undefined) throw new Error(`${at} is not there.`);
  const bytes = Buffer.from(content, "base64");
  return encoding === undefined ? bytes : bytes.toString(encoding);
}

interface Entry {
  readonly name: string;
  isDirectory(): boolean;
}

export function readdirSync(at: URL | string, options?: { withFileTypes: true }): string[] | Entry[] {
  const folder = pathOf(at);
  const below = Object.keys(fixtures)
    .filter((path) => path.startsWith(folder))
    .map((path) => path.slice(folder.length));
  const names = [...new Set(below.map((path) => path.replace(/\/.*/, "")))];
  if (options === undefined) return names;
  return names.map((name) => ({ name, isDirectory: () => below.some((path) => path.startsWith(`${name}/`)) }));
}

export function writeFileSync(at: URL): never {
  throw new Error(`${at} cannot be written from a page.`);
}
