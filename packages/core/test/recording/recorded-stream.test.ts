import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AmfEcmaArray, AmfObject } from "../../src/amf/index.ts";
import { BufferPool } from "../../src/bytes/index.ts";
import { writeFlvHeader, writeFlvTag } from "../../src/flv/index.ts";
import { encodeValues } from "../../src/message/index.ts";
import { Reading, RecordedStream, Recorder } from "../../src/recording/index.ts";
import { aacHeader, audio, avcHeader, frame, keyframe, line, publish } from "../live/player.ts";
import { Audio, DataAmf0, FileImage, liveStream, OpenFile, Video } from "./recordings.ts";

interface Tag {
  readonly type: number;
  readonly time: number;
  readonly payload: Uint8Array;
  readonly is: "header" | "keyframe" | "frame" | "audio" | "data";
}

/** A file as anybody may write it: no index, no room for one. */
function plainFile(tags: readonly Tag[]): Uint8Array {
  const bytes = new Uint8Array(tags.reduce((sum, { payload }) => sum + payload.length + 15, 13));
  let at = writeFlvHeader(bytes, 0, true, true);
  for (const { type, time, payload } of tags) at = writeFlvTag(bytes, at, type, time, payload, 0, payload.length);
  return bytes;
}

/** The same tags, as they are recorded here. */
function recordedFile(tags: readonly Tag[]): Uint8Array {
  const { live } = liveStream();
  const recorder = new Recorder(live);
  const image = new FileImage();
  for (const { type, time, payload } of tags) {
    publish(live, type, time, payload);
    image.take(recorder);
  }
  live.endPublication();
  return image.finish(recorder);
}

const lineOf = ({ type, time, payload }: Tag): string => line(type, time, payload);

const isHeader = (tag: Tag): boolean => tag.is === "header";

/** What a player should get who seeks: by the plainest search. */
function expectedFrom(tags: readonly Tag[], time: number): { first: number; headers: Uint8Array[] } {
  const found = tags.map((tag) => tag.is === "keyframe" && tag.time <= time).lastIndexOf(true);
  const first = found === -1 || time === 0 ? 0 : found;
  const before = tags.slice(0, first).filter(isHeader);
  const last = (type: number): Uint8Array[] =>
    before
      .filter((tag) => tag.type === type)
      .slice(-1)
      .map((tag) => tag.payload);
  return { first, headers: [...last(Video), ...last(Audio)] };
}

const someTags = fc
  .array(
    fc.record({
      is: fc.constantFrom("keyframe", "frame", "frame", "audio", "audio", "header", "data"),
      isVideo: fc.boolean(),
      length: fc.oneof(fc.integer({ min: 6, max: 100 }), fc.integer({ min: 6, max: 90_000 })),
      step: fc.integer({ min: 0, max: 60 }),
    }),
    { minLength: 1, maxLength: 80 },
  )
  .map((parts): Tag[] => {
    let time = 0;
    const tags: Tag[] = [{ type: Video, time: 0, payload: keyframe(), is: "keyframe" }];
    for (const { is, isVideo, length, step } of parts) {
      time += step;
      if (is === "header") {
        const payload = isVideo ? avcHeader(40) : aacHeader(20);
        tags.push({ type: isVideo ? Video : Audio, time, payload, is });
      } else if (is === "data") {
        tags.push({ type: DataAmf0, time, payload: encodeValues("onTextData", time), is });
      } else if (is === "audio") tags.push({ type: Audio, time, payload: audio(length), is });
      else if (is === "keyframe") tags.push({ type: Video, time, payload: keyframe(length), is });
      else tags.push({ type: Video, time, payload: frame(length), is: "frame" });
    }
    return tags;
  });

