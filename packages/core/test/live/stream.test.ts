import { describe, expect, it } from "vitest";
import { MessageType } from "../../src/chunk/index.ts";
import { TagKind } from "../../src/media/index.ts";
import { aacHeader, audio, avcHeader, frame, KiB, keyframe, line, makeStream, Player, publish, tag } from "./player.ts";

const { Audio, Video, DataAmf0 } = MessageType;

describe("LiveStream, what players get", () => {
  it("is what was published, byte for byte", () => {
    const { stream } = makeStream();
    const player = new Player(stream);
    const published = [
      publish(stream, DataAmf0, 0, tag("02000a6f6e4d65746144617461", 300)),
      publish(stream, Audio, 0, aacHeader()),
      publish(stream, Video, 0, avcHeader(45)),
      publish(stream, Video, 0, keyframe(5000)),
      publish(stream, Audio, 21, audio(200)),
      publish(stream, Video, 40, frame(127)),
      publish(stream, Video, 80, frame(128)),
      publish(stream, Video, 120, frame(129)),
      publish(stream, Video, 160, frame(256)),
    ];
    expect(player.play()).toEqual(published);
    expect(player.play()).toEqual([]);
  });

  it.each([
    ["the last one in 24 bits", 0xfffffe],
    ["the first extended one", 0xffffff],
    ["one more", 0x1000000],
    ["2^31", 2 ** 31],
    ["the last one", 0xffffffff],
  ])("has timestamps of 32 bits: %s", (_, timestamp) => {
    const { stream } = makeStream();
    const player = new Player(stream);
    const other = new Player(stream, 7);
    const payload = keyframe(1500);
    publish(stream, Video, timestamp, payload);
    const empty = publish(stream, Audio, timestamp, new Uint8Array(0));
    expect(player.play()).toEqual([line(Video, timestamp, payload), empty]);
    expect(other.play()).toEqual([line(Video, timestamp, payload, 7), line(Audio, timestamp, new Uint8Array(0), 7)]);
  });

  it("carries messages without payload", () => {
    const { stream } = makeStream();
    const player = new Player(stream);
    const other = new Player(stream, 2);
    const lines = [0, 1, 2].map((timestamp) => publish(stream, Audio, timestamp, new Uint8Array(0)));
    expect(player.play()).toEqual(lines);
    expect(other.play()).toEqual(lines.map((each) => each.replace("#1", "#2")));
  });

  it("carries messages that are longer than a segment, and than all that is kept of others", () => {
    const { stream } = makeStream({ maximumBytes: 32 * KiB });
    const player = new Player(stream);
    const large = publish(stream, Video, 0, keyframe(29_000));
    expect(player.play()).toEqual([large]);
    const next = publish(stream, Video, 40, frame(29_000));
    expect(player.play()).toEqual([next]);
  });

  it("comes in the order in which messages are whole, when several are under way", () => {
    const { stream } = makeStream();
    const player = new Player(stream);
    const video = keyframe(700);
    const sound = audio(90);
    const second = audio(300);
    const first = stream.begin(Video, 40, video.length);
    first?.append(video, 0, 300);
    const inner = stream.begin(Audio, 41, sound.length);
    inner?.append(sound, 0, 50);
    const last = stream.begin(Audio, 42, second.length);
    first?.append(video, 300, 699);
    expect(player.play()).toEqual([]);
    inner?.append(sound, 50, 90);
    expect(player.play()).toEqual([line(Audio, 41, sound)]);
    last?.append(second, 0, 300);
    first?.append(video, 699, 700);
    expect(player.play()).toEqual([line(Audio, 42, second), line(Video, 40, video)]);
  });

  it("does not depend on the spans in which a message came", () => {
    const { stream } = makeStream();
    const player = new Player(stream);
    const payload = keyframe(1000);
    for (const span of [1, 7, 128, 129, 999]) {
      const message = stream.begin(Video, span, payload.length);
      message?.append(payload, 0, 0); // an empty span says nothing
      for (let at = 0; at < 1000; at += span) message?.append(payload, at, Math.min(1000, at + span));
      expect(player.play()).toEqual([line(Video, span, payload)]);
    }
  });

  it("has nothing of a message that was given up", () => {
    const { stream } = makeStream();
    const player = new Player(stream);
    const first = publish(stream, Audio, 0, audio());
    const message = stream.begin(Video, 0, 500);
    message?.append(keyframe(400), 0, 400);
    const before = publish(stream, Audio, 1, audio());
    message?.cancel();
    const after = publish(stream, Audio, 2, audio());
    expect(player.play()).toEqual([first, before, after]);
  });

  it("refuses more payload than a message has", () => {
    const { stream } = makeStream();
    const message = stream.begin(Video, 0, 10);
    message?.append(frame(8), 0, 8);
    expect(() => message?.append(frame(8), 0, 3)).toThrow(
      new RangeError("The message lacks 2 bytes of payload; a span of 3 is too long."),
    );
  });
});

