import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MessageType } from "../../src/chunk/index.ts";
import type { LiveStream } from "../../src/live/index.ts";
import * as players from "./player.ts";
import { audio, avcHeader, frame, KiB, keyframe, makeStream, Player, tag } from "./player.ts";

const { Audio, Video, DataAmf0 } = MessageType;

/** Limits that are easy to count with, and a ring that loses nothing. */
const options = {
  audioFirstAfter: 100,
  dropVideoAfter: 1_000,
  giveUpAfter: 3_000,
  maximumBytes: 512 * KiB,
  segmentBytes: 4 * KiB,
};

const isAudio = (message: string) => message.startsWith("audio");
const isVideo = (message: string) => message.startsWith("video");

/** Publishes a message at the time that it bears. */
function publish(stream: LiveStream, messageType: number, timestamp: number, payload: Uint8Array): string {
  stream.now = timestamp;
  return players.publish(stream, messageType, timestamp, payload);
}

/** Publishes video and audio in turn, from one timestamp to another, a picture every 40 ms. */
function publishSpan(stream: LiveStream, from: number, to: number, length = 100, gop = 400): string[] {
  const lines: string[] = [];
  for (let time = from; time < to; time += 40) {
    lines.push(publish(stream, Video, time, time % gop === 0 ? keyframe(length) : frame(length)));
    lines.push(publish(stream, Audio, time + 20, audio(20)));
  }
  return lines;
}

describe("a player whose connection is narrow", () => {
  it("gets what waits in its order, as long as that is not much", () => {
    const { stream } = makeStream(options, 2 ** 21);
    const player = new Player(stream);
    const lines = publishSpan(stream, 0, 120);
    expect(player.subscription.lag).toBe(100);
    expect(player.play()).toEqual(lines);
    expect(player.subscription.lag).toBe(0);
  });

  it("gets audio and data before video, once more waits, and loses nothing", () => {
    const { stream } = makeStream(options, 2 ** 21);
    const player = new Player(stream);
    const lines = publishSpan(stream, 0, 400);
    lines.push(publish(stream, DataAmf0, 400, tag("0200")));
    const read = player.play();
    expect(read).toEqual([...lines.filter((each) => !isVideo(each)), ...lines.filter(isVideo)]);
  });

  it("gets audio between the chunks of a large picture", () => {
    const { stream } = makeStream(options, 2 ** 21);
    const player = new Player(stream);
    const large = publish(stream, Video, 0, keyframe(20_000));
    const rest = publishSpan(stream, 40, 400);
    expect(player.play(12)).toEqual(rest.filter(isAudio));
    expect(player.subscription.isBetweenMessages).toBe(false);
    const sounds = [publish(stream, Audio, 401, audio()), publish(stream, Audio, 402, audio())];
    expect(player.play(3)).toEqual(sounds);
    expect(player.subscription.isBetweenMessages).toBe(false);
    expect(player.play()).toEqual([large, ...rest.filter(isVideo)]);
  });

  it("gets the large picture alone while it is paused", () => {
    const { stream } = makeStream(options, 2 ** 21);
    const player = new Player(stream);
    const large = publish(stream, Video, 0, keyframe(20_000));
    publishSpan(stream, 40, 400);
    player.play(12);
    player.subscription.pause();
    publish(stream, Audio, 601, audio());
    expect(player.subscription.lag).toBe(0);
    expect(player.play()).toEqual([large]);
  });

  it("loses pictures up to the newest keyframe, and no audio, once too much waits", () => {
    const { stream } = makeStream(options, 2 ** 21);
    const player = new Player(stream);
    const header = publish(stream, Video, 0, avcHeader());
    player.play();
    const early = publishSpan(stream, 0, 800);
    const changed = publish(stream, Video, 800, avcHeader());
    const late = publishSpan(stream, 800, 1200);
    expect(player.subscription.skips).toBe(0);
    const read = player.play();
    expect(read.filter(isAudio)).toEqual([...early, ...late].filter(isAudio));
    expect(read.filter(isVideo)).toEqual([changed, ...late.filter(isVideo)]);
    expect(player.subscription.skips).toBe(1);
    expect(stream.skips).toBe(1);
    expect(header).toBeDefined();
    const next = publishSpan(stream, 1200, 1240);
    expect(player.play()).toEqual(next);
  });

  it("waits for a keyframe, if none came since", () => {
    const { stream } = makeStream(options, 2 ** 21);
    const player = new Player(stream);
    publish(stream, Video, 0, keyframe());
    const before = publishSpan(stream, 40, 1200, 100, 10_000);
    expect(player.play()).toEqual(before.filter(isAudio));
    const sound = publishSpan(stream, 1200, 1600, 100, 10_000).filter(isAudio);
    expect(player.play()).toEqual(sound);
    const after = publishSpan(stream, 2000, 2040);
    expect(player.play()).toEqual(after);
    expect(player.subscription.skips).toBe(1);
  });

  it("loses nothing of a stream without video, until it is given up", () => {
    const { stream } = makeStream(options, 2 ** 21);
    const player = new Player(stream);
    const lines: string[] = [];
    for (let time = 0; time <= 3_000; time += 20) lines.push(publish(stream, Audio, time, audio()));
    expect(player.subscription.lag).toBe(3_000);
    expect(player.play()).toEqual(lines);
    expect(player.subscription.skips).toBe(0);
  });

  it("may be as far behind as it was when it joined", () => {
    const { stream } = makeStream(options, 2 ** 21);
    const waiting = publishSpan(stream, 0, 2000, 100, 10_000);
    const player = new Player(stream);
    expect(player.subscription.lag).toBe(0);
    const first = player.play(1);
    expect(first).toEqual(waiting.slice(0, first.length));
    const more = publishSpan(stream, 2000, 2080, 100, 10_000);
    expect(player.subscription.lag).toBeLessThan(0);
    expect(player.play()).toEqual([...waiting.slice(first.length), ...more]);
    const rest = publishSpan(stream, 2080, 4000, 100, 10_000);
    // It had caught up: from here on it counts like any other.
    expect(player.play()).toEqual(rest.filter(isAudio));
  });

  it("gets nothing of the next publication before the last of this one", () => {
    const { stream } = makeStream(options, 2 ** 21);
    const player = new Player(stream);
    const first = publishSpan(stream, 0, 400);
    stream.beginPublication();
    const second = publishSpan(stream, 0, 400);
    const inTurn = (lines: string[]) => [...lines.filter(isAudio), ...lines.filter(isVideo)];
    const read = player.play();
    expect(read.slice(0, 20)).toEqual(inTurn(first));
    expect(read.slice(20).sort()).toEqual(second.sort());
  });
});

