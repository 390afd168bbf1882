import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AmfObject } from "../../src/amf/index.ts";
import { MessageType } from "../../src/chunk/index.ts";
import { UserControlEvent, userControlPayload } from "../../src/message/index.ts";
import type { RecordingEvent, RelayOptions } from "../../src/relay/index.ts";
import { Relay } from "../../src/relay/index.ts";
import { audio, avcHeader, frame, keyframe } from "../live/player.ts";
import { MemoryStorage } from "../recording/memory-storage.ts";
import { OpenFile, tagsOf } from "../recording/recordings.ts";
import { type Peer, World } from "./client.ts";

const { Video, Audio } = MessageType;
const [STREAM_BEGIN, STREAM_EOF, STREAM_DRY, IS_RECORDED, BUFFER_EMPTY, BUFFER_READY] = [0, 1, 2, 4, 31, 32].map(
  (event) => `user control ${Buffer.from(userControlPayload(event, 1)).toString("hex")}`,
);

let storage: MemoryStorage;
let world: World;
let events: RecordingEvent[];

function open(options: RelayOptions = {}): void {
  world = new World({ recordings: storage, ...options });
  events = [];
  if (world.relay.recordings !== null) world.relay.recordings.onEvent = (event) => events.push(event);
}

beforeEach(() => {
  storage = new MemoryStorage();
  open();
});

/** All is given back: memory, streams, files. */
afterEach(async () => {
  for (const peer of world.peers) peer.close();
  world.relay.flush();
  await world.relay.recordings?.settled();
  await world.wait();
  expect([...world.relay.streams.keys()]).toEqual([]);
  expect(world.pool.lentBlocks).toBe(0);
  expect(storage.openFiles).toBe(0);
});

function publish(name: string, type: string): Peer {
  const peer = world.open();
  peer.connect();
  peer.call("createStream", 2, null);
  peer.callOn(1, "publish", 3, null, name, type);
  return peer;
}

/** A second of 25 pictures for each number, with a keyframe each second. @returns the lines that a player hears. */
function show(peer: Peer, seconds: number, from = 0, length = 500): string[] {
  const lines: string[] = [];
  for (let number = 0; number < seconds * 25; number++) {
    const time = from + number * 40;
    lines.push(peer.media(Video, time, number % 25 === 0 ? keyframe(length) : frame(length)));
    lines.push(peer.media(Audio, time + 5, audio(20)));
    if (number % 25 === 24) world.now += 1000;
  }
  return lines;
}

/** Records app/name. @returns the lines that a player hears, the header first. */
async function record(name: string, seconds: number): Promise<string[]> {
  const peer = publish(name, "record");
  const lines = [peer.media(Video, 0, avcHeader())];
  for (let second = 0; second < seconds; second++) {
    lines.push(...show(peer, 1, second * 1000));
    await world.wait();
  }
  peer.close();
  await world.relay.recordings?.settled();
  return lines;
}

async function play(name: string, ...more: (number | boolean)[]): Promise<Peer> {
  const peer = world.open();
  peer.connect();
  peer.call("createStream", 2, null);
  peer.hear();
  peer.callOn(1, "play", 3, null, name, ...more);
  await world.wait();
  return peer;
}

const LARGE_BUFFER = 36_000_000;
function setBuffer(peer: Peer, milliseconds: number): void {
  peer.send(2, MessageType.UserControl, 0, 0, userControlPayload(UserControlEvent.SetBufferLength, 1, milliseconds));
}

const isMedia = (line: string): boolean => /^(video|audio)/.test(line);
const timeOf = (line: string): number => Number(/@(\d+)/.exec(line)?.[1]);
/** What is told beside media. */
const told = (lines: readonly string[]): string[] => lines.filter((line) => !isMedia(line) && !line.startsWith("data"));

