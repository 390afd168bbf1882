import { describe, expect, it } from "vitest";
import { ChunkLog } from "./chunk/chunk-log.ts";
import { type Setting, type VectorCase, vectorFiles, vectorGroups } from "./vector-file.ts";

/** Reads one input, however it is cut, and writes down what it holds. */
export interface VectorReader {
  readonly log: readonly string[];
  /** Reads bytes[start, end), which do not stay. */
  read(bytes: Uint8Array, start: number, end: number): void;
  /** The input has ended. */
  end(): void;
}

/** Per folder of fixtures/vectors what reads it. */
const readers: Record<string, (settings: readonly Setting[]) => VectorReader> = {
  chunk: (settings) => new ChunkLog(settings),
};

const rewrites = process.env["REWRITE_VECTORS"] === "1";
/** Stands before, behind and, once they were read, in place of the bytes that are lent. */
const NOISE = 0xee;

/** What is said of the input when it comes in pieces that end at these places. */
function logOf(group: string, vector: VectorCase, ends: Iterable<number>): readonly string[] {
  const reader = readers[group]?.(vector.settings);
  if (reader === undefined) throw new Error(`fixtures/vectors/${group} has no reader in vectors.test.ts.`);
  const memory = new Uint8Array(vector.bytes.length + 4);
  let start = 0;
  for (const end of ends) {
    // Each piece lies at another place of the same memory, which is overwritten after it was read.
    const at = start % 3;
    memory.fill(NOISE);
    memory.set(vector.bytes.subarray(start, end), at);
    reader.read(memory, at, at + end - start);
    memory.fill(NOISE);
    start = end;
  }
  reader.end();
  return reader.log;
}

function* everyByte(length: number): Generator<number> {
  for (let end = 1; end <= length; end++) yield end;
}

describe.each(vectorGroups())("vectors of %s", (group) => {
  describe.each(vectorFiles(group))("$name", (file) => {
    if (rewrites) file.rewrite(file.cases.map((vector) => logOf(group, vector, [vector.bytes.length])));

    it.skipIf(rewrites).each(file.cases)("$title", (vector) => {
      const { length } = vector.bytes;
      expect(logOf(group, vector, [length]), "whole").toEqual(vector.log);
      expect(logOf(group, vector, everyByte(length)), "byte by byte").toEqual(vector.log);
      for (let cut = 0; cut <= length; cut++) {
        const log = logOf(group, vector, [cut, length]);
        // A comparison that fails prints the cut; toEqual for each one would take most of the time.
        if (log.join("\n") !== vector.log.join("\n")) expect(log, `cut at ${cut}`).toEqual(vector.log);
      }
    });
  });
});