describe("LiveStream, what is kept", () => {
  it("is bounded in bytes", () => {
    const { stream, pool } = makeStream({ maximumBytes: 8 * KiB });
    for (let index = 0; index < 100; index++) publish(stream, Audio, index, audio(1000));
    // 1019 bytes each on the wire: 8 fit.
    expect([stream.first, stream.next]).toEqual([92, 100]);
    expect(pool.peakLentBytes).toBeLessThanOrEqual(9 * KiB);
    expect(stream.droppedMessages).toBe(0);
  });

  it("is bounded in time", () => {
    const { stream } = makeStream({ maximumTime: 1000 });
    for (let index = 0; index <= 50; index++) publish(stream, Audio, index * 100, audio());
    expect(stream.next - stream.first).toBe(11);
  });

  it("is not lost over a jump of the publisher's time, and bounded in time behind it", () => {
    const { stream } = makeStream({ maximumTime: 1000 });
    for (const jump of [1_000_000, 0, 2 ** 31 + 5000]) {
      for (let index = 0; index <= 50; index++) publish(stream, Audio, jump + index * 100, audio());
      const kept = stream.next - stream.first;
      publish(stream, Audio, jump + 20_000, audio());
      expect([kept, stream.next - stream.first]).toEqual([11, 12]);
    }
  });

  it("is bounded in time where timestamps begin again from 0", () => {
    const { stream } = makeStream({ maximumTime: 1000 });
    for (let index = 0; index <= 50; index++) publish(stream, Audio, (2 ** 32 - 2500 + index * 100) % 2 ** 32, audio());
    expect(stream.next - stream.first).toBe(11);
  });

  it("is not lost over a data message whose time is of another kind", () => {
    const { stream } = makeStream({ maximumTime: 1000 });
    for (const timestamp of [0, 20, 40]) publish(stream, Audio, timestamp, audio());
    publish(stream, DataAmf0, 1_700_000_000, tag("02"));
    publish(stream, Audio, 60, audio());
    expect(stream.next - stream.first).toBe(5);
  });

  it("begins at the newest keyframe, where nobody waits for what was before", () => {
    const { stream } = makeStream({ giveUpAfter: 1000 });
    const kept = () => (stream.next - stream.first) | 0;
    const group = (at: number) => {
      stream.now = at;
      for (const payload of [keyframe(), frame(), frame()]) publish(stream, Video, at, payload);
    };
    group(0);
    publish(stream, Audio, 30, audio());
    expect(kept()).toBe(4);
    group(500);
    expect(kept()).toBe(3);
    const player = new Player(stream);
    group(900);
    expect(kept()).toBe(6);
    // What a player did not take within `giveUpAfter` is not kept for it.
    group(1501);
    expect(kept()).toBe(6);
    player.close();
    player.close();
    group(1600);
    expect(kept()).toBe(3);
    new Player(stream);
    group(1700);
    expect(kept()).toBe(6);
  });

  it("is bounded in number: 4096 messages", () => {
    const { stream } = makeStream({ maximumBytes: 2 ** 20 }, 2 ** 21);
    const player = new Player(stream);
    const lines = Array.from({ length: 5000 }, (_, index) => publish(stream, Audio, index, audio(3)));
    expect(stream.next - stream.first).toBe(4096);
    expect(player.play()).toEqual(lines.slice(-4096));
    expect(player.subscription.skips).toBe(1);
  });

  it("goes on where the numbers of messages change sign", () => {
    const { stream } = makeStream({ maximumBytes: 2 ** 20 }, 2 ** 21);
    // As if so many had passed already.
    stream.first = stream.next = 2 ** 31 - 3000;
    const player = new Player(stream);
    for (let index = 0; index < 5000; index++) publish(stream, Video, index, keyframe(6));
    const rest = Array.from({ length: 5000 }, (_, index) => publish(stream, Audio, index, audio(3)));
    expect([stream.first, stream.next]).toEqual([7000 - 4096 - 2 ** 31, 7000 - 2 ** 31]);
    expect(player.play()).toEqual(rest.slice(-4096));
    for (const round of [1, 2, 3]) expect([publish(stream, Audio, round, audio())]).toEqual(player.play());
  });

  it("drops a message that cannot fit, and no other", () => {
    const { stream } = makeStream({ maximumBytes: 8 * KiB });
    const player = new Player(stream);
    const before = publish(stream, Audio, 0, audio());
    expect(stream.begin(Video, 1, 8 * KiB)).toBeNull();
    expect(stream.droppedMessages).toBe(1);
    const after = publish(stream, Audio, 2, audio());
    expect(player.play()).toEqual([before, after]);
  });

  it("drops messages for which the pool has nothing left, and keeps on when it has again", () => {
    const { stream, pool } = makeStream({ maximumBytes: 8 * KiB }, 16 * KiB);
    const player = new Player(stream);
    const taken = Array.from({ length: 14 }, () => pool.take(KiB));
    const first = publish(stream, Audio, 0, audio(1000));
    publish(stream, Video, 1, keyframe(3000));
    expect(stream.droppedMessages).toBe(1);
    // What was lost does not fill the ring for ever.
    for (let index = 0; index < 50; index++) publish(stream, Video, index, keyframe(3000));
    expect(stream.droppedMessages).toBe(51);
    for (const block of taken) pool.give(block);
    const after = publish(stream, Video, 2, keyframe(3000));
    expect(stream.droppedMessages).toBe(51);
    expect(player.play().at(-1)).toBe(after);
    expect(first).toBeDefined();
  });

  it("is not used up by messages that are given up", () => {
    const { stream } = makeStream({ maximumBytes: 8 * KiB });
    const player = new Player(stream);
    for (let index = 0; index < 10; index++) {
      const message = stream.begin(Video, index, 7000);
      expect(message).not.toBeNull();
      message?.append(frame(5000), 0, 5000);
      message?.cancel();
    }
    const whole = publish(stream, Video, 99, keyframe(7000));
    expect(player.play()).toEqual([whole]);
    expect(stream.droppedMessages).toBe(0);
  });

  it("never writes over a message that is under way", () => {
    const { stream } = makeStream({ maximumBytes: 8 * KiB });
    const player = new Player(stream);
    const payload = keyframe(3000);
    const slow = stream.begin(Video, 0, payload.length);
    slow?.append(payload, 0, 1500);
    for (let index = 0; index < 30; index++) publish(stream, Audio, index, audio(1000));
    expect(stream.droppedMessages).toBeGreaterThan(0);
    player.play();
    slow?.append(payload, 1500, 3000);
    expect(player.play()).toEqual([line(Video, 0, payload)]);
    const after = publish(stream, Audio, 31, audio(1000));
    expect(player.play()).toEqual([after]);
  });

  it("goes back to the pool when the stream is closed", () => {
    const { stream, pool } = makeStream();
    for (let index = 0; index < 20; index++) publish(stream, Audio, index, audio(1000));
    const message = stream.begin(Video, 0, 3000);
    message?.append(keyframe(1000), 0, 1000);
    expect(pool.lentBlocks).toBeGreaterThan(0);
    stream.close();
    expect(pool.lentBlocks).toBe(0);
    // Who did not notice yet does no harm.
    expect(message?.append(keyframe(2000), 0, 2000)).toBe(false);
    expect(pool.lentBlocks).toBe(0);
  });

  it("goes back to the pool later where a pending write still reads it", () => {
    const { stream, pool } = makeStream();
    const player = new Player(stream);
    const published = publish(stream, Video, 0, keyframe(3000));
    player.subscription.lend();
    stream.close();
    expect(pool.lentBlocks).toBe(3);
    player.release();
    expect(player.play()).toEqual([published]);
    expect(pool.lentBlocks).toBe(0);
  });
});

