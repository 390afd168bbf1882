import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectAll, expectSameTimes, expectTail, type Packet } from "./packets.ts";
import { ffmpeg, ffmpegPublisher, isWithout, players } from "./peers.ts";
import { AAC, H264, KEYFRAME_INTERVAL, makeSource } from "./sources.ts";
import { type Recording, Stage } from "./stage.ts";

const playersHere = players.filter(({ peer }) => !isWithout(peer));

/** In seconds; 24 bits of milliseconds, which is what a message header has room for, are 16777.216 s. */
const starts = [
  { name: "cross 2^24 ms", offset: 16774 },
  { name: "begin beyond 2^24 ms", offset: 16778 },
];

describe.skipIf(isWithout(ffmpeg)).each(starts)("times that $name", ({ offset }) => {
  let stage: Stage;
  let sent: Packet[];
  let early: Recording[];
  let late: Recording[];

  beforeAll(async () => {
    stage = await Stage.open();
    const file = await makeSource(stage, ffmpeg, [...H264, ...AAC]);
    early = await stage.play(playersHere, "camera");
    const publisher = ffmpegPublisher(ffmpeg, "-output_ts_offset", String(offset));
    const publication = await stage.publish(publisher, "camera", file);
    await publication.hasSent(0.4);
    late = await stage.play(playersHere, "camera");
    sent = await publication.packets();
  });
  afterAll(() => stage.close());

  it.each(playersHere)("arrive at $name that waited", async (player) => {
    const received = (await early.find((one) => one.player === player)?.packets()) ?? [];
    expectAll(received, sent, player.mayLack);
    expect(expectSameTimes(received, sent)).toBe(offset * 1000);
  });

  it.each(playersHere)("arrive at $name that joined late", async (player) => {
    const received = (await late.find((one) => one.player === player)?.packets()) ?? [];
    expectTail(received, sent, KEYFRAME_INTERVAL, player.mayLack);
    expect(received[0]?.dts).toBeGreaterThan(offset * 1000);
    expect(received.at(-1)?.dts).toBeGreaterThan(2 ** 24);
  });
});
