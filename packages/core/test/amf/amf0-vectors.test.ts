import { describe, expect, it } from "vitest";
import { type VectorCase, vectorFiles } from "../vector-file.ts";
import { amf0Log } from "./amf0-log.ts";

// fixtures/vectors/amf0 says what whole messages hold, and ../vectors.test.ts that it is so. This is about parts of them.

/** What is said of the first bytes of the message: its values, without the numbers of what is shared, and the error. */
function partLog({ bytes, settings }: VectorCase, length: number): { values: string[]; error: string | null } {
  const lines = amf0Log(bytes, 0, length, settings).filter((line) => !line.startsWith("written"));
  const error = lines.at(-1)?.startsWith("error") ? (lines.pop() ?? null) : null;
  return { values: lines.map((line) => line.replaceAll(/#\d+=/g, "")), error };
}

describe.each(vectorFiles("amf0"))("AMF0 vectors of $name, cut off at every byte", (file) => {
  it.each(file.cases)("$title", (vector) => {
    const whole = partLog(vector, vector.bytes.length);
    for (let length = 0; length < vector.bytes.length; length++) {
      const { values, error } = partLog(vector, length);
      const at = `cut off at ${length}`;
      // An ECMA array may lack its end, and then holds what it has so far.
      const last = values.at(-1);
      if (error === null && last !== whole.values[values.length - 1]) {
        expect(last, at).toMatch(/^ecma /);
        values.pop();
      }
      if (values.join("\n") !== whole.values.slice(0, values.length).join("\n")) {
        expect(values, at).toEqual(whole.values.slice(0, values.length));
      }
      if (error === null || error === whole.error) continue;
      // An array that counts more values than there are bytes is found out before its values are read.
      const [, offset = ""] = /^error Amf(?:Truncated|CountBeyondInput) offset=(\d+)$/.exec(error) ?? [];
      if (offset === "" || Number(offset) > length) expect.fail(`${at}: ${error}`);
    }
  });
});
