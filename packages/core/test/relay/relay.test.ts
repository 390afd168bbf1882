import { describe, expect, it } from "vitest";
import { AmfEcmaArray } from "../../src/amf/index.ts";
import { MessageType } from "../../src/chunk/index.ts";
import { encodeValues } from "../../src/message/index.ts";
import { pathOf, Relay } from "../../src/relay/index.ts";
import { audio, avcHeader, frame, keyframe, tag } from "../live/player.ts";
import { type Peer, World } from "./client.ts";

const { Audio, Video, DataAmf0 } = MessageType;

/** How |RtmpSampleAccess begins, which every player is told. */
const SAMPLE_ACCESS = "0200117c52";
const isMedia = (line: string): boolean => /^(audio|video|data) #/.test(line) && !line.includes(SAMPLE_ACCESS);
const mediaOf = (peer: Peer): string[] => peer.hear().filter(isMedia);

const START = "onStatus #1 NetStream.Play.Start";
const PUBLISHED = "onStatus #1 NetStream.Play.PublishNotify";
const UNPUBLISHED = "onStatus #1 NetStream.Play.UnpublishNotify";
const STREAM_BEGIN = "user control 000000000001";
const STREAM_EOF = "user control 000100000001";

describe("Relay, publisher and players", () => {
  it("meet by app and name", () => {
    const world = new World();
    const publisher = world.publisher("key?token=1");
    expect(publisher.hear()).toContain("onStatus #1 NetStream.Publish.Start");
    const player = world.player("key");
    const other = world.player("other");
    const sent = [publisher.media(Video, 0, keyframe(5000)), publisher.media(Audio, 10, audio())];
    expect(mediaOf(player)).toEqual(sent);
    expect(mediaOf(other)).toEqual([]);
    expect([...world.relay.streams.keys()]).toEqual(["app/key", "app/other"]);
  });

  it("meet where one has the name in the app", () => {
    const world = new World();
    const camera = world.open();
    camera.connect("app/key");
    camera.call("createStream", 2, null);
    camera.callOn(1, "publish", 3, null, "", "live");
    const player = world.player("key");
    const sent = camera.media(Video, 0, keyframe());
    expect(mediaOf(player)).toEqual([sent]);
    expect(pathOf({ app: "", name: "" })).toBe("");
  });

  it("gives who joins late metadata and headers at the time of the keyframe, then all from there on", () => {
    const world = new World();
    const publisher = world.publisher("key");
    const metadata = encodeValues("onMetaData", AmfEcmaArray.of({ width: 1920 }));
    publisher.send(4, DataAmf0, 1, 0, encodeValues("@setDataFrame", "onMetaData", AmfEcmaArray.of({ width: 1920 })));
    const header = avcHeader(900);
    publisher.media(Video, 0, header);
    publisher.media(Video, 0, keyframe());
    publisher.media(Video, 40, frame());
    const key = publisher.media(Video, 80, keyframe(4000));
    const next = publisher.media(Video, 120, frame());
    const player = world.player("key"); // has heard all of it
    const late = world.open();
    late.connect();
    late.call("createStream", 2, null);
    late.hear();
    late.callOn(1, "play", 3, null, "key");
    const heard = late.hear();
    expect(heard.slice(0, 3)).toEqual([STREAM_BEGIN, "onStatus #1 NetStream.Play.Reset", START]);
    const media = heard.filter(isMedia);
    expect(media.slice(0, 2)).toEqual([
      expect.stringMatching(new RegExp(`^data #1 @0 .* length=${metadata.length} `)),
      expect.stringMatching(/^video #1 @80 1700000000 length=900 /),
    ]);
    expect(media.slice(2)).toEqual([key, next]);
    const last = publisher.media(Video, 160, frame());
    expect([mediaOf(late), mediaOf(player)]).toEqual([[last], [last]]);
  });

  it("waits for a publisher, and is told of it before its first media", () => {
    const world = new World();
    const player = world.player("key");
    const publisher = world.publisher("key");
    const sent = [
      publisher.media(Video, 0, avcHeader()),
      publisher.media(Video, 0, keyframe(9000)),
      publisher.media(Audio, 0, audio()),
    ];
    expect(player.hear()).toEqual([STREAM_BEGIN, PUBLISHED, ...sent]);
  });

  it("gets headers once, though it joined before they came", () => {
    const world = new World();
    const publisher = world.publisher("key");
    const player = world.player("key");
    const sent = [publisher.media(Video, 0, avcHeader()), publisher.media(Video, 0, keyframe())];
    expect(mediaOf(player)).toEqual(sent);
  });

  it("is told of the end after all media", () => {
    const world = new World();
    const publisher = world.publisher("key");
    const player = world.player("key");
    const sent = [publisher.media(Video, 0, keyframe(30_000)), publisher.media(Video, 40, frame(30_000))];
    publisher.call("FCUnpublish", 4, null, "key");
    expect(publisher.events).toEqual(["publisher of app/key ended"]);
    expect(player.hear()).toEqual([...sent, STREAM_EOF, UNPUBLISHED]);
    expect(player.hear()).toEqual([]);
  });

  it("is told of a publication that began and ended before it took anything", () => {
    const world = new World();
    const player = world.player("key");
    player.hear();
    const publisher = world.publisher("key");
    const sent = publisher.media(Video, 0, keyframe());
    publisher.call("FCUnpublish", 4, null, "key");
    expect(player.hear()).toEqual([STREAM_BEGIN, PUBLISHED, sent, STREAM_EOF, UNPUBLISHED]);
  });

  it("is told of the end when the publisher's socket was closed inside a message", () => {
    const world = new World();
    const publisher = world.publisher("key");
    const player = world.player("key");
    const sent = publisher.media(Video, 0, keyframe());
    publisher.give(publisher.chunks(6, Video, 1, 40, frame(5000)).subarray(0, 3000));
    publisher.close();
    expect(player.hear()).toEqual([sent, STREAM_EOF, UNPUBLISHED]);
    const successor = world.publisher("key");
    const next = successor.media(Video, 0, keyframe());
    expect(player.hear()).toEqual([STREAM_BEGIN, PUBLISHED, next]);
  });

  it("plays on message streams other than 1, several on one connection", () => {
    const world = new World();
    const [first, second] = [world.publisher("one"), world.publisher("two")];
    const player = world.open();
    player.connect();
    for (const transaction of [2, 3, 4]) player.call("createStream", transaction, null);
    player.callOn(2, "play", 5, null, "one");
    player.callOn(3, "play", 6, null, "two");
    player.hear();
    const one = [first.media(Video, 0, keyframe(20_000)), first.media(Video, 40, frame(20_000))];
    const two = [second.media(Video, 0, keyframe(20_000)), second.media(Audio, 40, audio())];
    const heard = player.hear();
    expect(heard.filter((line) => line.includes("#2"))).toEqual(one.map((line) => line.replace("#1", "#2")));
    expect(heard.filter((line) => line.includes("#3"))).toEqual(two.map((line) => line.replace("#1", "#3")));
  });

  it("answers a command that came while a message was being sent in pieces", () => {
    const world = new World();
    const publisher = world.publisher("key");
    const player = world.player("key");
    const sent = publisher.media(Video, 0, keyframe(20_000));
    const { output } = player.session.connection;
    expect(output.lend()).toBe(true);
    player.call("getStreamLength", 9, null);
    const heard = player.hearPiece();
    expect([...heard, ...player.hear()]).toEqual([sent, "_result"]);
  });

  it("takes another play on the same message stream for the first one's end", () => {
    const world = new World();
    const publisher = world.publisher("two");
    const player = world.player("one");
    player.callOn(1, "play", 4, null, "two");
    expect([...world.relay.streams.keys()]).toEqual(["app/two"]);
    expect(player.events).toEqual(["player of app/one ended"]);
    player.hear();
    const sent = publisher.media(Video, 0, keyframe());
    expect(mediaOf(player)).toEqual([sent]);
  });
});

describe("Relay, who may publish", () => {
  it("refuses a second publisher while the first one is there", () => {
    const world = new World();
    const first = world.publisher("key");
    world.now += 4999;
    const second = world.publisher("key");
    expect(second.hear()).toContain("onStatus #1 NetStream.Publish.BadName");
    expect(second.events).toEqual(["failed Refused"]);
    const player = world.player("key");
    const sent = first.media(Video, 0, keyframe());
    expect(mediaOf(player)).toEqual([sent]);
    second.close();
    expect(world.relay.streams.get("app/key")?.publisher).toBe(first.session);
  });

  it("lets another one take over after silence; players stay", () => {
    const world = new World();
    const first = world.publisher("key");
    const player = world.player("key");
    const before = first.media(Video, 0, keyframe());
    first.give(first.chunks(6, Video, 1, 40, frame(5000)).subarray(0, 3000));
    world.now += 5000;
    const second = world.publisher("key");
    expect(first.hear()).toContain("onStatus #0 NetStream.Publish.BadName");
    expect(first.events).toEqual(["publisher of app/key ended", "failed Refused"]);
    second.media(Video, 0, frame(300)); // without its keyframe
    const after = [second.media(Video, 40, avcHeader()), second.media(Video, 40, keyframe(6000))];
    expect(player.hear().filter((line) => !line.startsWith("type "))).toEqual([
      STREAM_BEGIN,
      PUBLISHED,
      before,
      ...after,
    ]);
    first.close();
    const next = second.media(Video, 80, frame());
    expect(player.hear()).toEqual([next]);
    expect(world.relay.streams.get("app/key")?.publisher).toBe(second.session);
  });

  it("lets another one begin as soon as the first has ended", () => {
    const world = new World();
    const first = world.publisher("key");
    first.callOn(0, "deleteStream", 4, null, 1);
    const second = world.publisher("key");
    expect(second.hear()).toContain("onStatus #1 NetStream.Publish.Start");
    first.close();
    expect(world.relay.streams.get("app/key")?.publisher).toBe(second.session);
  });

  it("never takes a name from a session for itself, however long the application thought", () => {
    const world = new World();
    const publisher = world.publisher("key");
    publisher.call("createStream", 4, null);
    publisher.decisionTime = 10_000;
    publisher.callOn(2, "publish", 5, null, "key", "live");
    expect(publisher.hear()).toContain("onStatus #2 NetStream.Publish.BadName");
    expect(publisher.events).toEqual([]);
    expect(world.relay.streams.get("app/key")?.publisher).toBe(publisher.session);
  });

  it("keeps no media of who was refused", () => {
    const world = new World();
    world.publisher("key");
    const player = world.player("key");
    const second = world.open();
    second.connect();
    second.call("createStream", 2, null);
    second.give(
      Buffer.concat([
        second.chunks(3, MessageType.CommandAmf0, 1, 0, encodeValues("publish", 3, null, "key", "live")),
        second.chunks(6, Video, 1, 0, keyframe()),
      ]),
    );
    expect(mediaOf(player)).toEqual([]);
  });
});

describe("Relay, what is left", () => {
  it("forgets a stream when nobody publishes or plays it any more", () => {
    const world = new World();
    const player = world.player("key");
    const publisher = world.publisher("key");
    publisher.media(Video, 0, keyframe());
    publisher.close();
    expect(world.relay.streams.size).toBe(1);
    player.close();
    expect(world.relay.streams.size).toBe(0);
    const again = world.publisher("key");
    const late = world.player("key");
    const sent = again.media(Video, 0, keyframe());
    expect(mediaOf(late)).toEqual([sent]);
  });

  it("says which streams changed, and which roles ended", () => {
    const world = new World();
    const publisher = world.publisher("key");
    const player = world.player("key");
    const stream = world.relay.streams.get("app/key");
    const { session } = publisher;
    session.connection.feed(publisher.chunks(4, Audio, 1, 0, audio()), 0, 18);
    session.poll();
    expect([...world.relay.changed]).toEqual([stream]);
    world.relay.changed.clear();
    session.poll();
    expect(world.relay.changed.size).toBe(0);
    session.leave();
    expect(session.takeEnded()).toEqual([{ path: "app/key", role: "publisher" }]);
    expect(session.takeEnded()).toEqual([]);
    expect([...world.relay.changed]).toEqual([stream]);
    player.session.leave();
    expect(player.session.takeEnded()).toEqual([{ path: "app/key", role: "player" }]);
    expect(world.relay.streams.size).toBe(0);
  });

  it("gives all memory back when all sessions are closed, in any order, with or without pending writes", () => {
    for (const order of [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [1, 0, 3, 2],
    ]) {
      for (const isWriting of [false, true]) {
        const world = new World();
        const publisher = world.publisher("key");
        const players = [world.player("key"), world.player("key")];
        const waiting = world.player("nothing");
        publisher.media(Video, 0, avcHeader());
        publisher.media(Video, 0, keyframe(50_000));
        publisher.give(publisher.chunks(6, Video, 1, 40, tag("2701", 5000)).subarray(0, 3000));
        players[0]?.hear();
        if (isWriting) for (const player of players) player.session.connection.output.lend();
        expect(world.pool.lentBlocks).toBeGreaterThan(0);
        const peers = [publisher, ...players, waiting];
        for (const index of order) peers[index]?.close();
        expect(world.pool.lentBlocks).toBe(0);
        expect(world.relay.streams.size).toBe(0);
      }
    }
  });

  it("has defaults", () => {
    const relay = new Relay();
    expect([relay.chunkSize, relay.pool.memory.length]).toEqual([4096, 2 ** 30]);
  });
});