describe("publish with record", () => {
  it("writes a file, says when it begins and ends, and a player hears all of it again", async () => {
    const peer = publish("show", "record");
    await world.wait();
    expect(peer.hear()).toContain("onStatus #1 NetStream.Record.Start");
    const lines = [peer.media(Video, 0, avcHeader()), ...show(peer, 3)];
    peer.callOn(1, "closeStream", 0, null);
    await world.wait();
    await world.relay.recordings?.settled();
    expect(peer.hear().slice(-2)).toEqual([
      "onStatus #1 NetStream.Unpublish.Success",
      "onStatus #1 NetStream.Record.Stop",
    ]);
    const file = storage.files.get("app/show") ?? new Uint8Array(0);
    expect(tagsOf(file)).toHaveLength(lines.length);
    expect(events).toMatchObject([
      { type: "record", path: "app/show", mode: "record" },
      { type: "record-end", path: "app/show", milliseconds: 2965, bytes: file.length, tags: lines.length },
    ]);
    const player = await play("show", 0);
    setBuffer(player, LARGE_BUFFER);
    expect((await player.hearAll()).filter(isMedia)).toEqual(lines);
  });

  it("replaces an earlier one only when it is finished, and append continues it", async () => {
    await record("show", 1);
    const before = storage.files.get("app/show");
    const peer = publish("show", "record");
    show(peer, 2);
    await world.wait();
    expect(storage.files.get("app/show")).toBe(before);
    peer.close();
    await world.relay.recordings?.settled();
    expect(tagsOf(storage.files.get("app/show") ?? new Uint8Array(0))).toHaveLength(100);
    const again = publish("show", "append");
    show(again, 1, 70_000);
    again.close();
    await world.relay.recordings?.settled();
    const tags = tagsOf(storage.files.get("app/show") ?? new Uint8Array(0));
    expect(tags).toHaveLength(150);
    expect(tags.slice(99, 101).map(timeOf)).toEqual([1965, 2005]);
  });

  it("records what is live only where all is to be recorded, without a word to the publisher", async () => {
    const peer = publish("one", "live");
    show(peer, 1);
    peer.close();
    await world.relay.recordings?.settled();
    expect(events).toEqual([]);
    open({ recordAll: true });
    const other = publish("two", "live");
    show(other, 1);
    await world.wait();
    expect(other.hear().filter((line) => line.includes("Record"))).toEqual([]);
    other.close();
    await world.relay.recordings?.settled();
    expect([...storage.files.keys()]).toEqual(["app/two"]);
  });

  it("says so when the disk fails or is too slow; what was written stays, and the stream goes on", async () => {
    open({ stream: { maximumBytes: 2 ** 16 } });
    const peer = publish("show", "record");
    let release: () => void = () => {};
    storage.pace = new Promise((resolve) => (release = resolve));
    show(peer, 1);
    await world.wait();
    for (let second = 1; second < 10; second++) show(peer, 1, second * 1000);
    release();
    await world.wait();
    await world.relay.recordings?.settled();
    expect(peer.hear().at(-1)).toBe("onStatus #1 NetStream.Record.Failed");
    expect(events.at(-1)).toMatchObject({ type: "record-failed", reason: expect.stringContaining("too slow") });
    expect(tagsOf(storage.files.get("app/show") ?? new Uint8Array(0)).length).toBeGreaterThan(40);
    expect(world.relay.streams.get("app/show")?.live.isPublished).toBe(true);

    storage.failure = "The disk is full.";
    const other = publish("other", "record");
    show(other, 1);
    await world.wait();
    await world.relay.recordings?.settled();
    expect(other.hear().at(-1)).toBe("onStatus #1 NetStream.Record.Failed");
    expect(events.at(-1)).toEqual({ type: "record-failed", path: "app/other", reason: "The disk is full." });
  });

  it("repairs what a crash left, wherever the file is cut", async () => {
    const peer = publish("show", "record");
    const lines = [peer.media(Video, 0, avcHeader()), ...show(peer, 2)];
    await world.wait();
    const [unfinished] = storage.unfinished;
    const bytes = unfinished?.bytes.slice() ?? new Uint8Array(0);
    peer.close();
    await world.relay.recordings?.settled();
    const tags = tagsOf(storage.files.get("app/show") ?? new Uint8Array(0));
    expect(tags).toHaveLength(lines.length);
    // The head that says nothing yet, and then the tags.
    const first = bytes.length - tags.reduce((sum, tag) => sum + 15 + Number(/length=(\d+)/.exec(tag)?.[1]), 0);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: bytes.length }), async (cut) => {
        const disk = new MemoryStorage();
        disk.leave("app/cut", bytes.slice(0, cut));
        const relay = new Relay({ recordings: disk, pool: world.pool });
        const told: RecordingEvent[] = [];
        if (relay.recordings !== null) relay.recordings.onEvent = (event) => told.push(event);
        await relay.recordings?.recover();
        const file = disk.files.get("app/cut");
        const whole: string[] = [];
        let end = first;
        for (const tag of tags) {
          end += 15 + Number(/length=(\d+)/.exec(tag)?.[1]);
          // The size behind the last tag can be written anew.
          if (end - 4 <= cut) whole.push(tag);
        }
        expect(disk.openFiles).toBe(0);
        if (file === undefined) {
          expect(whole.length).toBe(0);
          expect(told).toMatchObject([{ type: "record-failed" }]);
          return;
        }
        expect(told).toEqual([{ type: "record-recovered", path: "app/cut" }]);
        expect(tagsOf(file)).toEqual(whole);
        const open = new OpenFile(file);
        open.until((recorded) => recorded.open());
        expect(open.recorded.duration).toBe(Math.max(...whole.map(timeOf)));
        const keyframes = whole.filter((tag) => tag.includes(" 17010000"));
        expect(open.recorded.index.times).toEqual(keyframes.map(timeOf));
      }),
      { numRuns: 60 },
    );
  });
});

