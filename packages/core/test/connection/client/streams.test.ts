import { expect, it } from "vitest";
import { BufferPool } from "../../../src/bytes/index.ts";
import { MessageType } from "../../../src/chunk/index.ts";
import { LiveStream } from "../../../src/live/index.ts";
import { aggregatePayload } from "../../../src/message/index.ts";
import { mediaOf } from "../media-log.ts";
import { liveStream, Pair } from "./pair.ts";

const { Aggregate, Audio, Video } = MessageType;
const pool = new BufferPool(2 ** 25);

function kept(): LiveStream {
  const live = new LiveStream(pool, { segmentBytes: 2 ** 14, maximumBytes: 2 ** 20, maximumTime: 2 ** 31 - 1 });
  live.subscribe(); // so that all is kept
  return live;
}

function picture(stream: number, number: number): Uint8Array {
  const payload = new Uint8Array(100 + ((stream * 977 + number * 131) % 9_000)).fill(number);
  payload.set([number === 0 ? 0x17 : 0x27, 1, 0, 0, 0, stream]);
  return payload;
}

it.each([
  ["all at once", []],
  ["in pieces", [1, 7, 1500, 64]],
] as const)("one connection publishes eight streams and plays eight others: each is whole, %s", (_, cuts) => {
  const pair = Pair.connected({ cuts });
  const { client } = pair;
  const streams = new Map<string, LiveStream>();
  pair.find = (name) => {
    const live = streams.get(name) ?? kept();
    streams.set(name, live);
    return live;
  };
  const eight = Array.from({ length: 8 }, (_unused, index) => index);
  const published = eight.map((index) => client.publish(`there ${index}`));
  const sinks = eight.map((index) => {
    pair.find(`back ${index}`).beginPublication();
    const sink = liveStream();
    client.play(`back ${index}`, sink);
    return sink;
  });
  pair.run();
  for (let number = 0; number < 50; number++) {
    for (const index of eight) {
      const [there, back] = [picture(index, number), picture(index + 8, number)];
      expect(published[index]?.send(Video, number * 40, there, 0, there.length)).toBe(true);
      expect(published[index]?.send(Audio, number * 40, there, 5, 9)).toBe(true);
      pair.find(`back ${index}`).push(Video, number * 40, back, 0, back.length);
    }
    if (number % 5 === 0) pair.run();
  }
  pair.run();
  for (const index of eight) {
    expect(mediaOf(pair.find(`there ${index}`))).toHaveLength(100);
    const [there, back] = [kept(), kept()];
    for (let number = 0; number < 50; number++) {
      const [sent, received] = [picture(index, number), picture(index + 8, number)];
      there.push(Video, number * 40, sent, 0, sent.length);
      there.push(Audio, number * 40, sent, 5, 9);
      back.push(Video, number * 40, received, 0, received.length);
    }
    expect(mediaOf(pair.find(`there ${index}`))).toEqual(mediaOf(there));
    expect(mediaOf(sinks[index] as LiveStream)).toEqual(mediaOf(back)); // one for each index
  }
  pair.close();
});

it("a publisher may send aggregates: players get what is in them", () => {
  const pair = Pair.connected();
  const stream = pair.client.publish("show");
  pair.run();
  const parts = [
    { messageType: Video, timestamp: 100, payload: picture(0, 0) },
    { messageType: Audio, timestamp: 110, payload: Uint8Array.of(0xaf, 1, 2) },
    { messageType: MessageType.SetChunkSize, timestamp: 110, payload: Uint8Array.of(0, 0, 0, 0) },
    { messageType: Video, timestamp: 140, payload: picture(0, 1) },
  ];
  const payload = aggregatePayload(parts);
  stream.send(Aggregate, 1_100, payload, 0, payload.length);
  pair.run();
  const expected = kept();
  for (const { messageType, timestamp, payload } of parts) {
    if (messageType === MessageType.SetChunkSize) continue;
    expected.push(messageType, timestamp + 1_000, payload, 0, payload.length);
  }
  expect(mediaOf(pair.live)).toEqual(mediaOf(expected));
  expect(pair.serverEvents).not.toContain("message");
  pair.close();
});

it("an aggregate of somebody who publishes nothing counts as stray media", () => {
  const pair = Pair.connected({ limits: { strayMediaBytes: 10_000 } });
  const payload = aggregatePayload([{ messageType: Video, timestamp: 0, payload: new Uint8Array(5_001) }]);
  for (let count = 0; count < 2; count++) pair.client.output.sender.message(6, Aggregate, 1, 0, payload);
  pair.run();
  expect(pair.serverEvents).toEqual(["failed MediaWithoutPublish"]);
  pair.close();
});
