import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readUtf8, utf8Length, writeUtf8 } from "../../src/bytes/utf8.ts";

// Node's own coder is the judge. A byte order mark is data for us, so the judge must keep it.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

function encode(text: string): Uint8Array {
  const into = new Uint8Array(utf8Length(text));
  expect(writeUtf8(text, into, 0)).toBe(into.length);
  return into;
}

/** Any UTF-16, surrogates without their other half included. */
const anyText = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 200 }).map((u) => String.fromCharCode(...u));

/** Bytes that are nearly UTF-8: leads and continuations next to each other in every order. */
const nearUtf8 = fc
  .array(
    fc.oneof(
      fc.constantFrom(0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf),
      fc.constantFrom(0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff),
      fc.integer({ min: 0, max: 255 }),
    ),
    { maxLength: 200 },
  )
  .map((bytes) => Uint8Array.from(bytes));

describe("readUtf8", () => {
  it.each([
    ["ASCII", "6c697665", "live"],
    ["two, three and four bytes", "c3a9e282acf09f8eac", "é€🎬"],
    ["an overlong form", "c0af", "��"],
    ["a surrogate", "eda080", "���"],
    ["beyond U+10FFFF", "f4908080", "����"],
    ["a sequence that ends too soon is one replacement", "e28241", "�A"],
    ["a sequence that the end cuts off", "41f09f8e", "A�"],
    ["a byte order mark is kept", "efbbbf41", "\ufeffA"],
    ["nothing", "", ""],
  ])("%s", (_, hex, text) => {
    expect(readUtf8(bytesOf(hex), 0, hex.length / 2)).toBe(text);
  });

  it("decodes ASCII of every length around the size of its pieces", () => {
    for (let length = 0; length < 300; length++) {
      const text = "abcdefghijklmnopqrstuvwxyz".repeat(12).slice(0, length);
      expect(readUtf8(encoder.encode(text), 0, length)).toBe(text);
    }
  });

  it("goes over from ASCII, and from piece to piece, at every place", () => {
    for (let length = 0; length < 200; length++) {
      for (const text of [`${"a".repeat(length)}é🎬`, `${"é".repeat(length)}🎬`, "z".repeat(64)]) {
        const bytes = encoder.encode(text);
        expect(readUtf8(bytes, 0, bytes.length)).toBe(text);
      }
    }
  });

  it("agrees with TextDecoder on any bytes", () => {
    fc.assert(
      fc.property(fc.oneof(nearUtf8, fc.uint8Array({ maxLength: 300 })), (bytes) => {
        expect(readUtf8(bytes, 0, bytes.length)).toBe(decoder.decode(bytes));
      }),
      { numRuns: 3000 },
    );
  });

  it("reads nothing outside its span", () => {
    fc.assert(
      fc.property(nearUtf8, nearUtf8, nearUtf8, (before, bytes, after) => {
        const whole = Uint8Array.from([...before, ...bytes, ...after]);
        expect(readUtf8(whole, before.length, before.length + bytes.length)).toBe(decoder.decode(bytes));
      }),
    );
  });
});

describe("writeUtf8 and utf8Length", () => {
  it("agree with TextEncoder on any text", () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.string({ unit: "binary" }), fc.string()), (text) => {
        expect(encode(text)).toEqual(encoder.encode(text));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ["a high surrogate at the end", "a\ud83c", "61efbfbd"],
    ["a low surrogate alone", "\udfac", "efbfbd"],
    ["two high surrogates and a low one", "\ud83c\ud83c\udfac", "efbfbdf09f8eac"],
  ])("%s", (_, text, hex) => {
    expect(encode(text)).toEqual(bytesOf(hex));
  });

  it("writes at its place only", () => {
    const into = new Uint8Array(8).fill(0xaa);
    expect(writeUtf8("é!", into, 2)).toBe(3);
    expect(into).toEqual(bytesOf("aaaac3a921aaaaaa"));
  });
});
