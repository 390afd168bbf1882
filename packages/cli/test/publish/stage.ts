/** A server and commands that run inside the test. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import {
  FLV_HEADER_BYTES,
  FLV_TAG_HEADER_BYTES,
  FlvEvent,
  FlvReader,
  PREVIOUS_TAG_SIZE_BYTES,
  type StreamUrl,
  splitStreamUrl,
  writeFlvHeader,
  writeFlvTag,
} from "@millrace/core";
import { createServer, type Server, type ServerEvent, type ServerOptions } from "@millrace/node-adapter";
import { onTestFinished } from "vitest";
import { vectorFiles } from "../../../core/test/vector-file.ts";
import { type PlayOptions, playStream } from "../../src/play/command.ts";
import { type PublishOptions, publishFile } from "../../src/publish/command.ts";

export interface Tag {
  readonly type: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

/** A file of H.264 and AAC that ffmpeg made: nine tags, about a fifth of a second. */
export const ffmpegFile: Uint8Array = bytesOfVector("ffmpeg.txt");

/** A keyframe, or a frame, of AVC. */
export function video(timestamp: number, isKeyframe = true): Tag {
  return { type: 9, timestamp, payload: Uint8Array.of(isKeyframe ? 0x17 : 0x27, 1, 0, 0, 0, timestamp & 0xff) };
}

/** A frame of AAC. */
export function audio(timestamp: number): Tag {
  return { type: 8, timestamp, payload: Uint8Array.of(0xaf, 1, timestamp & 0xff) };
}

/** An FLV file of these tags. */
export function flvOf(tags: readonly Tag[]): Uint8Array {
  const frames = tags.map(({ payload }) => FLV_TAG_HEADER_BYTES + payload.length + PREVIOUS_TAG_SIZE_BYTES);
  const file = new Uint8Array(frames.reduce((sum, length) => sum + length, FLV_HEADER_BYTES));
  let end = writeFlvHeader(file, 0, true, true);
  for (const { type, timestamp, payload } of tags) {
    end = writeFlvTag(file, end, type, timestamp, payload, 0, payload.length);
  }
  return file;
}

/** The tags of a file, which must be whole. */
export function tagsOf(file: Uint8Array): Tag[] {
  const { tags, truncatedBytes } = wholeTagsOf(file);
  if (truncatedBytes > 0) throw new Error("The file is not whole.");
  return tags;
}

/** The whole tags of a file that may still be written. */
export function wholeTagsOf(file: Uint8Array): { tags: Tag[]; truncatedBytes: number } {
  const reader = new FlvReader();
  const tags: Tag[] = [];
  reader.feed(file, 0, file.length);
  for (let event = reader.poll(); event !== FlvEvent.NeedData; event = reader.poll()) {
    if (event === FlvEvent.Failed) throw new Error(reader.error?.message);
    const { tagType: type, timestamp, bytes, start, end } = reader;
    if (event === FlvEvent.Tag) tags.push({ type, timestamp, payload: Uint8Array.from(bytes.subarray(start, end)) });
  }
  reader.finish();
  if (reader.error !== null) throw new Error(reader.error.message);
  return { tags, truncatedBytes: reader.truncatedBytes };
}

/** A path for a file that is gone when the test has ended. */
export function newPath(bytes?: Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "file.flv");
  if (bytes !== undefined) writeFileSync(path, bytes);
  return path;
}

export class Stage {
  readonly server: Server;
  readonly events: ServerEvent[] = [];
  private readonly waiting: { readonly type: string; readonly resolve: () => void }[] = [];

  private constructor(options: ServerOptions) {
    const onEvent = (event: ServerEvent): void => {
      this.events.push(event);
      for (const { type, resolve } of this.waiting) if (type === event.type) resolve();
    };
    this.server = createServer({ ...options, onEvent });
  }

  /** It is closed when the test has ended. */
  static async open(options: ServerOptions = {}): Promise<Stage> {
    const stage = new Stage(options);
    await stage.server.listen(0, "127.0.0.1");
    onTestFinished(() => stage.server.close());
    return stage;
  }

  get stream(): StreamUrl {
    return streamAt(this.server.address?.port ?? 0);
  }

  /** When the server has reported an event of this type. */
  saw(type: ServerEvent["type"]): Promise<void> {
    if (this.events.some((event) => event.type === type)) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push({ type, resolve }));
  }
}

export function streamAt(port: number): StreamUrl {
  return splitStreamUrl(`rtmp://127.0.0.1:${port}/live/show`);
}

/** A command that runs. */
export interface Running {
  readonly stdout: Gathering;
  readonly stderr: Gathering;
  /** Interrupts it. */
  readonly interruption: AbortController;
  readonly exitCode: Promise<number>;
}

export function publish(path: string, stream: StreamUrl, options: PublishOptions = {}, isTTY = false): Running {
  return run(isTTY, (terminal, signal) => publishFile(path, stream, options, terminal, signal));
}

export function play(output: string, stream: StreamUrl, options: Partial<PlayOptions> = {}): Running {
  return run(false, (terminal, signal) => playStream(stream, { output, ...options }, terminal, signal));
}

function run(
  isTTY: boolean,
  command: (terminal: { stdout: Gathering; stderr: Gathering }, signal: AbortSignal) => Promise<number>,
): Running {
  const stdout = new Gathering(isTTY);
  const stderr = new Gathering(isTTY);
  const interruption = new AbortController();
  // Nothing outlives its test.
  onTestFinished(() => interruption.abort());
  return { stdout, stderr, interruption, exitCode: command({ stdout, stderr }, interruption.signal) };
}

/** Keeps what is written to it. */
export class Gathering extends Writable {
  readonly isTTY: boolean;
  readonly columns = 80;
  readonly pieces: Buffer[] = [];
  private readonly waiting: { readonly length: number; readonly resolve: () => void }[] = [];

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.pieces);
  }
  get text(): string {
    return this.bytes.toString();
  }

  /** When so many pieces were written. */
  has(length: number): Promise<void> {
    if (this.pieces.length >= length) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push({ length, resolve }));
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.pieces.push(Buffer.from(chunk));
    done();
    for (const { length, resolve } of this.waiting) if (this.pieces.length >= length) resolve();
  }
}

function bytesOfVector(name: string): Uint8Array {
  const bytes = vectorFiles("flv").find((file) => file.name === name)?.cases[0]?.bytes;
  if (bytes === undefined) throw new Error(`There is no fixtures/vectors/flv/${name}.`);
  return bytes;
}

export function fileAt(path: string): Uint8Array {
  return Uint8Array.from(readFileSync(path));
}