describe("a recording that is played", () => {
  it.each([
    ["with our index", recordedFile],
    ["without any", plainFile],
  ])("gives all tags, or those from any keyframe on, %s", (_, make) => {
    fc.assert(
      fc.property(someTags, fc.array(fc.nat({ max: 5_000 }), { minLength: 1, maxLength: 4 }), (tags, times) => {
        const file = new OpenFile(make(tags));
        expect(file.rest()).toEqual(tags.map(lineOf));
        for (const time of times) {
          const { first, headers } = expectedFrom(tags, time);
          file.recorded.seek(time);
          expect(file.rest()).toEqual(tags.slice(first).map(lineOf));
          const got = file.recorded.configurations.map(({ payload }) => Buffer.from(payload).toString("hex"));
          expect(got.sort()).toEqual(headers.map((payload) => Buffer.from(payload).toString("hex")).sort());
        }
      }),
      { numRuns: 60 },
    );
  });

  it("gives what is whole of a file that is cut at any byte", () => {
    const tags: Tag[] = [
      { type: Video, time: 0, payload: avcHeader(30), is: "header" },
      { type: Video, time: 0, payload: keyframe(50), is: "keyframe" },
      { type: Audio, time: 20, payload: audio(20), is: "audio" },
      { type: Video, time: 40, payload: keyframe(50), is: "keyframe" },
    ];
    const whole = plainFile(tags);
    const ends: number[] = [];
    for (const { payload } of tags) ends.push((ends.at(-1) ?? 13) + payload.length + 15);
    for (let cut = 0; cut < whole.length; cut++) {
      const count = ends.filter((end) => end - 4 <= cut).length;
      const file = new OpenFile(whole.slice(0, cut));
      expect(file.rest(), `cut at ${cut}`).toEqual(tags.slice(0, count).map(lineOf));
      file.recorded.seek(30);
      file.rest();
    }
  });

  it("goes to the first keyframe behind a time, for who changes over", () => {
    const tags: Tag[] = [0, 1000, 2000].map((time) => ({ type: Video, time, payload: keyframe(), is: "keyframe" }));
    for (const make of [recordedFile, plainFile]) {
      const file = new OpenFile(make(tags));
      file.recorded.seek(1, true);
      expect(file.rest()).toEqual(tags.slice(1).map(lineOf));
      expect(file.recorded.startTime).toBe(1000);
      file.recorded.seek(2001, true);
      expect(file.rest()).toEqual([]);
      expect(file.recorded.startTime).toBeNull();
    }
  });

  it("believes no index that is wrong", () => {
    const tags: Tag[] = [0, 1000, 2000].map((time) => ({ type: Video, time, payload: keyframe(), is: "keyframe" }));
    for (const [times, filepositions] of [
      [
        [0, 1],
        [600, 650],
      ],
      [
        [0, 2],
        [13, 14],
      ],
      [
        [1, 0],
        [1, 2],
      ],
      [
        [0, 1],
        [0, 1e15],
      ],
      [
        [0, 1],
        [Number.NaN, -5],
      ],
      [[0], [1, 2, 3]],
    ]) {
      const keyframes = AmfObject.of({ times: times ?? [], filepositions: filepositions ?? [] });
      const payload = encodeValues("onMetaData", AmfEcmaArray.of({ keyframes, filesize: 1000 }));
      const file = new OpenFile(plainFile([{ type: DataAmf0, time: 0, payload, is: "data" }, ...tags]));
      file.recorded.seek(1500);
      expect(file.rest(), JSON.stringify(filepositions)).toEqual(tags.slice(1).map(lineOf));
    }
  });

  it("tells how long a file is by its last tag, where the metadata does not say", () => {
    const file = new OpenFile(
      plainFile([0, 1000, 2040].map((time) => ({ type: Video, time, payload: keyframe(), is: "keyframe" }))),
    );
    expect(file.until((recorded) => recorded.open())).toBe(Reading.Tag);
    expect(file.recorded.duration).toBe(2040);
  });

  it.each([
    ["nothing", ""],
    ["another kind of file", "00".repeat(100)],
    ["a header and zeros, as a crash may leave it", `464c5601050000000900000000${"00".repeat(1000)}`],
    ["a tag that says it is longer than any", `464c5601050000000900000000 09ffffff${"00".repeat(17_000_000)}`],
  ])("finds no tags in %s", (_, hex) => {
    const file = new OpenFile(Uint8Array.from(Buffer.from(hex.replace(" ", ""), "hex")));
    expect(file.rest()).toEqual([]);
  });

  it("gives its memory back, also what is still being read into", () => {
    const pool = new BufferPool(2 ** 20);
    const file = new OpenFile(plainFile([{ type: Video, time: 0, payload: keyframe(), is: "keyframe" }]), pool);
    file.recorded.next(); // asks for bytes
    file.recorded.close();
    expect(file.isReleased).toBe(true);
    expect(pool.lentBlocks).toBe(1);
    file.recorded.reader.fill(0);
    expect(pool.lentBlocks).toBe(0);
  });

  it("reads 10 GB as it reads a little: a window at a time, wherever it seeks to", () => {
    // One tag every 10 MB, a second each: the file is made where it is read.
    const TAGS = 1000;
    const TAG = 10_000_000;
    const start = 13;
    const length = start + TAGS * TAG;
    const pool = new BufferPool(2 ** 25);
    const reads: number[] = [];
    const byteAt = (offset: number): number => {
      const header = [0x46, 0x4c, 0x56, 1, 5, 0, 0, 0, 9, 0, 0, 0, 0];
      if (offset < start) return header[offset] ?? 0;
      const tagNumber = Math.floor((offset - start) / TAG);
      const inTag = (offset - start) % TAG;
      const size = TAG - 15;
      const time = tagNumber * 1000;
      const head = [9, size >> 16, size >> 8, size, time >> 16, time >> 8, time, time >>> 24, 0, 0, 0, 0x17, 1];
      return (head[inTag] ?? 0) & 255;
    };
    let recorded: RecordedStream;
    const fill = (): void => {
      const { reader } = recorded;
      const { wantedOffset, fillStart, fillEnd, memory } = reader;
      reads.push(fillEnd - fillStart);
      // Only the heads of tags are not zero.
      for (let at = fillStart; at < fillEnd; at++) {
        const offset = wantedOffset + at - fillStart;
        memory[at] = (offset - start) % TAG < 13 || offset < start ? byteAt(offset) : 0;
      }
      reader.fill(fillEnd - fillStart);
    };
    let isAsked = false;
    recorded = new RecordedStream(pool, length, { request: () => (isAsked = true), release: () => {} });
    const run = (step: () => Reading): Reading => {
      for (;;) {
        const reading = step();
        if (reading !== Reading.Waiting) return reading;
        expect(isAsked).toBe(true);
        isAsked = false;
        fill();
      }
    };
    run(() => recorded.open());
    expect(reads.length).toBeLessThan(6);
    reads.length = 0;
    recorded.seek(900_000);
    run(() => {
      const reading = recorded.open();
      return reading === Reading.Tag ? recorded.next() : reading;
    });
    expect(recorded.startTime).toBe(900_000);
    expect(recorded.reader.timestamp).toBe(900_000);
    // The way there reads a window of each tag, and the picture itself whole.
    expect(Math.max(...reads)).toBeLessThanOrEqual(2 ** 24);
    expect(reads.filter((size) => size > 65_536)).toHaveLength(1);
    expect(reads.length).toBeLessThan(1000);
    // From now on it is known where the keyframes are.
    reads.length = 0;
    recorded.seek(400_000);
    run(() => recorded.next());
    expect(recorded.reader.timestamp).toBe(400_000);
    expect(reads.length).toBeLessThan(6);
    recorded.close();
    expect(pool.lentBlocks).toBe(0);
  });
});