describe("play of a recording", () => {
  it("says what it is, plays it, and says that it is over", async () => {
    const lines = await record("show", 2);
    const player = await play("show");
    setBuffer(player, LARGE_BUFFER);
    const heard = await player.hearAll();
    expect(told(heard)).toEqual([
      IS_RECORDED,
      STREAM_BEGIN,
      "onStatus #1 NetStream.Play.Reset",
      "onStatus #1 NetStream.Play.Start",
      "onPlayStatus #1 @1965 NetStream.Play.Complete",
      "onStatus #1 NetStream.Play.Stop",
      STREAM_EOF,
    ]);
    expect(heard.filter(isMedia)).toEqual(lines);
  });

  it.each([
    ["what is live before what is recorded", -2000, "live"],
    ["what is live where only that will do", -1000, "live"],
    ["what is recorded, from a time on", 1000, "recorded"],
    ["what is recorded, from its start", 0, "recorded"],
  ])("takes %s", async (_, start, expected) => {
    await record("show", 2);
    const peer = publish("show", "live");
    const player = await play("show", start);
    expect(player.hear().includes(IS_RECORDED ?? "")).toBe(expected === "recorded");
    peer.close();
  });

  it("waits for a publisher where there is nothing, but not for a recording", async () => {
    const waiting = await play("none", -2000);
    expect(waiting.hear()).toContain("onStatus #1 NetStream.Play.Start");
    const refused = await play("nothing", 5000);
    expect(refused.hear()).toEqual(["onStatus #1 NetStream.Play.StreamNotFound"]);
  });

  it("begins at the keyframe before a start, at time 0, with what has to be known; and ends in time", async () => {
    const lines = await record("show", 6);
    const player = await play("show", 3500, 1500);
    setBuffer(player, LARGE_BUFFER);
    const media = (await player.hearAll()).filter(isMedia);
    const from = lines.findIndex((line) => timeOf(line) === 3000);
    const to = lines.findIndex((line) => timeOf(line) >= 5000);
    const shifted = lines.slice(from, to).map((line) => line.replace(/@(\d+)/, (_, time) => `@${time - 3000}`));
    expect(media[0]).toBe(lines[0]);
    expect(media.slice(1)).toEqual(shifted);
  });

  it("gets ahead of time by the player's buffer and no more", async () => {
    await record("show", 20);
    const player = await play("show", 0);
    setBuffer(player, 4000);
    const first = await player.hearAll();
    expect(first.at(-1)).toBe(BUFFER_EMPTY);
    expect(Math.max(...first.filter(isMedia).map(timeOf))).toBeGreaterThan(3900);
    expect(Math.max(...first.filter(isMedia).map(timeOf))).toBeLessThan(4000);
    await world.wait(1900);
    expect(await player.hearAll()).toEqual([]);
    await world.wait(200);
    const second = await player.hearAll();
    expect(second[0]).toBe(BUFFER_READY);
    expect(second.at(-1)).toBe(BUFFER_EMPTY);
    const times = second.filter(isMedia).map(timeOf);
    expect(Math.min(...times)).toBeGreaterThan(3900);
    expect(Math.max(...times)).toBeLessThan(6100);
    expect(Math.max(...times)).toBeGreaterThan(6000);
    // The adapter is told when to look again.
    expect(player.session.connection.deadline).toBeLessThanOrEqual(world.now + 2000);
  });

  it("holds little for a player that does not read", async () => {
    const peer = publish("show", "record");
    peer.media(Video, 0, keyframe(6));
    for (let number = 1; number < 60; number++) {
      peer.media(Video, number, frame(20_000));
      await world.wait();
    }
    peer.close();
    await world.relay.recordings?.settled();
    const before = world.pool.lentBytes;
    const player = await play("show", 0);
    setBuffer(player, LARGE_BUFFER);
    player.session.connection.output.lend();
    for (let turn = 0; turn < 20; turn++) await world.wait(1000);
    expect(world.pool.lentBytes - before).toBeLessThan(400_000);
    expect(storage.reads.length).toBeLessThan(10);
    player.hearPiece();
    expect((await player.hearAll()).filter(isMedia)).toHaveLength(60);
  });

  it("pauses, and goes on where it was", async () => {
    const lines = await record("show", 8);
    const player = await play("show", 0);
    const first = (await player.hearAll()).filter(isMedia);
    player.callOn(1, "pause", 0, null, true, 1000);
    expect(player.hear()).toEqual([STREAM_EOF, "onStatus #1 NetStream.Pause.Notify"]);
    await world.wait(40_000);
    expect(await player.hearAll()).toEqual([]);
    player.callOn(1, "pause", 0, null, false, 1000);
    await world.wait(2000);
    const second = await player.hearAll();
    expect(second.slice(0, 2)).toEqual([STREAM_BEGIN, "onStatus #1 NetStream.Unpause.Notify"]);
    const media = [...first, ...second.filter(isMedia)];
    expect(media).toEqual(lines.slice(0, media.length));
    expect(timeOf(media.at(-1) ?? "")).toBeLessThan(5100);
  });

  it("seeks to the keyframe before a time, back and forth, also when all was played", async () => {
    const lines = await record("show", 6);
    const player = await play("show", 0);
    setBuffer(player, LARGE_BUFFER);
    await player.hearAll();
    for (const time of [4321, 1000, 5900]) {
      player.callOn(1, "seek", 0, null, time);
      const heard = await player.hearAll();
      expect(told(heard).slice(0, 5)).toEqual([
        STREAM_EOF,
        IS_RECORDED,
        STREAM_BEGIN,
        "onStatus #1 NetStream.Seek.Notify",
        "onStatus #1 NetStream.Play.Start",
      ]);
      expect(told(heard).slice(5)[0]).toContain("NetStream.Play.Complete");
      const keyframeTime = Math.floor(time / 1000) * 1000;
      const header = lines[0]?.replace("@0", `@${keyframeTime}`);
      const from = lines.findIndex((line) => timeOf(line) === keyframeTime && line !== lines[0]);
      expect(heard.filter(isMedia)).toEqual([header, ...lines.slice(from)]);
    }
    for (const time of [-1, 60_000, Number.NaN]) {
      player.callOn(1, "seek", 0, null, time);
      expect(await player.hearAll()).toEqual(["onStatus #1 NetStream.Seek.InvalidTime"]);
    }
  });

  it("leaves out what is not wanted, and takes video up at a keyframe", async () => {
    await record("show", 6);
    const player = await play("show", 0);
    player.callOn(1, "receiveVideo", 0, null, false);
    const first = (await player.hearAll()).filter(isMedia);
    expect(first.filter((line) => line.startsWith("video")).map(timeOf)).toEqual([0]);
    player.callOn(1, "receiveVideo", 0, null, true);
    player.callOn(1, "receiveAudio", 0, null, false);
    await world.wait(2_600);
    const second = (await player.hearAll()).filter(isMedia);
    expect(second.every((line) => line.startsWith("video"))).toBe(true);
    expect(timeOf(second[0] ?? "") % 1000).toBe(0);
    expect(second[0]).toContain(" 17010000");
  });

  it("tells how long a recording is", async () => {
    await record("show", 2);
    const peer = await play("show", 0);
    peer.callOn(0, "getStreamLength", 7, null, "show");
    peer.callOn(0, "getStreamLength", 8, null, "nothing");
    expect((await peer.hearAll()).filter((line) => line.startsWith("_result"))).toHaveLength(2);
    expect(await world.relay.recordings?.lengthOf("app/show")).toBe(1.965);
    expect(await world.relay.recordings?.lengthOf("app/flv:show")).toBe(1.965);
    expect(await world.relay.recordings?.lengthOf("app/nothing")).toBe(0);
  });

  it("says that a file is none", async () => {
    storage.files.set("app/show", Uint8Array.of(1, 2, 3));
    const player = await play("show", 0);
    expect((await player.hearAll()).filter((line) => line.includes("Invalid"))).toEqual([
      "onStatus #1 NetStream.Play.FileStructureInvalid",
    ]);
  });

  it("tells a player that has played all it got that the storage is slow", async () => {
    await record("show", 8);
    const player = await play("show", 0);
    setBuffer(player, LARGE_BUFFER);
    player.hear();
    await world.wait();
    player.hear(); // the first window; another one is being read
    world.now += 20_000;
    player.session.connection.tick(world.now);
    expect(player.hear()).toContain(STREAM_DRY);
  });
});

