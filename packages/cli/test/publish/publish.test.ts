import { performance } from "node:perf_hooks";
import { connect } from "@millrace/node-adapter";
import { describe, expect, it } from "vitest";
import { audio, ffmpegFile, flvOf, newPath, publish, Stage, streamAt, type Tag, tagsOf, video } from "./stage.ts";

/** Plays the stream until it ends, or until so many tags have come. */
async function listen({ server, stream }: Stage, most = Number.POSITIVE_INFINITY): Promise<Promise<Tag[]>[]> {
  const client = await connect(stream.url);
  const tags = (async () => {
    const received: Tag[] = [];
    for await (const { messageType: type, timestamp, payload } of client.play(stream.name)) {
      received.push({ type, timestamp: timestamp | 0, payload: Uint8Array.from(payload) });
      if (received.length === most) break;
    }
    await client.close();
    return received;
  })();
  while (server.streams[0]?.players !== 1) await new Promise((resolve) => setImmediate(resolve));
  // In an array: a promise of a promise would be waited for.
  return [tags];
}

describe("millrace publish", () => {
  it("sends the tags of a file of ffmpeg's as they are", async () => {
    const stage = await Stage.open();
    const [received] = await listen(stage);
    const path = newPath(ffmpegFile);
    const { stdout, stderr, exitCode } = publish(path, stage.stream);
    expect(await exitCode).toBe(0);
    expect(await received).toEqual(tagsOf(ffmpegFile));
    expect(stdout.text).toBe(`Publishing ${path} to ${stage.stream.url}.\nPublished 9 tags, 0:00.\n`);
    expect(stderr.text).toBe("");
  });

  it("leaves out what RTMP has no message for, and takes a file whose end is cut off", async () => {
    const stage = await Stage.open();
    const [received] = await listen(stage);
    const unknown = { type: 3, timestamp: 0, payload: Uint8Array.of(1) };
    const whole = flvOf([video(0), unknown, audio(5), video(10)]);
    const path = newPath(whole.subarray(0, whole.length - 6));
    const { stderr, exitCode } = publish(path, stage.stream);
    expect(await exitCode).toBe(0);
    expect(await received).toEqual([video(0), audio(5)]);
    expect(stderr.text).toBe(`millrace: ${path}: its end is cut off: the last 15 bytes are left out.\n`);
  });

  it("sends each tag when its time has come", async () => {
    const stage = await Stage.open();
    const path = newPath(flvOf([video(1000), audio(1150), video(1300)]));
    const start = performance.now();
    const { exitCode } = publish(path, stage.stream);
    expect(await exitCode).toBe(0);
    // Timers may be early by less than a millisecond.
    expect(performance.now() - start).toBeGreaterThan(298);
  });

  it("does not wait for a jump of hours", async () => {
    const stage = await Stage.open();
    const [received] = await listen(stage);
    const tags = [video(0), video(16_777_300), audio(16_777_310), video(5)];
    const { exitCode } = publish(newPath(flvOf(tags)), stage.stream);
    expect(await exitCode).toBe(0);
    expect(await received).toEqual(tags);
  });

  it("sends a time before 0, and one past 2^24", async () => {
    const stage = await Stage.open();
    const [received] = await listen(stage);
    const tags = [audio(-20), video(-1), video(0), video(0x1000000)];
    const { exitCode } = publish(newPath(flvOf(tags)), stage.stream);
    expect(await exitCode).toBe(0);
    expect(await received).toEqual(tags);
  });

  it("begins again at the end with --loop, with times that go on, until it is interrupted", async () => {
    const stage = await Stage.open();
    const [received] = await listen(stage, 12);
    const { exitCode, interruption, stdout } = publish(
      newPath(flvOf([video(0), video(10, false), audio(10), video(20, false)])),
      stage.stream,
      { loop: true },
    );
    expect((await received)?.map(({ timestamp }) => timestamp)).toEqual([
      0, 10, 10, 20, 50, 60, 60, 70, 100, 110, 110, 120,
    ]);
    interruption.abort();
    expect(await exitCode).toBe(0);
    expect(stdout.text).toMatch(/\nPublished \d+ tags, 0:00\.\n$/);
    await stage.saw("unpublish");
  });

  it("tells machines one object a line", async () => {
    const stage = await Stage.open();
    const path = newPath(flvOf([video(0), audio(20)]));
    const { exitCode, stdout } = publish(path, stage.stream, { json: true });
    expect(await exitCode).toBe(0);
    expect(
      stdout.text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { event: "publishing", file: path, url: stage.stream.url },
      { event: "published", tags: 2, bytes: 9, milliseconds: 20 },
    ]);
  });

  it("shows a bar on a terminal, and takes it away", async () => {
    const stage = await Stage.open();
    const path = newPath(flvOf([video(0), video(150), video(300)]));
    const { exitCode, stderr } = publish(path, stage.stream, {}, true);
    expect(await exitCode).toBe(0);
    expect(stderr.text).toContain("█");
    expect(stderr.text).toMatch(/\d+ % {2}0:00/);
    expect(stderr.text).not.toContain("\n");
  });

  it("does not show who publishes", async () => {
    const stage = await Stage.open();
    const url = stage.stream.url.replace("rtmp://", "rtmp://user:secret@");
    const { exitCode, stdout } = publish(newPath(ffmpegFile), { ...stage.stream, url });
    expect(await exitCode).toBe(0);
    expect(stdout.text).not.toContain("secret");
  });

  it("ends at once when it is interrupted between two tags", async () => {
    const stage = await Stage.open();
    const { exitCode, interruption, stdout } = publish(newPath(flvOf([video(0), video(50_000)])), stage.stream);
    await stdout.has(1);
    interruption.abort();
    expect(await exitCode).toBe(0);
    await stage.saw("unpublish");
  });
});

