import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BufferPool } from "@millrace/core/bytes";
import { expect, it } from "vitest";
import type { InspectEvent } from "../../src/inspect/events.ts";
import { HANDSHAKE_BYTES, OPENING_BYTES } from "../../src/inspect/opening.ts";
import { sha1 } from "../../src/inspect/sha1.ts";
import { StreamReader } from "../../src/inspect/stream-reader.ts";
import { captureNames, captures } from "./run.ts";

const NOISE = 0xee;
const pool = new BufferPool(2 ** 22);
const place = { connection: 0, direction: null };

/** All that is said of a stream that comes in pieces which end at these places, each overwritten once it was read. */
function logOf(bytes: Uint8Array, ends: Iterable<number>): string {
  const reader = new StreamReader(place, true, pool);
  const lent = new Uint8Array(bytes.length);
  const log: string[] = [];
  let start = 0;
  for (const end of ends) {
    lent.set(bytes.subarray(start, end));
    for (const event of reader.read({ ...place, bytes: lent, start: 0, end: end - start, time: null })) {
      log.push(lineOf(event));
    }
    lent.fill(NOISE, 0, end - start);
    start = end;
  }
  for (const event of reader.end(null)) log.push(lineOf(event));
  return log.join("\n");
}

function lineOf(event: InspectEvent): string {
  if (event.kind !== "message") return JSON.stringify(event);
  const { bytes, start, end, ...message } = event;
  return JSON.stringify({ ...message, sha1: sha1(bytes, start, end) });
}

function* everyByte(length: number): Generator<number> {
  for (let end = 1; end <= length; end++) yield end;
}

/** The seams lie in the first bytes; a few messages behind them show whether the reader has found its place. */
const HEAD_BYTES = 8192;
/** Of a stream with its handshake: where the reader passes from one part to the next. */
const seams = [0, 1, 12, 13, OPENING_BYTES - 1, OPENING_BYTES, OPENING_BYTES + 1, 2000];
for (let near = HANDSHAKE_BYTES - 2; near < HANDSHAKE_BYTES + 20; near++) seams.push(near);

it.each(captureNames.filter((name) => name.endsWith(".bin")))("%s says the same however it is cut", (name) => {
  const bytes = readFileSync(join(captures, name));
  const { length } = bytes;
  const whole = logOf(bytes, [length]);
  const chunks = logOf(bytes.subarray(HANDSHAKE_BYTES), [length - HANDSHAKE_BYTES]);
  expect(chunks, "without the handshake").toBe(whole);
  expect(logOf(bytes, everyByte(length)), "byte by byte").toBe(whole);
  const head = bytes.subarray(0, HEAD_BYTES);
  const wholeHead = logOf(head, [head.length]);
  for (const cut of seams) expect(logOf(head, [cut, head.length]), `cut at ${cut}`).toBe(wholeHead);
  expect(pool.lentBlocks).toBe(0);
});
