import { describe, expect, it } from "vitest";
import { amf0Log } from "./amf/amf0-log.ts";
import { amf3Log } from "./amf/amf3-log.ts";
import { ChunkLog } from "./chunk/chunk-log.ts";
import { FlvLog } from "./flv/flv-log.ts";
import { handshakeLog } from "./handshake/handshake-log.ts";
import { tagLog } from "./media/tag-log.ts";
import { sharedObjectLog } from "./shared-object/shared-object-log.ts";
import { type Setting, type VectorCase, vectorFiles, vectorGroups } from "./vector-file.ts";

/** Reads one input, however it is cut, and writes down what it holds. */
export interface StreamReader {
  readonly log: readonly string[];
  /** Reads bytes[start, end), which do not stay. */
  read(bytes: Uint8Array, start: number, end: number): void;
  /** The input has ended. */
  end(): void;
}

/** Writes down what bytes[start, end) hold, which are all there is. */
export type SpanReader = (
  bytes: Uint8Array,
  start: number,
  end: number,
  settings: readonly Setting[],
) => readonly string[];

/** Per folder of fixtures/vectors what reads it: as a stream that comes in pieces, */
const streams: Record<string, (settings: readonly Setting[]) => StreamReader> = {
  chunk: (settings) => new ChunkLog(settings),
  flv: (settings) => new FlvLog(settings),
};

/** or from one span, as what lies in a message is read. */
const spans: Record<string, SpanReader> = {
  amf0: amf0Log,
  amf3: amf3Log,
  handshake: handshakeLog,
  media: tagLog,
  "shared-object": sharedObjectLog,
};

const rewrites = process.env["REWRITE_VECTORS"] === "1";
/** Stands before, behind and, once they were read, in place of the bytes that are lent. */
const NOISE = 0xee;
/** What stands around a span must make no difference. */
const NOISES: readonly number[] = [NOISE, 0x00, 0xff];
const BEFORE_SPAN = 300;
/** Farther than any 16-bit length reaches. */
const BEHIND_SPAN = 2 ** 17;

/** What is said of the input when it comes in pieces that end at these places. */
function streamLog(reader: StreamReader, bytes: Uint8Array, ends: Iterable<number>): readonly string[] {
  const memory = new Uint8Array(bytes.length + 4);
  let start = 0;
  for (const end of ends) {
    // Each piece lies at another place of the same memory, which is overwritten after it was read.
    const at = start % 3;
    memory.fill(NOISE);
    memory.set(bytes.subarray(start, end), at);
    reader.read(memory, at, at + end - start);
    memory.fill(NOISE);
    start = end;
  }
  reader.end();
  return reader.log;
}

function* everyByte(length: number): Generator<number> {
  for (let end = 1; end <= length; end++) yield end;
}

/** Whole, byte by byte, and cut in two at every place: the log is the same. */
function checkStream(open: (settings: readonly Setting[]) => StreamReader, vector: VectorCase): void {
  const { bytes, settings } = vector;
  const { length } = bytes;
  expect(streamLog(open(settings), bytes, [length]), "whole").toEqual(vector.log);
  expect(streamLog(open(settings), bytes, everyByte(length)), "byte by byte").toEqual(vector.log);
  for (let cut = 0; cut <= length; cut++) {
    const log = streamLog(open(settings), bytes, [cut, length]);
    // A comparison that fails prints the cut; toEqual for each one would take most of the time.
    if (log.join("\n") !== vector.log.join("\n")) expect(log, `cut at ${cut}`).toEqual(vector.log);
  }
}

/** Whole, and then shorter and shorter: nothing throws, and what lies around the span makes no difference. */
function checkSpan(read: SpanReader, { bytes, settings, log }: VectorCase): void {
  const memories = NOISES.map((noise) => amid(bytes, noise));
  for (const memory of memories) {
    expect(read(memory, BEFORE_SPAN, BEFORE_SPAN + bytes.length, settings), "whole").toEqual(log);
  }
  for (let end = BEFORE_SPAN + bytes.length - 1; end >= BEFORE_SPAN; end--) {
    NOISES.forEach((noise, index) => {
      memories[index]?.fill(noise, end, end + 1);
    });
    const logs = memories.map((memory) => read(memory, BEFORE_SPAN, end, settings).join("\n"));
    if (new Set(logs).size !== 1) expect(logs, `cut off at ${end - BEFORE_SPAN}`).toEqual(logs.map(() => logs[0]));
  }
}

function amid(bytes: Uint8Array, noise: number): Uint8Array {
  const memory = new Uint8Array(BEFORE_SPAN + bytes.length + BEHIND_SPAN).fill(noise);
  memory.set(bytes, BEFORE_SPAN);
  return memory;
}

describe.each(vectorGroups())("vectors of %s", (group) => {
  const stream = streams[group];
  const span = spans[group];
  if (stream === undefined && span === undefined) {
    throw new Error(`fixtures/vectors/${group} has no reader in vectors.test.ts.`);
  }

  describe.each(vectorFiles(group))("$name", (file) => {
    if (rewrites) {
      file.rewrite(
        file.cases.map(({ bytes, settings }) =>
          stream
            ? streamLog(stream(settings), bytes, [bytes.length])
            : (span?.(bytes, 0, bytes.length, settings) ?? []),
        ),
      );
    }

    it.skipIf(rewrites).each(file.cases)("$title", (vector) => {
      if (stream) checkStream(stream, vector);
      if (span) checkSpan(span, vector);
    });
  });
});
