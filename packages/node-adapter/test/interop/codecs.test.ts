import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectAll, expectTail, type Packet, packetsOfFile } from "./packets.ts";
import { ffmpeg, ffmpeg9, ffmpegPlayer, ffmpegPublisher, isWithout, type Player, players } from "./peers.ts";
import { AAC, AC3, AV1, EAC3, FLAC, H264, HEVC, KEYFRAME_INTERVAL, makeSource, OPUS, VP9 } from "./sources.ts";
import { type Recording, Stage } from "./stage.ts";

/** Who reads what comes, and who writes it down as it comes. */
const playersHere = players.filter(({ name, peer }) => name !== "ffmpeg" && !isWithout(peer));

const streams = [
  { name: "HEVC and Opus", codecs: [...HEVC, ...OPUS], announced: "hvc1,Opus", tracks: 1 },
  { name: "AV1 and FLAC", codecs: [...AV1, ...FLAC], announced: "av01,fLaC", tracks: 1 },
  { name: "VP9 and AC-3", codecs: [...VP9, ...AC3], announced: "vp09,ac-3", tracks: 1 },
  { name: "H.264 and E-AC-3", codecs: [...H264, ...EAC3], announced: "avc1,ec-3", tracks: 1 },
  { name: "two tracks of H.264 and two of AAC", codecs: [...H264, ...AAC], announced: "avc1,mp4a", tracks: 2 },
];
/** Our own, which writes what comes into a file, and publishes a file. */
const millrace = [process.execPath, fileURLToPath(new URL("../../../cli/bin/millrace.js", import.meta.url))];
const recorder: Player = {
  name: "millrace play",
  peer: { name: "millrace", command: millrace, isHere: true },
  writes: "flv",
  mayLack: 0,
  command: (url) => [...millrace, "play", url, "-o", "-"],
};

/** None of these says that it can read several tracks. */
const ALL = "?tracks=all";

describe.skipIf(isWithout(ffmpeg9)).each(streams)("Enhanced RTMP: $name", ({ codecs, announced, tracks }) => {
  let stage: Stage;
  let far: Stage;
  let sent: Packet[];
  let early: Recording[];
  let late: Recording[];
  let recorded: Recording[];
  let beyond: Recording[];
  /** Of one that knows nothing of Enhanced RTMP. */
  let plain: Recording[];

  beforeAll(async () => {
    stage = await Stage.open();
    far = await Stage.open();
    stage.server.push(far.url("camera"), "live/camera");
    const file = await makeSource(stage, ffmpeg9, codecs, tracks);
    early = await stage.play(playersHere, "camera", ALL);
    plain = tracks > 1 && !isWithout(ffmpeg) ? await stage.play([ffmpegPlayer(ffmpeg)], "camera") : [];
    recorded = await stage.play([recorder], "camera");
    beyond = await far.play([ffmpegPlayer(ffmpeg9)], "camera", ALL);
    const publisher = ffmpegPublisher(ffmpeg9, "-rtmp_enhanced_codecs", announced);
    const publication = await stage.publish(publisher, "camera", file);
    await publication.hasSent(0.4);
    late = await stage.play(playersHere, "camera", ALL);
    sent = await publication.packets(ffmpeg9);
  });
  afterAll(() => Promise.all([stage.close(), far.close()]));

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

  it("is recorded by millrace, and published again", async () => {
    const file = stage.save((await recorded[0]?.child.output()) ?? Buffer.alloc(0));
    expectAll(await packetsOfFile(ffmpeg9.command, file), sent);
    const again = await far.play([ffmpegPlayer(ffmpeg9)], "again", ALL);
    await far.run([...millrace, "publish", file, far.url("again")]).output();
    expectAll((await again[0]?.packets(ffmpeg9)) ?? [], sent);
  });

  it("arrives at ffmpeg 9 through a second server, to which it is pushed", async () => {
    const received = (await beyond[0]?.packets(ffmpeg9)) ?? [];
    expectTail(received, sent, KEYFRAME_INTERVAL, 0);
  });

  if (tracks === 1) return;
  it.skipIf(isWithout(ffmpeg))("is its default tracks for ffmpeg 5, which knows no others", async () => {
    const first = sent.filter(({ stream }) => stream.endsWith(" 0"));
    expectAll((await plain[0]?.packets()) ?? [], first);
  });
});
