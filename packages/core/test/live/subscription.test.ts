import { describe, expect, it } from "vitest";
import { MessageType } from "../../src/chunk/index.ts";
import { aacHeader, audio, avcHeader, frame, KiB, keyframe, line, makeStream, Player, publish, tag } from "./player.ts";

const { Audio, Video, DataAmf0 } = MessageType;

/** A group of pictures: a keyframe, then frames and audio in turn, 20 ms apart. */
function publishGroup(stream: ReturnType<typeof makeStream>["stream"], timestamp: number, length = 300): string[] {
  return [
    publish(stream, Video, timestamp, keyframe(length)),
    publish(stream, Audio, timestamp + 20, audio(50)),
    publish(stream, Video, timestamp + 40, frame(length)),
    publish(stream, Audio, timestamp + 60, audio(50)),
  ];
}

describe("Subscription, joining", () => {
  it("begins at the newest keyframe", () => {
    const { stream } = makeStream();
    publish(stream, Video, 0, avcHeader());
    publishGroup(stream, 0);
    const newest = publishGroup(stream, 80);
    const player = new Player(stream);
    expect(player.subscription.needsHeaders).toBe(true);
    expect(player.subscription.advance()).toBe(true);
    expect(player.subscription.nextTimestamp).toBe(80);
    expect(player.play()).toEqual(newest);
  });

  it("begins at a keyframe of the default track, whatever other tracks have", () => {
    const { stream } = makeStream();
    publish(stream, Video, 0, avcHeader());
    const player = new Player(stream);
    const other = publish(stream, Video, 0, tag("96036876633101", 20));
    expect(player.play()).toEqual([]);
    const group = publishGroup(stream, 40);
    expect(player.play()).toEqual(group);
    expect(other).toBeDefined();
  });

  it("waits for a keyframe where there was none, while audio, headers and data go on", () => {
    const { stream } = makeStream();
    publish(stream, Video, 0, frame());
    const player = new Player(stream);
    publish(stream, Video, 40, frame());
    const sound = publish(stream, Audio, 50, audio());
    const header = publish(stream, Video, 60, avcHeader());
    const data = publish(stream, DataAmf0, 70, tag("02"));
    publish(stream, Video, 80, frame());
    expect(player.play()).toEqual([sound, header, data]);
    const group = publishGroup(stream, 120);
    expect(player.play()).toEqual(group);
  });

  it("begins where a stream without video is", () => {
    const { stream } = makeStream();
    publish(stream, Audio, 0, aacHeader());
    publish(stream, Audio, 0, audio());
    const player = new Player(stream);
    expect(player.subscription.needsHeaders).toBe(true);
    const next = publish(stream, Audio, 20, audio());
    expect(player.play()).toEqual([next]);
  });

  it("begins with the publication when it came before", () => {
    const { stream } = makeStream();
    stream.endPublication();
    const player = new Player(stream);
    expect(player.play()).toEqual([]);
    stream.beginPublication();
    const header = publish(stream, Video, 0, avcHeader());
    const group = publishGroup(stream, 0);
    expect(player.play()).toEqual([header, ...group]);
    expect(player.subscription.needsHeaders).toBe(false);
  });
});