describe("millrace publish says in one line that", () => {
  const encrypted = flvOf([video(0)]);
  encrypted[13] = 0x29;

  it.each([
    [
      "this is another format",
      Buffer.from("\x00\x00\x00\x18ftypisom"),
      " cannot be read behind byte 0: This is no FLV file",
    ],
    ["this is empty", Buffer.from(""), " cannot be read behind byte 0: The file ends within the FLV header."],
    ["there are no tags", flvOf([]), ": there is nothing in it to be published."],
    ["a tag is encrypted", encrypted, ": what it holds is encrypted and cannot be published."],
  ])("%s, and calls nobody", async (_, bytes, text) => {
    const stage = await Stage.open();
    const path = newPath(bytes);
    const { exitCode, stderr, stdout } = publish(path, stage.stream);
    expect(await exitCode).toBe(1);
    expect(stderr.text).toContain(`millrace: ${path}${text}`);
    expect(stderr.text.match(/\n/g)).toHaveLength(1);
    expect(stdout.text).toBe("");
    expect(stage.server.connectionCount).toBe(0);
  });

  it("there is no such file", async () => {
    const stage = await Stage.open();
    const path = newPath();
    const { exitCode, stderr } = publish(path, stage.stream);
    expect(await exitCode).toBe(1);
    expect(stderr.text).toBe(`millrace: ${path}: there is no such file or folder\n`);
  });

  it("a tag in the middle is too long, after those before it were sent", async () => {
    const stage = await Stage.open();
    const [received] = await listen(stage);
    const bytes = flvOf([video(0), video(50), video(60)]);
    bytes[13 + 2 * 21 + 1] = 0xff;
    const path = newPath(bytes);
    const { exitCode, stderr } = publish(path, stage.stream);
    expect(await exitCode).toBe(1);
    expect(await received).toEqual([video(0), video(50)]);
    expect(stderr.text).toBe(
      `millrace: ${path} cannot be read behind byte 55: A tag of type 9 has 16711686 bytes; the limit mediaMessageLength is 10485760.\n`,
    );
  });

  it("the server refuses", async () => {
    const stage = await Stage.open({ onPublish: () => ({ reason: "Unknown stream key." }) });
    const { exitCode, stderr, stdout } = publish(newPath(ffmpegFile), stage.stream);
    expect(await exitCode).toBe(1);
    expect(stderr.text).toBe("millrace: The server does not take show: Unknown stream key.\n");
    expect(stdout.text).toBe("");
  });

  it("there is no server", async () => {
    const stage = await Stage.open();
    const { stream } = stage;
    await stage.server.close();
    const { exitCode, stderr } = publish(newPath(ffmpegFile), stream);
    expect(await exitCode).toBe(1);
    expect(stderr.text).toMatch(/^millrace: 127\.0\.0\.1 port \d+ cannot be reached: .*ECONNREFUSED.*\n$/);
  });

  it("the server has gone away, without waiting for the next tag", async () => {
    const stage = await Stage.open();
    const [received] = await listen(stage, 1);
    const { exitCode, stderr, stdout } = publish(newPath(flvOf([video(0), video(50_000)])), stage.stream);
    await received;
    await stage.server.close();
    expect(await exitCode).toBe(1);
    expect(stderr.text).toMatch(/^millrace: .+\n$/);
    expect(stdout.text).toContain("Published 1 tags");
  });

  it("nobody is there, on a port that nobody may listen on", async () => {
    const { exitCode } = publish(newPath(ffmpegFile), streamAt(1));
    expect(await exitCode).toBe(1);
  });
});
