import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { open as openFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { folderStorage, type RecordingStorage } from "../src/index.ts";
import { RawClient } from "./client.ts";
import { House, videoFrame } from "./house.ts";

let outside: string;
let folder: string;
let storage: RecordingStorage;

beforeEach(() => {
  outside = mkdtempSync(join(tmpdir(), "millrace-recordings-"));
  folder = join(outside, "recordings");
  storage = folderStorage(folder);
});
afterEach(() => rmSync(outside, { recursive: true }));

async function write(path: string, text: string, mode: "record" | "append" = "record"): Promise<void> {
  const file = await storage.begin(path, mode);
  const bytes = Buffer.from(text);
  await file.write(file.length, bytes, 0, bytes.length);
  await file.finish();
}

async function read(path: string): Promise<string | null> {
  const file = await storage.open(path);
  if (file === null) return null;
  const bytes = Buffer.alloc(file.length);
  expect(await file.read(0, bytes, 0, bytes.length)).toBe(file.length);
  await file.close();
  return bytes.toString();
}

const allFiles = (): string[] => readdirSync(outside, { recursive: true, encoding: "utf8" }).sort();

describe("a folder of recordings", () => {
  it("has a file for each, which a new one replaces only when it is finished", async () => {
    await write("live/show", "one");
    expect(allFiles()).toEqual(["recordings", "recordings/live", "recordings/live/show.flv"]);
    const file = await storage.begin("live/show", "record");
    await file.write(0, Buffer.from("another"), 0, 7);
    expect(await read("live/show")).toBe("one");
    expect(await file.finish()).toBe("live/show");
    expect(await read("live/show")).toBe("another");
    await write("live/show", ", longer", "append");
    expect(await read("live/show")).toBe("another, longer");
    const unwanted = await storage.begin("live/show", "record");
    await unwanted.discard();
    expect(allFiles()).toEqual(["recordings", "recordings/live", "recordings/live/show.flv"]);
    expect(await storage.open("live/other")).toBeNull();
    expect(await storage.open("live")).toBeNull();
  });

  it.each([
    "live/../../secret",
    "../secret",
    "live/..%2f..%2fsecret",
    "live/..\\..\\secret",
    "live/\0secret",
    "live/.secret",
    "live/CON",
    "live/SHOW",
    "live/%2e%2e",
    "live/ü",
  ])("keeps %j inside", async (path) => {
    writeFileSync(join(outside, "secret.flv"), "secret");
    expect(await read(path)).toBeNull();
    await write(path, "mine");
    expect(await read(path)).toBe("mine");
    expect(readFileSync(join(outside, "secret.flv"), "utf8")).toBe("secret");
    expect(allFiles().filter((file) => !file.startsWith("recordings"))).toEqual(["secret.flv"]);
  });

  it.each(["", "/etc/passwd", "live//show", `live/${"a".repeat(1000)}`, "a/".repeat(20)])(
    "has none of %j",
    async (path) => {
      expect(await storage.open(path)).toBeNull();
      await expect(storage.begin(path, "record")).rejects.toThrow("cannot be the name");
      expect(allFiles()).toEqual([]);
    },
  );

  it("tells names apart that differ in case, where the file system does", async () => {
    await write("live/show", "small");
    await write("live/Show", "large");
    expect([await read("live/show"), await read("live/Show")]).toEqual(["small", "large"]);
  });

  it("follows no link that leads elsewhere", async () => {
    mkdirSync(join(folder, "live"), { recursive: true });
    writeFileSync(join(outside, "secret.flv"), "secret");
    symlinkSync(join(outside, "secret.flv"), join(folder, "live", "link.flv"));
    symlinkSync(outside, join(folder, "away"));
    for (const path of ["live/link", "away/secret"]) {
      await expect(storage.open(path)).rejects.toThrow("elsewhere");
      await expect(storage.begin(path, "record")).rejects.toThrow("elsewhere");
      await expect(storage.begin(path, "append")).rejects.toThrow("elsewhere");
    }
    await expect(storage.begin("away/sub/new", "record")).rejects.toThrow("elsewhere");
    expect(existsSync(join(outside, "sub"))).toBe(false);
    expect(readFileSync(join(outside, "secret.flv"), "utf8")).toBe("secret");
  });

  it("gives what a crash left once, beside an earlier recording, and never what is at work", async () => {
    await write("live/show", "old");
    const working = await storage.begin("live/busy", "record");
    // No process has this number.
    const left = join(folder, "live", "show.flv".replace(".flv", ".4194999.recording"));
    writeFileSync(left, "half");
    writeFileSync(join(folder, "live", `other.${process.pid}.recording`), "half");
    const leftovers = await storage.leftovers();
    expect(leftovers.map(({ path, length }) => [path, length]).sort()).toEqual([
      ["live/other", 4],
      ["live/show", 4],
    ]);
    expect(await storage.leftovers()).toEqual([]);
    const paths = await Promise.all(leftovers.map((leftover) => leftover.finish()));
    expect(paths.sort()).toEqual(["live/other", "live/show.recovered"]);
    expect(await read("live/show")).toBe("old");
    expect(await read("live/show.recovered")).toBe("half");
    expect(await read("live/other")).toBe("half");
    await working.discard();
  });

  it("says what the system says when it cannot write", async () => {
    // Not even root can make a folder in a file.
    writeFileSync(folder, "");
    await expect(storage.begin("live/show", "record")).rejects.toThrow(/EEXIST|ENOTDIR/);
  });
});

describe("a server with a folder of recordings", () => {
  it("records, and plays what it recorded", async () => {
    const house = new House({ recordings: storage });
    await house.server.listen(0, "127.0.0.1");
    const publisher = await RawClient.connected(house.port);
    publisher.call("createStream", 2, null);
    publisher.callOn(1, "publish", 3, null, "show", "record");
    await publisher.status("NetStream.Record.Start");
    for (let number = 0; number < 50; number++) publisher.video(number * 40, videoFrame(number));
    publisher.callOn(1, "closeStream", 0, null);
    await publisher.status("NetStream.Record.Stop");
    const player = await RawClient.connected(house.port);
    player.call("createStream", 2, null);
    player.call("getStreamLength", 9, null, "show");
    player.callOn(1, "play", 3, null, "show", 0);
    await player.status("NetStream.Play.Stop");
    expect(player.videos.map(({ payload }) => payload.readUInt32BE(5))).toEqual(
      Array.from({ length: 50 }, (_, n) => n),
    );
    const length = player.heard.find(({ values }) => values[0] === "_result" && values[1] === 9);
    expect(length?.values[3]).toBe(1.96);
    await Promise.all([publisher.close(), player.close()]);
    await house.close();
  });

  it("refuses a recording whose name is none, but carries the stream", async () => {
    const house = new House({ recordings: storage });
    await house.server.listen(0, "127.0.0.1");
    const publisher = await RawClient.connected(house.port);
    publisher.call("createStream", 2, null);
    publisher.callOn(1, "publish", 3, null, `${"a".repeat(300)}`, "record");
    await publisher.status("NetStream.Record.Failed");
    expect(house.server.streams[0]?.isPublished).toBe(true);
    await publisher.close();
    await house.close();
  });

  it("plays a file of 10 GB, of which nothing but a hole is in the middle, as any other", async () => {
    mkdirSync(join(folder, "live"), { recursive: true });
    const handle = await openFile(join(folder, "live", "large.flv"), "w");
    await handle.write(Buffer.from("464c5601050000000900000000", "hex"), 0, 13, 0);
    const SIZE = 10_000_000;
    for (let number = 0; number < 1000; number++) {
      const tag = Buffer.alloc(16);
      tag.writeUInt8(9, 0);
      tag.writeUIntBE(SIZE - 15, 1, 3);
      tag.writeUIntBE(number * 1000, 4, 3);
      tag.set([0x17, 1], 11);
      const size = Buffer.alloc(4);
      size.writeUInt32BE(SIZE - 4);
      await handle.write(tag, 0, 13, 13 + number * SIZE);
      await handle.write(size, 0, 4, 13 + (number + 1) * SIZE - 4);
    }
    await handle.close();
    const house = new House({ recordings: storage });
    await house.server.listen(0, "127.0.0.1");
    const player = await RawClient.connected(house.port);
    player.call("createStream", 2, null);
    player.call("getStreamLength", 9, null, "large");
    await player.message(({ values }) => values[1] === 9, "the length");
    expect(player.heard.find(({ values }) => values[1] === 9)?.values[3]).toBe(999);
    const before = process.memoryUsage().arrayBuffers;
    player.callOn(1, "play", 3, null, "large", 990_000, 100);
    await player.status("NetStream.Play.Stop");
    expect(player.videos.map(({ payload }) => payload.length)).toEqual([SIZE - 15]);
    // What the client holds of it is the most.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64_000_000);
    expect(house.server.relay.pool.peakLentBytes).toBeLessThan(64_000_000);
    await player.close();
    await house.close();
  });

  it("has all but the last moment of what was recorded when it is killed, once another one begins", async () => {
    const server = fileURLToPath(new URL("recording-server.js", import.meta.url));
    const child = spawn(process.execPath, [server, folder], { stdio: ["ignore", "pipe", "inherit"] });
    const [port] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
    const publisher = await RawClient.connected(Number(port));
    publisher.call("createStream", 2, null);
    publisher.callOn(1, "publish", 3, null, "show", "record");
    await publisher.status("NetStream.Record.Start");
    const file = join(folder, "live", `show.${child.pid}.recording`);
    let count = 0;
    // Until some of it is on the disk: the head and several pictures.
    while (!existsSync(file) || readFileSync(file).length < 60_000) {
      for (let each = 0; each < 20; each++) publisher.video(count * 40, videoFrame(count++));
      await new Promise((resolve) => setImmediate(resolve));
    }
    child.kill("SIGKILL");
    await once(child, "exit");
    // The crash may have come within a write.
    const half = readFileSync(file);
    writeFileSync(file, half.subarray(0, half.length - 77));
    const house = new House({ recordings: storage });
    await house.server.listen(0, "127.0.0.1");
    expect(house.reports).toEqual(["record-recovered live/show"]);
    expect(allFiles()).toEqual(["recordings", "recordings/live", "recordings/live/show.flv"]);
    const player = await RawClient.connected(house.port);
    player.call("createStream", 2, null);
    player.callOn(1, "play", 3, null, "show", 0, 1000);
    await player.status("NetStream.Play.Stop");
    expect(player.videos.map(({ payload }) => payload.readUInt32BE(5))).toEqual(
      Array.from({ length: 25 }, (_, n) => n),
    );
    await Promise.all([publisher.closed, player.close()]);
    await house.close();
  });
});