/** What happens in a turn: the publisher goes on, and the player's connection takes so many pieces. */
const turn = fc.record({
  milliseconds: fc.constantFrom(20, 20, 20, 40, 200, 900),
  length: fc.oneof(fc.integer({ min: 10, max: 300 }), fc.integer({ min: 1000, max: 9000 })),
  makes: fc.constantFrom("keyframe", "frame", "frame", "audio", "audio", "audio", "header", "data"),
  pieces: fc.constantFrom(0, 0, 0, 1, 1, 2, 100),
});

describe("whatever the pace of the connection", () => {
  it("audio and data are lost never, and no picture comes without the one before it", () => {
    fc.assert(
      fc.property(
        fc.array(turn, { minLength: 20, maxLength: 300, size: "max" }),
        fc.constantFrom(1, 7),
        fc.constantFrom(0, 0xffffff - 2_000, 2 ** 31),
        (turns, streamId, begin) => {
          const patient = { ...options, giveUpAfter: 10 ** 6, maximumBytes: 2 ** 21, maximumTime: 10 ** 6 };
          const { stream } = makeStream(patient, 2 ** 22);
          const player = new Player(stream, streamId);
          const asRead = (message: string) => message.replace("#1 ", `#${streamId} `);
          const others: string[] = [];
          const video: { line: string; isKeyframe: boolean; isHeader: boolean }[] = [];
          const read: string[] = [];
          let time = begin;
          for (const { milliseconds, length, makes, pieces } of turns) {
            time += milliseconds;
            if (makes === "audio") others.push(asRead(publish(stream, Audio, time, audio(length % 50))));
            else if (makes === "data") others.push(asRead(publish(stream, DataAmf0, time, tag("0200"))));
            else {
              const make = { keyframe, frame, header: avcHeader }[makes];
              const message = asRead(publish(stream, Video, time, make(length)));
              video.push({ line: message, isKeyframe: makes === "keyframe", isHeader: makes === "header" });
            }
            read.push(...player.play(pieces));
          }
          read.push(...player.play());

          expect(read.filter((each) => !isVideo(each))).toEqual(others);
          const seen = new Set(read);
          const headers = video.filter((each) => each.isHeader).map((each) => each.line);
          expect(read.filter((each) => headers.includes(each))).toEqual(headers);
          const pictures = video.filter((each) => !each.isHeader);
          expect(read.filter((each) => pictures.some(({ line }) => line === each))).toEqual(
            pictures.map(({ line }) => line).filter((each) => seen.has(each)),
          );
          for (const [index, { line, isKeyframe }] of pictures.entries()) {
            if (!seen.has(line) || isKeyframe) continue;
            expect(seen, `the picture before ${line}`).toContain(pictures[index - 1]?.line);
          }
          player.close();
          stream.close();
        },
      ),
      { numRuns: 200 },
    );
  });
});
