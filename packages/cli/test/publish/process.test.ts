import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { ffmpegFile, fileAt, flvOf, newPath, Stage, tagsOf, video } from "./stage.ts";

const millrace = fileURLToPath(new URL("../../bin/millrace.js", import.meta.url));

interface Ended {
  readonly code: unknown;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** The command as a process, which is gone when the test has ended. */
function start(...args: string[]): { interrupt(): void; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [millrace, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (bytes: Buffer) => stdout.push(bytes));
  child.stderr.on("data", (bytes: Buffer) => stderr.push(bytes));
  const ended = once(child, "close").then(([code]) => {
    return { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() };
  });
  return { interrupt: () => void child.kill("SIGINT"), ended };
}

const urlOf = ({ stream }: Stage): string => `${stream.url}/${stream.name}`;

it("a file goes from one process to the other, and nothing but that is said on a pipe", async () => {
  const stage = await Stage.open();
  const player = start("play", urlOf(stage), "-o", "-");
  await stage.saw("play");
  const publisher = start("publish", newPath(ffmpegFile), urlOf(stage));
  expect(await publisher.ended).toMatchObject({ code: 0, stderr: "" });
  const { code, stdout } = await player.ended;
  expect(code).toBe(0);
  expect(Buffer.compare(stdout, ffmpegFile)).toBe(0);
});

it("SIGINT ends both cleanly", async () => {
  const stage = await Stage.open();
  const path = newPath();
  const player = start("play", urlOf(stage), "-o", path);
  await stage.saw("play");
  const publisher = start("publish", newPath(flvOf([video(0), video(20)])), urlOf(stage), "--loop");
  while (!existsSync(path) || fileAt(path).length < 100) await new Promise((resolve) => setImmediate(resolve));
  player.interrupt();
  const played = await player.ended;
  expect(played).toMatchObject({ code: 0, stderr: "" });
  expect(played.stdout.toString()).toMatch(/^Playing .*\nWrote \d+ tags, 0:\d\d\.\n$/);
  expect(tagsOf(fileAt(path)).length).toBeGreaterThan(2);
  publisher.interrupt();
  expect(await publisher.ended).toMatchObject({ code: 0, stderr: "" });
  await stage.saw("unpublish");
});

it.each([
  [["publish", "file.flv", "http://host/live/show"], "is no URL such as rtmp://host:1935/app"],
  [["publish", "file.flv", "rtmp://host/live"], "It names no stream: rtmp://host/app/name does."],
  [["publish", "file.flv"], "missing required argument 'url'"],
  [["play", "rtmp://host/live/show"], "required option '-o, --output <file>' not specified"],
  [["play", "rtmp://host/live/show", "-o", "-", "--seconds", "0"], "It is a number of seconds above 0."],
  [["play", "rtmp://127.0.0.1:1/live/show", "-o", "-"], "millrace: 127.0.0.1 port 1 cannot be reached"],
  [
    ["publish", "/nowhere.flv", "rtmp://127.0.0.1:1/live/show"],
    "millrace: /nowhere.flv: there is no such file or folder",
  ],
])("%j fails with one line", async (args, text) => {
  const { code, stdout, stderr } = await start(...args).ended;
  expect(code).toBe(1);
  expect(stdout.length).toBe(0);
  expect(stderr).toContain(text);
  expect(stderr.trimEnd()).not.toContain("\n");
});