describe("Subscription, lending", () => {
  it("shows many small messages in one piece", () => {
    const { stream } = makeStream({ segmentBytes: 64 * KiB, maximumBytes: 256 * KiB });
    const player = new Player(stream);
    const lines = [...publishGroup(stream, 0), ...publishGroup(stream, 80)];
    expect(player.play(1)).toEqual(lines);
    expect(player.subscription.isBetweenMessages).toBe(true);
  });

  it("ends a piece at the border of a segment, inside a message", () => {
    const { stream } = makeStream();
    const player = new Player(stream);
    const large = publish(stream, Video, 0, keyframe(2500));
    expect(player.play(1)).toEqual([]);
    expect(player.subscription.isBetweenMessages).toBe(false);
    expect(player.play(1)).toEqual([]);
    expect(player.play(1)).toEqual([large]);
    expect(player.subscription.isBetweenMessages).toBe(true);
  });

  it("shows the same piece until it was released", () => {
    const { stream } = makeStream();
    const player = new Player(stream);
    const group = publishGroup(stream, 0);
    const { subscription } = player;
    subscription.lend();
    const { start, end } = subscription;
    publishGroup(stream, 80);
    subscription.lend();
    expect([subscription.start, subscription.end]).toEqual([start, end]);
    player.release();
    expect(player.play().slice(0, 2)).not.toEqual(group);
  });

  it("serves two players at different paces", () => {
    const { stream } = makeStream();
    const fast = new Player(stream);
    const slow = new Player(stream);
    const lines: string[] = [];
    const seen: string[] = [];
    for (let index = 0; index < 10; index++) {
      const group = publishGroup(stream, index * 80);
      lines.push(...group);
      expect(fast.play()).toEqual(group);
      seen.push(...slow.play(1));
    }
    expect(seen.length).toBeLessThan(lines.length);
    expect([...seen, ...slow.play()]).toEqual(lines);
  });

  it("gives the player's own message stream id, also where the header crosses a segment's border", () => {
    for (let before = 980; before <= KiB; before++) {
      const { stream } = makeStream({ maximumTime: 2 ** 30 });
      const players = [new Player(stream, 2), new Player(stream, 0x01020304), new Player(stream, 1)];
      const lines = [
        // Headers and continuations aside, so that the next header lies at and around the border.
        publish(stream, Audio, 0, audio(before - 12 - 7)),
        publish(stream, Video, 0x1000000, keyframe(300)),
        publish(stream, Video, 0x1000001, new Uint8Array(0)),
        publish(stream, Audio, 30, audio(10)),
      ];
      const [two, far, one] = players.map((player) => player.play());
      expect(two).toEqual(lines.map((each) => each.replace("#1", "#2")));
      expect(far).toEqual(lines.map((each) => each.replace("#1", `#${0x01020304}`)));
      expect(one).toEqual(lines);
    }
  });

  it("keeps what is lent while the ring moves on, and gives it back after", () => {
    for (const streamId of [1, 9]) {
      const { stream, pool } = makeStream({ maximumBytes: 8 * KiB });
      const player = new Player(stream, streamId);
      const payload = keyframe(3500);
      publish(stream, Video, 0, payload);
      player.subscription.lend();
      for (let index = 1; index < 60; index++) publish(stream, Video, index, frame(900));
      expect(stream.startOf(stream.first) - stream.ring.segmentBytes).toBeGreaterThan(8 * KiB);
      player.release();
      expect(player.play().at(0)).toBe(line(Video, 0, payload, streamId));
      stream.close();
      expect(pool.lentBlocks).toBe(0);
    }
  });

  it("lets go of everything when it is closed", () => {
    const { stream, pool } = makeStream({ maximumBytes: 8 * KiB });
    const player = new Player(stream);
    publish(stream, Video, 0, keyframe(3500));
    player.subscription.lend();
    stream.close();
    expect(pool.lentBlocks).toBe(4);
    player.subscription.close();
    expect(pool.lentBlocks).toBe(0);
    player.subscription.close();
    expect(player.subscription.isBetweenMessages).toBe(true);
  });
});

