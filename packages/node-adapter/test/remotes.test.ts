import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, it } from "vitest";
import type { ServerOptions } from "../src/index.ts";
import { makeCertificate } from "./certificate.ts";
import { RawClient } from "./client.ts";
import { House, videoFrame } from "./house.ts";

const houses: House[] = [];
const folder = mkdtempSync(join(tmpdir(), "millrace-remotes-"));
const certificate = makeCertificate(folder, "first");
afterEach(async () => {
  for (const house of houses.splice(0)) await house.server.close(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A server without bystanders, at this port or any. */
async function house(options: ServerOptions = {}, port = 0): Promise<House> {
  const made = new House(options);
  houses.push(made);
  await made.server.listen(port, "127.0.0.1");
  return made;
}

it.each([
  ["TCP", {}, {}],
  ["TLS", { tls: certificate }, { remoteTls: { ca: certificate.cert } }],
] satisfies [string, ServerOptions, ServerOptions][])(
  "a stream goes to another server and comes back from it, over %s",
  async (_, there, here) => {
    const scheme = "tls" in there ? "rtmps" : "rtmp";
    // The players of the other server come from a third one, which pulls.
    const [far, near, third] = [await house(there), await house(here), await house(here)];
    near.server.push(`${scheme}://127.0.0.1:${far.port}/other`);
    third.server.pull(`${scheme}://127.0.0.1:${far.port}/other/show`, "live/copy");
    const player = await RawClient.playing(third.port, "copy");
    const publisher = await RawClient.publishing(near.port, "show");
    await near.reported("push live/show");
    const frames = Array.from({ length: 30 }, (_unused, number) => videoFrame(number, 20_000));
    for (const [number, frame] of frames.entries()) publisher.video(number * 40, frame);
    await player.until(() => player.videos.length === 30, "all frames");
    expect(player.videos.map(({ payload }) => payload)).toEqual(frames);
    await publisher.close();
    await near.reported("push-end live/show");
    await player.close();
  },
);

it("a server that goes away and comes back gets the stream again, from a keyframe on", async () => {
  const near = await house();
  const first = await house();
  const { port } = first;
  near.server.push(`rtmp://127.0.0.1:${port}/live`);
  const publisher = await RawClient.publishing(near.port, "show");
  for (let number = 0; number < 15; number++) publisher.video(number * 40, videoFrame(number));
  await near.reported("push live/show");
  await first.server.close(0);
  await near.reported("push-lost live/show");
  for (let number = 15; number < 25; number++) publisher.video(number * 40, videoFrame(number));
  const second = await house({}, port);
  const player = await RawClient.playing(port, "show");
  await player.until(() => player.videos.length >= 5, "what there is since the newest keyframe");
  expect(player.videos.map(({ payload }) => payload.readUInt32BE(5))).toEqual([20, 21, 22, 23, 24]);
  await Promise.all([player.close(), publisher.close()]);
  await second.reported("unpublish live/show");
});

it("says why another server does not take a stream, and that of a certificate", async () => {
  const strict = await house({ tls: certificate, onPublish: () => ({ reason: "Not yours." }) });
  const [stranger, friend] = [await house(), await house({ remoteTls: { ca: certificate.cert } })];
  for (const { server, port } of [stranger, friend]) {
    server.push(`rtmps://127.0.0.1:${strict.port}/live`);
    void (await RawClient.publishing(port, "show"));
  }
  await Promise.all([stranger, friend].map((each) => each.reported("push-lost live/show")));
  expect(stranger.events.at(-1)).toMatchObject({ type: "push-lost", reason: "self-signed certificate" });
  expect(friend.events.at(-1)).toMatchObject({ type: "push-lost", reason: "Not yours." });
});

it("a server that is closed ends what it pushes, and what waits is sent", async () => {
  const [far, near] = [await house(), await house()];
  near.server.push(`rtmp://127.0.0.1:${far.port}/live`);
  const player = await RawClient.playing(far.port, "show");
  const publisher = await RawClient.publishing(near.port, "show");
  publisher.video(0, videoFrame(0, 500_000));
  await player.until(() => player.videos.length === 1, "the frame");
  await near.server.close();
  await player.status("NetStream.Play.UnpublishNotify");
  expect(far.reports).toEqual(["play live/show", "publish live/show", "unpublish live/show"]);
  await Promise.all([player.close(), publisher.closed]);
});
