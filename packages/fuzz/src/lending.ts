import { hashOf, Random } from "./random.ts";

/** Stands around the bytes that are lent, and in their place once they were read. */
const NOISE = 0xee;
const AROUND = 3;
/** Inputs up to this length are lent byte by byte as well. */
const SHORT = 200;

/** Where the pieces of an input end: whole; cut at places that are the same again for the same bytes; byte by byte. */
export function cutsOf(input: Uint8Array): readonly (readonly number[])[] {
  const { length } = input;
  const random = new Random(hashOf(input));
  const ends: number[] = [];
  const longest = random.pick([3, 40, 500, 5_000]);
  for (let end = 0; end < length; ends.push(end)) end = Math.min(length, end + 1 + random.small(longest));
  const all = [[length], ends];
  if (length <= SHORT) all.push(Array.from({ length }, (_, index) => index + 1));
  return all;
}

/**
 * Lends an input in pieces, each at another place of memory that is overwritten afterwards.
 *
 * @param give - must have read bytes[start, end) when it returns
 */
export function lend(
  input: Uint8Array,
  ends: readonly number[],
  give: (bytes: Uint8Array, start: number, end: number) => void,
): void {
  let start = 0;
  for (const end of ends) {
    const at = start % AROUND;
    const memory = new Uint8Array(end - start + 2 * AROUND).fill(NOISE);
    memory.set(input.subarray(start, end), at);
    give(memory, at, at + end - start);
    memory.fill(NOISE);
    start = end;
  }
}

/** The input amid so much of one byte, which must make no difference. */
export function amid(input: Uint8Array, noise: number): { bytes: Uint8Array; start: number; end: number } {
  const start = 16;
  const bytes = new Uint8Array(start + input.length + 64).fill(noise);
  bytes.set(input, start);
  return { bytes, start, end: start + input.length };
}
