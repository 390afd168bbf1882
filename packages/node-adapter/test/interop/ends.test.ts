import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { expectAll, expectHead, expectSequel, type Packet, packetsOfFile } from "./packets.ts";
import { ffmpeg, ffmpegPublisher, isWithout, players } from "./peers.ts";
import { AAC, H264, makeSource } from "./sources.ts";
import { Stage } from "./stage.ts";
import { SteadyPlayer } from "./steady-player.ts";

/** A publisher that was silent for so long gives way, in milliseconds. */
const TAKEOVER = 500;

const playersHere = players.filter(({ peer }) => !isWithout(peer));
const publisher = ffmpegPublisher(ffmpeg);

describe.skipIf(isWithout(ffmpeg))("A publisher that", () => {
  let stage: Stage;
  let file: string;
  let whole: Packet[];

  beforeEach(async () => {
    stage = await Stage.open({ takeoverAfter: TAKEOVER });
    file = await makeSource(stage, ffmpeg, [...H264, ...AAC]);
    whole = await packetsOfFile(ffmpeg.command, file);
  });
  afterEach(() => stage.close());

  it("is killed: its players end, and its name is free at once", async () => {
    const first = await stage.play(playersHere, "camera");
    const killed = await stage.publish(publisher, "camera", file);
    await killed.hasSent(0.4);
    killed.child.kill();
    for (const recording of first) expectHead(await recording.packets(), whole);
    expect(stage.server.streams).toEqual([]);

    const second = await stage.play(playersHere, "camera");
    const again = await stage.publish(publisher, "camera", file);
    for (const recording of second) expectAll(await recording.packets(), whole, recording.player.mayLack);
    await again.child.output();
  });

  it("is killed: a player that stays is told, and gets the next one", async () => {
    const player = new SteadyPlayer(stage.server.address?.port ?? 0, "live", "camera");
    try {
      const killed = await stage.publish(publisher, "camera", file);
      await killed.hasSent(0.4);
      killed.child.kill();
      await stage.until("the publisher has ended", () => stage.count("unpublish", "camera") === 1);
      await (await stage.publish(publisher, "camera", file)).child.output();
      await stage.until("the player is told of both ends", () => {
        return player.statuses.filter((code) => code === "NetStream.Play.UnpublishNotify").length === 2;
      });
    } finally {
      player.close();
    }
    expect(player.statuses.filter((code) => code.endsWith("Notify"))).toEqual([
      "NetStream.Play.PublishNotify",
      "NetStream.Play.UnpublishNotify",
      "NetStream.Play.PublishNotify",
      "NetStream.Play.UnpublishNotify",
    ]);
    const [first, second] = player.recordings.map((tags) => stage.save(Buffer.concat(tags)));
    expectHead(await packetsOfFile(ffmpeg.command, first ?? ""), whole);
    expectAll(await packetsOfFile(ffmpeg.command, second ?? ""), whole);
  });

  it("hangs gives way to another one, and its players stay", async () => {
    const recordings = await stage.play(playersHere, "camera");
    const hung = await stage.publish(publisher, "camera", file);
    await hung.hasSent(0.4);
    hung.child.kill("SIGSTOP");
    const stopped = performance.now();
    await stage.until("it was silent for long enough", () => performance.now() > stopped + 2 * TAKEOVER);

    const other = await makeSource(stage, ffmpeg, [...H264, "-vf", "negate", ...AAC, "-af", "volume=0.5"]);
    const sent = await (await stage.publish(publisher, "camera", other)).packets();
    for (const recording of recordings) {
      expectSequel(await recording.packets(), whole, sent, recording.player.mayLack);
    }
    expect(stage.count("play", "camera")).toBe(playersHere.length);
    expect(stage.server.streams).toEqual([]);
  });
});
