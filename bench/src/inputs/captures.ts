import { readdirSync, readFileSync } from "node:fs";
import { ChunkEvent, ChunkParser } from "@millrace/core/chunk";
import { Chunker } from "./chunker.ts";
import { type Input, inputOf } from "./input.ts";

const folder = new URL("../../../fixtures/captures/", import.meta.url);
/** C0, C1 and C2, or S0, S1 and S2. */
export const HANDSHAKE_LENGTH = 3073;
/** What a pass has at least: some captures are short, and a pass must be long beside a look at the clock. */
const PASS_BYTES = 2 ** 19;

/** The names of the recorded directions, "ffmpeg5-publish-h264-aac.c2s" for example. */
export function captureNames(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".bin"))
    .map((file) => file.slice(0, -".bin".length))
    .sort();
}

/** One recorded direction, handshake included. */
export function readCapture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`${name}.bin`, folder)));
}

/** What was recorded behind the handshake, up to its last whole message, over and over until a pass is long enough. */
export function captureInput(name: string): Input {
  const bytes = wholeMessages(readCapture(name).subarray(HANDSHAKE_LENGTH));
  const back = backTo128();
  const once = bytes.length + back.length;
  const all = new Uint8Array(once * Math.ceil(PASS_BYTES / once));
  for (let at = 0; at < all.length; at += once) {
    all.set(bytes, at);
    all.set(back, at + bytes.length);
  }
  return inputOf(name, all);
}

/** Cuts bytes behind the last place where no message is under way. */
function wholeMessages(bytes: Uint8Array): Uint8Array {
  const parser = new ChunkParser();
  const open = new Set<number>();
  let end = 0;
  parser.feed(bytes, 0, bytes.length);
  while (parser.poll() === ChunkEvent.Payload) {
    if (!parser.isLast) open.add(parser.slot);
    else open.delete(parser.slot);
    if (open.size === 0) end = parser.end;
  }
  return bytes.subarray(0, end);
}

/** Set Chunk Size, with which the input ends, in one chunk: recorded chunk sizes are 128 at least. */
function backTo128(): Uint8Array {
  const chunker = new Chunker(64);
  chunker.setChunkSize(128);
  return chunker.bytes.subarray(0, chunker.length);
}
