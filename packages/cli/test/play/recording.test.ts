import { describe, expect, it } from "vitest";
import { Recording } from "../../src/play/recording.ts";
import { audio, flvOf, type Tag, tagsOf, video } from "../publish/stage.ts";

/** What is written of messages, and whether each but the last left more to be wanted. */
async function recorded(messages: readonly Tag[], seconds = Number.POSITIVE_INFINITY): Promise<Tag[]> {
  const pieces: Uint8Array[] = [];
  const sink = { write: async (bytes: Uint8Array) => void pieces.push(bytes), close: async () => {} };
  const recording = new Recording(async () => sink, seconds * 1000);
  for (const { type: messageType, timestamp, payload } of messages) {
    if (!(await recording.add({ messageType, timestamp, payload }))) break;
  }
  await recording.close();
  return pieces.length === 0 ? [] : tagsOf(Buffer.concat(pieces));
}

/** An aggregate message: what lies behind the header of a file, and the size that belongs to it. */
function aggregate(timestamp: number, tags: readonly Tag[]): Tag {
  return { type: 22, timestamp, payload: flvOf(tags).subarray(13) };
}

describe("Recording", () => {
  it("opens no file when there is nothing to be written", async () => {
    expect(await recorded([])).toEqual([]);
  });

  it("takes the messages out of an aggregate, whose first has the time of the whole", async () => {
    const parts = aggregate(3000, [audio(100), video(110), audio(123)]);
    const tags = await recorded([video(2000), parts]);
    expect(tags.map(({ type, timestamp }) => [type, timestamp])).toEqual([
      [9, 0],
      [8, 1000],
      [9, 1010],
      [8, 1023],
    ]);
    expect(tags[2]?.payload).toEqual(video(110).payload);
  });

  it("takes of an aggregate what is whole", async () => {
    const { payload, ...rest } = aggregate(0, [audio(0), video(10)]);
    for (let end = 0; end < payload.length; end++) {
      const tags = await recorded([{ ...rest, payload: payload.subarray(0, end) }]);
      expect(tags).toHaveLength(end < 14 ? 0 : end < 35 ? 1 : 2);
    }
  });

  it("leaves out of an aggregate what is no media", async () => {
    const control = { type: 4, timestamp: 0, payload: Uint8Array.of(0, 0) };
    const tags = await recorded([aggregate(0, [control, audio(70), control, audio(80)])]);
    expect(tags.map(({ type, timestamp }) => [type, timestamp])).toEqual([
      [8, 0],
      [8, 10],
    ]);
  });

  it("ends within an aggregate", async () => {
    const tags = await recorded([aggregate(0, [audio(0), audio(500), audio(1000)]), audio(10)], 1);
    expect(tags.map(({ timestamp }) => timestamp)).toEqual([0, 500]);
  });

  it("leaves out an aggregate that is none", async () => {
    const payload = new Uint8Array(100).fill(0xff);
    expect(await recorded([{ type: 22, timestamp: 0, payload }, audio(5)])).toEqual([{ ...audio(5), timestamp: 0 }]);
  });

  it("keeps time over the end of 32 bits", async () => {
    const tags = await recorded([video(2 ** 32 - 20), video(20)]);
    expect(tags.map(({ timestamp }) => timestamp)).toEqual([0, 40]);
  });
});
