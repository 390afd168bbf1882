import { describe, expect, it } from "vitest";
import { AmfObject, type AmfValue } from "../../src/amf/index.ts";
import { BufferPool } from "../../src/bytes/index.ts";
import { MessageEvent, MessageReader, MessageType } from "../../src/chunk/index.ts";
import { defaultLimits } from "../../src/limits.ts";
import {
  audioPayload,
  FourCc,
  FrameType,
  MultitrackType,
  nanosecondOffset,
  VideoPacketType,
  videoPayload,
} from "../../src/media/index.ts";
import { readCommand } from "../../src/message/index.ts";
import { frame, keyframe } from "../live/player.ts";
import { mediaLine, type Peer, World } from "./client.ts";

const { Audio, Video } = MessageType;

/** A player that says this of itself. */
function player(world: World, properties: Record<string, AmfValue>, name = "show"): Peer {
  const peer = world.open();
  peer.call("connect", 1, AmfObject.of({ app: "app", ...properties }));
  peer.call("createStream", 2, null);
  peer.callOn(1, "play", 3, null, name);
  return peer;
}

/** What the server says of itself when it lets a client in. */
function welcomeOf({ session }: Peer): AmfObject {
  const { output } = session.connection;
  const reader = new MessageReader(new BufferPool(2 ** 20));
  const piece = new Uint8Array(65_536);
  const length = output.transmit(piece, 0, piece.length);
  // Behind the handshake's answer, which was not read yet.
  reader.feed(piece, 0, length);
  while (reader.poll() === MessageEvent.Message) {
    const { messageType, bytes, start, end } = reader;
    if (messageType !== MessageType.CommandAmf0) continue;
    const command = readCommand(bytes, start, end, false, defaultLimits);
    const [information] = "name" in command && command.name === "_result" ? command.arguments : [];
    if (information instanceof AmfObject) return information;
  }
  throw new Error("The server said nothing.");
}

function media(lines: string[]): string[] {
  return lines.filter((line) => /audio|video/.test(line));
}

function secondTrack(frameType: FrameType, packetType: VideoPacketType, body: number): Uint8Array {
  const track = { trackId: 1, fourCc: FourCc.Hevc, body: Uint8Array.of(body) };
  return videoPayload({ frameType, packetType, multitrackType: MultitrackType.OneTrack }, [track]);
}

describe("a stream of several tracks", () => {
  /** Two tracks of video and one of audio in multitrack form, with headers. */
  function show(world: World): { publisher: Peer; all: string[]; plain: string[] } {
    const publisher = world.publisher("show");
    const all: string[] = [];
    const plain: string[] = [];
    const send = (type: number, timestamp: number, payload: Uint8Array, form: Uint8Array | null = payload): void => {
      all.push(publisher.media(type, timestamp, payload));
      // What players hear of the other form is said as the world says it.
      if (form !== null) plain.push(form === payload ? (all.at(-1) ?? "") : mediaLine(type, timestamp, 1, form));
    };
    const opus = { fourCc: FourCc.Opus, body: Uint8Array.of(1, 2, 3) };
    const inTracks = audioPayload({ packetType: 1, multitrackType: MultitrackType.OneTrack }, [opus]);
    send(Video, 0, Uint8Array.of(0x17, 0, 0, 0, 0, 9));
    send(Video, 0, secondTrack(1, 0, 7), null);
    for (let number = 0; number < 20; number++) {
      send(Video, number * 40, number % 10 === 0 ? keyframe() : frame());
      send(Video, number * 40, secondTrack(number % 10 === 0 ? 1 : 2, 1, number), null);
      send(Audio, number * 40 + 5, inTracks, audioPayload({ packetType: 1 }, [opus]));
    }
    return { publisher, all, plain };
  }

  it("is whole for players that can read all of it, and its default tracks for all others", () => {
    const world = new World();
    const [able, asking, silent, partly] = [
      player(world, { capsEx: 6 }),
      player(world, {}, "show?tracks=all"),
      player(world, {}),
      player(world, { capsEx: 5 }),
    ];
    const { all, plain } = show(world);
    expect(media(able.hear())).toEqual(all);
    expect(media(asking.hear())).toEqual(all);
    expect(media(silent.hear())).toEqual(plain);
    expect(media(partly.hear())).toEqual(plain);
  });

  it("has likewise headers for who joins late", () => {
    const world = new World();
    const { all, plain } = show(world);
    const [able, silent] = [player(world, { capsEx: 6 }), player(world, {})];
    // From the second keyframe on three messages a picture, and two; before them two headers, and one.
    const [heard, heardPlain] = [media(able.hear()), media(silent.hear())];
    expect(heard.slice(2)).toEqual(all.slice(-30));
    expect(heardPlain.slice(1)).toEqual(plain.slice(-20));
  });

  it("reaches a player that is behind once, in whatever order", () => {
    const world = new World({ stream: { audioFirstAfter: 1, maximumBytes: 2 ** 20 } });
    const silent = player(world, {});
    const { plain } = show(world);
    world.now += 500;
    silent.session.connection.tick(world.now);
    expect(media(silent.hear()).sort()).toEqual(plain.sort());
  });
});

it("ModEx is left out for players that do not know it", () => {
  const world = new World();
  const [able, silent] = [player(world, { capsEx: 4 }), player(world, {})];
  const publisher = world.publisher("show");
  const track = { fourCc: FourCc.Av1, body: Uint8Array.of(1, 2, 3) };
  const message = { frameType: FrameType.Key, packetType: VideoPacketType.CodedFrames };
  const withBlock = videoPayload({ ...message, modEx: [nanosecondOffset(5)] }, [track]);
  const line = publisher.media(Video, 40, withBlock);
  expect(media(able.hear())).toEqual([line]);
  expect(media(silent.hear())).toEqual([mediaLine(Video, 40, 1, videoPayload(message, [track]))]);
});

describe("connect", () => {
  it.each([
    [{ capsEx: 2 }, true],
    [{ fourCcList: ["*"] }, true],
    [{}, false],
  ] satisfies [Record<string, AmfValue>, boolean][])(
    "%j is told of the server's abilities: %j",
    (properties, isTold) => {
      const world = new World();
      const peer = world.open();
      peer.call("connect", 1, AmfObject.of({ app: "app", ...properties }));
      const answer = welcomeOf(peer);
      expect(answer.get("capsEx")).toBe(isTold ? 15 : undefined);
      expect(answer.get("videoFourCcInfoMap")).toEqual(isTold ? AmfObject.of({ "*": 4 }) : undefined);
    },
  );
});

describe("a request to connect again", () => {
  it("reaches those that understand it, and lets a publisher take over from itself", () => {
    const world = new World();
    const able = world.open();
    able.call("connect", 1, AmfObject.of({ app: "app", capsEx: 1 }));
    able.call("createStream", 2, null);
    able.callOn(1, "publish", 3, null, "show", "live");
    const silent = world.publisher("other");
    for (const peer of [able, silent]) peer.hear();
    expect([able, silent].map(({ session }) => session.requestReconnect("rtmp://elsewhere/app"))).toEqual([
      true,
      false,
    ]);
    expect(able.hear()).toEqual(["onStatus #0 NetConnection.Connect.ReconnectRequest"]);
    const watching = player(world, {});
    able.media(Video, 0, keyframe());
    const next = world.publisher("show");
    expect(able.events).toEqual(["publisher of app/show ended", "failed Refused"]);
    next.media(Video, 40, keyframe());
    expect(media(watching.hear())).toHaveLength(2);
    // Others still have to wait until a publisher is silent.
    expect(world.publisher("other").events).toEqual(["failed Refused"]);
  });
});
