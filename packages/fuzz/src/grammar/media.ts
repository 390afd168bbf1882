import { FourCc } from "@millrace/core";
import { concat } from "../mutation.ts";
import type { Random } from "../random.ts";
import { amf0 } from "./amf.ts";
import { ascii, uint } from "./numbers.ts";

const FOURCCS: readonly number[] = Object.values(FourCc);

function body(random: Random, recorded: readonly Uint8Array[]): Uint8Array {
  if (random.oneIn(2) || recorded.length === 0) return random.bytes(random.small(60));
  const message = random.pick(recorded);
  return message.slice(random.below(8));
}

function fourCc(random: Random): Uint8Array {
  return random.oneIn(20) ? random.bytes(4) : uint(random.pick(FOURCCS), 4);
}

/** ModEx blocks ahead of what they change, whose packet type they end with. */
function modEx(random: Random, packetType: number): Uint8Array {
  const blocks = Array.from({ length: random.oneIn(10) ? 1 + random.small(30) : 1 }, () => {
    const isLong = random.oneIn(8);
    const data = random.bytes(isLong ? 300 : 1 + random.small(6));
    const size = random.oneIn(15) ? 255 : isLong ? 255 : data.length - 1;
    const head = isLong ? concat(uint(255, 1), uint(data.length - 1, 2)) : uint(size, 1);
    return concat(head, data, uint((random.below(2) << 4) | 7, 1));
  });
  const bytes = concat(...blocks);
  bytes[bytes.length - 1] = ((bytes.at(-1) ?? 0) & 0xf0) | packetType;
  return bytes;
}

/** Tracks in one message: their layout, and each with its size. */
function multitrack(random: Random, recorded: readonly Uint8Array[]): Uint8Array {
  const layout = random.below(random.oneIn(10) ? 16 : 3);
  const head = uint((layout << 4) | random.below(5), 1);
  const codec = layout === 2 ? new Uint8Array(0) : fourCc(random);
  if (layout === 0) return concat(head, codec, uint(random.below(3), 1), body(random, recorded));
  const tracks = Array.from({ length: random.oneIn(15) ? 70 : random.small(4) }, (_, id) => {
    const bytes = body(random, recorded);
    const size = random.oneIn(20) ? random.edge() : bytes.length;
    return concat(layout === 2 ? fourCc(random) : new Uint8Array(0), uint(id, 1), uint(size, 3), bytes);
  });
  return concat(head, codec, ...tracks);
}

/** The payload of a video message. @param recorded - those of real encoders */
export function video(random: Random, recorded: readonly Uint8Array[] = []): Uint8Array {
  const frame = random.pick([1, 1, 2, 2, 3, 4, 5]);
  if (random.oneIn(3)) {
    const codec = random.pick([2, 3, 4, 7, 7, 7, 12, 13, 0, 15]);
    return concat(uint((frame << 4) | codec, 1), uint(random.below(4), 1), random.bytes(3), body(random, recorded));
  }
  const packetType = random.below(random.oneIn(10) ? 16 : 8);
  const first = uint(0x80 | (frame << 4) | packetType, 1);
  if (packetType === 4) return concat(first, fourCc(random), ascii("\x02\x00\x09colorInfo"), amf0(random));
  if (packetType === 6) return concat(first, multitrack(random, recorded));
  if (packetType === 7) return concat(first, modEx(random, random.below(7)), fourCc(random), body(random, recorded));
  return concat(first, fourCc(random), random.oneIn(2) ? random.bytes(3) : new Uint8Array(0), body(random, recorded));
}

/** The payload of an audio message. */
export function audio(random: Random, recorded: readonly Uint8Array[] = []): Uint8Array {
  if (random.oneIn(3)) {
    const format = random.pick([0, 1, 2, 7, 8, 10, 10, 10, 11, 14, 15]);
    return concat(uint((format << 4) | random.below(16), 1), uint(random.below(2), 1), body(random, recorded));
  }
  const packetType = random.pick([0, 1, 2, 4, 5, 7, random.below(16)]);
  const first = uint(0x90 | packetType, 1);
  if (packetType === 5) return concat(first, multitrack(random, recorded));
  if (packetType === 7) return concat(first, modEx(random, random.below(6)), fourCc(random), body(random, recorded));
  if (packetType === 4) return concat(first, fourCc(random), uint(random.below(4), 1), random.bytes(random.small(12)));
  return concat(first, fourCc(random), body(random, recorded));
}
