import { expect, it } from "vitest";
import { RawClient } from "./client.ts";
import { House, videoFrame } from "./house.ts";

it("carries a publication to players who come before, in time and late", async () => {
  const house = await House.open();
  const early = await RawClient.playing(house.port, "show");
  const publisher = await RawClient.publishing(house.port, "show?token=x");
  const frames = Array.from({ length: 35 }, (_, number) => videoFrame(number, 5_000));
  for (const [number, frame] of frames.slice(0, 25).entries()) publisher.video(number * 40, frame);
  await early.until(() => early.videos.length === 25, "25 frames");
  const late = await RawClient.playing(house.port, "show");
  for (const [number, frame] of frames.entries()) if (number >= 25) publisher.video(number * 40, frame);
  await early.until(() => early.videos.length === 35, "all frames");
  await late.until(() => late.videos.length === 15, "all frames from the last keyframe on");
  expect(early.videos.map(({ payload }) => payload)).toEqual(frames);
  expect(late.videos.map(({ payload }) => payload)).toEqual(frames.slice(20));
  expect(late.videos.map(({ timestamp }) => timestamp)).toEqual(frames.slice(20).map((_, index) => (20 + index) * 40));
  expect(house.server.streams).toContainEqual(
    expect.objectContaining({ path: "live/show", isPublished: true, players: 2 }),
  );

  publisher.call("deleteStream", 0, null, 1);
  await Promise.all([early, late].map((player) => player.status("NetStream.Play.UnpublishNotify")));
  await Promise.all([early.close(), late.close(), publisher.close()]);
  await house.left(2);
  expect(house.reports).toEqual([
    "play live/show",
    "publish live/show",
    "play live/show",
    "unpublish live/show",
    "stop live/show",
    "stop live/show",
  ]);
  await house.undisturbed();
  await house.close();
});

it("counts what it has received", async () => {
  const house = await House.open();
  const before = house.server.receivedBytes;
  const client = await RawClient.connected(house.port);
  client.call("_checkbw", 2, null);
  await client.message(({ values }) => values[1] === 2, "the answer");
  const during = house.server.receivedBytes;
  expect(during).toBeGreaterThan(before);
  await client.close();
  await house.left(2);
  expect(house.server.receivedBytes).toBe(during);
  await house.close();
});

it("says so when the address cannot be had, and can try another", async () => {
  const house = await House.open();
  const other = new House();
  await expect(other.server.listen(house.port, "127.0.0.1")).rejects.toMatchObject({ code: "EADDRINUSE" });
  await other.server.listen(0, "127.0.0.1");
  await (await RawClient.connected(other.port)).close();
  await other.server.close();
  await house.close();
});

it("is closed once, and does not listen again", async () => {
  const house = await House.open();
  await Promise.all([house.server.close(0), house.server.close(0)]);
  await house.server.close();
  expect(house.server.address).toBeNull();
  await expect(house.server.listen(0, "127.0.0.1")).rejects.toThrow("was closed");
});

it("can be closed before it listened", async () => {
  const house = new House();
  await house.server.close();
  expect(house.server.relay.pool.lentBlocks).toBe(0);
});
