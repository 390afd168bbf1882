import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { inspectFile } from "../../src/inspect/command.ts";
import { concat } from "../capture/builder.ts";
import { command, createStream, message } from "./bytes.ts";
import { captures, fileWith, inspect, inspectBytes, objectsOf } from "./run.ts";

const commandLine = fileURLToPath(new URL("../../bin/millrace.js", import.meta.url));
const capture = join(captures, "ffmpeg9-publish-multitrack.c2s.bin");

describe("a file that cannot be read", () => {
  it("is told in one line", async () => {
    const missing = join(tmpdir(), "millrace-is-not-here");
    const said = { stdout: "", exitCode: 1 };
    expect(await inspect(missing)).toEqual({ ...said, stderr: "millrace: FILE: there is no such file\n" });
    expect(await inspect(tmpdir())).toEqual({ ...said, stderr: "millrace: FILE: this is a folder, not a file\n" });
  });

  it("ends the command with exit code 1", async () => {
    const child = execFile(process.execPath, [commandLine, "inspect", "/nowhere/at/all", "--json"]);
    expect(await once(child, "exit")).toEqual([1, null]);
  });
});

describe("the reader of the output", () => {
  it("may go away", async () => {
    const child = spawn(process.execPath, [commandLine, "inspect", capture, "--json", "--hash", "--chunks"]);
    let stderr = "";
    child.stderr.on("data", (data: Buffer) => {
      stderr += data.toString();
    });
    child.stdout.once("data", () => child.stdout.destroy());
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(stderr).toBe("");
  });

  it("is not written to any more when it has gone", async () => {
    const stdout = new Refusing("EPIPE");
    const file = fileWith(concat(...Array<Uint8Array>(10_000).fill(createStream)));
    expect(await inspectFile(file, {}, { stdout, stderr: new PassThrough() })).toBe(0);
    expect(stdout.writes).toBe(1);
  });

  it("may have no room left: that is an error", async () => {
    const stderr = new PassThrough();
    const exitCode = await inspectFile(capture, {}, { stdout: new Refusing("ENOSPC"), stderr });
    expect(exitCode).toBe(1);
    expect(String(stderr.read())).toContain("ENOSPC");
  });

  it("gets batches, each after it has taken the one before", async () => {
    const sizes: number[] = [];
    let writing = 0;
    const stdout = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        expect(++writing).toBe(1);
        sizes.push(chunk.length);
        setImmediate(() => {
          writing--;
          done();
        });
      },
    });
    const file = fileWith(concat(...Array<Uint8Array>(10_000).fill(createStream)));
    await inspectFile(file, { json: true }, { stdout, stderr: new PassThrough() });
    expect(sizes.length).toBeGreaterThan(10);
    expect(Math.max(...sizes)).toBeLessThan(70_000);
  });
});

describe("colours", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  const stdoutOf = async (isTTY: boolean): Promise<string> => {
    const stdout = Object.assign(new PassThrough({ highWaterMark: 2 ** 20 }), { isTTY });
    await inspectFile(join(captures, "rtmpdump-play-h264-aac.c2s.bin"), {}, { stdout, stderr: new PassThrough() });
    return String(stdout.read());
  };

  it("are for terminals, and for those who want them", async () => {
    // styleText has a look of its own at process.stdout, which is no terminal here.
    vi.stubEnv("FORCE_COLOR", "1");
    vi.stubEnv("NO_COLOR", "");
    expect(await stdoutOf(true)).toContain("\u001b[");
    expect(await stdoutOf(false)).not.toContain("\u001b[");
    vi.stubEnv("NO_COLOR", "1");
    expect(await stdoutOf(true)).not.toContain("\u001b[");
  });
});

it("adds chunk headers to the lines for machines when asked", async () => {
  const { stdout } = await inspectBytes(createStream, { json: true, chunks: true });
  const length = createStream.length - 12;
  expect(objectsOf(stdout)).toMatchObject([
    { direction: null, csid: 3, chunk: { format: 0, headerLength: 12, payloadLength: length } },
    { direction: null, csid: 3, type: 20, name: "CommandAmf0", length },
  ]);
});

it("gives the payload of a chunk as it was under the chunk size before", async () => {
  const bytes = concat(message(2, 1, 0, 0, "00000001"), message(2, 3, 0, 0, "00"));
  const { stdout } = await inspectBytes(bytes, { json: true, chunks: true });
  expect(objectsOf(stdout).flatMap(({ chunk }) => chunk ?? [])).toMatchObject([
    { payloadLength: 4 },
    { payloadLength: 1 },
  ]);
});

it("tells machines what commands say, with nothing a terminal would obey", async () => {
  const { stdout } = await inspectBytes(command("connect", 1, null, "\u009b2J"), { json: true });
  expect(stdout).toContain('"\\u009b2J"');
  expect(objectsOf(stdout)[0]?.command).toEqual({
    name: "connect",
    transactionId: 1,
    object: null,
    arguments: ["\u009b2J"],
  });
});

/** Fails each write like this. */
class Refusing extends Writable {
  writes = 0;
  private readonly code: string;

  constructor(code: string) {
    super();
    this.code = code;
  }

  override _write(_chunk: Buffer, _encoding: string, done: (error: Error) => void): void {
    this.writes++;
    done(Object.assign(new Error(`${this.code}: it failed`), { code: this.code }));
  }
}
