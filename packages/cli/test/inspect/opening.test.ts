import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HANDSHAKE_BYTES, OPENING_BYTES, Opening, recogniseOpening } from "../../src/inspect/opening.ts";
import { concat, hex, text } from "../capture/builder.ts";
import { command, createStream, handshake, message } from "./bytes.ts";
import { captureNames, captures } from "./run.ts";

const openingOf = (bytes: Uint8Array, isWhole = true) => recogniseOpening(bytes, 0, bytes.length, isWhole);
const raw = captureNames.filter((name) => name.endsWith(".bin"));

describe("of the recorded streams", () => {
  it.each(raw)("%s, the handshake is recognised, and chunks when it is cut off", (name) => {
    const bytes = readFileSync(join(captures, name));
    expect(openingOf(bytes)).toBe(Opening.Handshake);
    expect(openingOf(bytes.subarray(HANDSHAKE_BYTES))).toBe(Opening.Chunks);
  });
});

describe("a first byte 3", () => {
  it("is chunk stream 3 before a header that makes sense", () => {
    expect(openingOf(command("connect", 1, null))).toBe(Opening.Chunks);
    expect(openingOf(concat(message(3, 5, 0, 0, "00500000"), new Uint8Array(4000)))).toBe(Opening.Chunks);
    expect(openingOf(message(3, 9, 1, 0xffffffff, "17010000"))).toBe(Opening.Chunks);
  });

  it.each([
    ["zeros", "00000000", "00000000"],
    ["FFmpeg's version", "00000000", "09007c02"],
    ["Flash's version", "00112233", "80000702"],
    ["librtmp's version", "00000001", "0a002d02"],
    ["gortmplib's version, which has the type of a control message", "00112233", "03050101"],
    ["a time that looks like a length", "00000004", "00000404"],
  ])("is the version of a handshake before %s", (_, time, zero) => {
    expect(openingOf(handshake(3, time, zero))).toBe(Opening.Handshake);
    expect(openingOf(concat(handshake(3, time, zero), createStream))).toBe(Opening.Handshake);
  });

  it("is the version of a handshake before any byte that is repeated", () => {
    for (let byte = 0; byte < 256; byte++) {
      const bytes = new Uint8Array(HANDSHAKE_BYTES).fill(byte);
      bytes[0] = 3;
      expect(openingOf(bytes), `0x${byte.toString(16)}`).toBe(Opening.Handshake);
    }
  });

  it("is nothing when neither is whole", () => {
    expect(openingOf(handshake().subarray(0, OPENING_BYTES - 1))).toBe(Opening.Foreign);
  });
});

it("recognises RTMPE by its versions, which may be chunk streams too", () => {
  for (const version of [6, 8, 9]) {
    expect(openingOf(handshake(version, "00112233", "80000302")), `${version}`).toBe(Opening.Encrypted);
    expect(openingOf(message(version, 9, 1, 0, "17010000")), `${version}`).toBe(Opening.Chunks);
  }
});

it("waits until it can tell, and no longer", () => {
  const decided = (bytes: Uint8Array) => {
    for (let end = 0; end <= bytes.length; end++) {
      if (recogniseOpening(bytes, 0, end, false) !== Opening.Undecided) return end;
    }
    return null;
  };
  expect(decided(createStream)).toBe(13);
  expect(decided(handshake())).toBe(OPENING_BYTES);
  expect(decided(text("GET / HTTP/1.1"))).toBe(9);
});

it.each([
  ["HTTP", text("GET /live HTTP/1.1\r\nHost: example.org\r\n\r\n")],
  ["its answer", text("HTTP/1.1 200 OK\r\n\r\n")],
  ["TLS", hex("16030102000100 01fc0303 00112233445566778899aabbccddeeff")],
  ["SSH", text("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")],
  ["nothing at all", new Uint8Array()],
])("takes %s for something else", (_, bytes) => {
  expect(openingOf(bytes)).toBe(Opening.Foreign);
});
