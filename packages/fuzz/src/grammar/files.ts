import { concat } from "../mutation.ts";
import type { Random } from "../random.ts";
import { amf0 } from "./amf.ts";
import { audio, video } from "./media.ts";
import { ascii, uint, uintLittleEndian } from "./numbers.ts";

const MOST_TAGS = 12;

/** An FLV file (FLV E.2 to E.4). */
export function flvFile(random: Random): Uint8Array {
  const offset = random.oneIn(20) ? random.edge() : 9 + (random.oneIn(10) ? random.small(30) : 0);
  const extension = new Uint8Array(offset > 9 && offset < 60 ? offset - 9 : 0);
  const parts = [ascii("FLV"), uint(random.oneIn(30) ? random.next() : 1, 1), uint(5, 1), uint(offset, 4), extension];
  let before = 0;
  for (let count = random.small(MOST_TAGS); count > 0; count--) {
    const type = random.oneIn(10) ? random.next() & 255 : random.pick([8, 9, 18, 15, 0x28]);
    const payload = type === 8 ? audio(random) : type === 9 ? video(random) : amf0(random);
    const length = random.oneIn(30) ? random.edge() : payload.length;
    const time = random.oneIn(8) ? random.edge() : random.below(10_000);
    parts.push(uint(random.oneIn(10) ? random.edge() : before, 4));
    parts.push(uint(type, 1), uint(length, 3), uint(time, 3), uint(Math.floor(time / 2 ** 24), 1), uint(0, 3), payload);
    before = 11 + payload.length;
  }
  parts.push(uint(before, random.below(5)));
  return concat(...parts);
}

/** TCP between two ends in frames, in a pcap or pcapng file. */
export function packetFile(random: Random, stream: Uint8Array): Uint8Array {
  const packets: Uint8Array[] = [];
  const pieces = 1 + random.small(10);
  let sequence = random.oneIn(4) ? random.edge() : random.next();
  packets.push(frame(random, sequence, 2, new Uint8Array(0)));
  sequence++;
  for (let index = 0, at = 0; index < pieces; index++) {
    const end = Math.min(stream.length, at + random.small(600));
    packets.push(frame(random, sequence + at, 16, stream.subarray(at, end)));
    if (!random.oneIn(6)) at = end;
    if (random.oneIn(10)) at = Math.max(0, at - random.below(300));
  }
  packets.push(frame(random, sequence + stream.length, 17, new Uint8Array(0)));
  if (random.oneIn(3)) packets.sort(() => random.below(3) - 1);
  return random.oneIn(2) ? pcap(random, packets) : pcapng(random, packets);
}

function frame(random: Random, sequence: number, flags: number, payload: Uint8Array): Uint8Array {
  const options = new Uint8Array(random.oneIn(5) ? 12 : 0);
  const words = random.oneIn(30) ? random.below(16) : 5 + options.length / 4;
  const port = uint(50_000 + random.small(3), 2);
  const [source, destination] = random.oneIn(8) ? [uint(1935, 2), port] : [port, uint(1935, 2)];
  const tcp = concat(
    ...[source, destination, uint(sequence % 2 ** 32, 4), uint(0, 4), uint(words << 4, 1), uint(flags, 1)],
    ...[uint(1_000, 2), uint(0, 4), options, payload],
  );
  const length = random.oneIn(30) ? random.edge() : tcp.length;
  const fragment = random.oneIn(30) ? random.next() & 0xffff : 0;
  const isVersion6 = random.oneIn(4);
  const ip = isVersion6
    ? concat(
        uint(0x6000_0000, 4),
        uint(length, 2),
        uint(random.oneIn(20) ? random.below(64) : 6, 1),
        new Uint8Array(33),
      )
    : concat(
        uint(0x45, 1),
        uint(0, 1),
        uint(length + 20, 2),
        uint(0, 2),
        uint(fragment, 2),
        uint(0x4006, 2),
        new Uint8Array(10),
      );
  const tags = random.oneIn(10) ? concat(uint(0x8100, 2), uint(1, 2)) : new Uint8Array(0);
  return concat(new Uint8Array(12), tags, uint(isVersion6 ? 0x86dd : 0x0800, 2), ip, tcp);
}

function pcap(random: Random, packets: readonly Uint8Array[]): Uint8Array {
  const isLittleEndian = random.oneIn(2);
  const number = (value: number, width = 4): Uint8Array =>
    isLittleEndian ? uintLittleEndian(value, width) : uint(value, width);
  const link = random.oneIn(10) ? random.pick([0, 101, 108, 113, 276, 999]) : 1;
  const magic = number(random.oneIn(3) ? 0xa1b2_3c4d : 0xa1b2_c3d4);
  const head = concat(magic, number(2, 2), number(4, 2), number(0, 8), number(65_535), number(link));
  return concat(
    head,
    ...packets.map((packet) => {
      const length = random.oneIn(40) ? random.edge() : packet.length;
      return concat(number(1), number(2), number(length), number(packet.length), packet);
    }),
  );
}

function pcapng(random: Random, packets: readonly Uint8Array[]): Uint8Array {
  const number = uintLittleEndian;
  const block = (type: number, body: Uint8Array): Uint8Array => {
    const padded = concat(body, new Uint8Array((4 - (body.length % 4)) % 4));
    const length = random.oneIn(40) ? random.edge() : padded.length + 12;
    return concat(number(type, 4), number(length, 4), padded, number(length, 4));
  };
  const section = concat(
    number(0x1a2b_3c4d, 4),
    number(1, 2),
    number(0, 2),
    number(0xffff_ffff, 4),
    number(0xffff_ffff, 4),
  );
  const options = random.oneIn(2)
    ? concat(number(9, 2), number(1, 2), number(random.edge(), 4), number(0, 4))
    : new Uint8Array(0);
  const description = concat(number(1, 2), number(0, 2), number(0, 4), options);
  const blocks = packets.map((packet) => {
    const length = random.oneIn(40) ? random.edge() : packet.length;
    if (random.oneIn(6)) return block(3, concat(number(length, 4), packet));
    const id = random.oneIn(30) ? random.edge() : 0;
    return block(
      6,
      concat(number(id, 4), number(5, 4), number(random.edge(), 4), number(length, 4), number(length, 4), packet),
    );
  });
  return concat(block(0x0a0d_0d0a, section), block(1, description), ...blocks);
}
