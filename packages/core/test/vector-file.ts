// Reads and writes fixtures/vectors/<group>/*.txt. The format is described in fixtures/README.md.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { errorName, type ProtocolError } from "../src/errors.ts";
import { type Limits, limitsWith } from "../src/limits.ts";

const root = new URL("../../../fixtures/vectors/", import.meta.url);

/** One input with what is to be said of it. */
export interface VectorCase {
  readonly title: string;
  /** The text above the settings and the bytes. */
  readonly prose: string;
  /** `limit name=value` and `option name=value`. */
  readonly settings: readonly Setting[];
  /** The lines of settings and bytes as they stand in the file. */
  readonly source: readonly string[];
  readonly bytes: Uint8Array;
  readonly log: readonly string[];
}

export interface Setting {
  readonly kind: "limit" | "option";
  readonly name: string;
  readonly value: string;
}

/** The limits of a case. */
export function limitsOf(settings: readonly Setting[]): Readonly<Limits> {
  const changes = settings
    .filter((setting) => setting.kind === "limit")
    .map(({ name, value }) => [name, Number(value)]);
  return limitsWith(Object.fromEntries(changes));
}

/** The value of an option that the case must have. */
export function optionOf(settings: readonly Setting[], name: string): string {
  const option = settings.find((setting) => setting.kind === "option" && setting.name === name);
  if (option === undefined) throw new Error(`The case needs a line "option ${name}=...".`);
  return option.value;
}

/** How a log tells of an error. */
export function errorLine({ code, offset }: ProtocolError): string {
  return `error ${errorName(code)} offset=${offset}`;
}

export interface VectorFile {
  readonly name: string;
  readonly cases: readonly VectorCase[];
  /** Replaces the logs in the file. */
  rewrite(logs: readonly (readonly string[])[]): void;
}

/** The groups of vectors: the folders of fixtures/vectors. */
export function vectorGroups(): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** The files of a group. */
export function vectorFiles(group: string): VectorFile[] {
  return readdirSync(new URL(`${group}/`, root))
    .filter((name) => name.endsWith(".txt"))
    .sort()
    .map((name) => vectorFile(new URL(`${group}/${name}`, root), name));
}

function vectorFile(url: URL, name: string): VectorFile {
  const [preface = "", ...sections] = readFileSync(url, "utf8").split(/^(?=# )/m);
  const cases = sections.map((section) => readCase(section, name));
  return {
    name,
    cases,
    rewrite(logs) {
      writeFileSync(url, preface + cases.map((vector, index) => writeCase(vector, logs[index] ?? [])).join("\n"));
    },
  };
}

function readCase(section: string, file: string): VectorCase {
  const [head = "", log, ...more] = section.split(/^---$/m);
  const title = head.slice(2, head.indexOf("\n"));
  if (log === undefined || more.length > 0) throw new Error(`${file}: "${title}" needs exactly one line ---.`);
  const paragraphs = /^# .*\n((?:.+\n)*)\n([\s\S]*)$/.exec(head);
  if (paragraphs === null) throw new Error(`${file}: "${title}" needs an empty line above its bytes.`);
  const [, prose = "", body = ""] = paragraphs;
  const source = linesOf(body);
  const settings: Setting[] = [];
  const lines: string[] = [];
  for (const line of source) {
    const setting = /^(limit|option) (\w+)=(\S+)$/.exec(line);
    if (setting === null) lines.push(line);
    else {
      const [, kind, settingName = "", value = ""] = setting;
      settings.push({ kind: kind === "limit" ? "limit" : "option", name: settingName, value });
    }
  }
  return { title, prose, settings, source, bytes: hexBytes(lines.join("\n")), log: linesOf(log) };
}

function writeCase(vector: VectorCase, log: readonly string[]): string {
  return `# ${vector.title}\n${vector.prose}\n${vector.source.join("\n")}\n---\n${log.map((line) => `${line}\n`).join("")}`;
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}

/**
 * Bytes in hex. `aa*128` stands for 128 times the byte aa, `00..ff` for the bytes from 00 up to ff, `00..ff*5` for five
 * times these, `"live"` for ASCII text; a semicolon begins a comment.
 */
export function hexBytes(text: string): Uint8Array {
  const hex = text
    .replace(/;.*/g, "")
    .trim()
    .split(/\s+/)
    .map((token) => {
      const quoted = /^"([!-~]*)"$/.exec(token);
      if (quoted !== null) return Buffer.from(quoted[1] ?? "", "ascii").toString("hex");
      const run = /^([0-9a-f]{2})(?:\.\.([0-9a-f]{2}))?(?:\*(\d+))?$/.exec(token);
      if (run !== null) return ascending(run[1] ?? "", run[2] ?? run[1] ?? "").repeat(Number(run[3] ?? 1));
      if (!/^([0-9a-f]{2})*$/.test(token)) throw new Error(`"${token}" is no hex.`);
      return token;
    });
  return Uint8Array.from(Buffer.from(hex.join(""), "hex"));
}

function ascending(first: string, last: string): string {
  const from = Number.parseInt(first, 16);
  const length = Number.parseInt(last, 16) - from + 1;
  if (length < 1) throw new Error(`"${first}..${last}" does not ascend.`);
  return Buffer.from(Array.from({ length }, (_, index) => from + index)).toString("hex");
}

const SHORTEST_RUN = 16;

/** bytes[start, end) in the notation of the input: runs of 16 equal bytes and more are abbreviated. */
export function hexOf(bytes: Uint8Array, start: number, end: number): string {
  const tokens: string[] = [];
  let plain = start;
  for (let at = start; at < end; ) {
    let next = at + 1;
    while (next < end && bytes[next] === bytes[at]) next++;
    if (next - at >= SHORTEST_RUN) {
      tokens.push(plainHex(bytes, plain, at), `${plainHex(bytes, at, at + 1)}*${next - at}`);
      plain = next;
    }
    at = next;
  }
  tokens.push(plainHex(bytes, plain, end));
  return tokens.filter((token) => token !== "").join(" ");
}

function plainHex(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, end)).toString("hex");
}
