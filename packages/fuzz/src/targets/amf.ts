import {
  Amf0Reader,
  Amf0Writer,
  Amf3Reader,
  Amf3Writer,
  type AmfValue,
  defaultLimits,
  errorName,
  limitsWith,
} from "@millrace/core";
import { amf0 as amf0Value, amf3 as amf3Value } from "../grammar/amf.ts";
import { amid } from "../lending.ts";
import { concat } from "../mutation.ts";
import type { Random } from "../random.ts";
import { vectors } from "../seeds.ts";
import { check, type Target } from "../target.ts";

const LONGEST = 4_096;
const memory = new Uint8Array(2 ** 20);
const again = new Uint8Array(2 ** 20);
const limits = limitsWith({ amfValues: 2_000, amfStringBytes: 2_000 });

interface Reader {
  readonly atEnd: boolean;
  readonly position: number;
  readonly error: { readonly code: Parameters<typeof errorName>[0]; readonly offset: number } | null;
  reset(bytes: Uint8Array, start?: number, end?: number): void;
  read(): AmfValue;
}

interface Writer {
  readonly position: number;
  readonly overflow: boolean;
  reset(into: Uint8Array): void;
  write(value: AmfValue): void;
}

/** The values of a message, and how it ends. */
function readAll(
  reader: Reader,
  bytes: Uint8Array,
  start: number,
  end: number,
): { values: AmfValue[]; ending: string } {
  reader.reset(bytes, start, end);
  const values: AmfValue[] = [];
  while (!reader.atEnd) {
    const before = reader.position;
    const value = reader.read();
    if (reader.error !== null) break;
    check(reader.position > before, "A value was read, but no byte.");
    check(reader.position <= end, `A value ends at ${reader.position}, behind ${end}.`);
    values.push(value);
  }
  const { error } = reader;
  return { values, ending: error === null ? "whole" : `${errorName(error.code)} at ${error.offset}` };
}

/** @returns null when there is no room: texts that AMF3 refers to are written out in AMF0, each time. */
function writeAll(writer: Writer, values: readonly AmfValue[], into: Uint8Array): Uint8Array | null {
  writer.reset(into);
  for (const value of values) writer.write(value);
  return writer.overflow ? null : into.subarray(0, writer.position);
}

/** What lies around makes no difference; what was read can be written, and read again as the same. */
function examine(input: Uint8Array, open: () => Reader, openWriter: () => Writer): string {
  const endings = [0x00, 0xff].map((noise) => {
    const { bytes, start, end } = amid(input, noise);
    return readAll(open(), bytes, start, end);
  });
  const [first, second] = endings;
  check(first !== undefined && second !== undefined && first.ending === second.ending, "What lies around was read.");
  if (first.ending !== "whole") return first.ending;
  const written = writeAll(openWriter(), first.values, memory);
  if (written === null) return first.ending;
  const back = readAll(open(), written, 0, written.length);
  check(back.ending === "whole", `What was written cannot be read: ${back.ending}.`);
  const rewritten = writeAll(openWriter(), back.values, again);
  check(
    rewritten !== null && Buffer.compare(written, rewritten) === 0,
    "Written, read and written again it is something else.",
  );
  return first.ending;
}

/** Who skips every value must find the same error. */
function checkSkip(input: Uint8Array, expected: string): void {
  const reader = new Amf0Reader(limits);
  reader.reset(input);
  while (!reader.atEnd && reader.skip());
  const { error } = reader;
  const found = error === null ? "whole" : `${errorName(error.code)} at ${error.offset}`;
  check(found === expected, `Skipped, it ends with ${found}; read, with ${expected}.`);
}

function several(random: Random, one: (random: Random) => Uint8Array): Uint8Array {
  return concat(...Array.from({ length: 1 + random.small(4) }, () => one(random))).subarray(0, LONGEST);
}

/** Values in AMF0, those behind the marker 0x11 among them. */
export const amf0: Target = {
  name: "amf0",
  covers: /core\/dist\/(amf|bytes\/utf8)/,
  longest: LONGEST,
  seeds: () => vectors("amf0").map(({ bytes }) => bytes.slice(0, LONGEST)),
  make: (random) => several(random, amf0Value),
  run(input) {
    const ending = examine(
      input,
      () => new Amf0Reader(limits),
      () => new Amf0Writer(),
    );
    checkSkip(input, ending);
  },
};

/** Values in AMF3 alone. */
export const amf3: Target = {
  name: "amf3",
  covers: /core\/dist\/(amf\/(amf3|external|property|values)|bytes\/utf8)/,
  longest: LONGEST,
  seeds: () => vectors("amf3").map(({ bytes }) => bytes.slice(0, LONGEST)),
  make: (random) => several(random, amf3Value),
  run(input) {
    examine(
      input,
      () => new Amf3Reader(limits, defaultLimits.amfDepth, { keepDoubles: true }),
      () => new Amf3Writer(),
    );
  },
};