describe("a playlist", () => {
  it("plays one after the other, also a live stream, and says when it switches", async () => {
    const one = await record("one", 1);
    const two = await record("two", 1);
    const player = await play("one", 0);
    player.callOn(1, "play", 4, null, "two", 0, -1, false);
    await world.wait();
    setBuffer(player, LARGE_BUFFER);
    const heard = await player.hearAll();
    expect(heard.filter(isMedia)).toEqual([...one, ...two]);
    expect(told(heard).slice(4)).toEqual([
      "onPlayStatus #1 @965 NetStream.Play.Switch",
      IS_RECORDED,
      STREAM_BEGIN,
      "onStatus #1 NetStream.Play.Start",
      "onPlayStatus #1 @965 NetStream.Play.Complete",
      "onStatus #1 NetStream.Play.Stop",
      STREAM_EOF,
    ]);
    player.callOn(1, "play", 5, null, "live", -1, -1, false);
    const peer = publish("live", "live");
    expect(await player.hearAll()).toContain(STREAM_BEGIN);
    const live = show(peer, 1);
    expect((await player.hearAll()).filter(isMedia)).toEqual(live);
    player.callOn(1, "play", 6, null, "one", 0, -1, false);
    await world.wait();
    expect((await player.hearAll()).filter(isMedia)).toEqual([]);
    peer.close();
    expect((await player.hearAll()).filter(isMedia)).toEqual(one);
    player.close();
    expect(player.events.filter((event) => event.startsWith("player"))).toEqual([
      "player of app/one ended",
      "player of app/two ended",
      "player of app/live ended",
      "player of app/one ended",
    ]);
  });

  it("ends a live stream after its duration", async () => {
    const peer = publish("live", "live");
    const player = await play("live", -1, 500);
    const lines: string[] = [];
    for (let number = 0; number < 25; number++) {
      lines.push(peer.media(Video, 7000 + number * 40, number === 0 ? keyframe() : frame()));
      await world.wait();
      player.hear();
    }
    player.callOn(1, "play", 4, null, "other", -1, -1, false);
    expect(told(await player.hearAll())[0]).toContain("NetStream.Play.Switch");
    peer.close();
  });

  it("is not endless: neither one of recordings, which are open files, nor one of live streams", async () => {
    await record("show", 1);
    const player = await play("show", 0);
    for (let count = 0; count < 16; count++) {
      player.callOn(1, "play", 4, null, "show", 0, -1, false);
      await world.wait();
    }
    expect(storage.openFiles).toBe(16);
    expect(player.hear()).toContain("onStatus #1 NetStream.Play.Failed");
    const other = await play("one", -1);
    for (let count = 0; count < 64; count++) other.callOn(1, "play", 4, null, "two", -1, -1, false);
    expect(other.hear()).not.toContain("onStatus #1 NetStream.Play.Failed");
    other.callOn(1, "play", 4, null, "two", -1, -1, false);
    expect(other.hear()).toContain("onStatus #1 NetStream.Play.Failed");
  });

  it("answers a peer that seeks without end and reads nothing, and holds no more for it than may wait", async () => {
    await record("show", 2);
    const player = await play("show", 0);
    await player.hearAll();
    for (let count = 0; count < 100_000 && player.session.connection.error === null; count++) {
      player.callOn(1, "seek", 0, null, 100);
    }
    expect(player.events.at(-1)).toBe("failed OutgoingBytesLimit");
  });
});

