import type { Case } from "../case.ts";
import { expectEqual, expectTrue } from "../expect.ts";
import { range, videoFrame } from "../frame.ts";
import { House } from "../house.ts";

export const relaying: readonly Case[] = [
  {
    name: "carries a publication to players who come before, in time and late",
    async run(runtime): Promise<void> {
      const house = await House.open(runtime);
      const early = await house.playing("show");
      const publisher = await house.publishing("show?token=x");
      for (const number of range(0, 25)) publisher.video(number * 40, videoFrame(number, 5_000));
      await early.frame(24);
      const late = await house.playing("show");
      for (const number of range(25, 35)) publisher.video(number * 40, videoFrame(number, 5_000));
      await Promise.all([early.frame(34), late.frame(34)]);
      expectEqual(early.frames, range(0, 35), "frames of who came before");
      // From the last keyframe on.
      expectEqual(late.frames, range(20, 35), "frames of who came late");
      const times = late.videos.map(({ timestamp }) => timestamp);
      expectEqual(
        times,
        range(20, 35).map((number) => number * 40),
        "timestamps of who came late",
      );
      const stream = house.server.streams.find(({ path }) => path === "live/show");
      expectEqual([stream?.isPublished, stream?.players], [true, 2], "the stream");

      publisher.call(0, "deleteStream", 0, null, 1);
      await Promise.all([early, late].map((player) => player.status("NetStream.Play.UnpublishNotify")));
      await Promise.all([early, late, publisher].map((client) => client.close()));
      await house.left(2);
      expectEqual(
        house.reports,
        [
          "play live/show",
          "publish live/show",
          "play live/show",
          "unpublish live/show",
          "stop live/show",
          "stop live/show",
        ],
        "the reports",
      );
      await house.undisturbed();
      await house.close();
    },
  },
  {
    name: "carries messages from a few bytes to megabytes whole, each to several players",
    async run(runtime): Promise<void> {
      const house = await House.open(runtime);
      const players = await Promise.all(range(0, 5).map(() => house.playing("sizes")));
      const publisher = await house.publishing("sizes");
      const lengths = [9, 127, 128, 129, 4_095, 4_096, 4_097, 65_535, 65_536, 65_537, 300_000, 3_000_000];
      for (const [number, length] of lengths.entries()) publisher.video(number * 40, videoFrame(number, length));
      await Promise.all(players.map((player) => player.frame(lengths.length - 1)));
      for (const player of players) {
        expectEqual(player.frames, range(0, lengths.length), "the frames");
        const found = player.videos.map(({ payload }) => payload.length);
        expectEqual(found, lengths, "their lengths");
      }
      await Promise.all([publisher, ...players].map((client) => client.close()));
      await house.undisturbed();
      await house.close();
    },
  },
  {
    name: "counts connections and what it has received",
    async run(runtime): Promise<void> {
      const house = await House.open(runtime);
      const before = house.server.receivedBytes;
      const client = await house.connected();
      client.call(0, "_checkbw", 2, null);
      await client.message(({ values }) => values[1] === 2, "the answer");
      const during = house.server.receivedBytes;
      expectTrue(during > before, "Nothing was counted.");
      expectEqual(house.server.connectionCount, 3, "connections");
      await client.close();
      await house.left(2);
      expectEqual(house.server.receivedBytes, during, "bytes received in the end");
      await house.close();
    },
  },
  {
    name: "numbers its peers, and knows their addresses",
    async run(runtime): Promise<void> {
      const house = await House.open(runtime, { peersFrom: 100 });
      const player = await house.playing("show");
      const [event] = house.events;
      const peer = event !== undefined && "peer" in event ? event.peer : null;
      expectEqual(peer?.id, 103, "the number");
      expectTrue(/^127\.0\.0\.1:\d+$/.test(peer?.address ?? ""), `The address is ${peer?.address}.`);
      await player.close();
      await house.close();
    },
  },
];
