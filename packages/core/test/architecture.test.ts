import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const src = fileURLToPath(new URL("../src", import.meta.url));

/** The rooms from the ground up: each imports only from those before it. */
const rooms = [
  "errors.ts",
  "limits.ts",
  "bytes",
  "amf",
  "chunk",
  "handshake",
  "message",
  "media",
  "flv",
  "live",
  "shared-object",
  "recording",
  "connection",
  "relay",
  "index.ts",
];

/** What would let the outside world in although the compiler's `lib` knows it. */
const impure = new Set(["Date", "Math.random", "globalThis", "WeakRef", "FinalizationRegistry", "Atomics", "eval"]);

const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
const roomOf = (file: string): string => file.split(sep)[0] ?? file;

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(join(src, file), "utf8"), ts.ScriptTarget.Latest, true);
}

function importsOf(source: ts.SourceFile): string[] {
  return source.statements
    .filter((statement) => ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement))
    .flatMap(({ moduleSpecifier }) =>
      moduleSpecifier && ts.isStringLiteral(moduleSpecifier) ? [moduleSpecifier.text] : [],
    );
}

function impuritiesOf(source: ts.SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const name = ts.isPropertyAccessExpression(node) || ts.isIdentifier(node) ? node.getText(source) : "";
    if (!isMemberName(node) && impure.has(name)) found.push(name);
    node.forEachChild(visit);
  };
  visit(source);
  return found;
}

/** Whether a name is only that of a property: `markers.Date`, `{ Date: 11 }`. */
function isMemberName(node: ts.Node): boolean {
  if (!ts.isIdentifier(node)) return false;
  const { parent } = node;
  return (ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent)) && parent.name === node;
}

describe("the house", () => {
  it("has no other rooms than those in the list", () => {
    expect([...new Set(files.map(roomOf))].sort()).toEqual([...rooms].sort());
  });

  it.each(files)("%s imports only from rooms below its own", (file) => {
    for (const specifier of importsOf(parse(file))) {
      if (!specifier.startsWith(".")) {
        expect(specifier).toMatch(/^@noble\/hashes\//);
        continue;
      }
      const target = roomOf(relative(src, join(src, file, "..", specifier)));
      if (target === roomOf(file)) continue;
      expect(rooms.indexOf(target), `${file} imports ${specifier}`).toBeLessThan(rooms.indexOf(roomOf(file)));
      expect(specifier, `${file} goes past the door of ${target}`).toMatch(/(index|errors|limits)\.ts$/);
    }
  });

  it.each(files)("%s knows no clock, no randomness and no runtime", (file) => {
    expect(impuritiesOf(parse(file))).toEqual([]);
  });
});
