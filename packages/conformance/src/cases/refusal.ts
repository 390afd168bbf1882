import type { HookAnswer } from "@millrace/core";
import type { Case } from "../case.ts";
import { expectEqual } from "../expect.ts";
import { range, videoFrame } from "../frame.ts";
import { House } from "../house.ts";
import type { RawClient } from "../raw-client.ts";

type Answer = () => HookAnswer | Promise<HookAnswer>;

/** A promise and what settles it. */
class Later {
  settle: (answer: HookAnswer) => void = () => {};
  readonly promise: Promise<HookAnswer>;

  constructor() {
    this.promise = new Promise((resolve) => (this.settle = resolve));
  }
}

const refusals: readonly [how: string, answer: Answer, reason: string][] = [
  ["false", () => false, "This is not allowed."],
  ["a reason", () => ({ reason: "You are late." }), "You are late."],
  ["a promise of one", () => Promise.resolve({ reason: "You are late." }), "You are late."],
];

const requests = [
  ["publish", "NetStream.Publish.Denied"],
  ["play", "NetStream.Play.Failed"],
] as const;

export const refusal: readonly Case[] = [
  ...refusals.map(
    ([how, answer, reason]): Case => ({
      name: `refuses connect by ${how}`,
      async run(runtime): Promise<void> {
        const house = await House.open(runtime, { onConnect: ({ app }) => (app === "closed" ? answer() : true) });
        const client = await house.shaken();
        client.askToConnect("closed");
        await client.ended;
        expectEqual(client.complaints, [`NetConnection.Connect.Rejected: ${reason}`], "what the client was told");
        expectEqual(house.reports, [`refused connect closed: ${reason}`], "the reports");
        await house.undisturbed();
        await house.close();
      },
    }),
  ),
  ...requests.map(
    ([what, code]): Case => ({
      name: `refuses ${what}, whatever the peer sends after that`,
      async run(runtime): Promise<void> {
        const decide = ({ name }: { name: string }): HookAnswer => (name === "secret" ? { reason: "No." } : true);
        const house = await House.open(runtime, { onPublish: decide, onPlay: decide });
        const client = await house.asking(what, "secret");
        for (const number of range(0, 20)) client.video(number, videoFrame(number, 10_000));
        await client.ended;
        expectEqual(client.complaints, [`${code}: No.`], "what the client was told");
        expectEqual(house.reports, [`refused ${what} live/secret: No.`], "the reports");
        await house.undisturbed();
        await house.close();
      },
    }),
  ),
  {
    name: "refuses with a status code of the application's",
    async run(runtime): Promise<void> {
      const answer = { reason: "Try there.", code: "NetStream.Publish.Rejected" };
      const house = await House.open(runtime, { onPublish: ({ name }) => (name === "secret" ? answer : true) });
      const client = await house.asking("publish", "secret");
      await client.ended;
      expectEqual(client.complaints, ["NetStream.Publish.Rejected: Try there."], "what the client was told");
      await house.close();
    },
  },
  {
    name: "waits for a hook that answers late, and loses nothing of what comes meanwhile",
    async run(runtime): Promise<void> {
      const later = new Later();
      const house = await House.open(runtime, { onPublish: ({ name }) => (name === "slow" ? later.promise : true) });
      const publisher = await house.asking("publish", "slow");
      for (const number of range(0, 50)) publisher.video(number * 40, videoFrame(number, 3_000));
      await house.works();
      later.settle(true);
      await publisher.status("NetStream.Publish.Start");
      const player = await house.playing("slow");
      publisher.video(50 * 40, videoFrame(50));
      await player.frame(50);
      const [first = -1] = player.frames;
      expectEqual(first % 10, 0, "how far the first frame is behind a keyframe");
      expectEqual(player.frames, range(first, 51), "the frames");
      await Promise.all([publisher.close(), player.close()]);
      await house.undisturbed();
      await house.close();
    },
  },
  {
    name: "refuses late",
    async run(runtime): Promise<void> {
      const later = new Later();
      const house = await House.open(runtime, { onPlay: ({ name }) => (name === "slow" ? later.promise : true) });
      const client = await house.asking("play", "slow");
      await house.works();
      later.settle({ reason: "Thought about it." });
      await client.ended;
      expectEqual(client.complaints, ["NetStream.Play.Failed: Thought about it."], "what the client was told");
      await house.undisturbed();
      await house.close();
    },
  },
  {
    name: "finds the peer gone when a hook answers late",
    async run(runtime): Promise<void> {
      const later = new Later();
      const house = await House.open(runtime, { onPublish: ({ name }) => (name === "slow" ? later.promise : true) });
      const client = await house.asking("publish", "slow");
      await client.message(({ values }) => values[1] === 2, "the stream");
      client.destroy();
      await client.ended;
      later.settle(true);
      await house.undisturbed();
      await house.close();
    },
  },
  {
    name: "refuses when a hook throws, and reports the fault",
    async run(runtime): Promise<void> {
      const house = await House.open(runtime, {
        onPublish: ({ name }) => {
          if (name === "broken") throw new Error("no database");
          return true;
        },
        onPlay: ({ name }) => (name === "broken" ? Promise.reject(new Error("no database")) : true),
      });
      for (const [what, code] of requests) {
        const client = await house.asking(what, "broken");
        await client.ended;
        expectEqual(client.complaints, [`${code}: The server could not decide.`], "what the client was told");
        const refused = `refused ${what} live/broken: The server could not decide.`;
        expectEqual(house.reports, ["hook-failed no database", refused], "the reports");
      }
      await house.undisturbed();
      await house.close();
    },
  },
  {
    name: "refuses when a hook does not answer in time, and a later answer changes nothing",
    async run(runtime): Promise<void> {
      const later = new Later();
      const house = await House.open(runtime, {
        decisionTimeout: 300,
        onPublish: ({ name }) => (name === "stuck" ? later.promise : true),
      });
      const client = await house.asking("publish", "stuck");
      await client.ended;
      const reason = "The server could not decide in time.";
      expectEqual(client.complaints, [`NetStream.Publish.Denied: ${reason}`], "what the client was told");
      later.settle(true);
      await later.promise;
      await house.undisturbed();
      expectEqual(house.reports, [`refused publish live/stuck: ${reason}`], "the reports");
      await house.close();
    },
  },
  {
    name: "refuses a second publisher of a name; the first goes on",
    async run(runtime): Promise<void> {
      const house = await House.open(runtime);
      house.show(1);
      const client = await house.asking("publish", "bystander");
      await client.ended;
      const told = ["NetStream.Publish.BadName: live/bystander is published by somebody else."];
      expectEqual(client.complaints, told, "what the client was told");
      const report = "refused publish live/bystander: live/bystander is published by somebody else.";
      expectEqual(house.reports, [report], "the reports");
      await house.undisturbed();
      await house.close();
    },
  },
  {
    name: "lets a publisher take over from one that is silent for long enough; players stay",
    async run(runtime): Promise<void> {
      const house = await House.open(runtime, { takeoverAfter: 300 });
      const first = await house.publishing("camera");
      const player = await house.playing("camera");
      first.video(0, videoFrame(0));
      await player.frame(0);
      // It asks until it gets the name, as encoders do.
      let second: RawClient | null = null;
      while (second === null) second = await house.publishing("camera").catch(() => null);
      second.video(0, videoFrame(10));
      await player.frame(10);
      await first.ended;
      const told = ["NetStream.Publish.BadName: live/camera is published by somebody else now."];
      expectEqual(first.complaints, told, "what the first was told");
      await Promise.all([second.close(), player.close()]);
      await house.undisturbed();
      await house.close();
    },
  },
];
