import {
  BufferPool,
  errorName,
  FLV_HEADER_BYTES,
  FLV_TAG_HEADER_BYTES,
  FlvEvent,
  FlvReader,
  limitsWith,
  PREVIOUS_TAG_SIZE_BYTES,
  Reading,
  RecordedStream,
  readRecordingMetadata,
  writeFlvHeader,
  writeFlvTag,
} from "@millrace/core";
import { CaptureError, describeLosses, openCapture } from "millrace/dist/capture/index.js";
import { flvFile, packetFile } from "../grammar/files.ts";
import { cutsOf, lend } from "../lending.ts";
import { concat } from "../mutation.ts";
import { hashOf, type Random } from "../random.ts";
import { capture as captureFile, captures, vectors } from "../seeds.ts";
import { check, checkPolls, checkSame, type Target } from "../target.ts";

const LONGEST = 16_384;
const limits = limitsWith({ mediaMessageLength: 2 ** 20, dataMessageLength: 2 ** 16 });

interface Tag {
  readonly type: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

function flvLog(input: Uint8Array, ends: readonly number[]): { log: string[]; tags: Tag[] } {
  const reader = new FlvReader({ limits });
  const log: string[] = [];
  const tags: Tag[] = [];
  let polls = 0;
  lend(input, ends, (bytes, start, end) => {
    reader.feed(bytes, start, end);
    for (;;) {
      polls++;
      const event = reader.poll();
      if (event === FlvEvent.NeedData || event === FlvEvent.Failed) return;
      if (event === FlvEvent.Header) log.push(`header ${reader.hasAudio} ${reader.hasVideo}`);
      else {
        const payload = reader.bytes.slice(reader.start, reader.end);
        tags.push({ type: reader.tagType, timestamp: reader.timestamp, payload });
        const { tagType, timestamp, streamId, isEncrypted } = reader;
        log.push(`${tagType} @${timestamp} ${streamId} ${isEncrypted} ${payload.length} ${hashOf(payload)}`);
      }
    }
  });
  reader.finish();
  checkPolls(polls, input.length, ends.length);
  const { lastTagEnd, lastTagSize, wrongPreviousTagSizes, truncatedBytes, error } = reader;
  const ending = error === null ? "whole" : `${errorName(error.code)} at ${error.offset}`;
  log.push(`end ${lastTagEnd} ${lastTagSize} ${wrongPreviousTagSizes} ${truncatedBytes} ${ending}`);
  return { log, tags };
}

function writeFlv(tags: readonly Tag[]): Uint8Array {
  const overhead = FLV_TAG_HEADER_BYTES + PREVIOUS_TAG_SIZE_BYTES;
  const bytes = new Uint8Array(
    FLV_HEADER_BYTES + tags.reduce((sum, { payload }) => sum + payload.length + overhead, 0),
  );
  let at = writeFlvHeader(bytes, 0, true, true);
  for (const { type, timestamp, payload } of tags) {
    at = writeFlvTag(bytes, at, type, timestamp, payload, 0, payload.length);
  }
  return bytes;
}

/** FLV files, read and written. */
export const flv: Target = {
  name: "flv",
  covers: /core\/dist\/flv\//,
  longest: LONGEST,
  seeds: () => vectors("flv").map(({ bytes }) => bytes),
  make: (random: Random) => flvFile(random),
  run(input) {
    const [whole = [], ...others] = cutsOf(input);
    const { log, tags } = flvLog(input, whole);
    for (const ends of others) checkSame(log, flvLog(input, ends).log, "The same bytes in other pieces");
    const written = writeFlv(tags);
    const back = flvLog(written, [written.length]).tags;
    const shown = (all: readonly Tag[]): string[] =>
      all.map(({ type, timestamp, payload }) => `${type} @${timestamp} ${hashOf(payload)}`);
    checkSame(shown(tags), shown(back), "Written and read again");
  },
};

/** Captures of a network, pcap and pcapng, down to the bytes of each TCP stream. */
export const capture: Target = {
  name: "capture",
  covers: /cli\/dist\/capture\//,
  longest: LONGEST,
  seeds: () => [captureFile("loopback-publish-and-play.pcap").slice(0, LONGEST)],
  make: (random: Random) =>
    packetFile(random, (captures("c2s", 2_000)[0] ?? new Uint8Array(0)).subarray(0, random.below(2_000))),
  run(input) {
    const { pieces, report } = openCapture(input);
    let given = 0;
    try {
      for (const { bytes, start, end } of pieces) {
        check(start >= 0 && end >= start && end <= bytes.length, "A piece lies outside.");
        given += end - start;
      }
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
    }
    // Of bytes that come more than once the first count: no byte of the file is given twice.
    check(given <= input.length, `${given} bytes came out of ${input.length}.`);
    check(report.packets <= input.length, `${report.packets} packets in ${input.length} bytes.`);
    for (const line of describeLosses(report)) check(line.length < 1_000, "A long line.");
  },
};

/** Of the windows of recordings: each gives back what it took. */
const pool = new BufferPool(2 ** 22);

/** The file is there at once, and gives what it is asked for: the first byte says how much of it at most. */
function recordingLog(file: Uint8Array, share: number): string[] {
  const stream = new RecordedStream(pool, file.length, { request: () => {}, release: () => {} }, limits);
  const { reader } = stream;
  const log: string[] = [];
  const readAll = (): void => {
    for (let polls = 0; ; polls++) {
      checkPolls(polls, 4 * file.length, 1);
      const reading = stream.next();
      if (reading === Reading.Tag) {
        const { tagType, timestamp, payloadLength, memory, start, end } = reader;
        check(end - start === payloadLength, "A tag is not whole.");
        log.push(`${tagType} @${timestamp} ${hashOf(memory, start, end)}`);
      } else if (reading === Reading.Waiting && reader.isWaiting) {
        const { fillStart, fillEnd, wantedOffset, memory } = reader;
        check(wantedOffset >= 0 && fillEnd > fillStart, "Nothing is wanted.");
        memory.set(file.subarray(wantedOffset, wantedOffset + fillEnd - fillStart), fillStart);
        reader.fill(fillEnd - fillStart);
      } else {
        log.push(`ended with ${reading}`);
        return;
      }
    }
  };
  readAll();
  log.push(`duration ${stream.duration}`);
  for (const time of [0, share * 40, 2 ** 31]) {
    stream.seek(time, (share & 1) === 1);
    readAll();
  }
  reader.close();
  check(pool.lentBytes === 0, `${pool.lentBytes} bytes of the pool were not given back.`);
  return log;
}

/** Recordings: FLV files in which players seek. */
export const recording: Target = {
  name: "recording",
  covers: /core\/dist\/recording\/(reader|recorded-stream|recording-index|head)/,
  longest: LONGEST,
  seeds: () => vectors("flv").map(({ bytes }) => concat(Uint8Array.of(1), bytes)),
  make: (random: Random) => concat(Uint8Array.of(random.next()), flvFile(random)),
  run(input) {
    const file = input.subarray(1);
    const share = input[0] ?? 0;
    checkSame(recordingLog(file, share), recordingLog(file.slice(), share), "Read once more");
    const metadata = readRecordingMetadata(file, Math.min(24, file.length), file.length, limits);
    check(metadata === null || metadata.times.length === metadata.positions.length, "Times without positions.");
  },
};