describe("a transition", () => {
  const to = (streamName: string, transition: string): AmfObject => AmfObject.of({ streamName, transition, start: 0 });

  it("goes from one recording to another of the same time at a keyframe, and loses or repeats nothing", async () => {
    const low = await record("low", 10);
    const high = await record("high", 10);
    const player = await play("low", 0);
    const first = await player.hearAll();
    player.callOn(1, "play2", 0, null, to("high", "switch"));
    await world.wait();
    const rest = await player.hearAll();
    expect(rest).toContain("onStatus #1 NetStream.Play.Transition");
    for (let second = 0; second < 12; second++) {
      await world.wait(1000);
      rest.push(...(await player.hearAll()));
    }
    const media = [...first, ...rest].filter(isMedia);
    const change = media.findIndex((line) => !low.includes(line));
    const at = timeOf(media[change] ?? "");
    expect(at % 1000).toBe(0);
    expect(at).toBeGreaterThanOrEqual(3000);
    expect(media.slice(0, change)).toEqual(low.slice(0, change));
    expect(media[change]).toBe(high[0]?.replace("@0", `@${at}`));
    const same = high.findIndex((line) => timeOf(line) === at);
    expect(media.slice(change + 1)).toEqual(high.slice(same));
    expect(told(rest)).toContain(
      `onPlayStatus #1 @${timeOf(media[change - 1] ?? "")} NetStream.Play.TransitionComplete`,
    );
  });

  it("goes from a recording to a live stream and back at once", async () => {
    await record("show", 4);
    const peer = publish("live", "live");
    show(peer, 1);
    const player = await play("show", 0);
    await player.hearAll();
    player.callOn(1, "play2", 0, null, AmfObject.of({ streamName: "live", transition: "switch", start: -1 }));
    const heard = await player.hearAll();
    expect(told(heard)).toEqual([
      "onStatus #1 NetStream.Play.Transition",
      expect.stringContaining("NetStream.Play.TransitionComplete"),
      STREAM_BEGIN,
    ]);
    expect(heard.filter(isMedia).length).toBeGreaterThan(20);
    player.callOn(1, "play2", 0, null, to("show", "switch"));
    await world.wait();
    expect(told(await player.hearAll())).toContain(IS_RECORDED);
    player.callOn(1, "play2", 0, null, to("show", "stop"));
    await player.hearAll();
    expect(player.events.filter((event) => event.startsWith("player"))).toHaveLength(3);
    peer.close();
  });

  it("swaps what waits in a playlist", async () => {
    const one = await record("one", 1);
    await record("two", 1);
    const three = await record("three", 1);
    const player = await play("one", 0);
    player.callOn(1, "play", 4, null, "two", 0, -1, false);
    await world.wait();
    player.callOn(
      1,
      "play2",
      0,
      null,
      AmfObject.of({ streamName: "three", oldStreamName: "two", transition: "swap", start: 0 }),
    );
    await world.wait();
    setBuffer(player, LARGE_BUFFER);
    expect((await player.hearAll()).filter(isMedia)).toEqual([...one, ...three]);
  });
});
