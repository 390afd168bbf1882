import {
  BufferPool,
  ChunkEvent,
  ChunkParser,
  type ChunkTolerances,
  defaultTolerances,
  ErrorCode,
  errorName,
  limitsWith,
  MessageEvent,
  MessageReader,
  type ProtocolError,
} from "@millrace/core";
import { anyMessage, chunks } from "../grammar/chunks.ts";
import { cutsOf, lend } from "../lending.ts";
import { concat, joined } from "../mutation.ts";
import { hashOf, type Random } from "../random.ts";
import { captures, vectors } from "../seeds.ts";
import { check, checkPolls, checkSame, type Target } from "../target.ts";

const LONGEST = 16_384;
const pool = new BufferPool(2 ** 26);
const empty = new Uint8Array(0);
const few = limitsWith({ chunkStreams: 3, minimumChunkSize: 16, mediaMessageLength: 2_000, commandMessageLength: 500 });
const usual = limitsWith({});
/** What unfinished messages may hold, for each chunk stream and for each byte that came: see the assembler's blocks. */
const HELD_BY_STREAM = 2 ** 15;
const HELD_BY_BYTE = 8;

/** The first byte of an input says how the others are read. */
function tolerancesOf(options: number): ChunkTolerances {
  const modes = ["detect", "detect", "require", "skip"] as const;
  return {
    ...defaultTolerances,
    continuationExtendedTimestamp: modes[options & 3] ?? "detect",
    deltaAfterFullHeader: (options & 4) === 0 ? "timestamp" : "zero",
    repeatedHeader: (options & 8) === 0,
    firstShortHeader: (options & 16) === 0 ? null : { messageType: 9, messageLength: 20 },
    firstDeltaHeader: (options & 32) === 0,
  };
}

interface Header {
  readonly chunkStreamId: number;
  readonly messageType: number;
  readonly messageStreamId: number;
  readonly timestamp: number;
}

function line(header: Header, bytes: Uint8Array, start: number, end: number): string {
  const { chunkStreamId, messageType, messageStreamId, timestamp } = header;
  const payload = `${end - start} bytes ${hashOf(bytes, start, end)}`;
  return `${chunkStreamId} type ${messageType} stream ${messageStreamId} @${timestamp} ${payload}`;
}

function errorLine(error: ProtocolError | null): string {
  return error === null ? "failed without an error" : `failed ${errorName(error.code)} at ${error.offset}`;
}

/** Whole messages, by parser and assembler. */
function messagesOf(input: Uint8Array, ends: readonly number[]): string[] {
  const options = input[0] ?? 0;
  const limits = (options & 64) === 0 ? usual : few;
  const reader = new MessageReader(pool, { limits, tolerances: tolerancesOf(options) });
  const log: string[] = [];
  let received = 0;
  lend(input.subarray(1), ends, (bytes, start, end) => {
    received += end - start;
    reader.feed(bytes, start, end);
    for (;;) {
      const event = reader.poll();
      const most = limits.chunkStreams * HELD_BY_STREAM + HELD_BY_BYTE * received;
      check(pool.lentBytes <= most, `${pool.lentBytes} bytes are held after ${received}.`);
      if (event === MessageEvent.Message) log.push(line(reader, reader.bytes, reader.start, reader.end));
      else if (event === MessageEvent.NeedData) return;
      else {
        if (!log.at(-1)?.startsWith("failed")) log.push(errorLine(reader.error));
        return;
      }
    }
  });
  reader.close();
  check(pool.lentBytes === 0, `${pool.lentBytes} bytes of the pool were not given back.`);
  return log;
}

/** The same by the parser alone: what stands in its spans is put together here. */
function spansOf(input: Uint8Array, ends: readonly number[]): string[] {
  const options = input[0] ?? 0;
  const limits = (options & 64) === 0 ? usual : few;
  const parser = new ChunkParser({ limits, tolerances: tolerancesOf(options) });
  const log: string[] = [];
  const parts = new Map<number, Uint8Array[]>();
  let polls = 0;
  lend(input.subarray(1), ends, (bytes, start, end) => {
    parser.feed(bytes, start, end);
    for (;;) {
      polls++;
      const event = parser.poll();
      if (event === ChunkEvent.NeedData) return;
      if (event === ChunkEvent.Failed) {
        if (!log.at(-1)?.startsWith("failed")) log.push(errorLine(parser.error));
        return;
      }
      const { slot } = parser;
      if (event === ChunkEvent.Aborted) parts.delete(slot);
      else {
        const spans = parser.payloadOffset === 0 ? [] : (parts.get(slot) ?? []);
        const held = spans.reduce((sum, { length }) => sum + length, 0);
        check(held === parser.payloadOffset, `A span follows ${held} bytes, not ${parser.payloadOffset}.`);
        spans.push(parser.buffer.slice(parser.start, parser.end));
        parts.set(slot, spans);
        if (!parser.isLast) continue;
        const payload = joined(spans);
        check(payload.length === parser.messageLength, `${payload.length} bytes came, not ${parser.messageLength}.`);
        log.push(line(parser, payload, 0, payload.length));
        parts.delete(slot);
      }
    }
  });
  checkPolls(polls, input.length, ends.length);
  return log;
}

function isOutOfMemory(log: readonly string[]): boolean {
  const last = log.at(-1) ?? "";
  return [ErrorCode.PartialMessageBytesLimit, ErrorCode.PoolExhausted].some((code) => last.includes(errorName(code)));
}

/** The chunk parser and the message assembler. */
export const chunk: Target = {
  name: "chunk",
  covers: /core\/dist\/(chunk|bytes)\//,
  longest: LONGEST,
  seeds() {
    const options = Uint8Array.of(0);
    const inputs = [
      ...vectors("chunk").map(({ bytes }) => bytes),
      ...captures("c2s", 6_000),
      ...captures("s2c", 6_000),
    ];
    return inputs.map((bytes) => concat(options, bytes));
  },
  make(random: Random) {
    const messages = Array.from({ length: 1 + random.small(30) }, () => anyMessage(random));
    const options = random.oneIn(3) ? random.next() : 0;
    return concat(Uint8Array.of(options), chunks(messages, random, random.pick([1e9, 100, 10])));
  },
  run(input) {
    const cuts = cutsOf(input.length === 0 ? empty : input.subarray(1));
    const expected = messagesOf(input, cuts[0] ?? []);
    for (const ends of cuts) {
      if (ends !== cuts[0]) checkSame(expected, messagesOf(input, ends), "The same bytes in other pieces");
      const spans = spansOf(input, ends);
      if (!isOutOfMemory(expected)) checkSame(expected, spans, "The same bytes by spans");
    }
  },
};
