import { concat } from "../mutation.ts";
import type { Random } from "../random.ts";
import { ascii, uint } from "./numbers.ts";

const NAMES = [
  "",
  "a",
  "app",
  "code",
  "level",
  "__proto__",
  "constructor",
  "toString",
  "length",
  "0",
  "\xff\xfe",
  "onMetaData",
];
const TEXTS = [...NAMES, "live", "key?a=b", "/app//", "\x00\x1b[2J", "\xf0\x9f\x98\x80", "\xed\xa0\x80"];
const DEEPEST = 40;

/** A length that is right, but for once in a while. */
function lengthOf(length: number, random: Random): number {
  return random.oneIn(40) ? random.edge() : length;
}

function double(random: Random): Uint8Array {
  const bytes = new Uint8Array(8);
  const numbers = [0, -0, 1, 2, 3, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 28, 2 ** 32, 2 ** 53, 1e300];
  new DataView(bytes.buffer).setFloat64(0, random.pick(numbers));
  return random.oneIn(8) ? random.bytes(8) : bytes;
}

function text(random: Random): Uint8Array {
  return random.oneIn(10) ? random.bytes(random.small(300)) : ascii(random.pick(TEXTS));
}

function text16(random: Random): Uint8Array {
  const bytes = random.oneIn(3) ? text(random) : ascii(random.pick(NAMES));
  return concat(uint(lengthOf(bytes.length, random), 2), bytes);
}

/** A value in AMF0. */
export function amf0(random: Random, depth = 0): Uint8Array {
  const nested = (): Uint8Array => amf0(random, depth + 1);
  const properties = (): Uint8Array =>
    concat(
      ...Array.from({ length: random.small(6) }, () => concat(text16(random), nested())),
      random.oneIn(20) ? random.bytes(3) : uint(9, 3),
    );
  const isLeaf = depth > DEEPEST || random.oneIn(2);
  const marker = isLeaf ? random.pick([0, 1, 2, 5, 6, 7, 11, 12, 13, 15]) : random.pick([3, 8, 10, 16, 17, 3, 10]);
  switch (marker) {
    case 0:
      return concat(uint(0, 1), double(random));
    case 1:
      return Uint8Array.of(1, random.below(3));
    case 2:
      return concat(uint(2, 1), text16(random));
    case 3:
      return concat(uint(3, 1), properties());
    case 7:
      return concat(uint(7, 1), uint(random.oneIn(5) ? random.edge() : random.below(8), 2));
    case 8:
      return concat(uint(8, 1), uint(random.oneIn(3) ? random.edge() : random.below(8), 4), properties());
    case 10: {
      const count = random.small(8);
      return concat(uint(10, 1), uint(lengthOf(count, random), 4), ...Array.from({ length: count }, nested));
    }
    case 11:
      return concat(uint(11, 1), double(random), random.bytes(2));
    case 12:
    case 15: {
      const bytes = text(random);
      return concat(uint(marker, 1), uint(lengthOf(bytes.length, random), 4), bytes);
    }
    case 16:
      return concat(uint(16, 1), text16(random), properties());
    case 17:
      return concat(uint(17, 1), amf3(random, depth + 1));
    default:
      return uint(random.oneIn(20) ? random.next() & 255 : marker, 1);
  }
}

/** An integer of AMF3, of variable length; sometimes longer than it need be. */
export function uint29(value: number, random: Random): Uint8Array {
  const least = value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4;
  const width = random.oneIn(30) ? 4 : least;
  if (width === 1) return uint(value, 1);
  if (width === 2) return Uint8Array.of((value >>> 7) | 0x80, value & 0x7f);
  if (width === 3) return Uint8Array.of((value >>> 14) | 0x80, ((value >>> 7) & 0x7f) | 0x80, value & 0x7f);
  return Uint8Array.of(
    (value >>> 22) | 0x80,
    ((value >>> 15) & 0x7f) | 0x80,
    ((value >>> 8) & 0x7f) | 0x80,
    value & 0xff,
  );
}

