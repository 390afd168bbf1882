import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recordingFileName } from "../../src/recording/index.ts";

describe("the name of a recording's file", () => {
  it.each([
    ["live/show", "live/show"],
    ["live/My_show-2.final", "live/My_show-2.final"],
    ["live/..", "live/%2e%2e"],
    ["../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd"],
    ["live/.hidden", "live/%2ehidden"],
    ["live/dot.", "live/dot%2e"],
    ["live/a b\\c:d", "live/a%20b%5cc%3ad"],
    ["live/nul\0byte", "live/nul%00byte"],
    ["live/ü", "live/%c3%bc"],
    ["live/%2e%2e", "live/%252e%252e"],
    ["live/con", "live/%63on"],
    ["NUL.x/show", "%4eUL.x/show"],
    ["live/console", "live/console"],
    // A folder that looks like a recording would stand in its way.
    ["live.flv/show", "live%2eflv/show"],
    ["live/show.flv", "live/show.flv"],
    ["a.1.recording/show", "a.1%2erecording/show"],
  ])("of %j is %s", (path, name) => {
    expect(recordingFileName(path)).toBe(name);
  });

  it.each([
    ["nothing", ""],
    ["an empty part", "live//show"],
    ["a slash at its start", "/etc/passwd"],
    ["a slash at its end", "live/"],
    ["a part that is too long", `live/${"a".repeat(201)}`],
    ["a part that becomes too long", `live/${"ü".repeat(40)}`],
    ["too many parts", Array.from({ length: 9 }, () => "a").join("/")],
  ])("cannot be made of %s", (_, path) => {
    expect(recordingFileName(path)).toBeNull();
  });

  it("is harmless for any path, and another for each", () => {
    const parts = fc.array(
      fc.oneof(fc.string({ unit: "binary", maxLength: 12 }), fc.constantFrom("..", ".", "con", "a.flv")),
      {
        minLength: 1,
        maxLength: 3,
      },
    );
    const path = parts.map((each) => each.join("/"));
    fc.assert(
      fc.property(path, path, (one, other) => {
        const name = recordingFileName(one);
        if (name === null) return;
        for (const part of name.split("/")) {
          expect(part).toMatch(/^[\w%-]([\w%.-]*[\w%-])?$/);
          expect(part.length).toBeLessThanOrEqual(200);
        }
        // Half of a pair of surrogates has no UTF-8 of its own.
        const isText = [one, other].every((text) => Buffer.from(text).toString() === text);
        if (isText && one !== other) expect(recordingFileName(other)).not.toBe(name);
      }),
      { numRuns: 500 },
    );
  });
});
