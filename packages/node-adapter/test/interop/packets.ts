import { expect } from "vitest";
import { Child } from "./child.ts";

/** One packet as ffmpeg sees it. */
export interface Packet {
  /** Its kind, and its number among the streams of that kind: `video 0`. */
  readonly stream: string;
  /** In milliseconds, as FLV counts; so are all times here. */
  readonly dts: number;
  readonly pts: number;
  readonly size: number;
  readonly hash: string;
}

/** What ffmpeg needs to list the packets of its input, as they are, on standard output. */
export const LIST_PACKETS: readonly string[] = "-map 0 -c copy -f framehash -hash md5 -".split(" ");

/** The packets of an FLV file, read by the given ffmpeg. */
export async function packetsOfFile(ffmpeg: readonly string[], file: string): Promise<Packet[]> {
  const command = [...ffmpeg, ..."-hide_banner -loglevel error -copyts -f flv -i pipe:0".split(" "), ...LIST_PACKETS];
  return parsePackets(await new Child(command, file).output());
}

/** Reads what ffmpeg lists: `#media_type stream: kind`, and `stream, dts, pts, duration, size, hash`, some side data. */
export function parsePackets(list: Buffer): Packet[] {
  const packets: Packet[] = [];
  const streams: string[] = [];
  for (const line of list.toString().split("\n")) {
    const kind = /^#media_type \d+: (.*)/.exec(line)?.[1];
    if (kind !== undefined) streams.push(`${kind} ${streams.filter((name) => name.startsWith(kind)).length}`);
    if (line === "" || line.startsWith("#")) continue;
    const [stream = "", dts = "", pts = "", , size = "", hash = ""] = line.split(",").map((field) => field.trim());
    // FFmpeg 9 reads an empty one at the end of AV1 in FLV, which it does not publish.
    if (size === "0") continue;
    packets.push({ stream: streams[Number(stream)] ?? "", dts: +dts, pts: +pts, size: +size, hash });
  }
  return packets;
}

/** Bytes of all packets. */
export function sizeOf(packets: readonly Packet[]): number {
  return packets.reduce((sum, { size }) => sum + size, 0);
}

/** All that was sent arrived, in order, and nothing else. `mayLack` packets at the end may be missing. */
export function expectAll(received: readonly Packet[], sent: readonly Packet[], mayLack = 0): void {
  expect(sent.length - received.length, "packets that are missing").toBeLessThanOrEqual(mayLack);
  expectHead(received, sent);
}

/** What arrived is, of each stream, what was sent up to some packet. */
export function expectHead(received: readonly Packet[], sent: readonly Packet[]): void {
  expect(streamsOf(received)).toEqual(streamsOf(sent));
  for (const stream of streamsOf(sent)) {
    const got = contents(received, stream);
    expect(got, stream).toEqual(contents(sent, stream).slice(0, got.length));
  }
  expectSameTimes(received, sent);
}

/**
 * What arrived is, of each stream, what was sent from some packet on to the end; of video from a keyframe on.
 *
 * @param keyframeInterval - how many video packets there are from one keyframe to the next
 */
export function expectTail(
  received: readonly Packet[],
  sent: readonly Packet[],
  keyframeInterval: number,
  mayLack = 0,
): void {
  const tail: Packet[] = [];
  for (const stream of streamsOf(sent)) {
    const start = contents(sent, stream).indexOf(contents(received, stream)[0] ?? "");
    expect(start, `${stream} begins with a packet that was sent`).toBeGreaterThanOrEqual(0);
    if (stream.startsWith("video")) expect(start % keyframeInterval, `${stream} begins with a keyframe`).toBe(0);
    tail.push(...sent.filter((packet) => packet.stream === stream).slice(start));
  }
  expectAll(received, tail, mayLack);
}

/** What arrived is, of each stream, the head of `first`, then all of `second`; whatever the player makes of the times. */
export function expectSequel(
  received: readonly Packet[],
  first: readonly Packet[],
  second: readonly Packet[],
  mayLack = 0,
): void {
  let missing = 0;
  for (const stream of streamsOf(second)) {
    const got = contents(received, stream);
    const head = contents(first, stream);
    const tail = contents(second, stream);
    const start = got.indexOf(tail[0] ?? "");
    expect(start, `${stream} of the first comes before that of the second`).toBeGreaterThan(0);
    expect(got, stream).toEqual([...head.slice(0, start), ...tail.slice(0, got.length - start)]);
    missing += tail.length - (got.length - start);
  }
  expect(missing, "packets that are missing").toBeLessThanOrEqual(mayLack);
}

/** All times of all streams were moved by the same amount, if at all. @returns that amount, in milliseconds. */
export function expectSameTimes(received: readonly Packet[], sent: readonly Packet[]): number {
  const shifts = new Set<number>();
  for (const stream of streamsOf(received)) {
    const want = sent.filter((packet) => packet.stream === stream);
    const got = received.filter((packet) => packet.stream === stream);
    for (const [index, { dts, pts }] of got.entries()) {
      const original = want[index];
      if (original === undefined) break;
      shifts.add(dts - original.dts).add(pts - original.pts);
    }
  }
  expect([...shifts], "by how much times were moved").toHaveLength(1);
  return [...shifts][0] ?? 0;
}

function streamsOf(packets: readonly Packet[]): string[] {
  return [...new Set(packets.map(({ stream }) => stream))].sort();
}

function contents(packets: readonly Packet[], stream: string): string[] {
  return packets.filter((packet) => packet.stream === stream).map(({ size, hash }) => `${size} bytes ${hash}`);
}
