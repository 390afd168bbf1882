import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MessageType } from "../../src/chunk/index.ts";
import { FlvEvent, FlvReader, writeFlvHeader, writeFlvTag, writePreviousTagSize } from "../../src/flv/index.ts";

const isHere = spawnSync("ffmpeg", ["-version"]).status === 0;
const isRequired = process.env["MILLRACE_REQUIRE_PEERS"] === "1";

interface Tag {
  readonly type: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

/** Reads a file in pieces of 1000 bytes. */
function read(file: Uint8Array): { reader: FlvReader; tags: Tag[] } {
  const reader = new FlvReader();
  const tags: Tag[] = [];
  for (let at = 0; at < file.length; at += 1000) {
    reader.feed(file, at, Math.min(file.length, at + 1000));
    for (let event = reader.poll(); event !== FlvEvent.NeedData; event = reader.poll()) {
      if (event === FlvEvent.Failed) throw new Error(reader.error?.message);
      if (event !== FlvEvent.Tag) continue;
      const { tagType: type, timestamp, bytes, start, end } = reader;
      tags.push({ type, timestamp, payload: bytes.slice(start, end) });
    }
  }
  reader.finish();
  return { reader, tags };
}

function run(program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, ["-v", "error", ...args], { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

describe.skipIf(!isHere && !isRequired)("A file of ffmpeg's", () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-flv-"));
  const path = join(folder, "source.flv");
  let file: Uint8Array;

  /** Time and size of each packet, as ffprobe sees them, without what FLV puts in front. */
  const packetsOf = (bytes: Uint8Array): string[] => {
    const name = join(folder, "probe.flv");
    writeFileSync(name, bytes);
    const fields = ["-show_entries", "packet=codec_type,dts,size", "-of", "csv=p=0"];
    return run("ffprobe", ...fields, name)
      .trim()
      .split("\n");
  };

  beforeAll(() => {
    const video = ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25"];
    const audio = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100"];
    const codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "10", "-c:a", "aac"];
    run("ffmpeg", ...video, ...audio, "-t", "1", ...codecs, "-output_ts_offset", "16777", path);
    file = readFileSync(path);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("is read as ffprobe reads it, past 2^24 milliseconds", () => {
    const { reader, tags } = read(file);
    expect([reader.hasAudio, reader.hasVideo]).toEqual([true, true]);
    expect([reader.wrongPreviousTagSizes, reader.truncatedBytes]).toEqual([0, 0]);
    expect(tags[0]?.type).toBe(MessageType.DataAmf0);
    expect(Math.max(...tags.map(({ timestamp }) => timestamp))).toBeGreaterThan(2 ** 24);
    // What begins with a packet type of 1 is a frame: of AVC behind 5 bytes, of AAC behind 2.
    const frames = tags.filter(({ type, payload }) => type !== MessageType.DataAmf0 && payload[1] === 1);
    const lines = frames.map(({ type, timestamp, payload: { length } }) =>
      type === MessageType.Video ? `video,${timestamp},${length - 5}` : `audio,${timestamp},${length - 2}`,
    );
    expect(lines).toEqual(packetsOf(file));
  });

  it("is the same when it is written again", () => {
    const { reader, tags } = read(file);
    const copy = new Uint8Array(file.length);
    let end = writeFlvHeader(copy, 0, reader.hasAudio, reader.hasVideo);
    for (const { type, timestamp, payload } of tags) {
      end = writeFlvTag(copy, end, type, timestamp, payload, 0, payload.length);
    }
    expect(end).toBe(file.length);
    expect(Buffer.compare(copy, file)).toBe(0);
  });

  it("can be read again by ffprobe when it was cut off and repaired", () => {
    const whole = packetsOf(file);
    for (const share of [0.3, 0.6, 0.9]) {
      const { reader, tags } = read(file.subarray(0, Math.floor(file.length * share)));
      expect(reader.truncatedBytes).toBeGreaterThan(0);
      const repaired = new Uint8Array(reader.lastTagEnd + 4);
      repaired.set(file.subarray(0, reader.lastTagEnd));
      writePreviousTagSize(repaired, reader.lastTagEnd, reader.lastTagSize);
      const packets = packetsOf(repaired);
      expect(packets).toEqual(whole.slice(0, packets.length));
      // All but metadata and the two sequence headers.
      expect(packets).toHaveLength(tags.length - 3);
    }
  });
});
