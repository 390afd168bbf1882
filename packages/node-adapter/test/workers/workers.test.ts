import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { RawClient } from "../client.ts";
import { videoFrame } from "../house.ts";
import { isAlive, WorkersHouse } from "./workers-house.ts";

/** Where workers put what is temporary: here nobody else does. */
let temporary: string;
beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), "millrace-test-"));
  process.env["TMPDIR"] = temporary;
});
afterAll(() => {
  delete process.env["TMPDIR"];
  rmSync(temporary, { recursive: true });
});

let house: WorkersHouse | null = null;
afterEach(async () => {
  await house?.close();
  house = null;
});

/** Sends frames [first, end). */
function show(publisher: RawClient, first: number, end: number): void {
  for (let number = first; number < end; number++) publisher.video(number * 40, videoFrame(number));
}

/** Resolves once the player has got this frame; with the numbers of all frames that it has got. */
async function seen(player: RawClient, last: number): Promise<number[]> {
  const numbers = (): number[] => player.videos.map(({ payload }) => payload.readUInt32BE(5));
  await player.until(() => numbers().includes(last), `frame ${last}`);
  return numbers();
}

function range(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, index) => first + index);
}

/** A peer that asks for the name, and whether it got it. */
async function publish(port: number, name: string): Promise<{ client: RawClient; isGranted: boolean }> {
  const client = await RawClient.connected(port);
  client.call("createStream", 2, null);
  client.callOn(1, "publish", 3, null, name, "live");
  const isGranted = await client.status("NetStream.Publish.Start").then(
    () => true,
    () => false,
  );
  return { client, isGranted };
}

describe("a stream", () => {
  it("reaches players on all workers, whole and in order", async () => {
    house = await WorkersHouse.open(2);
    const publisher = await house.publishing("show", 1);
    const here = await house.playing("show", 1);
    const there = await house.playing("show", 2);
    const thereToo = await house.playing("show", 2);
    show(publisher, 0, 10);
    // Who is there first on the other worker may get the stream a moment after it has begun.
    for (const player of [here, there, thereToo]) await seen(player, 9);
    show(publisher, 10, 500);
    for (const player of [here, there, thereToo]) {
      expect((await seen(player, 499)).slice(-490)).toEqual(range(10, 500));
      expect(player.videos.at(-1)?.timestamp).toBe(499 * 40);
      expect(player.videos.at(-1)?.payload).toEqual(videoFrame(499));
    }
  });

  it("begins with its headers and its last keyframe for who comes late to another worker", async () => {
    house = await WorkersHouse.open(2);
    const publisher = await house.publishing("show", 1);
    const header = Buffer.from("1700000000014d401f", "hex");
    publisher.video(0, header);
    show(publisher, 0, 25);
    const first = await house.playing("show", 2);
    await first.until(() => first.videos.length >= 6, "the frames since the last keyframe");
    const second = await house.playing("show", 2);
    await second.until(() => second.videos.length >= 6, "the same");
    for (const player of [first, second]) {
      expect(player.videos[0]?.payload).toEqual(header);
      expect(player.videos.slice(1).map(({ payload }) => payload.readUInt32BE(5))).toEqual(range(20, 25));
    }
  });

  it("comes to players that waited for it on another worker, and they are told when it ends", async () => {
    house = await WorkersHouse.open(2);
    const player = await house.playing("show", 2);
    const publisher = await house.publishing("show", 1);
    show(publisher, 0, 10);
    expect(await seen(player, 9)).toEqual(range(0, 10));
    expect(player.heard.filter(({ values }) => values[0] === "onStatus")).toHaveLength(3);
    await player.status("NetStream.Play.PublishNotify");
    await publisher.close();
    await player.status("NetStream.Play.UnpublishNotify");
  });

  it("goes on for players when its publisher comes back to another worker", async () => {
    house = await WorkersHouse.open(3);
    const player = await house.playing("show", 3);
    for (const [index, worker] of [1, 2, 3, 1].entries()) {
      const publisher = await house.publishing("show", worker);
      show(publisher, index * 10, index * 10 + 10);
      await seen(player, index * 10 + 9);
      await publisher.close();
    }
    expect(await seen(player, 39)).toEqual(range(0, 40));
  });
});

