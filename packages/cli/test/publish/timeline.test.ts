import { describe, expect, it } from "vitest";
import { Timeline } from "../../src/publish/timeline.ts";
import { audio, type Tag, video } from "./stage.ts";

const header: Tag = { type: 9, timestamp: 0, payload: Uint8Array.of(0x17, 0, 0, 0, 0) };
const metadata: Tag = { type: 18, timestamp: 0, payload: Uint8Array.of(2, 0, 0) };

function pass(timeline: Timeline, tags: readonly Tag[]): number[] {
  return tags.map(({ type: messageType, ...tag }) => timeline.place({ messageType, fileOffset: 0, ...tag }));
}

describe("Timeline", () => {
  it("leaves the times of the first pass as they are", () => {
    const tags = [metadata, header, audio(-20), video(1000), video(500), audio(2 ** 31 - 1)];
    expect(pass(new Timeline(), tags)).toEqual([0, 0, -20, 1000, 500, 2 ** 31 - 1]);
  });

  it("goes on where the longer of audio and video ends", () => {
    const timeline = new Timeline();
    const tags = [metadata, header, video(100), audio(100), audio(123), video(140), audio(146), video(180)];
    pass(timeline, tags);
    timeline.repeat();
    // Video ends at 180 + 40.
    expect(pass(timeline, tags)).toEqual([220, 220, 220, 220, 243, 260, 266, 300]);
    timeline.repeat();
    expect(pass(timeline, tags)).toEqual([340, 340, 340, 340, 363, 380, 386, 420]);
  });

  it("gives a single frame 40 ms", () => {
    const timeline = new Timeline();
    pass(timeline, [video(0)]);
    timeline.repeat();
    expect(pass(timeline, [video(0)])).toEqual([40]);
  });

  it("does not count headers whose time is not that of the media", () => {
    const timeline = new Timeline();
    const tags = [metadata, header, video(1_000_000), video(1_000_040)];
    pass(timeline, tags);
    timeline.repeat();
    expect(pass(timeline, tags)).toEqual([1_000_080, 1_000_080, 1_000_080, 1_000_120]);
  });
});
