import { describe, expect, it } from "vitest";
import { type VectorCase, vectorFiles } from "../vector-file.ts";
import { amf0Log } from "./amf0-log.ts";
import { amf3Log } from "./amf3-log.ts";

// fixtures/vectors/amf0 and amf3 say what whole messages hold, and ../vectors.test.ts that it is so. This is about parts
// of them.

type Log = typeof amf0Log;

/** What is said of the first bytes of the message: its values, without the numbers of what is shared, and the error. */
function partLog(
  log: Log,
  { bytes, settings }: VectorCase,
  length: number,
): { values: string[]; error: string | null } {
  const lines = log(bytes, 0, length, settings).filter((line) => !line.startsWith("written"));
  const error = lines.at(-1)?.startsWith("error") ? (lines.pop() ?? null) : null;
  return { values: lines.map((line) => line.replaceAll(/#\d+=/g, "")), error };
}

describe.each([
  ["amf0", amf0Log],
  ["amf3", amf3Log],
] as const)("%s vectors, cut off at every byte", (group, log) => {
  describe.each(vectorFiles(group))("$name", (file) => {
    it.each(file.cases)("$title", (vector) => {
      const whole = partLog(log, vector, vector.bytes.length);
      // Of a message that is read as a whole there is nothing when it is cut off.
      const isMessage = vector.settings.some(({ value }) => value === "command" || value === "data");
      for (let length = 0; length < vector.bytes.length; length++) {
        const { values, error } = partLog(log, vector, length);
        const at = `cut off at ${length}`;
        // An ECMA array may lack its end, and then holds what it has so far.
        const last = values.at(-1);
        if (error === null && !isMessage && last !== whole.values[values.length - 1]) {
          expect(last, at).toMatch(/^ecma /);
          values.pop();
        }
        if (!isMessage && values.join("\n") !== whole.values.slice(0, values.length).join("\n")) {
          expect(values, at).toEqual(whole.values.slice(0, values.length));
        }
        if (error === null || error === whole.error) continue;
        if (isMessage && error === "error CommandMalformed offset=0") continue;
        // What counts more values than there are bytes is found out before its values are read.
        const found = /^error Amf(?:Truncated|CountBeyondInput|TraitsBeyondInput) offset=(\d+)$/.exec(error);
        if (found === null || Number(found[1]) > length) expect.fail(`${at}: ${error}`);
      }
    });
  });
});