describe("LiveStream, headers for joiners", () => {
  const kinds = (stream: ReturnType<typeof makeStream>["stream"]) =>
    stream.headers.map(({ messageType, payload }) => line(messageType, 0, payload));

  it("are metadata, then the newest decoder configuration of each kind and track", () => {
    const { stream } = makeStream();
    const metadata = tag("02000a6f6e4d65746144617461", 60);
    publish(stream, Audio, 0, aacHeader());
    const video = avcHeader(1200); // more than a chunk, and more than a segment
    publish(stream, Video, 0, video);
    const track1 = tag("96006876633101", 20);
    publish(stream, Video, 0, track1);
    const colours = tag("9468766331", 30);
    publish(stream, Video, 0, colours);
    const sound = aacHeader();
    publish(stream, Audio, 5, sound);
    stream.setMetadata(metadata);
    expect(kinds(stream)).toEqual([
      line(DataAmf0, 0, metadata),
      line(Audio, 0, sound),
      line(Video, 0, video),
      line(Video, 0, track1),
      line(Video, 0, colours),
    ]);
    stream.setMetadata(null);
    expect(kinds(stream)).toHaveLength(4);
  });

  it("are whole with extended timestamps too", () => {
    const { stream } = makeStream();
    const video = avcHeader(1000);
    publish(stream, Video, 0x1234567, video);
    expect(kinds(stream)).toEqual([line(Video, 0, video)]);
  });

  it("end with their publication", () => {
    const { stream } = makeStream();
    publish(stream, Video, 0, avcHeader());
    stream.setMetadata(tag("02", 40));
    stream.beginPublication();
    expect(stream.headers).toEqual([]);
    publish(stream, Video, 0, avcHeader());
    stream.endPublication();
    expect(stream.headers).toEqual([]);
  });

  it("are bounded, and what does not fit leaves its room to others", () => {
    const { stream } = makeStream({ maximumHeaderBytes: 500 });
    stream.setMetadata(tag("02", 300));
    publish(stream, Video, 0, avcHeader(150));
    for (let index = 0; index < 5; index++) {
      stream.setMetadata(tag("02", 501));
      expect(kinds(stream)).toHaveLength(1);
      publish(stream, Video, 0, avcHeader(600));
      expect(kinds(stream)).toHaveLength(0);
      const metadata = tag("02", 300);
      const video = avcHeader(200);
      stream.setMetadata(metadata);
      publish(stream, Video, 0, video);
      expect(kinds(stream)).toEqual([line(DataAmf0, 0, metadata), line(Video, 0, video)]);
    }
  });
});

