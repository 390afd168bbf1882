import { type HookAnswer, MessageType } from "@millrace/core";
import type { Case } from "../../case.ts";
import { expectEqual, expectTrue } from "../../expect.ts";
import { keyframe, line, messages, next } from "../../messages.ts";
import { Stand } from "../../stand.ts";

export const clientSlowness: readonly Case[] = [
  {
    name: "client: slows down for a server that does not read, and bounds what waits",
    async run(runtime): Promise<void> {
      let decide: ((answer: HookAnswer) => void) | null = null;
      const stand = await Stand.open(runtime, {
        onPlay: ({ name }) =>
          name !== "other" ||
          new Promise((resolve) => {
            decide = resolve;
          }),
      });
      const client = await stand.connect({ highWaterMark: 100_000 });
      const publication = await client.publish("show");
      // Until the application decides, the server reads nothing of this connection.
      const played = client.play("other");
      const first = next(played);
      let sentCount = 0;
      const sending = (async (): Promise<void> => {
        // 30 MB are more than sockets take.
        for (const message of messages(3_000, 10_000)) {
          await publication.send(message);
          sentCount++;
        }
      })();
      while (decide === null) await runtime.turn();
      // It stands still once the bystanders get on twice and nothing more was sent.
      for (let before = -1; before !== sentCount; ) {
        before = sentCount;
        await stand.house.works();
        await stand.house.works();
      }
      expectTrue(sentCount < 3_000, "All was sent.");
      expectTrue(stand.pool.lentBytes < 300_000, `${stand.pool.lentBytes} bytes wait.`);
      const before = stand.house.server.receivedBytes;
      (decide as (answer: HookAnswer) => void)(true); // not null: the loop above has ended
      await sending;
      await publication.end();
      const other = await client.publish("other");
      await other.send(keyframe);
      expectEqual(await first, line(keyframe), "what was played");
      expectTrue(stand.house.server.receivedBytes - before > 10_000_000, "The server got too little.");
      await played.return();
      await stand.close();
    },
  },
  {
    name: "client: is not read while a player of its own is behind, and holds up nobody else",
    async run(runtime): Promise<void> {
      const stand = await Stand.open(runtime, { stream: { maximumBytes: 2 ** 20 } });
      // Pictures only: the server has audio wait for them.
      const sent = messages(3_000, 10_000).filter(({ messageType }) => messageType === MessageType.Video);
      const lines = sent.map(line);
      const publisher = await stand.connect();
      const slow = await stand.connect({ highWaterMark: 50_000 });
      const quick = await stand.connect();
      const publication = await publisher.publish("show");
      const slowly = slow.play("show");
      const quickly = quick.play("show");
      const first = next(slowly);
      const firstOfQuick = next(quickly);
      while (stand.house.reports.filter((report) => report === "play live/show").length < 2) await runtime.turn();
      const received: string[] = [];
      for (const [index, message] of sent.entries()) {
        await publication.send(message);
        received.push(index === 0 ? await firstOfQuick : await next(quickly));
      }
      expectEqual(received, lines, "what was played by who is not behind");
      await stand.house.works();
      const late = [await first];
      await publication.end();
      for await (const message of slowly) late.push(line(message));
      // The server drops what a player takes too slowly. What comes is whole and in its order.
      const places = late.map((one) => lines.indexOf(one));
      expectTrue(late.length > 5 && late.length < sent.length, `The one who is behind got ${late.length} messages.`);
      expectTrue(
        places.every((place, index) => place > (places[index - 1] ?? -1)),
        "What the one who is behind got is not whole, or not in order.",
      );
      await quickly.return();
      await stand.close();
    },
  },
];
