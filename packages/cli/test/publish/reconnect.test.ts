import { connect, type Message } from "@millrace/node-adapter";
import { expect, it } from "vitest";
import { audio, flvOf, newPath, publish, Stage, type Tag, video } from "./stage.ts";

const header: Tag = { type: 9, timestamp: 0, payload: Uint8Array.of(0x17, 0, 0, 0, 0, 1) };
/** A fifth of a second, with a keyframe every 40 ms. */
const tags = [header, ...Array.from({ length: 10 }, (_, index) => video(index * 20, index % 2 === 0)), audio(199)];

/** Plays a stream until so many messages have come. */
async function watch({ stream }: Stage, count: number): Promise<Message[]> {
  const client = await connect(stream.url);
  const messages: Message[] = [];
  for await (const message of client.play(stream.name)) {
    messages.push({ ...message, payload: message.payload.slice() });
    if (messages.length === count) break;
  }
  await client.close();
  return messages;
}

function isKeyframe({ messageType, payload }: Message): boolean {
  return messageType === 9 && payload[0] === 0x17 && payload[1] === 1;
}

it("follows a server that asks it to go elsewhere, at a keyframe and with its headers", async () => {
  const [first, second] = [await Stage.open(), await Stage.open()];
  const before = watch(first, 20);
  const { exitCode, stderr, interruption } = publish(newPath(flvOf(tags)), first.stream, { loop: true });
  await before;
  const after = watch(second, 20);
  expect(first.server.requestReconnect(second.stream.url)).toBe(1);
  const [start, next, ...rest] = await after;
  expect([start?.payload, next && isKeyframe(next)]).toEqual([header.payload, true]);
  expect(rest).toHaveLength(18);
  while (first.server.connectionCount > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(stderr.text).toContain(`The server asked to go to ${second.stream.url}.`);
  interruption.abort();
  expect(await exitCode).toBe(0);
});

it("goes on for its players when the server asks it to connect anew", async () => {
  const stage = await Stage.open();
  const messages = watch(stage, 100);
  const { exitCode, interruption } = publish(newPath(flvOf(tags)), stage.stream, { loop: true });
  while (stage.server.streams[0]?.isPublished !== true) await new Promise((resolve) => setImmediate(resolve));
  expect(stage.server.requestReconnect()).toBe(1);
  // Neither lost nor sent twice: the times of pictures go on as they did.
  const times = (await messages).filter(({ payload }) => payload[1] === 1).map(({ timestamp }) => timestamp);
  expect(times).toEqual([...new Set(times)].sort((one, other) => one - other));
  interruption.abort();
  expect(await exitCode).toBe(0);
});

it("stays where it is when nobody is there where it was to go", async () => {
  const stage = await Stage.open();
  const messages = watch(stage, 60);
  const { exitCode, stderr, interruption } = publish(newPath(flvOf(tags)), stage.stream, { loop: true });
  while (stage.server.streams[0]?.isPublished !== true) await new Promise((resolve) => setImmediate(resolve));
  stage.server.requestReconnect("rtmp://127.0.0.1:1/live");
  expect(await messages).toHaveLength(60);
  expect(stderr.text).toContain("the server asked to go there, but 127.0.0.1 port 1 cannot be reached");
  interruption.abort();
  expect(await exitCode).toBe(0);
});
