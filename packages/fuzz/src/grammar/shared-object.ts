import { concat } from "../mutation.ts";
import type { Random } from "../random.ts";
import { amf0, amf3 } from "./amf.ts";
import { ascii, uint } from "./numbers.ts";

const NAMES = ["a", "b", "", "__proto__", "x".repeat(1_025)];

function name(random: Random): Uint8Array {
  const text = random.pick(NAMES);
  return concat(uint(random.oneIn(30) ? random.edge() : text.length, 2), ascii(text));
}

/** The payload of a shared object message (RTMP 7.1.3). @param isAmf3Kind - whether its type is 16 and not 19 */
export function sharedObject(random: Random, isAmf3Kind: boolean): Uint8Array {
  const encoding = isAmf3Kind ? (random.oneIn(20) ? random.next() & 255 : random.pick([0, 3])) : -1;
  const value = (): Uint8Array => (encoding === 3 ? amf3(random) : amf0(random));
  const data = (type: number): Uint8Array => {
    if (type === 3 || type === 4) return concat(name(random), value());
    if (type === 6) return concat(ascii("\x02\x00\x01h"), ...Array.from({ length: random.small(4) }, value));
    if (type === 7) return concat(name(random), name(random));
    if (type === 5 || type >= 9) return random.oneIn(4) ? new Uint8Array(0) : name(random);
    return new Uint8Array(0);
  };
  const events = Array.from({ length: random.oneIn(10) ? random.below(1_100) : random.small(8) }, (_, index) => {
    const type = index === 0 && !random.oneIn(4) ? 1 : random.below(13);
    const bytes = data(type);
    return concat(uint(type, 1), uint(random.oneIn(40) ? random.edge() : bytes.length, 4), bytes);
  });
  const head = isAmf3Kind ? uint(encoding, 1) : new Uint8Array(0);
  const flags = concat(uint(random.oneIn(5) ? 2 : 0, 4), uint(0, 4));
  return concat(head, name(random), uint(random.below(9), 4), flags, ...events);
}
