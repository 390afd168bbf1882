import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createNetServer, type Server as NetServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { LinkHost } from "../../src/workers/link-host.ts";
import { linkSocket } from "../../src/workers/messages.ts";
import { Pulls } from "../../src/workers/pulls.ts";
import { RawClient } from "../client.ts";
import { House, videoFrame } from "../house.ts";

// Two workers, 1 and 2, in this process. The second pulls from the first what the first one's bystander publishes.
let folder: string;
let first: House;
let second: House;
let links: NetServer;
let pulls: Pulls;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-pulls-"));
  first = await House.open();
  second = new House({ onEvent: () => {} });
  await second.server.listen(0, "127.0.0.1");
  const host = new LinkHost(first.server);
  links = createNetServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) =>
    first.server.acceptLink(socket, host),
  );
  pulls = new Pulls(second.server, 2);
  pulls.folder = folder;
});
afterEach(async () => {
  pulls.close();
  links.close();
  await second.close();
  await first.close();
  rmSync(folder, { recursive: true });
});

function openLinks(): Promise<void> {
  return new Promise((resolve) => links.listen(linkSocket(folder, 1), resolve));
}

/** A player at the second worker. */
async function play(): Promise<RawClient> {
  const player = await RawClient.playing(second.port, "bystander");
  pulls.review("live/bystander");
  return player;
}

it("a stream that nobody plays any more is pulled for a little longer, then all of it is given back", async () => {
  await openLinks();
  pulls.ownerChanged("live/bystander", 1);
  expect(second.server.streams).toEqual([]);
  const player = await play();
  await player.until(() => player.videos.length === 10, "what the first worker keeps");
  expect(first.server.streams).toMatchObject([{ path: "live/bystander", isPublished: true, players: 1 }]);
  expect(first.reports).toEqual([]);
  await player.close();
  await second.left(0);
  pulls.review("live/bystander");

  // Who comes now finds it still there.
  expect(second.server.streams).toMatchObject([{ path: "live/bystander", isPublished: true, players: 0 }]);
  const next = await RawClient.playing(second.port, "bystander");
  await next.until(() => next.videos.length === 10, "the same");
  await next.close();
  await second.left(0);
  while (second.server.streams.length > 0) await new Promise((resolve) => setImmediate(resolve));
  await first.left(2);
});

it("a link that breaks is made again while the stream has players", async () => {
  pulls.ownerChanged("live/bystander", 1);
  const player = await play();
  // Nobody listens yet.
  await openLinks();
  await player.until(() => player.videos.length === 10, "what the first worker keeps");
  await player.close();
});

it("a publisher here goes before one elsewhere, and the other one comes back after it", async () => {
  await openLinks();
  pulls.ownerChanged("live/bystander", 1);
  const player = await play();
  await player.until(() => player.videos.length === 10, "what the first worker keeps");
  const publisher = await RawClient.publishing(second.port, "bystander");
  pulls.ownerChanged("live/bystander", 2);
  await first.left(2);
  publisher.video(0, videoFrame(100));
  await player.until(() => player.videos.length === 11, "the frame of the publisher here");
  await publisher.close();
  await second.left(1);
  pulls.ownerChanged("live/bystander", 1);
  await player.until(() => player.videos.length === 21, "the first worker's again");
  await player.close();
});
