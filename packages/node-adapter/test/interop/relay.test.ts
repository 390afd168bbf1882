import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectAll, expectTail, type Packet, sizeOf } from "./packets.ts";
import { ffmpeg, isWithout, players, publishers } from "./peers.ts";
import { AAC, H264, KEYFRAME_INTERVAL, makeSource } from "./sources.ts";
import { type Recording, Stage } from "./stage.ts";

const playersHere = players.filter(({ peer }) => !isWithout(peer));

describe.each(publishers)("H.264 and AAC from $name", (publisher) => {
  if (isWithout(ffmpeg, publisher.peer)) return it.skip("is not tried: a program is missing");
  let stage: Stage;
  let sent: Packet[];
  let early: Recording[];
  let late: Recording[];
  /** Bytes that the server had received when the last player was accepted. */
  let receivedBefore: number;

  beforeAll(async () => {
    stage = await Stage.open();
    const file = await makeSource(stage, ffmpeg, [...H264, ...AAC]);
    early = await stage.play(playersHere, "camera");
    const publication = await stage.publish(publisher, "camera", file);
    await publication.hasSent(0.4);
    late = await stage.play(playersHere, "camera");
    receivedBefore = stage.server.receivedBytes;
    sent = await publication.packets();
  });
  afterAll(() => stage.close());

  it.each(playersHere)("arrives whole at $name that waited for it", async (player) => {
    const recording = early.find((one) => one.player === player);
    expectAll((await recording?.packets()) ?? [], sent, player.mayLack);
  });

  it.each(playersHere)("arrives from a keyframe on at $name that joined late", async (player) => {
    const received = (await late.find((one) => one.player === player)?.packets()) ?? [];
    expectTail(received, sent, KEYFRAME_INTERVAL, player.mayLack);
    expect(received.length).toBeLessThan(sent.length);
    expect(sizeOf(received)).toBeGreaterThan(sizeOf(sent) - receivedBefore);
  });

  it("ends for all players when the publisher ends", () => {
    expect(stage.server.streams).toEqual([]);
  });
});