describe("Subscription, falling behind", () => {
  it("skips to the newest keyframe, and asks for headers", () => {
    const { stream } = makeStream({ maximumBytes: 4 * KiB });
    const slow = new Player(stream);
    const fast = new Player(stream);
    publish(stream, Video, 0, avcHeader());
    slow.play();
    const seen: string[] = [];
    let newest: string[] = [];
    const all: string[] = [];
    fast.play();
    for (let index = 0; index < 20; index++) {
      newest = publishGroup(stream, index * 80);
      all.push(...newest);
      seen.push(...fast.play());
    }
    expect(seen).toEqual(all);
    expect(slow.play()).toEqual(newest);
    expect(slow.subscription.skips).toBe(1);
    expect(slow.subscription.needsHeaders).toBe(true);
    expect(fast.subscription.skips).toBe(0);
  });

  it("finishes the message that it has begun", () => {
    const { stream } = makeStream({ maximumBytes: 8 * KiB });
    const player = new Player(stream);
    const large = publish(stream, Video, 0, keyframe(5000));
    player.play(1);
    let newest: string[] = [];
    for (let index = 0; index < 30; index++) newest = publishGroup(stream, index * 80);
    expect(player.play()).toEqual([large, ...newest]);
  });

  it("gets audio and no frames where no keyframe is kept", () => {
    const { stream } = makeStream({ maximumBytes: 4 * KiB });
    const player = new Player(stream);
    publishGroup(stream, 0);
    player.play();
    const sounds: string[] = [];
    for (let index = 0; index < 40; index++) {
      publish(stream, Video, index, frame(200));
      sounds.push(publish(stream, Audio, index, audio(20)));
    }
    const seen = player.play();
    expect(seen.length).toBeGreaterThan(5);
    expect(seen).toEqual(sounds.slice(-seen.length));
    const group = publishGroup(stream, 100);
    expect(player.play()).toEqual(group);
  });

  it.each([
    ["has ended", false],
    ["was followed by another", true],
  ])("gets no frames without their keyframe when the publication %s meanwhile", (_, isFollowed) => {
    const { stream } = makeStream({ maximumBytes: 4 * KiB });
    const player = new Player(stream);
    publishGroup(stream, 0);
    for (let index = 0; index < 40; index++) publish(stream, Video, index, frame(200));
    const sound = publish(stream, Audio, 50, audio());
    stream.endPublication();
    if (isFollowed) stream.beginPublication();
    expect(player.play()).toEqual([sound]);
  });
});

describe("Subscription, another publisher", () => {
  it("shows the rest of the old publication, then the new one from its keyframe on", () => {
    const { stream } = makeStream();
    const player = new Player(stream);
    publishGroup(stream, 0);
    player.play();
    const rest = [...publishGroup(stream, 80), ...publishGroup(stream, 160)];
    stream.beginPublication();
    publish(stream, Video, 0, frame()); // its keyframe was lost
    const header = publish(stream, Video, 0, avcHeader());
    const group = publishGroup(stream, 40);
    expect(player.play()).toEqual([...rest, header, ...group]);
  });
});

describe("Subscription, what the player wants", () => {
  it("sends nothing while paused, and goes on at a keyframe", () => {
    const { stream } = makeStream();
    const player = new Player(stream);
    publishGroup(stream, 0);
    player.play();
    player.subscription.pause();
    publishGroup(stream, 80);
    expect(player.play()).toEqual([]);
    const newest = publishGroup(stream, 160);
    player.subscription.resume();
    expect(player.subscription.needsHeaders).toBe(false); // none are known
    expect(player.play()).toEqual(newest);
  });

  it("goes on where it stopped when no keyframe came during a pause", () => {
    const { stream } = makeStream();
    const player = new Player(stream);
    publishGroup(stream, 0);
    player.play();
    player.subscription.pause();
    const meanwhile = publish(stream, Audio, 60, audio());
    player.subscription.resume();
    expect(player.play()).toEqual([meanwhile]);
  });

  it("finishes what is under way when it pauses", () => {
    const { stream } = makeStream();
    const player = new Player(stream);
    const large = publish(stream, Video, 0, keyframe(3000));
    player.play(1);
    publish(stream, Audio, 0, audio());
    player.subscription.pause();
    expect(player.play()).toEqual([large]);
  });

  it("leaves out video, and takes it up again at a keyframe", () => {
    const { stream } = makeStream();
    const player = new Player(stream);
    player.subscription.showVideo(false);
    const isAudio = (each: string) => each.startsWith("audio");
    const first = publishGroup(stream, 0);
    expect(player.play()).toEqual(first.filter(isAudio));
    player.subscription.showVideo(true);
    publish(stream, Video, 70, frame());
    const group = publishGroup(stream, 80);
    expect(player.play()).toEqual(group);
  });

  it("leaves out audio", () => {
    const { stream } = makeStream();
    const player = new Player(stream);
    player.subscription.receivesAudio = false;
    const group = publishGroup(stream, 0);
    expect(player.play()).toEqual(group.filter((each) => each.startsWith("video")));
    player.subscription.receivesAudio = true;
    const next = publishGroup(stream, 80);
    expect(player.play()).toEqual(next);
  });
});
