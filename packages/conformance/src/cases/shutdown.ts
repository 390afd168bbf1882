import type { Case } from "../case.ts";
import { expectEqual, expectRejection, expectTrue } from "../expect.ts";
import { range, videoFrame } from "../frame.ts";
import { House } from "../house.ts";
import type { RawClient } from "../raw-client.ts";

const goodbye = ["NetConnection.Connect.AppShutdown: The server shuts down."];

/** Publishes as fast as the server takes it, until that is over. */
async function publishOn(publisher: RawClient): Promise<void> {
  for (let number = 0; !publisher.isEnded; number++) await publisher.video(number, videoFrame(number, 20_000));
}

export const shutdown: readonly Case[] = [
  {
    name: "shuts down under load: everybody is told, nothing is cut in the middle, all memory comes back",
    async run(runtime): Promise<void> {
      const house = await House.open(runtime);
      const silent = await house.client();
      const shaken = await house.shaken();
      const connected = await house.connected();
      const publishers = await Promise.all(range(0, 3).map((number) => house.publishing(`show${number}`)));
      const players = await Promise.all(range(0, 12).map((number) => house.playing(`show${number % 3}`)));
      const loads = publishers.map(publishOn);
      await Promise.all(players.map((player) => player.until(() => player.videos.length > 5, "some frames")));
      await house.server.close();
      // A client throws at anything that is no whole chunk.
      await Promise.all([silent, shaken, connected, ...publishers, ...players].map((client) => client.ended));
      await Promise.all(loads);
      for (const client of [silent, shaken]) expectEqual(client.complaints, [], "what they were told before connect");
      for (const client of [connected, ...publishers, ...players]) {
        expectEqual(client.complaints, goodbye, "what everybody was told");
      }
      for (const { frames } of players) expectTrue(!frames.includes(-1), "A frame is not whole.");
      const ends = house.reports.filter((report) => /^(stop|unpublish|failed)/.test(report)).sort();
      const expected = [
        "stop live/bystander",
        ...range(0, 12).map((number) => `stop live/show${number % 3}`),
        "unpublish live/bystander",
        ...range(0, 3).map((number) => `unpublish live/show${number}`),
      ];
      expectEqual(ends, expected.sort(), "the reports");
      house.expectNothingHeld();
    },
  },
  {
    name: "finishes the message that a player is getting before it says goodbye",
    async run(runtime): Promise<void> {
      const house = await House.open(runtime);
      const publisher = await house.publishing("film");
      const player = await house.playing("film");
      player.pause();
      await publisher.video(0, videoFrame(0, 4_000_000));
      await house.works();
      const closed = house.server.close(5_000);
      player.resume();
      await Promise.all([player.ended, closed]);
      // Not even the beginning of it may have been under way.
      expectTrue(player.frames.length <= 1 && !player.frames.includes(-1), "The frame is not whole.");
      expectEqual(player.complaints, goodbye, "what the player was told");
      house.expectNothingHeld();
    },
  },
  {
    name: "cuts who does not read at the deadline",
    async run(runtime): Promise<void> {
      const house = await House.open(runtime);
      const publisher = await house.publishing("film");
      const player = await house.playing("film");
      player.pause();
      for (const number of range(0, 20)) await publisher.video(number, videoFrame(number, 1_000_000));
      await house.works();
      const began = runtime.now();
      await house.server.close(0);
      // Who is told goodbye has a second to read it.
      expectTrue(runtime.now() - began < 900, "It did not cut who does not read.");
      house.expectNothingHeld();
      player.destroy();
    },
  },
  {
    name: "shuts down while a hook decides",
    async run(runtime): Promise<void> {
      const never = new Promise<boolean>(() => {});
      const house = await House.open(runtime, { onPublish: ({ name }) => name === "bystander" || never });
      const client = await house.asking("publish", "slow");
      await client.message(({ values }) => values[1] === 2, "the stream");
      await house.server.close();
      await client.ended;
      expectEqual(client.complaints, goodbye, "what the client was told");
      house.expectNothingHeld();
    },
  },
  {
    name: "shuts down from within a hook",
    async run(runtime): Promise<void> {
      let closing: Promise<void> | null = null;
      const house: House = await House.open(runtime, {
        onPublish: ({ name }) => {
          if (name === "last") closing = house.server.close();
          return true;
        },
      });
      const client = await house.asking("publish", "last");
      await client.ended;
      await closing;
      house.expectNothingHeld();
    },
  },
  {
    name: "says so when an address cannot be had, and can try another",
    async run(runtime): Promise<void> {
      const house = await House.open(runtime);
      const other = new House(runtime);
      const reason = await expectRejection(
        other.server.listen(house.port, "127.0.0.1"),
        "to listen where another does",
      );
      expectEqual(Object(reason).code, "EADDRINUSE", "the error's code");
      expectEqual(other.server.address, null, "the address before it listens");
      await other.server.listen(0, "127.0.0.1");
      const { address, family } = other.server.address ?? {};
      expectEqual([address, family], ["127.0.0.1", "IPv4"], "the address");
      await (await other.connected()).close();
      await other.server.close();
      await house.close();
    },
  },
  {
    name: "listens to all addresses by default",
    async run(runtime): Promise<void> {
      const house = new House(runtime);
      await house.server.listen(0);
      await (await house.connected()).close();
      await house.close();
    },
  },
  {
    name: "is closed once, also before it listened, and does not listen again",
    async run(runtime): Promise<void> {
      const house = await House.open(runtime);
      const { port } = house;
      await Promise.all([house.server.close(0), house.server.close(0)]);
      await expectRejection(runtime.connect(port), "to connect to a server that was closed");
      await house.server.close();
      house.expectNothingHeld();
      const reason = await expectRejection(house.server.listen(0, "127.0.0.1"), "to listen again");
      expectTrue(String(reason).includes("was closed"), `It says: ${reason}`);
      const other = new House(runtime);
      await other.server.close();
      other.expectNothingHeld();
    },
  },
];
