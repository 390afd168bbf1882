import { limitsWith, MessageType } from "@millrace/core";
import type { Case } from "../case.ts";
import { expectEqual } from "../expect.ts";
import { videoFrame } from "../frame.ts";
import { House } from "../house.ts";
import type { RawClient } from "../raw-client.ts";

const limits = limitsWith({
  handshakeTimeout: 300,
  connectTimeout: 300,
  pingInterval: 300,
  pingTimeout: 300,
  partialMessageTimeout: 300,
});

const silences: readonly [what: string, open: (house: House) => Promise<RawClient>, reports: readonly string[]][] = [
  ["says nothing", (house) => house.client(), ["failed HandshakeTimeout"]],
  [
    "stops within the handshake",
    async (house): Promise<RawClient> => {
      const client = await house.client();
      client.write(Uint8Array.of(3, 0, 0));
      return client;
    },
    ["failed HandshakeTimeout"],
  ],
  ["stops behind the handshake", (house) => house.shaken(), ["failed ConnectTimeout"]],
  [
    "answers no ping",
    async (house): Promise<RawClient> => {
      const client = await house.connected();
      client.answersPings = false;
      return client;
    },
    ["failed PingTimeout"],
  ],
  [
    "stops within a message",
    async (house): Promise<RawClient> => {
      const client = await house.publishing("half");
      client.write(client.chunks(MessageType.Video, 1, videoFrame(0, 900), 7).subarray(0, 500));
      return client;
    },
    ["publish live/half", "failed PartialMessageTimeout", "unpublish live/half"],
  ],
];

export const timeouts: readonly Case[] = [
  ...silences.map(
    ([what, open, reports]): Case => ({
      name: `does not wait for ever for a peer that ${what}`,
      async run(runtime): Promise<void> {
        const house = await House.open(runtime, { limits });
        const client = await open(house);
        await client.ended;
        await house.undisturbed();
        expectEqual(house.reports, reports, "the reports");
        await house.close();
      },
    }),
  ),
  {
    name: "asks a silent peer for a sign of life, and keeps it when it gives one",
    async run(runtime): Promise<void> {
      const house = await House.open(runtime, { limits });
      const client = await house.connected();
      const pings = (): number =>
        client.heard.filter(({ messageType, payload }) => messageType === 4 && payload[1] === 6).length;
      await client.until(() => pings() === 3, "the third ping");
      await client.close();
      await house.undisturbed();
      expectEqual(house.reports, [], "the reports");
      await house.close();
    },
  },
];
