import { describe, expect, it } from "vitest";
import { MessageType } from "../../src/chunk/index.ts";
import { ErrorCode } from "../../src/errors.ts";
import { audio, frame, keyframe } from "../live/player.ts";
import { World } from "./client.ts";

const { Audio, Video } = MessageType;

/** A publisher, a player, and what becomes of the player's socket: `flushes` counts. */
function stage(audioWait?: number) {
  const world = new World(audioWait === undefined ? {} : { audioWait });
  const publisher = world.publisher("key");
  const player = world.player("key");
  const counts = { flushes: 0 };
  player.session.carrier = { flush: () => counts.flushes++, pump: () => {}, destroy: () => {} };
  const { relay } = world;
  return { world, publisher, player, relay, counts };
}

describe("what is new", () => {
  it("may wait where it is audio beside pictures: it goes out with the next one", () => {
    const { publisher, relay, counts } = stage();
    publisher.media(Video, 0, keyframe());
    expect(relay.unhurried.size).toBe(0);
    publisher.media(Audio, 10, audio());
    publisher.media(Audio, 30, audio());
    expect([...relay.unhurried].map(({ path }) => path)).toEqual(["app/key"]);
    expect(counts.flushes).toBe(0);
    relay.flush();
    expect(counts.flushes).toBe(1);
    expect(relay.unhurried.size).toBe(0);
  });

  it("does not wait where there are no pictures, or where nothing may wait", () => {
    const sound = stage();
    sound.publisher.media(Audio, 10, audio());
    expect(sound.relay.unhurried.size).toBe(0);
    const hurried = stage(0);
    hurried.publisher.media(Video, 0, keyframe());
    hurried.publisher.media(Audio, 10, audio());
    expect(hurried.relay.unhurried.size).toBe(0);
  });

  it("goes to another relay at once, whose own players wait behind it", () => {
    const { world, publisher, relay } = stage();
    publisher.media(Video, 0, keyframe());
    const link = relay.openLink(new Uint8Array(1528), world.now);
    let flushes = 0;
    link.carrier = { flush: () => flushes++, pump: () => {}, destroy: () => {} };
    relay.find("app/key").links.add(link);
    publisher.media(Audio, 10, audio());
    expect([flushes, relay.unhurried.size]).toEqual([1, 1]);
  });

  it("concerns nobody where nobody plays", () => {
    const world = new World();
    const publisher = world.publisher("key");
    publisher.media(Video, 0, keyframe());
    publisher.media(Audio, 10, audio());
    expect(world.relay.unhurried.size + world.relay.changed.size).toBe(0);
  });
});

describe("a player that does not read", () => {
  it("is given up once what waits for it is 15 s old, and no other is", () => {
    const { world, publisher, player } = stage();
    const reader = world.player("key");
    publisher.media(Video, 0, keyframe(5000));
    player.session.connection.output.lend(); // and nothing comes of it
    reader.hear();
    const began = world.now;
    for (let second = 1; second <= 16; second++) {
      world.now = began + second * 1000;
      publisher.media(Video, second * 1000, frame());
      reader.hear();
      for (const { session } of [player, reader]) session.connection.tick(world.now);
      // What waits first is the frame of the first second.
      expect(player.session.connection.error === null).toBe(true);
    }
    player.session.connection.tick(world.now + 1);
    expect(player.session.connection.error?.code).toBe(ErrorCode.PlayerTooSlow);
    reader.session.connection.tick(world.now + 1);
    expect(reader.session.connection.error).toBeNull();
  });
});

describe("what is kept", () => {
  it("is what comes from the newest keyframe on, once nobody plays any more", () => {
    const { publisher, player, relay } = stage();
    const kept = () => relay.describe()[0]?.keptBytes ?? 0;
    publisher.media(Video, 0, keyframe(1000));
    publisher.media(Video, 40, keyframe(1000));
    player.hear();
    expect(kept()).toBeGreaterThan(2000);
    player.call("deleteStream", 0, null, 1);
    player.hear();
    publisher.media(Video, 80, keyframe(1000));
    expect(kept()).toBeLessThan(1100);
  });
});

describe("what the relay has room for", () => {
  const refused = (code: string) => expect.stringContaining(code);

  it("is bounded in streams: at the limit, and one more", () => {
    const world = new World({ maximumStreams: 2 });
    world.publisher("one");
    world.player("two");
    expect(world.publisher("three").hear()).toContainEqual(refused("NetStream.Publish"));
    const player = world.open();
    player.connect();
    player.call("createStream", 2, null);
    player.callOn(1, "play", 3, null, "three");
    expect(player.hear()).toContainEqual(refused("NetStream.Play"));
    expect(player.session.refusal).toBe("The server has 2 streams already.");
    expect([...world.relay.streams.keys()]).toEqual(["app/one", "app/two"]);
    expect(world.publisher("two").hear()).toContain("onStatus #1 NetStream.Publish.Start");
  });

  it("is bounded in players of a stream: at the limit, and one more", () => {
    const world = new World({ maximumPlayers: 1 });
    const publisher = world.publisher("key");
    const player = world.player("key");
    const other = world.player("key");
    expect(other.session.refusal).toBe("app/key has 1 players already.");
    expect(other.events).toEqual(["failed Refused"]);
    const sent = publisher.media(Video, 0, keyframe());
    expect(player.hear()).toContain(sent);
    expect(world.relay.describe()).toEqual([expect.objectContaining({ path: "app/key", players: 1 })]);
    other.close();
    player.close();
    expect(world.player("key").session.refusal).toBe("");
  });
});
