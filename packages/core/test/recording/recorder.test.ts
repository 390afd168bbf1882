import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AmfEcmaArray } from "../../src/amf/index.ts";
import { readUint24 } from "../../src/bytes/index.ts";
import type { LiveStream } from "../../src/live/index.ts";
import { encodeValues } from "../../src/message/index.ts";
import { Reading, Recorder, readRecordingMetadata } from "../../src/recording/index.ts";
import { aacHeader, audio, avcHeader, frame, keyframe, line, publish, tag } from "../live/player.ts";
import { Audio, DataAmf0, FileImage, liveStream, OpenFile, tagsOf, Video } from "./recordings.ts";

/** What a publisher may send, by a letter. */
const makers: Record<string, (length: number) => { type: number; payload: Uint8Array }> = {
  k: (length) => ({ type: Video, payload: keyframe(length) }),
  f: (length) => ({ type: Video, payload: frame(length) }),
  a: (length) => ({ type: Audio, payload: audio(length) }),
  H: () => ({ type: Video, payload: avcHeader() }),
  A: () => ({ type: Audio, payload: aacHeader() }),
  // a keyframe and a header of the second track (Enhanced RTMP v2)
  m: (length) => ({ type: Video, payload: tag("96016176633101", length + 7) }),
  M: () => ({ type: Video, payload: tag("96006176633101", 20) }),
  t: () => ({ type: DataAmf0, payload: encodeValues("onTextData", "text") }),
};

function metadataOf(file: Uint8Array) {
  const length = readUint24(file, 14);
  const metadata = readRecordingMetadata(file, 24, 24 + length);
  if (metadata === null) throw new Error("There is no metadata.");
  return metadata;
}

/** Records a stream whose publisher has gone. */
function record(live: LiveStream, recorder: Recorder, image = new FileImage()): Uint8Array {
  live.endPublication();
  image.take(recorder);
  expect(recorder.isDone).toBe(true);
  return image.finish(recorder);
}

