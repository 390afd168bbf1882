import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { captureNames, captures, inspect, type Line, objectsOf } from "./run.ts";

const commandLine = fileURLToPath(new URL("../../bin/millrace.js", import.meta.url));

/** What tshark says of the same file. */
function tsharkOf(name: string): Line[] {
  return objectsOf(readFileSync(join(captures, `${name.replace(/\.(bin|pcap)$/, "")}.tshark.ndjson`), "utf8"));
}

/** Of each line the fields that tshark's have, too. */
function comparable(ndjson: string, isPcap: boolean): object[] {
  return objectsOf(ndjson).map(({ connection, direction, csid, type, streamId, timestamp, length, sha1 }) => {
    const message = { csid, type, streamId, timestamp, length, sha1 };
    return isPcap ? { connection, direction, ...message } : message;
  });
}

describe("agrees with tshark on every message of", () => {
  it.each(captureNames)("%s", async (name) => {
    const expected = tsharkOf(name);
    expect(expected.length).toBeGreaterThan(0);
    const { stdout, stderr, exitCode } = await inspect(join(captures, name), { json: true, hash: true });
    expect(comparable(stdout, name.endsWith(".pcap"))).toEqual(expected);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  });
});

it("does so as a command of its own", async () => {
  const name = "loopback-publish-and-play.pcap";
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [commandLine, "inspect", join(captures, name), "--json", "--hash"],
    { maxBuffer: 2 ** 26 },
  );
  expect(comparable(stdout, true)).toEqual(tsharkOf(name));
});

it("says null for the direction of raw bytes", async () => {
  const { stdout } = await inspect(join(captures, "rtmpdump-play-h264-aac.c2s.bin"), { json: true });
  expect(objectsOf(stdout).map(({ direction }) => direction)).toEqual(Array(8).fill(null));
});