/** What stands before something that is there, or in its place a reference. Null when it is the latter. */
function inline(length: number, random: Random): { head: Uint8Array; isReference: boolean } {
  const isReference = random.oneIn(6);
  const value = isReference ? random.small(10) << 1 : (lengthOf(length, random) << 1) | 1;
  return { head: uint29(value & 0x1fff_ffff, random), isReference };
}

function text3(random: Random): Uint8Array {
  const bytes = random.oneIn(3) ? text(random) : ascii(random.pick(NAMES));
  const { head, isReference } = inline(bytes.length, random);
  return isReference ? head : concat(head, bytes);
}

const EXTERNAL = ["flex.messaging.io.ArrayCollection", "flex.messaging.io.ObjectProxy", "DSK", "Unknown"];

/** A value in AMF3. */
export function amf3(random: Random, depth = 0): Uint8Array {
  const nested = (): Uint8Array => amf3(random, depth + 1);
  const some = (): Uint8Array[] => Array.from({ length: random.small(6) }, nested);
  const isLeaf = depth > DEEPEST || random.oneIn(2);
  const marker = isLeaf
    ? random.pick([0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 12])
    : random.pick([9, 10, 10, 9, 13, 14, 15, 16, 17]);
  const tag = uint(random.oneIn(60) ? random.next() & 255 : marker, 1);
  switch (marker) {
    case 4:
      return concat(tag, uint29((random.oneIn(2) ? random.edge() : random.below(200)) & 0x1fff_ffff, random));
    case 5:
      return concat(tag, double(random));
    case 6:
    case 7:
    case 11:
      return concat(tag, text3(random));
    case 8:
      return concat(tag, inline(0, random).head, double(random));
    case 12: {
      const bytes = random.bytes(random.small(30));
      return concat(tag, inline(bytes.length, random).head, bytes);
    }
    case 9: {
      const items = some();
      const names = Array.from({ length: random.small(3) }, () => concat(text3(random), nested()));
      return concat(tag, inline(items.length, random).head, ...names, uint(1, 1), ...items);
    }
    case 10:
      return concat(tag, object3(random, nested));
    case 13:
    case 14:
    case 15: {
      const width = marker === 15 ? 8 : 4;
      const count = random.small(5);
      const { head } = inline(count, random);
      return concat(tag, head, uint(random.below(2), 1), random.bytes(count * width));
    }
    case 16: {
      const items = some();
      return concat(tag, inline(items.length, random).head, uint(random.below(2), 1), text3(random), ...items);
    }
    case 17: {
      const pairs = Array.from({ length: random.small(4) }, () => concat(nested(), nested()));
      return concat(tag, inline(pairs.length, random).head, uint(random.below(2), 1), ...pairs);
    }
    default:
      return tag;
  }
}

function object3(random: Random, nested: () => Uint8Array): Uint8Array {
  const kind = random.below(8);
  if (kind === 0) return uint29(random.small(8) << 1, random);
  if (kind === 1) return concat(uint29((random.small(4) << 2) | 1, random), nested(), uint(1, 1));
  if (kind === 2) {
    const name = ascii(random.pick(EXTERNAL));
    return concat(uint29(7, random), uint29((name.length << 1) | 1, random), name, nested());
  }
  const sealed = random.small(5);
  const isDynamic = random.oneIn(2);
  const head = uint29(((lengthOf(sealed, random) << 4) | (isDynamic ? 8 : 0) | 3) & 0x1fff_ffff, random);
  const names = Array.from({ length: sealed }, () => text3(random));
  const values = Array.from({ length: sealed }, nested);
  const others = isDynamic ? [concat(text3(random), nested()), uint(1, 1)] : [];
  return concat(head, text3(random), ...names, ...values, ...others);
}
