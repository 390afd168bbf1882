import { limitsWith } from "@millrace/core";
import type { Case } from "../case.ts";
import { expectEqual } from "../expect.ts";
import { range, videoFrame } from "../frame.ts";
import { House } from "../house.ts";
import { identity } from "../identity.ts";
import { RawClient } from "../raw-client.ts";

export const tls: readonly Case[] = [
  {
    name: "carries a publication over TLS",
    async run(runtime): Promise<void> {
      const house = await House.open(runtime, { tls: identity });
      const publisher = await house.publishing("show");
      const player = await house.playing("show");
      for (const number of range(0, 30)) publisher.video(number * 40, videoFrame(number, 50_000));
      await player.frame(29);
      expectEqual(player.frames, range(0, 30), "the frames");
      await Promise.all([publisher.close(), player.close()]);
      await house.undisturbed();
      await house.close();
    },
  },
  {
    name: "is not disturbed by who speaks no TLS, goes, or says nothing",
    async run(runtime): Promise<void> {
      const house = await House.open(runtime, { tls: identity, limits: limitsWith({ handshakeTimeout: 300 }) });
      const plain = new RawClient(await runtime.connect(house.port));
      plain.write(new Uint8Array(5_000).fill(3));
      const brief = await runtime.connect(house.port);
      brief.destroy();
      const silent = new RawClient(await runtime.connect(house.port));
      await plain.ended;
      await house.undisturbed();
      // Deno lets go of its socket only now: see `tls` of its adapter.
      silent.destroy();
      await house.close();
    },
  },
  {
    name: "notices abrupt ends, and shuts down, over TLS",
    async run(runtime): Promise<void> {
      const house = await House.open(runtime, { tls: identity });
      const publisher = await house.publishing("show");
      publisher.video(0, videoFrame(0, 100_000));
      publisher.destroy();
      await house.undisturbed();
      const player = await house.playing("bystander");
      await house.server.close();
      await player.ended;
      const told = ["NetConnection.Connect.AppShutdown: The server shuts down."];
      expectEqual(player.complaints, told, "what the player was told");
      house.expectNothingHeld();
    },
  },
];
