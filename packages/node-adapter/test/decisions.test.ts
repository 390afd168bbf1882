import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Answer } from "../src/index.ts";
import { RawClient } from "./client.ts";
import { House, videoFrame } from "./house.ts";

/** What the hooks answer, by the app or stream name that is asked for; everything else may pass. */
const answers = new Map<string, () => Answer | Promise<Answer>>();
let house: House;

beforeAll(async () => {
  house = await House.open({
    decisionTimeout: 500,
    takeoverAfter: 300,
    onConnect: ({ app }) => answers.get(app)?.(),
    onPublish: ({ name }) => answers.get(name)?.(),
    onPlay: ({ name }) => answers.get(name)?.(),
  });
});
afterAll(() => house.close());

/** A promise and what settles it. */
function later(): { promise: Promise<Answer>; settle: (answer: Answer) => void; fail: (error: Error) => void } {
  let settle: (answer: Answer) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const promise = new Promise<Answer>((resolve, reject) => {
    settle = resolve;
    fail = reject;
  });
  // It may fail before the hook is called.
  promise.catch(() => {});
  return { promise, settle, fail };
}

async function ask(name: string, command: "publish" | "play"): Promise<RawClient> {
  house.events.length = 0;
  const client = await RawClient.connected(house.port);
  client.call("createStream", 2, null);
  client.callOn(1, command, 3, null, name);
  return client;
}

async function settled(client: RawClient): Promise<void> {
  await client.closed;
  await house.left(2);
  await house.undisturbed();
}

describe("a refusal", () => {
  it.each([
    ["false", () => false, "This is not allowed."],
    ["a reason", () => ({ reason: "You are late." }), "You are late."],
    ["a promise of one", () => Promise.resolve({ reason: "You are late." }), "You are late."],
  ] satisfies [string, () => Answer | Promise<Answer>, string][])("of connect by %s", async (_, answer, reason) => {
    answers.set("closed", answer);
    house.events.length = 0;
    const client = await RawClient.shaken(house.port);
    client.connect("closed");
    await settled(client);
    expect(client.complaints).toEqual([`NetConnection.Connect.Rejected: ${reason}`]);
    expect(house.reports).toEqual([`refused connect closed: ${reason}`]);
  });

  it.each([
    ["publish", "NetStream.Publish.Denied"],
    ["play", "NetStream.Play.Failed"],
  ] as const)("of %s", async (command, code) => {
    answers.set("secret", () => ({ reason: "No." }));
    const client = await ask("secret", command);
    await settled(client);
    expect(client.complaints).toEqual([`${code}: No.`]);
    expect(house.reports).toEqual([`refused ${command} live/secret: No.`]);
    expect(house.server.streams.map(({ path }) => path)).toEqual(["live/bystander"]);
  });

  it("is final for a publisher that takes no notice and keeps sending", async () => {
    answers.set("secret", () => false);
    const client = await ask("secret", "publish");
    const sending = setInterval(() => client.video(0, videoFrame(0, 10_000)), 20);
    await settled(client);
    clearInterval(sending);
    expect(house.reports).toEqual(["refused publish live/secret: This is not allowed."]);
  });

  it("has a status code of the application's", async () => {
    answers.set("secret", () => ({ reason: "Try there.", code: "NetStream.Publish.Rejected" }));
    const client = await ask("secret", "publish");
    await settled(client);
    expect(client.complaints).toEqual(["NetStream.Publish.Rejected: Try there."]);
  });
});