describe("a recorder", () => {
  it("writes a file that holds what was published, however it comes and whatever room there is", () => {
    const message = fc.record({
      maker: fc.constantFrom(...Object.keys(makers)),
      length: fc.oneof(fc.integer({ min: 6, max: 300 }), fc.integer({ min: 6, max: 20_000 })),
      step: fc.integer({ min: 0, max: 100 }),
      takes: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 5_000 }),
        fc.nat({ max: 2 ** 32 - 1 }),
        (messages, room, start) => {
          const { live } = liveStream();
          const recorder = new Recorder(live);
          const image = new FileImage();
          const expected: string[] = [];
          let time = 0;
          let hasFrames = false;
          let hasKeyframe = false;
          for (const { maker, length, step, takes } of messages) {
            const { type, payload } = makers[maker]?.(length) ?? { type: 0, payload: new Uint8Array(0) };
            const isFrame = "kfam".includes(maker);
            if (hasFrames) time += step;
            if (maker === "k") hasKeyframe = true;
            const isTaken = !"fm".includes(maker) || hasKeyframe;
            publish(live, type, (start + time) >>> 0, payload);
            if (isTaken) expected.push(line(type, hasFrames || isFrame ? time : 0, payload));
            if (isTaken && isFrame) hasFrames = true;
            if (!hasFrames) time = 0;
            if (takes) image.take(recorder, room);
          }
          expect(tagsOf(record(live, recorder, image))).toEqual(expected);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("says in the metadata what lasts, and where keyframes are, beside what the publisher says", () => {
    const { live } = liveStream();
    const recorder = new Recorder(live);
    const said = encodeValues("onMetaData", AmfEcmaArray.of({ width: 320, duration: 0, encoder: "x" }));
    live.pushMetadata(0, said, 0, said.length);
    publish(live, Video, 0, avcHeader());
    for (let number = 0; number < 90; number++) {
      publish(live, Video, 5000 + number * 40, number % 30 === 0 ? keyframe() : frame());
    }
    const file = record(live, recorder);
    const metadata = metadataOf(file);
    expect(metadata.properties.get("width")).toBe(320);
    expect(metadata.properties.get("encoder")).toBe("x");
    expect(metadata.duration).toBe(89 * 40);
    expect(metadata.fileSize).toBe(file.length);
    expect(metadata.times).toEqual([0, 1200, 2400]);
    for (const position of metadata.positions) expect(file[position + 11]).toBe(0x17);
    expect(
      metadata.headers?.map((position) => Buffer.from(file.subarray(position + 11, position + 13)).toString("hex")),
    ).toEqual(["1700"]);
  });

  it("keeps the index small however many keyframes there are, and spread over the whole", () => {
    const { live } = liveStream();
    const recorder = new Recorder(live);
    const image = new FileImage();
    for (let number = 0; number < 5_000; number++) {
      publish(live, Video, number * 1000, keyframe(6));
      if (number % 10 === 0) image.take(recorder);
    }
    const { times, positions } = metadataOf(record(live, recorder, image));
    expect(times.length).toBeLessThanOrEqual(1024);
    expect(times.length).toBeGreaterThan(500);
    expect(times.at(-1)).toBeGreaterThan(4_980_000);
    const steps = new Set(times.slice(1).map((time, index) => time - (times[index] ?? 0)));
    expect([...steps]).toEqual([8000]);
    expect(positions.length).toBe(times.length);
  });

  it("begins in the middle with decoder configuration and the newest keyframe", () => {
    const { live } = liveStream();
    publish(live, Video, 0, avcHeader());
    publish(live, Audio, 0, aacHeader());
    publish(live, Video, 0, keyframe());
    live.subscribe();
    const newest = keyframe();
    publish(live, Video, 4000, newest);
    const recorder = new Recorder(live);
    const last = frame();
    publish(live, Video, 4040, last);
    const tags = tagsOf(record(live, recorder));
    expect(tags.map((text) => text.split(" ").slice(0, 2).join(" "))).toEqual([
      "video @0",
      "audio @0",
      "video @0",
      "video @40",
    ]);
    expect(tags.slice(2)).toEqual([line(Video, 0, newest), line(Video, 40, last)]);
  });

  it("ends where another publisher takes the stream over", () => {
    const { live } = liveStream();
    const recorder = new Recorder(live);
    const first = keyframe();
    publish(live, Video, 0, first);
    live.beginPublication();
    publish(live, Video, 0, keyframe());
    const image = new FileImage();
    image.take(recorder);
    expect(recorder.isDone).toBe(true);
    expect(tagsOf(image.finish(recorder))).toEqual([line(Video, 0, first)]);
  });

  it("goes on where a clock is set back, and takes none for a jump that 32 bits make", () => {
    const { live } = liveStream();
    const recorder = new Recorder(live);
    const times = [2 ** 32 - 40, 0, 40, 80_000, 100, 140];
    for (const time of times) publish(live, Video, time, keyframe());
    const tags = tagsOf(record(live, recorder));
    expect(tags.map((text) => /@(\d+)/.exec(text)?.[1])).toEqual(["0", "40", "80", "80040", "80040", "80080"]);
  });

  it("says so when media was lost before it was written, and stops", () => {
    const { live } = liveStream({ maximumBytes: 2 ** 14 });
    const recorder = new Recorder(live);
    const image = new FileImage();
    const first = keyframe();
    publish(live, Video, 0, first);
    image.take(recorder);
    for (let number = 1; number < 40; number++) publish(live, Video, number, frame(1000));
    image.take(recorder);
    expect(recorder.isDone).toBe(true);
    expect(recorder.loss).toContain("too slow");
    expect(tagsOf(image.finish(recorder))).toEqual([line(Video, 0, first)]);
  });

  it("loses nothing for its age: a file may be published in no time", () => {
    const { live } = liveStream({ maximumTime: 1000 });
    const recorder = new Recorder(live);
    for (let number = 0; number < 10_000; number++) publish(live, Video, number * 1000, keyframe(6));
    const image = new FileImage();
    image.take(recorder);
    expect(recorder.loss).toBeNull();
    expect(tagsOf(image.finish(recorder))).toHaveLength(10_000);
    publish(live, Video, 10_000_000, keyframe());
    expect((live.next - live.first) | 0).toBeLessThan(3);
  });

  it("appends behind what is there, of which the index stays", () => {
    const { live } = liveStream();
    const image = new FileImage();
    const recorder = new Recorder(live);
    const before = [
      publish(live, Video, 0, avcHeader()),
      publish(live, Video, 0, keyframe()),
      publish(live, Video, 1000, keyframe()),
    ];
    const file = record(live, recorder, image);
    const open = new OpenFile(file);
    expect(open.until((recorded) => recorded.scan())).toBe(Reading.End);
    live.beginPublication();
    const second = new Recorder(live);
    second.goOnAt(open.recorded.end);
    const header = tag("1700000000");
    publish(live, Video, 700, header);
    const picture = keyframe();
    publish(live, Video, 700, picture);
    const appended = record(live, second, image);
    expect(tagsOf(appended)).toEqual([...before, line(Video, 1040, header), line(Video, 1040, picture)]);
    const metadata = metadataOf(appended);
    expect(metadata).toMatchObject({ duration: 1040, fileSize: appended.length, times: [0, 1000, 1040] });
    // A player that begins in the second part gets its own header.
    const again = new OpenFile(appended);
    again.recorded.seek(1040);
    expect(again.next()).toBe(line(Video, 1040, picture));
    expect(again.recorded.configurations.map(({ payload }) => payload)).toEqual([header]);
    again.recorded.seek(1000);
    again.next();
    expect(again.recorded.configurations[0]?.payload).not.toEqual(header);
  });
});