describe("LiveStream, publications", () => {
  it("do not mix: what was under way when another began is gone", () => {
    const { stream } = makeStream();
    const player = new Player(stream);
    const old = frame(500);
    const left = stream.begin(Video, 0, old.length);
    left?.append(old, 0, 100);
    stream.beginPublication();
    expect(stream.publication).toBe(2);
    // The old publisher has not noticed, and the new one begins as many messages.
    const young = keyframe(500);
    const fresh = stream.begin(Video, 0, young.length);
    expect(fresh).not.toBe(left);
    fresh?.append(young, 0, 200);
    expect(left?.append(old, 100, 500)).toBe(false);
    left?.cancel();
    fresh?.append(young, 200, 500);
    expect(player.play()).toEqual([line(Video, 0, young)]);
    expect(stream.droppedMessages).toBe(0);
  });

  it("leave what was sent whole to who is subscribed", () => {
    const { stream } = makeStream();
    const player = new Player(stream);
    const published = publish(stream, Video, 0, keyframe());
    stream.endPublication();
    expect(stream.isPublished).toBe(false);
    expect(player.play()).toEqual([published]);
    expect(new Player(stream).play()).toEqual([]);
  });

  it("take up again what is spare", () => {
    const { stream } = makeStream();
    const first = stream.begin(Audio, 0, 2);
    first?.append(audio(2), 0, 2);
    expect(stream.begin(Audio, 0, 2)).toBe(first);
  });

  it("know the newest keyframe of the default track", () => {
    const { stream } = makeStream();
    expect(stream.joinPoint).toBeNull();
    publish(stream, Video, 0, avcHeader());
    publish(stream, Audio, 0, audio());
    expect(stream.joinPoint).toBeNull();
    publish(stream, Video, 0, tag("96036876633101", 20));
    expect([stream.joinPoint, stream.kindOf(2)]).toEqual([null, TagKind.Frame]);
    publish(stream, Video, 0, keyframe());
    publish(stream, Video, 40, frame());
    publish(stream, Video, 40, tag("96036876633101", 20));
    expect(stream.joinPoint).toBe(3);
    stream.beginPublication();
    expect(stream.joinPoint).toBeNull();
  });
});