describe("a name", () => {
  it("that a worker's publisher has is refused on another, while the publisher sends", async () => {
    house = await WorkersHouse.open(2, { takeoverAfter: 60_000 });
    const first = await house.publishing("show", 1);
    const player = await house.playing("show", 2);
    // Two in a row go to both workers.
    for (const { client, isGranted } of [await publish(house.port, "show"), await publish(house.port, "show")]) {
      expect(isGranted).toBe(false);
      await client.closed;
      expect(client.complaints).toEqual(["NetStream.Publish.BadName: live/show is published by somebody else."]);
    }
    const refused = house.events.filter((event) => event.type === "refused");
    expect(refused.map(({ worker }) => worker).sort()).toEqual([1, 2]);
    show(first, 0, 10);
    expect(await seen(player, 9)).toEqual(range(0, 10));
  });

  it("passes to another worker's publisher when the first has gone silent; players stay on both", async () => {
    house = await WorkersHouse.open(2, { takeoverAfter: 0 });
    const here = await house.playing("show", 1);
    const there = await house.playing("show", 2);
    const first = await house.publishing("show", 1);
    show(first, 0, 10);
    await seen(here, 9);
    await seen(there, 9);
    let second = await publish(house.port, "show");
    // The one that stays is on the second worker.
    while ((await placeOf(house, second.client)) !== 2) second = await publish(house.port, "show");
    await first.closed;
    expect(first.complaints).toEqual(["NetStream.Publish.BadName: live/show is published by somebody else now."]);
    show(second.client, 10, 20);
    expect(await seen(here, 19)).toEqual(range(0, 20));
    expect(await seen(there, 19)).toEqual(range(0, 20));
  });

  it("that the application refuses is not taken from anybody", async () => {
    house = await WorkersHouse.open(2);
    for (let count = 0; count < 3; count++) {
      const { client, isGranted } = await publish(house.port, "forbidden");
      expect(isGranted).toBe(false);
      await client.closed;
      expect(client.complaints).toEqual(["NetStream.Publish.Denied: This is not allowed."]);
    }
  });
});

describe("a worker that is killed", () => {
  it("takes only its own connections, and is replaced", async () => {
    house = await WorkersHouse.open(2);
    const lost = await house.publishing("lost", 1);
    const lostPlayer = await house.playing("kept", 1);
    const keptPlayer = await house.playing("lost", 2);
    const kept = await house.publishing("kept", 2);
    show(lost, 0, 10);
    await seen(keptPlayer, 9);

    process.kill(house.pids.get(1) ?? 0, "SIGKILL");
    await Promise.all([lost.closed, lostPlayer.closed]);
    expect(await house.event("worker-died")).toMatchObject({ worker: 1, reason: "SIGKILL" });
    await keptPlayer.status("NetStream.Play.UnpublishNotify");
    expect(await house.event("worker-started", ({ replaces }) => replaces === 1)).toMatchObject({ worker: 3 });

    // The publisher reconnects, to the new worker, and reaches who stayed; and new players find what goes on.
    const back = await house.publishing("lost", 3);
    show(back, 10, 20);
    expect(await seen(keptPlayer, 19)).toEqual(range(0, 20));
    const newPlayer = await house.playing("kept", 3);
    show(kept, 0, 10);
    expect(await seen(newPlayer, 9)).toEqual(range(0, 10));
    expect(kept.isEnded).toBe(false);
  });

  it("is replaced again on the same port when all die at once", async () => {
    house = await WorkersHouse.open(2);
    for (const pid of house.pids.values()) process.kill(pid, "SIGKILL");
    await house.event("worker-started", ({ replaces }) => replaces === 1);
    await house.event("worker-started", ({ replaces }) => replaces === 2);
    await house.publishing("show", 3);
    await house.publishing("other", 4);
  });
});

describe("the processes", () => {
  it("meet in a folder that is nobody else's, and leave nothing behind", async () => {
    house = await WorkersHouse.open(2);
    const [path = "none"] = readdirSync(temporary).map((name) => join(temporary, name));
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(readdirSync(path).sort()).toEqual(["1.sock", "2.sock"]);

    const publisher = await house.publishing("show", 1);
    const player = await house.playing("show", 2);
    show(publisher, 0, 10);
    await seen(player, 9);
    await house.workers.close();
    await Promise.all([publisher.closed, player.closed]);
    const goodbye = ["NetConnection.Connect.AppShutdown: The server shuts down."];
    for (const { complaints } of [publisher, player]) expect(complaints).toEqual(goodbye);
    expect([...house.pids.values()].filter(isAlive)).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
    expect(house.events.filter(({ type }) => type === "worker-died")).toEqual([]);
  });

  it("number their peers without overlap", async () => {
    house = await WorkersHouse.open(2);
    await house.playing("show", 1);
    await house.playing("show", 2);
    const ids = house.events.flatMap((event) => (event.type === "play" ? [event.peer.id] : []));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("count players and bytes together, and do not count each other", async () => {
    house = await WorkersHouse.open(2);
    const publisher = await house.publishing("show", 1);
    const players = [await house.playing("show", 1), await house.playing("show", 2), await house.playing("show", 2)];
    show(publisher, 0, 100);
    for (const player of players) await seen(player, 99);
    while (house.workers.streams[0]?.players !== 3 || house.workers.receivedBytes < 20_000) await turn();
    expect(house.workers.streams).toMatchObject([{ path: "live/show", isPublished: true, players: 3 }]);
    expect(house.workers.receivedBytes).toBeLessThan(30_000);
  });

  it("do not start where somebody else listens", async () => {
    house = await WorkersHouse.open(1);
    await expect(WorkersHouse.open(1, {}, { port: house.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });

  it("do not start without a worker that can", async () => {
    const file = new URL("broken-worker.js", import.meta.url);
    await expect(WorkersHouse.open(2, {}, { file })).rejects.toThrow("A worker could not start: exit code 3.");
    expect(readdirSync(temporary)).toEqual([]);
  });
});

/** The worker that this publisher is on. */
async function placeOf(house: WorkersHouse, { socket }: RawClient): Promise<number> {
  const address = `127.0.0.1:${socket.localPort}`;
  return (await house.event("publish", ({ peer }) => peer.address === address)).worker;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
