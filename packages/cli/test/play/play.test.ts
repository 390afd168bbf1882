import { existsSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { FLV_HEADER_BYTES } from "@millrace/core";
import { connect, type Publisher } from "@millrace/node-adapter";
import { describe, expect, it, onTestFinished } from "vitest";
import { playStream } from "../../src/play/command.ts";
import {
  audio,
  ffmpegFile,
  fileAt,
  flvOf,
  newPath,
  play,
  publish,
  type Running,
  Stage,
  type Tag,
  tagsOf,
  video,
  wholeTagsOf,
} from "../publish/stage.ts";

/** A publisher that is driven by hand. */
async function publisherOn({ stream }: Stage): Promise<{ publisher: Publisher; send(...tags: Tag[]): Promise<void> }> {
  const client = await connect(stream.url);
  onTestFinished(() => client.close());
  const publisher = await client.publish(stream.name);
  const send = async (...tags: Tag[]): Promise<void> => {
    for (const { type: messageType, timestamp, payload } of tags) {
      await publisher.send({ messageType, timestamp: timestamp >>> 0, payload });
    }
  };
  return { publisher, send };
}

/** When the file holds so many tags. At each look it must be one, whose last tag may be cut off. */
async function holds(path: string, length: number): Promise<Tag[]> {
  for (;;) {
    const file = existsSync(path) ? fileAt(path) : new Uint8Array();
    const tags = file.length < FLV_HEADER_BYTES ? [] : wholeTagsOf(file).tags;
    if (tags.length >= length) return tags;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function playTo(
  path: string,
  stage: Stage,
  options: { seconds?: number; json?: boolean } = {},
): Promise<Running> {
  const running = play(path, stage.stream, options);
  await stage.saw("play");
  return running;
}

describe("millrace play", () => {
  it("writes the very file that is published", async () => {
    const stage = await Stage.open();
    const path = newPath();
    const { exitCode, stdout, stderr } = await playTo(path, stage);
    expect(await publish(newPath(ffmpegFile), stage.stream).exitCode).toBe(0);
    expect(await exitCode).toBe(0);
    expect(Buffer.compare(fileAt(path), ffmpegFile)).toBe(0);
    expect(stdout.text).toBe(`Playing ${stage.stream.url} to ${path}.\nWrote 9 tags, 0:00.\n`);
    expect(stderr.text).toBe("");
  });

  it("writes it to the standard output, and what it says to the other", async () => {
    const stage = await Stage.open();
    const { exitCode, stdout, stderr } = await playTo("-", stage);
    expect(await publish(newPath(ffmpegFile), stage.stream).exitCode).toBe(0);
    expect(await exitCode).toBe(0);
    expect(Buffer.compare(stdout.bytes, ffmpegFile)).toBe(0);
    expect(stderr.text).toBe(`Playing ${stage.stream.url} to -.\nWrote 9 tags, 0:00.\n`);
  });

  it("tells machines one object a line", async () => {
    const stage = await Stage.open();
    const path = newPath();
    const { exitCode, stdout } = await playTo(path, stage, { json: true });
    expect(await publish(newPath(flvOf([video(0), audio(20)])), stage.stream).exitCode).toBe(0);
    expect(await exitCode).toBe(0);
    const events = stdout.text.trim().split("\n");
    expect(events.map((line) => JSON.parse(line))).toEqual([
      { event: "playing", url: stage.stream.url, file: path },
      { event: "played", tags: 2, bytes: 9, milliseconds: 20 },
    ]);
  });

  it("begins the file at 0, whenever the stream began", async () => {
    const stage = await Stage.open();
    const path = newPath();
    const { exitCode } = await playTo(path, stage);
    const { publisher, send } = await publisherOn(stage);
    const header = { type: 9, timestamp: 5, payload: Uint8Array.of(0x17, 0, 0, 0, 0, 1) };
    await send(header, video(2 ** 32 - 30), audio(2 ** 32 - 40), audio(2 ** 32 - 10), video(10));
    await holds(path, 5);
    await publisher.end();
    expect(await exitCode).toBe(0);
    expect(tagsOf(fileAt(path)).map(({ timestamp }) => timestamp)).toEqual([0, 0, 0, 20, 40]);
  });

  it("ends after the seconds that are wanted, without the tag behind them", async () => {
    const stage = await Stage.open();
    const path = newPath();
    const { exitCode, stdout } = await playTo(path, stage, { seconds: 1.5 });
    const { send } = await publisherOn(stage);
    await send(video(7000), video(8000, false), video(8499, false), video(8500, false), video(9000));
    expect(await exitCode).toBe(0);
    expect(tagsOf(fileAt(path)).map(({ timestamp }) => timestamp)).toEqual([0, 1000, 1499]);
    expect(stdout.text).toContain("Wrote 3 tags, 0:01.\n");
    await stage.saw("stop");
  });

  it("leaves a file that can be read at any time, and is whole when interrupted", async () => {
    const stage = await Stage.open();
    const path = newPath();
    const { exitCode, interruption, stderr } = await playTo(path, stage);
    const { send } = await publisherOn(stage);
    const large = { type: 9, timestamp: 10, payload: new Uint8Array(300_000).fill(0x27) };
    await send(video(0), large);
    expect(await holds(path, 2)).toEqual([video(0), large]);
    await send(audio(30));
    await holds(path, 3);
    interruption.abort();
    expect(await exitCode).toBe(0);
    expect(tagsOf(fileAt(path))).toEqual([video(0), large, audio(30)]);
    expect(stderr.text).toBe("");
  });

  it("makes no file when it is interrupted before anything came", async () => {
    const stage = await Stage.open();
    const path = newPath();
    const { exitCode, interruption, stdout } = await playTo(path, stage);
    interruption.abort();
    expect(await exitCode).toBe(0);
    expect(existsSync(path)).toBe(false);
    expect(stdout.text).toBe("");
  });

  it("ends without a word when nobody reads its output any more", async () => {
    const stage = await Stage.open();
    const gone = new Writable({
      write: (_, __, done) => done(Object.assign(new Error("write EPIPE"), { code: "EPIPE", syscall: "write" })),
    });
    const words: string[] = [];
    const stderr = new Writable({
      write: (chunk, _, done) => {
        words.push(String(chunk));
        done();
      },
    });
    const interruption = new AbortController();
    onTestFinished(() => interruption.abort());
    const exitCode = playStream(stage.stream, { output: "-" }, { stdout: gone, stderr }, interruption.signal);
    await stage.saw("play");
    const { send } = await publisherOn(stage);
    await send(video(0));
    expect(await exitCode).toBe(0);
    expect(words.join("")).not.toContain("millrace:");
  });
});

describe("millrace play says in one line that", () => {
  it("the server refuses, and leaves the file alone", async () => {
    const stage = await Stage.open({ onPlay: () => ({ reason: "Members only." }) });
    const path = newPath(Uint8Array.of(1));
    const { exitCode, stderr, stdout } = play(path, stage.stream);
    expect(await exitCode).toBe(1);
    expect(stderr.text).toBe("millrace: The server does not play show: Members only.\n");
    expect(stdout.text).toBe("");
    expect(fileAt(path)).toEqual(Uint8Array.of(1));
  });

  it("there is no server", async () => {
    const stage = await Stage.open();
    const { stream } = stage;
    await stage.server.close();
    const { exitCode, stderr } = play(newPath(), stream);
    expect(await exitCode).toBe(1);
    expect(stderr.text).toMatch(/^millrace: 127\.0\.0\.1 port \d+ cannot be reached: .*ECONNREFUSED.*\n$/);
  });

  it("the server has gone away; what came before is there", async () => {
    const stage = await Stage.open();
    const path = newPath();
    const { exitCode, stderr, stdout } = await playTo(path, stage);
    const { send } = await publisherOn(stage);
    await send(video(0), audio(10));
    await holds(path, 2);
    await stage.server.close();
    expect(await exitCode).toBe(1);
    expect(stderr.text).toMatch(/^millrace: .+\n$/);
    expect(stdout.text).toContain("Wrote 2 tags");
    expect(tagsOf(fileAt(path))).toEqual([video(0), audio(10)]);
  });

  it("there is no place for the file", async () => {
    const stage = await Stage.open();
    const path = join(newPath(), "nowhere", "file.flv");
    const { exitCode, stderr } = await playTo(path, stage);
    const { send } = await publisherOn(stage);
    await send(video(0));
    expect(await exitCode).toBe(1);
    expect(stderr.text).toBe(`millrace: ${path}: there is no such file or folder\n`);
  });
});
