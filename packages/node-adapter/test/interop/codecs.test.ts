import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectAll, expectTail, type Packet } from "./packets.ts";
import { ffmpeg9, ffmpegPublisher, isWithout, players } from "./peers.ts";
import { AAC, AV1, FLAC, H264, HEVC, KEYFRAME_INTERVAL, makeSource, OPUS, VP9 } from "./sources.ts";
import { type Recording, Stage } from "./stage.ts";

/** Who reads what comes, and who writes it down as it comes. */
const playersHere = players.filter(({ name, peer }) => name !== "ffmpeg" && !isWithout(peer));

const streams = [
  { name: "HEVC and Opus", codecs: [...HEVC, ...OPUS], announced: "hvc1,Opus", tracks: 1 },
  { name: "AV1 and AAC", codecs: [...AV1, ...AAC], announced: "av01", tracks: 1 },
  { name: "VP9 and FLAC", codecs: [...VP9, ...FLAC], announced: "vp09,fLaC", tracks: 1 },
  { name: "two tracks of H.264 and two of AAC", codecs: [...H264, ...AAC], announced: "avc1,mp4a", tracks: 2 },
];

describe.skipIf(isWithout(ffmpeg9)).each(streams)("Enhanced RTMP: $name", ({ codecs, announced, tracks }) => {
  let stage: Stage;
  let sent: Packet[];
  let early: Recording[];
  let late: Recording[];

  beforeAll(async () => {
    stage = await Stage.open();
    const file = await makeSource(stage, ffmpeg9, codecs, tracks);
    early = await stage.play(playersHere, "camera");
    const publisher = ffmpegPublisher(ffmpeg9, "-rtmp_enhanced_codecs", announced);
    const publication = await stage.publish(publisher, "camera", file);
    await publication.hasSent(0.4);
    late = await stage.play(playersHere, "camera");
    sent = await publication.packets(ffmpeg9);
  });
  afterAll(() => stage.close());

  it("is what ffmpeg sends", () => {
    expect(new Set(sent.map(({ stream }) => stream)).size).toBe(2 * tracks);
  });

  it.each(playersHere)("arrives whole at $name that waited for it", async (player) => {
    const recording = early.find((one) => one.player === player);
    expectAll((await recording?.packets(ffmpeg9)) ?? [], sent, player.mayLack);
  });

  it.each(playersHere)("arrives from a keyframe on at $name that joined late", async (player) => {
    const received = (await late.find((one) => one.player === player)?.packets(ffmpeg9)) ?? [];
    expectTail(received, sent, KEYFRAME_INTERVAL, player.mayLack);
    expect(received.length).toBeLessThan(sent.length);
  });
});
