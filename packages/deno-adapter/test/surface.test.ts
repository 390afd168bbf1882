import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, it } from "vitest";

const internal = "part of how Node's sockets are carried, no use to an application";
const workers = "Deno has no processes that share a port";
const folder = "recordings in a folder are not carried over to Deno yet";

/** Names that one adapter has and the other has not, and why. A star stands for all that is found in a name. */
const differences: { readonly [name: string]: string } = {
  "Server.memory": internal,
  "Server.readStart": internal,
  "Server.readBuffer": internal,
  "Server.acceptLink": internal,
  "ServerAddress*": "Node has a name of its own for it, AddressInfo",
  "ClientTls*": "Node has a name of its own for it, ConnectionOptions of node:tls",
  folderStorage: folder,
  runWorker: workers,
  startWorkers: workers,
  "Workers*": workers,
  "WorkersEvent*": workers,
  "WorkersOptions*": workers,
};

const entries = ["node-adapter", "deno-adapter"].map((name) =>
  fileURLToPath(new URL(`../../${name}/src/index.ts`, import.meta.url)),
);
const program = ts.createProgram(entries, {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  allowImportingTsExtensions: true,
  noEmit: true,
  types: ["node"],
});
const checker = program.getTypeChecker();

/** The names that a module exports, and behind a dot those that one finds in them. */
function surfaceOf(entry: string): Set<string> {
  const source = program.getSourceFile(entry);
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${entry} is no module.`);
  const names = new Set<string>();
  for (const exported of checker.getExportsOfModule(module)) {
    names.add(exported.name);
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    for (const member of membersOf(symbol)) names.add(`${exported.name}.${member}`);
  }
  return names;
}

function membersOf(symbol: ts.Symbol): string[] {
  const type = checker.getDeclaredTypeOfSymbol(symbol);
  // Of a union, such as the events, what any of its members has; of a function there is nothing but its name.
  const parts = type.isUnion() ? type.types : [type];
  return parts
    .filter((part) => part.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection))
    .flatMap((part) => checker.getPropertiesOfType(part))
    .filter((property) => !isPrivate(property))
    .map(({ name }) => name);
}

function isPrivate(property: ts.Symbol): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  return (property.declarations ?? []).some((declaration) => ts.getCombinedModifierFlags(declaration) & hidden);
}

function isListed(name: string): boolean {
  const [owner = ""] = name.split(".");
  return name in differences || `${owner}*` in differences;
}

const [node, deno] = entries.map(surfaceOf);

it("is the same on Node and on Deno, by name, but for what is listed", () => {
  const onlyNode = [...(node ?? [])].filter((name) => !deno?.has(name) && !isListed(name));
  const onlyDeno = [...(deno ?? [])].filter((name) => !node?.has(name) && !isListed(name));
  expect({ onlyNode, onlyDeno }).toEqual({ onlyNode: [], onlyDeno: [] });
});

it("has names at all", () => {
  for (const surface of [node, deno]) {
    expect([...(surface ?? [])]).toEqual(
      expect.arrayContaining([
        "createServer",
        "Server",
        "Server.listen",
        "ServerOptions.onPublish",
        "ServerEvent.path",
        "ServerTls.certFile",
        "connect",
        "Client.play",
        "ClientOptions.tls",
      ]),
    );
  }
});

it("lists no difference that is none", () => {
  const found = [...(node ?? []), ...(deno ?? [])].filter((name) => !(node?.has(name) && deno?.has(name)));
  for (const name of Object.keys(differences)) expect(found).toContain(name.replace("*", ""));
});
