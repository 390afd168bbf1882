import { readdirSync, readFileSync } from "node:fs";

const fixtures = new URL("../../../fixtures/", import.meta.url);
/** Version, packet 1 and packet 2. */
export const HANDSHAKE_BYTES = 3073;

/** What real peers said in one direction: all of it, or from behind the handshake on. */
export function captures(direction: "c2s" | "s2c", longest: number, from: number = HANDSHAKE_BYTES): Uint8Array[] {
  return readdirSync(new URL("captures/", fixtures))
    .filter((name) => name.endsWith(`.${direction}.bin`))
    .sort()
    .map((name) => Uint8Array.from(readFileSync(new URL(`captures/${name}`, fixtures)).subarray(from, from + longest)));
}

/** A capture by its name. */
export function capture(name: string): Uint8Array {
  return Uint8Array.from(readFileSync(new URL(`captures/${name}`, fixtures)));
}

/** The inputs of fixtures/vectors/<group>, with the value of one of their options. */
export function vectors(group: string, option = ""): { bytes: Uint8Array; option: string }[] {
  const folder = new URL(`vectors/${group}/`, fixtures);
  return readdirSync(folder)
    .filter((name) => name.endsWith(".txt"))
    .sort()
    .flatMap((name) =>
      readFileSync(new URL(name, folder), "utf8")
        .split(/^(?=# )/m)
        .slice(1),
    )
    .map((section) => {
      const [, body = ""] = /^# .*\n(?:.+\n)*\n([\s\S]*?)^---$/m.exec(section) ?? [];
      const [, value = ""] = new RegExp(`^option ${option}=(\\S+)$`, "m").exec(body) ?? [];
      return { bytes: parseHex(body.replace(/^(limit|option) .*$/gm, "")), option: value };
    });
}

/** Recorded sequence headers, and frames that describe themselves: whole messages, by codec. */
export function sequenceHeaders(): Uint8Array[] {
  const folder = new URL("sequence-headers/", fixtures);
  return readdirSync(folder)
    .sort()
    .flatMap((name) => readFileSync(new URL(name, folder), "utf8").trim().split("\n"))
    .flatMap((line) => (JSON.parse(line) as { messages: string[] }).messages) // written by the recorder, so of this form
    .map((hex) => Uint8Array.from(Buffer.from(hex, "hex")));
}

/** The hex of fixtures/vectors: see fixtures/README.md. */
export function parseHex(text: string): Uint8Array {
  const tokens = text.replace(/;.*/g, "").split(/\s+/).filter(Boolean);
  return Uint8Array.from(Buffer.concat(tokens.map(tokenBytes)));
}

function tokenBytes(token: string): Buffer {
  const [, quoted] = /^"([!-~]*)"$/.exec(token) ?? [];
  if (quoted !== undefined) return Buffer.from(quoted, "ascii");
  const [, first, last, times] = /^([0-9a-f]{2})(?:\.\.([0-9a-f]{2}))?(?:\*(\d+))?$/.exec(token) ?? [];
  if (first === undefined) return Buffer.from(token, "hex");
  const from = Number.parseInt(first, 16);
  const length = Number.parseInt(last ?? first, 16) - from + 1;
  const run = Buffer.from(Array.from({ length }, (_, index) => from + index));
  return Buffer.concat(Array.from({ length: Number(times ?? 1) }, () => run));
}
