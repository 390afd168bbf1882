import { encodeValues, MessageType } from "@millrace/core";
import type { Case } from "../case.ts";
import { expectEqual, expectTrue } from "../expect.ts";
import { range, videoFrame } from "../frame.ts";
import { House } from "../house.ts";

export const slowness: readonly Case[] = [
  {
    name: "has a player that does not read lose frames, but nobody else",
    async run(runtime): Promise<void> {
      const house = await House.open(runtime, { stream: { maximumBytes: 2 ** 20 } });
      const publisher = await house.publishing("film");
      const reader = await house.playing("film");
      const sleeper = await house.playing("film");
      sleeper.pause();
      const count = 400;
      for (const number of range(0, count)) {
        await publisher.video(number, videoFrame(number, 60_000));
        // Not faster than the one who reads.
        await reader.frame(number);
      }
      expectEqual(reader.frames, range(0, count), "the reader's frames");
      expectTrue(house.server.relay.pool.lentBytes < 2 ** 22, "The sleeper holds memory.");
      sleeper.resume();
      await sleeper.frame(count - 1);
      const { frames } = sleeper;
      expectTrue(frames.length < count, "The sleeper lost nothing.");
      for (const [index, number] of frames.entries()) {
        // What it got is whole, and after each gap comes a keyframe.
        expectTrue(number >= 0, "A frame of the sleeper is not whole.");
        const isNext = number === (frames[index - 1] ?? -1) + 1;
        expectTrue(isNext || number % 10 === 0, `Frame ${number} follows a gap, but is no keyframe.`);
      }
      await Promise.all([publisher, reader, sleeper].map((client) => client.close()));
      await house.undisturbed();
      await house.close();
    },
  },
  {
    name: "gets the memory back of a player that does not read and goes",
    async run(runtime): Promise<void> {
      const house = await House.open(runtime);
      const publisher = await house.publishing("film");
      const sleeper = await house.playing("film");
      sleeper.pause();
      for (const number of range(0, 20)) await publisher.video(number, videoFrame(number, 1_000_000));
      await house.works();
      sleeper.destroy();
      await publisher.close();
      await house.undisturbed();
      await house.close();
    },
  },
  {
    name: "gives up a peer that asks and does not read the answers",
    async run(runtime): Promise<void> {
      const house = await House.open(runtime);
      const client = await house.connected();
      client.pause();
      const call = client.chunks(MessageType.CommandAmf0, 0, encodeValues("createStream", 5, null), 9);
      const calls = new Uint8Array(20_000 * call.length);
      for (const index of range(0, 20_000)) calls.set(call, index * call.length);
      const failed = house.reported("failed OutgoingBytesLimit");
      const gaveUp = failed.then(() => true);
      while (!(await Promise.race([gaveUp, client.write(calls).then(() => false)])));
      expectEqual(house.reports, ["failed OutgoingBytesLimit"], "the reports");
      client.resume();
      await client.ended;
      await house.undisturbed();
      await house.close();
    },
  },
];
