import { encodeValues, MessageType } from "@millrace/core";
import type { Case } from "../case.ts";
import { expectEqual } from "../expect.ts";
import { range, videoFrame } from "../frame.ts";
import { House } from "../house.ts";
import type { RawClient } from "../raw-client.ts";

type State = readonly [what: string, open: (house: House) => Promise<RawClient>, reports: readonly string[]];

const states: readonly State[] = [
  ["a connection", (house) => house.client(), []],
  ["a connection behind the handshake", (house) => house.shaken(), []],
  ["a connection behind connect", (house) => house.connected(), []],
  ["a publisher", (house) => house.publishing("brief"), ["publish live/brief", "unpublish live/brief"]],
  [
    "a publisher in the middle of a message",
    async (house): Promise<RawClient> => {
      const client = await house.publishing("brief");
      client.video(0, videoFrame(0));
      await client.write(client.chunks(MessageType.Video, 1, videoFrame(1, 900), 7).subarray(0, 500));
      return client;
    },
    ["publish live/brief", "unpublish live/brief"],
  ],
  ["a player", (house) => house.playing("bystander"), ["play live/bystander", "stop live/bystander"]],
];

/** Server and client end a connection in all ways, at all times. */
export const endings: readonly Case[] = [
  ...states.map(
    ([what, open, reports]): Case => ({
      name: `notices the abrupt end of ${what}`,
      async run(runtime): Promise<void> {
        const house = await House.open(runtime);
        const client = await open(house);
        house.show(5);
        client.destroy();
        await house.undisturbed();
        expectEqual(house.reports, reports, "the reports");
        await house.close();
      },
    }),
  ),
  ...states.map(
    ([what, open, reports]): Case => ({
      name: `ends ${what} that sends nothing more, but would read on`,
      async run(runtime): Promise<void> {
        const house = await House.open(runtime);
        const client = await open(house);
        house.show(5);
        await client.closeWrite();
        await client.ended;
        await house.undisturbed();
        expectEqual(house.reports, reports, "the reports");
        expectEqual(client.complaints, [], "what the client was told");
        await house.close();
      },
    }),
  ),
  {
    name: "answers what a peer asked before it sent nothing more",
    async run(runtime): Promise<void> {
      const house = await House.open(runtime);
      const client = await house.connected();
      const count = 2_000;
      const call = client.chunks(MessageType.CommandAmf0, 0, encodeValues("createStream", 5, null), 9);
      const calls = new Uint8Array(count * call.length);
      for (const index of range(0, count)) calls.set(call, index * call.length);
      client.write(calls);
      await client.closeWrite();
      await client.ended;
      const answers = client.heard.filter(({ values }) => values[1] === 5);
      expectEqual(answers.length, count, "answers");
      await house.undisturbed();
      await house.close();
    },
  },
  {
    name: "cuts a peer that keeps its end open when the server has closed the other one",
    async run(runtime): Promise<void> {
      const house = await House.open(runtime);
      const client = await house.connected();
      client.lingers = true;
      client.call(0, "connect", 7, null);
      await client.ended;
      expectEqual(house.server.connectionCount, 3, "connections when the server has closed its own end");
      expectEqual(house.reports, ["failed CommandSecondConnect"], "the reports");
      await house.undisturbed();
      client.destroy();
      await house.close();
    },
  },
  {
    name: "turns away who speaks another protocol",
    async run(runtime): Promise<void> {
      const house = await House.open(runtime);
      for (const [first, report] of [
        [0x47, "failed HandshakeForeignProtocol"],
        [0x16, "failed HandshakeForeignProtocol"],
        [0xc8, "failed HandshakeVersion"],
      ] as const) {
        house.events.length = 0;
        const client = await house.client();
        client.write(new Uint8Array(5_000).fill(first));
        await client.ended;
        await house.undisturbed();
        expectEqual(house.reports, [report], "the reports");
      }
      await house.close();
    },
  },
];
