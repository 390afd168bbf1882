import { describe, expect, it } from "vitest";
import {
  Amf0Reader,
  AmfDate,
  AmfEcmaArray,
  AmfObject,
  type AmfValue,
  AmfXml,
  amfUnsupported,
} from "../../src/amf/index.ts";
import { ErrorCode } from "../../src/errors.ts";
import { bytesOf, decode, encode, failure, hexOf, sameGraph } from "./amf0.ts";

const shared = new AmfObject();
const itself = new AmfObject();
itself.properties.set("me", itself);

/** What it is, the bytes, the value, and the bytes that the writer makes of it where they are others. */
const vectors: [string, string, AmfValue, string?][] = [
  ["number", "003ff0000000000000", 1],
  ["boolean", "0101", true],
  ["boolean, false", "0100", false],
  ["boolean, any byte but 0 is true", "017f", true, "0101"],
  ["string", "0200046c697665", "live"],
  ["null", "05", null],
  ["undefined", "06", undefined],
  ["strict array", "0a00000002 003ff0000000000000 02000161", [1, "a"]],
  ["object", "03 000161 003ff0000000000000 000009", AmfObject.of({ a: 1 })],
  ["ECMA array", "0800000001 000161 003ff0000000000000 000009", AmfEcmaArray.of({ a: 1 })],
  [
    "ECMA array with count 0, from nginx-rtmp",
    "0800000000 000161 003ff0000000000000 000009",
    AmfEcmaArray.of({ a: 1 }),
    "0800000001 000161 003ff0000000000000 000009",
  ],
  [
    "ECMA array with count 20, from OBS",
    "0800000014 000161 003ff0000000000000 000009",
    AmfEcmaArray.of({ a: 1 }),
    "0800000001 000161 003ff0000000000000 000009",
  ],
  [
    "ECMA array without its end",
    "0800000001 000161 003ff0000000000000",
    AmfEcmaArray.of({ a: 1 }),
    "0800000001 000161 003ff0000000000000 000009",
  ],
  ["date", "0b 0000000000000000 0000", new AmfDate(0)],
  ["date with a time zone", "0b 4275d3ef79800000 ffc4", new AmfDate(1_500_000_000_000, -60)],
  ["date that is invalid", "0b 7ff8000000000000 0000", new AmfDate(Number.NaN)],
  ["long string, though short", "0c00000003616263", "abc", "020003616263"],
  ["reference to a value before", "0a00000002 03000009 070001", [shared, shared]],
  ["reference to the object around it", "03 00026d65 070000 000009", itself],
  ["typed object", "10 000143 000178 004014000000000000 000009", AmfObject.of({ x: 5 }, "C")],
  ["typed object of a class without a name", "10 0000 000009", new AmfObject(new Map(), "")],
  ["XML document", "0f000000043c612f3e", new AmfXml("<a/>")],
  ["unsupported", "0d", amfUnsupported],
  ["property with an empty name", "03 0000 05 000009", AmfObject.of({ "": null })],
  [
    "one name twice: the last counts",
    "03 000161 05 000161 0101 000009",
    AmfObject.of({ a: true }),
    "03 000161 0101 000009",
  ],
  ["name __proto__", "03 00095f5f70726f746f5f5f 05 000009", AmfObject.of({ ["__proto__"]: null })],
  ["malformed UTF-8", "020003 61ff62", "a\ufffdb", "020005 61efbfbd62"],
  ["minus zero", "008000000000000000", -0],
  ["infinity", "00fff0000000000000", Number.NEGATIVE_INFINITY],
  ["NaN", "007ff8000000000000", Number.NaN],
  ["NaN with other bits", "00fff8dead00000001", Number.NaN, "007ff8000000000000"],
];

describe("AMF0 vectors", () => {
  it.each(vectors)("%s", (_, hex, value, canonical) => {
    const [read, ...more] = decode(hex);
    expect(more).toEqual([]);
    expect(sameGraph(value, read)).toBe(true);
    expect(hexOf(encode(value))).toBe((canonical ?? hex).replaceAll(" ", ""));
  });

  it.each(vectors)("%s: skipped", (_, hex) => {
    const reader = new Amf0Reader();
    reader.reset(bytesOf(hex));
    expect(reader.skip()).toBe(true);
    expect(reader.atEnd).toBe(true);
  });

  it.each(vectors)("%s: cut off at every byte", (_, hex) => {
    const whole = bytesOf(hex);
    for (let length = 1; length < whole.length; length++) {
      const cut = whole.slice(0, length);
      const found = failure(cut);
      expect(failure(cut, "skip")).toEqual(found);
      if (found === null) {
        // The one thing that may be missing: the end of an ECMA array, when a property is complete.
        expect(whole[0]).toBe(0x08);
        expect(hexOf(whole).slice(2 * length)).toBe("000009");
      } else {
        // An array that counts more elements than there are bytes is found out before its elements are read.
        expect([ErrorCode.AmfTruncated, ErrorCode.AmfCountBeyondInput]).toContain(found.code);
        expect(found.offset).toBeLessThanOrEqual(length);
      }
    }
  });

  it("reads a whole connect", () => {
    const values = decode(
      "020007636f6e6e656374 003ff0000000000000 03 0003617070 0200046c697665 0008666c617368566572 020008464d4c452f332e30" +
        "0005746355726c 02000d72746d703a2f2f682f6c697665 000009",
    );
    const object = AmfObject.of({ app: "live", flashVer: "FMLE/3.0", tcUrl: "rtmp://h/live" });
    expect(values).toEqual(["connect", 1, object]);
  });

  it.each([
    ["a switch to AMF3", "11042a003ff0000000000000"],
    ["a movie clip", "04"],
    ["an object end outside of objects", "09"],
    ["an object end as a property's value", "03 000161 09"],
    ["a record set", "0e"],
    ["a marker of no specification", "22"],
  ])("refuses %s", (_, hex) => {
    const bytes = bytesOf(hex);
    const found = { code: ErrorCode.AmfUnknownMarker, offset: bytes[0] === 0x03 ? 4 : 0 };
    expect(failure(bytes)).toEqual(found);
    expect(failure(bytes, "skip")).toEqual(found);
  });
});
