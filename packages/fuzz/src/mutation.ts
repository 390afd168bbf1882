import type { Random } from "./random.ts";

/** Bytes that are made in pieces. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return joined(parts);
}

/** The same, for more pieces than a call can have arguments. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** bytes with those from start to end replaced. */
function replaced(bytes: Uint8Array, start: number, end: number, by: Uint8Array): Uint8Array {
  return concat(bytes.subarray(0, start), by, bytes.subarray(end));
}

type Mutation = (bytes: Uint8Array, random: Random, corpus: readonly Uint8Array[]) => Uint8Array;

/** A place in the bytes, and another behind it that is seldom far away. */
function rangeOf(bytes: Uint8Array, random: Random): [start: number, end: number] {
  const start = random.below(bytes.length);
  return [start, Math.min(bytes.length, start + 1 + random.small(bytes.length - start))];
}

const mutations: readonly Mutation[] = [
  function flipBits(bytes, random) {
    const mutant = bytes.slice();
    for (let count = 1 + random.small(8); count > 0; count--) {
      const at = random.below(mutant.length);
      mutant[at] = (mutant[at] ?? 0) ^ (1 << random.below(8));
    }
    return mutant;
  },
  function setByte(bytes, random) {
    const mutant = bytes.slice();
    mutant[random.below(mutant.length)] = random.oneIn(2) ? random.next() : random.edge();
    return mutant;
  },
  function addToByte(bytes, random) {
    const mutant = bytes.slice();
    const at = random.below(mutant.length);
    mutant[at] = (mutant[at] ?? 0) + random.below(33) - 16;
    return mutant;
  },
  /** A number of one to four bytes, in either order, becomes an edge value. */
  function setNumber(bytes, random) {
    const mutant = bytes.slice();
    const width = 1 + random.below(4);
    const value = random.edge();
    const at = random.below(mutant.length);
    const isLittleEndian = random.oneIn(4);
    for (let index = 0; index < width && at + index < mutant.length; index++) {
      mutant[at + index] = value >>> (8 * (isLittleEndian ? index : width - 1 - index));
    }
    return mutant;
  },
  function drop(bytes, random) {
    const [start, end] = rangeOf(bytes, random);
    return replaced(bytes, start, end, new Uint8Array(0));
  },
  function cutOff(bytes, random) {
    return bytes.slice(0, random.below(bytes.length));
  },
  function duplicate(bytes, random) {
    const [start, end] = rangeOf(bytes, random);
    const copies = Array.from({ length: 1 + random.small(20) }, () => bytes.subarray(start, end));
    return replaced(bytes, end, end, concat(...copies));
  },
  function insert(bytes, random) {
    const at = random.below(bytes.length + 1);
    return replaced(bytes, at, at, random.bytes(1 + random.small(32)));
  },
  function fill(bytes, random) {
    const [start, end] = rangeOf(bytes, random);
    return bytes.slice().fill(random.oneIn(2) ? random.edge() : random.next(), start, end);
  },
  function move(bytes, random) {
    const [start, end] = rangeOf(bytes, random);
    const piece = bytes.slice(start, end);
    const rest = replaced(bytes, start, end, new Uint8Array(0));
    const at = random.below(rest.length + 1);
    return replaced(rest, at, at, piece);
  },
  function splice(bytes, random, corpus) {
    const other = random.pick(corpus);
    if (other.length === 0) return bytes.slice();
    const [from, to] = rangeOf(other, random);
    const [start, end] = rangeOf(bytes, random);
    return replaced(bytes, start, random.oneIn(2) ? start : end, other.subarray(from, to));
  },
  function cross(bytes, random, corpus) {
    const other = random.pick(corpus);
    return concat(bytes.subarray(0, random.below(bytes.length)), other.subarray(random.below(other.length)));
  },
];

/** A relative of one of the corpus, of so many bytes at most. */
export function mutate(bytes: Uint8Array, random: Random, corpus: readonly Uint8Array[], longest: number): Uint8Array {
  let mutant = bytes;
  for (let count = 1 + random.small(5); count > 0; count--) {
    if (mutant.length === 0) mutant = random.bytes(1 + random.small(32));
    mutant = random.pick(mutations)(mutant, random, corpus);
  }
  return mutant.length <= longest ? mutant : mutant.slice(0, longest);
}