describe("a hook that answers late", () => {
  it("lets the publisher in, and what it sent meanwhile is not lost", async () => {
    const { promise, settle } = later();
    answers.set("slow", () => promise);
    const player = await RawClient.playing(house.port, "elsewhere");
    await player.close();
    const client = await ask("slow", "publish");
    for (let number = 0; number < 50; number++) client.video(number * 40, videoFrame(number, 3_000));
    house.show(10);
    await house.undisturbed();
    expect(house.server.streams.map(({ path }) => path)).toEqual(["live/bystander"]);
    settle(true);
    await client.status("NetStream.Publish.Start");
    const late = await RawClient.playing(house.port, "bystander");
    await late.close();
    answers.delete("slow");
    const viewer = await RawClient.playing(house.port, "slow");
    await viewer.until(() => viewer.videos.at(-1)?.timestamp === 49 * 40, "the last frame");
    expect(viewer.videos.map(({ payload }) => payload)).toEqual(
      Array.from({ length: 10 }, (_, index) => videoFrame(40 + index, 3_000)),
    );
    await Promise.all([client.close(), viewer.close()]);
    await settled(client);
  });

  it("refuses late", async () => {
    const { promise, settle } = later();
    answers.set("slow", () => promise);
    const client = await ask("slow", "play");
    await house.undisturbed();
    settle({ reason: "Thought about it." });
    await settled(client);
    expect(client.complaints).toEqual(["NetStream.Play.Failed: Thought about it."]);
  });

  it("finds the peer gone", async () => {
    const { promise, settle } = later();
    answers.set("slow", () => promise);
    const client = await ask("slow", "publish");
    await client.reset();
    await house.left(2);
    settle(true);
    await settled(client);
    expect(house.reports).toEqual([]);
  });
});

describe("a hook that is at fault", () => {
  it("throws: the peer is refused, and the fault reported", async () => {
    answers.set("broken", () => {
      throw new Error("no database");
    });
    const client = await ask("broken", "publish");
    await settled(client);
    expect(client.complaints).toEqual(["NetStream.Publish.Denied: The server could not decide."]);
    expect(house.reports).toEqual([
      "hook-failed no database",
      "refused publish live/broken: The server could not decide.",
    ]);
  });

  it("throws late", async () => {
    const { promise, fail } = later();
    answers.set("broken", () => promise);
    const client = await ask("broken", "play");
    fail(new Error("no database"));
    await settled(client);
    expect(house.reports[0]).toBe("hook-failed no database");
  });

  it("never answers: the peer is refused after decisionTimeout, and a later answer changes nothing", async () => {
    const { promise, settle } = later();
    answers.set("stuck", () => promise);
    const client = await ask("stuck", "publish");
    await settled(client);
    expect(client.complaints).toEqual(["NetStream.Publish.Denied: The server could not decide in time."]);
    settle(true);
    await promise;
    expect(house.reports).toEqual(["refused publish live/stuck: The server could not decide in time."]);
  });
});

describe("two publishers of one name", () => {
  it("the second is told BadName; the first goes on", async () => {
    house.events.length = 0;
    const signs = setInterval(() => house.show(1), 50);
    const client = await ask("bystander", "publish");
    await settled(client);
    clearInterval(signs);
    expect(client.complaints).toEqual(["NetStream.Publish.BadName: live/bystander is published by somebody else."]);
    expect(house.reports).toEqual(["refused publish live/bystander: live/bystander is published by somebody else."]);
  });

  it("the second takes over from one that went silent; players stay", async () => {
    const first = await RawClient.publishing(house.port, "camera");
    const player = await RawClient.playing(house.port, "camera");
    first.video(0, videoFrame(0));
    await player.until(() => player.videos.length === 1, "the first frame");
    // It asks until it gets the name, as encoders do.
    let second: RawClient | null = null;
    while (second === null) {
      const client = await RawClient.connected(house.port);
      client.call("createStream", 2, null);
      client.callOn(1, "publish", 3, null, "camera", "live");
      second = await client.status("NetStream.Publish.Start").then(
        () => client,
        () => null,
      );
      if (second === null) await client.closed;
    }
    second.video(0, videoFrame(10));
    await player.until(() => player.videos.length === 2, "a frame of the other");
    await first.closed;
    expect(first.complaints).toEqual(["NetStream.Publish.BadName: live/camera is published by somebody else now."]);
    await Promise.all([second.close(), player.close()]);
    await settled(second);
  });
});
