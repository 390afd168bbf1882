import {
  channelLayoutText,
  colorInfoOf,
  FourCc,
  ProtocolError,
  readAudioConfig,
  readAudioFrame,
  readFrameSize,
  readMultichannelConfig,
  readVideoConfig,
  readVideoMetadata,
  TagHead,
  TagReader,
} from "@millrace/core";
import * as grammar from "../grammar/media.ts";
import { uint } from "../grammar/numbers.ts";
import { amid } from "../lending.ts";
import { concat } from "../mutation.ts";
import type { Random } from "../random.ts";
import { sequenceHeaders, vectors } from "../seeds.ts";
import { check, checkSame, type Target } from "../target.ts";

const LONGEST = 4_096;
/** The reader says so: see MOST_TRACKS and MOST_MOD_EX_BLOCKS. */
const MOST_TRACKS = 64;
const MOST_MOD_EX_BLOCKS = 16;

/** One for all inputs: what it read before must make no difference. */
const reader = new TagReader();

function shown(facts: object | number | null): string {
  if (facts instanceof ProtocolError) return `${facts.code} at ${facts.offset}: ${facts.message}`;
  return JSON.stringify(facts);
}

/** All that a body may say, whatever it is. */
function contents(fourCc: number, packetType: number, bytes: Uint8Array, start: number, end: number): string[] {
  const channels = readMultichannelConfig(bytes, start, end);
  const metadata = readVideoMetadata(bytes, start, end);
  const audioConfig = readAudioConfig(fourCc, bytes, start, end);
  const mask = audioConfig === null || audioConfig instanceof ProtocolError ? null : audioConfig.channelMask;
  return [
    shown(readVideoConfig(fourCc, packetType, bytes, start, end)),
    shown(audioConfig),
    shown(readAudioFrame(fourCc, bytes, start, end)),
    shown(readFrameSize(fourCc, bytes, start, end)),
    shown(channels),
    mask === null ? "" : channelLayoutText(mask),
    metadata instanceof ProtocolError ? shown(metadata) : shown(colorInfoOf(metadata)),
  ];
}

/** All that a message says. The first byte is even for video, and odd for audio. */
function logOf(input: Uint8Array, noise: number): string[] {
  const isVideo = ((input[0] ?? 0) & 1) === 0;
  const { bytes, start, end } = amid(input.subarray(1), noise);
  const head = new TagHead();
  for (const each of [head, reader]) {
    if (isVideo) each.readVideo(bytes, start, end);
    else each.readAudio(bytes, start, end);
  }
  const log = [`${head.kind} ${reader.kind} ${reader.packetType} ${reader.command} ${reader.nanosecondOffset}`];
  const blocks = reader.readModExBlocks();
  check(blocks.length <= MOST_MOD_EX_BLOCKS, `${blocks.length} ModEx blocks.`);
  for (const block of blocks) {
    check(block.start >= start && block.end >= block.start && block.end <= end, "A ModEx block lies outside.");
    log.push(`${block.type} ${block.start} ${block.end}`);
  }
  let tracks = 0;
  while (reader.nextTrack()) {
    tracks++;
    check(tracks <= MOST_TRACKS, `${tracks} tracks.`);
    check(reader.start >= start && reader.end >= reader.start && reader.end <= end, "A track lies outside.");
    const { trackId, fourCc, packetType, compositionTime } = reader;
    log.push(`${trackId} ${fourCc} ${packetType} ${compositionTime} ${reader.start} ${reader.end}`);
    log.push(...contents(fourCc, packetType, bytes, reader.start, reader.end));
  }
  check(!reader.nextTrack(), "A message goes on behind its last track.");
  return [...log, shown(reader.error)];
}

/** The heads of audio and video messages, and what their bodies say. */
export const media: Target = {
  name: "media",
  covers: /core\/dist\/media\//,
  longest: LONGEST,
  seeds: () => [
    ...vectors("media", "message").map(({ bytes, option }) => concat(Uint8Array.of(option === "audio" ? 1 : 0), bytes)),
    ...sequenceHeaders().map((bytes) => concat(Uint8Array.of((bytes[0] ?? 0) & 0x80 ? 0 : 1), bytes)),
  ],
  make(random: Random) {
    const isVideo = random.oneIn(2);
    const payload = isVideo ? grammar.video(random, recorded()) : grammar.audio(random, recorded());
    return concat(Uint8Array.of(isVideo ? 0 : 1), payload);
  },
  run: (input) => checkSame(logOf(input, 0x00), logOf(input, 0xff), "With other bytes around it"),
};

const FOURCCS = Object.values(FourCc);

/** Decoder configurations: the first byte says of which codec. */
function runCodec(input: Uint8Array): void {
  const fourCc = FOURCCS[(input[0] ?? 0) % FOURCCS.length] ?? 0;
  const packetType = (input[0] ?? 0) & 0x80 ? 5 : 0;
  const logs = [0x00, 0xff].map((noise) => {
    const { bytes, start, end } = amid(input.subarray(1), noise);
    return contents(fourCc, packetType, bytes, start, end);
  });
  checkSame(logs[0] ?? [], logs[1] ?? [], "With other bytes around it");
}

/** Decoder configurations alone, and frames that describe themselves. */
export const codec: Target = {
  name: "codec",
  covers: /core\/dist\/media\/(codec|color|multichannel)/,
  longest: LONGEST,
  seeds: () =>
    // Where the body begins depends on the form of the message: each of these is right for some.
    sequenceHeaders().flatMap((bytes, index) =>
      [2, 5, 6].map((at) => concat(Uint8Array.of(codecOf(bytes) ?? index), bytes.subarray(at))),
    ),
  make: (random) =>
    concat(Uint8Array.of(random.next()), random.pick(recorded()).subarray(random.below(9)), random.bytes(4)),
  run: runCodec,
};

/** Which of the codecs an enhanced message names. */
function codecOf(message: Uint8Array): number | null {
  const index = FOURCCS.findIndex((fourCc) => Buffer.compare(uint(fourCc, 4), message.subarray(1, 5)) === 0);
  return index === -1 ? null : index;
}

let headers: readonly Uint8Array[] | null = null;

function recorded(): readonly Uint8Array[] {
  headers ??= sequenceHeaders();
  return headers;
}
