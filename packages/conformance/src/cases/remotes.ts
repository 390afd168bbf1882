import type { Case } from "../case.ts";
import { expectEqual, expectTrue } from "../expect.ts";
import { range, videoFrame } from "../frame.ts";
import { House } from "../house.ts";

/** Streams that go from one server to another. */
export const remotes: readonly Case[] = [
  {
    name: "pushes to another server, from which a third one pulls",
    async run(runtime): Promise<void> {
      const [near, far, third] = [await House.open(runtime), await House.open(runtime), await House.open(runtime)];
      near.server.push(`rtmp://127.0.0.1:${far.port}/other/there`, "live/show");
      third.server.pull(`rtmp://127.0.0.1:${far.port}/other/there`, "live/copy");
      const player = await third.playing("copy");
      const publisher = await near.publishing("show");
      await near.reported("push live/show");
      for (const number of range(0, 30)) publisher.video(number * 40, videoFrame(number, 20_000));
      await player.frame(29);
      expectEqual(player.frames, range(0, 30), "the frames");
      await publisher.close();
      await near.reported("push-end live/show");
      await player.status("NetStream.Play.UnpublishNotify");
      await player.close();
      await Promise.all([near, third, far].map(({ server }) => server.close(0)));
    },
  },
  {
    name: "pushes again, from a keyframe on, when the other server comes back",
    async run(runtime): Promise<void> {
      const [near, first] = [await House.open(runtime), await House.open(runtime)];
      const { port } = first;
      near.server.push(`rtmp://127.0.0.1:${port}/live/show`, "live/show");
      const publisher = await near.publishing("show");
      for (const number of range(0, 15)) publisher.video(number * 40, videoFrame(number));
      await near.reported("push live/show");
      await first.server.close(0);
      await near.reported("push-lost live/show");
      for (const number of range(15, 25)) publisher.video(number * 40, videoFrame(number));
      const second = new House(runtime);
      await second.server.listen(port, "127.0.0.1");
      const player = await second.playing("show");
      await player.frame(24);
      expectEqual(player.frames, range(20, 25), "the frames since the newest keyframe");
      const begun = near.reports.filter((report) => report === "push live/show");
      expectTrue(begun.length === 2, "it is said that the push goes on");
      await Promise.all([player.close(), publisher.close()]);
      await second.reported("unpublish live/show");
      await near.server.close(0);
      await second.server.close(0);
    },
  },
];
