import { MessageType } from "@millrace/core";
import type { Case } from "../../case.ts";
import { expectClientError, expectEqual, expectTrue } from "../../expect.ts";
import { range, videoFrame } from "../../frame.ts";
import { gather, keyframe, line, messages, next, valuesOf } from "../../messages.ts";
import { Stand } from "../../stand.ts";

/** What a client publishes and plays, at the server of the same adapter. */
export const streams: readonly Case[] = [
  {
    name: "client: publishes message for message, and players hear of the end",
    async run(runtime): Promise<void> {
      const stand = await Stand.open(runtime);
      const sent = messages(200);
      const publisher = await stand.connect();
      const player = await stand.connect();
      const early = gather(player.play("show"));
      await stand.house.reported("play live/show");
      const publication = await publisher.publish("show?key=1");
      expectEqual(publication.name, "show?key=1", "the name");
      for (const message of sent) await publication.send(message);
      await publication.end();
      expectEqual(await early, sent.map(line), "what was played");
      expectEqual(player.error, null, "the player's error");
      await stand.house.reported("unpublish live/show");
      await stand.close();
    },
  },
  {
    name: "client: gives metadata to late players as well",
    async run(runtime): Promise<void> {
      const stand = await Stand.open(runtime);
      const client = await stand.connect();
      const publication = await client.publish("show");
      await publication.metadata({ width: 640, encoder: "Millrace" });
      await publication.send(keyframe);
      const player = await stand.connect();
      const played = player.play("show");
      const { value: metadata } = await played.next();
      if (!metadata) throw new Error("There is no metadata.");
      expectEqual(metadata.messageType, MessageType.DataAmf0, "the type of metadata");
      const [handler, values] = valuesOf(metadata.payload);
      expectEqual([handler, Object(values).get("width")], ["onMetaData", 640], "the metadata");
      expectEqual(await next(played), line(keyframe), "the message behind it");
      await played.return();
      await stand.house.reported("stop live/show");
      await stand.close();
    },
  },
  {
    name: "client: takes nothing for a publication that has ended",
    async run(runtime): Promise<void> {
      const stand = await Stand.open(runtime);
      const client = await stand.connect();
      const publication = await client.publish("show");
      await publication.end();
      await expectClientError(publication.send(keyframe), { kind: "closed" }, "to send behind the end");
      await publication.end();
      await stand.house.reported("unpublish live/show");
      await stand.close();
    },
  },
  {
    name: "client: sends on what it plays",
    async run(runtime): Promise<void> {
      const stand = await Stand.open(runtime);
      const sent = messages(50);
      const from = await stand.connect();
      const relay = await stand.connect();
      const publication = await from.publish("show");
      const copy = await relay.publish("copy");
      const copied = gather(from.play("copy"));
      const relaying = (async (): Promise<void> => {
        for await (const message of relay.play("show")) await copy.send(message);
        await copy.end();
      })();
      await stand.house.reported("play live/show");
      await stand.house.reported("play live/copy");
      await publication.metadata({ width: 640 });
      for (const message of sent) await publication.send(message);
      await publication.end();
      await relaying;
      const [metadata = "", ...rest] = await copied;
      expectTrue(metadata.startsWith("18 0 "), `The metadata is ${metadata}.`);
      expectEqual(rest, sent.map(line), "what was played");
      await stand.close();
    },
  },
  {
    name: "client: closes a played stream when the loop is left, and goes on",
    async run(runtime): Promise<void> {
      const stand = await Stand.open(runtime);
      const client = await stand.connect();
      const publication = await client.publish("show");
      await publication.send(keyframe);
      for await (const played of client.play("show")) {
        expectEqual(line(played), line(keyframe), "what was played");
        break;
      }
      await stand.house.reported("stop live/show");
      await publication.end();
      await stand.close();
    },
  },
  {
    name: "client: gets what came before the server was lost, then the loss",
    async run(runtime): Promise<void> {
      const stand = await Stand.open(runtime);
      const client = await stand.connect();
      const publisher = await stand.connect();
      const publication = await publisher.publish("show");
      const played = client.play("show");
      const first = next(played);
      await stand.house.reported("play live/show");
      for (const message of messages(3)) await publication.send(message);
      const got = [await first];
      await stand.house.server.close(0);
      await client.closed;
      got.push(await next(played), await next(played));
      expectEqual(got, messages(3).map(line), "what was played");
      await expectClientError(played.next(), { kind: "lost" }, "to play on");
      expectEqual(client.error?.kind, "lost", "the client's error");
      const refused = await expectClientError(client.publish("more"), { kind: "lost" }, "to publish");
      expectTrue(refused === client.error, "There are two errors for one loss.");
      await stand.leave();
      stand.house.expectNothingHeld();
    },
  },
  {
    name: "client: sends what it was given before it closes",
    async run(runtime): Promise<void> {
      const stand = await Stand.open(runtime);
      const player = await stand.house.playing("show");
      const client = await stand.connect({ highWaterMark: 2 ** 24 });
      const publication = await client.publish("show");
      const count = 30;
      const sent = range(0, count).map((number) =>
        publication.send({ messageType: MessageType.Video, timestamp: number, payload: videoFrame(number, 200_000) }),
      );
      await client.close();
      await Promise.all(sent);
      await player.frame(count - 1);
      expectEqual(player.frames, range(0, count), "the frames");
      expectEqual(client.error?.kind, "closed", "the client's error");
      await player.close();
      await stand.close();
    },
  },
];
