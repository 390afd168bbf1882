// What real encoders sent, against what ffprobe and ffmpeg's DASH muxer said of the same streams: fixtures/sequence-headers.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../../src/errors.ts";
import {
  type AudioFacts,
  channelLayoutText,
  type FrameSize,
  readAudioConfig,
  readAudioFrame,
  readFrameSize,
  readMultichannelConfig,
  readVideoConfig,
  TagKind,
  TagReader,
  type VideoFacts,
} from "../../src/media/index.ts";
import { hexBytes } from "../vector-file.ts";

interface Recording {
  readonly ffmpeg: string;
  readonly messages: readonly string[];
  readonly ffprobe: Readonly<Record<string, string | number | undefined>>;
  readonly codecs: string;
}

const folder = new URL("../../../../fixtures/sequence-headers/", import.meta.url);
const recordingsOf = (codec: string): Recording[] =>
  readFileSync(new URL(`${codec}.ndjson`, folder), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

/** The pixel formats of ffmpeg that were recorded, as it names them. */
const pixelFormats: Readonly<Record<string, string>> = {
  "8 4:0:0": "gray",
  "8 4:2:0": "yuv420p",
  "8 4:4:4": "yuv444p",
  "10 4:2:0": "yuv420p10le",
  "10 4:2:2": "yuv422p10le",
  "12 4:2:0": "yuv420p12le",
  "12 4:2:2": "yuv422p12le",
};
const frameRates: Readonly<Record<string, number>> = { "30000/1001": 30_000 / 1001, "60000/1001": 60_000 / 1001 };

/** Fails for what cannot be read; null stays null. */
function checked<Facts>(facts: Facts | ProtocolError | null): Facts | null {
  if (facts instanceof ProtocolError) throw new Error(facts.message);
  return facts;
}

function readVideo({ messages }: Recording): { config: VideoFacts | null; size: FrameSize | null } {
  const head = new TagReader();
  let config: VideoFacts | null = null;
  let size: FrameSize | null = null;
  for (const hex of messages) {
    const bytes = hexBytes(hex);
    head.readVideo(bytes, 0, bytes.length);
    while (head.nextTrack()) {
      const { kind, fourCc, packetType, start, end } = head;
      if (kind === TagKind.SequenceHeader) config = checked(readVideoConfig(fourCc, packetType, bytes, start, end));
      else if (kind === TagKind.Keyframe) size = checked(readFrameSize(fourCc, bytes, start, end));
    }
    expect(head.error).toBeNull();
  }
  return { config, size };
}

/** What its header says, or the first frame; and the mask of a MultichannelConfig. */
function readAudio({ messages }: Recording): { facts: AudioFacts | null; mask: number | null } {
  const head = new TagReader();
  let facts: AudioFacts | null = null;
  let mask: number | null = null;
  for (const hex of messages) {
    const bytes = hexBytes(hex);
    head.readAudio(bytes, 0, bytes.length);
    while (head.nextTrack()) {
      const { kind, fourCc, start, end } = head;
      if (kind === TagKind.SequenceHeader) facts = checked(readAudioConfig(fourCc, bytes, start, end));
      else if (kind === TagKind.Configuration) mask = checked(readMultichannelConfig(bytes, start, end))?.mask ?? null;
      else facts ??= checked(readAudioFrame(fourCc, bytes, start, end));
    }
    expect(head.error).toBeNull();
  }
  return { facts, mask };
}

it("has recordings of every codec that ffmpeg encodes", () => {
  const codecs = readdirSync(folder).map((name) => name.replace(".ndjson", ""));
  expect(codecs.sort()).toEqual(["aac", "ac3", "av1", "avc", "eac3", "flac", "hevc", "mp3", "opus", "vp8", "vp9"]);
});

describe.each(["avc", "hevc", "av1", "vp9"])("%s", (codec) => {
  it.each(recordingsOf(codec))("$ffmpeg", (recording) => {
    const { ffprobe } = recording;
    const { config, size } = readVideo(recording);
    const { width, height } = codec === "vp9" ? (size ?? {}) : (config ?? {});
    expect({ width, height }).toEqual({ width: ffprobe["width"], height: ffprobe["height"] });
    expect(pixelFormats[`${config?.bitDepth} ${config?.chroma}`]).toBe(ffprobe["pix_fmt"]);
    expect(config?.profile).toBe(ffprobe["profile"] === "Rext" ? "Range Extensions" : ffprobe["profile"]);
    expect(levelNumber(codec, config?.level ?? "")).toBe(codec === "vp9" ? -99 : ffprobe["level"]);
    // AV1 says it only when it is asked to, VP9 never.
    const rate = String(ffprobe["r_frame_rate"]);
    const expected = frameRates[rate] ?? Number.parseInt(rate, 10);
    if (codec === "avc" || codec === "hevc" || recording.ffmpeg.includes("timing-info")) {
      expect(config?.frameRate).toBeCloseTo(expected, 9);
    } else {
      expect(config?.frameRate).toBeNull();
    }
    expect(comparable(codec, config?.codec ?? "")).toBe(comparable(codec, recording.codecs));
  });
});

/** As ffprobe gives it; of VP9 it gives none, which is -99. */
function levelNumber(codec: string, level: string): number {
  const [whole = 0, tenth = 0] = level.replace(" high", "").split(".").map(Number);
  if (codec === "avc") return whole * 10 + tenth;
  if (codec === "hevc") return (whole * 10 + tenth) * 3;
  return codec === "av1" ? (whole - 2) * 4 + tenth : -99;
}

/**
 * Without the parts in which ffmpeg's own parts disagree. It guesses the level of VP9 from size and frame rate, and its FLV
 * muxer does not know the rate. Of the constraints of HEVC it leaves out what ISO 14496-15 E.3 has behind the first byte.
 */
function comparable(codec: string, text: string): string {
  if (codec === "vp9") return text.replace(/^(vp09\.\d\d)\.\d\d/, "$1");
  return codec === "hevc" ? text.replace(/^(hvc1\.\d+\.\w+\.\w+\.\w+)\..*$/, "$1") : text;
}

describe("vp8", () => {
  it.each(recordingsOf("vp8"))("$ffmpeg", (recording) => {
    const { width, height } = recording.ffprobe;
    expect(readVideo(recording).size).toEqual({ width, height });
  });
});

describe.each(["aac", "opus", "flac", "ac3", "eac3", "mp3"])("%s", (codec) => {
  it.each(recordingsOf(codec))("$ffmpeg", (recording) => {
    const { ffprobe } = recording;
    const { facts, mask } = readAudio(recording);
    expect(facts).not.toBeNull();
    if (facts === null) return;
    expect(facts.sampleRate).toBe(Number(ffprobe["sample_rate"]));
    expect(facts.channels).toBe(ffprobe["channels"]);
    expect(channelLayoutText(facts.channelMask ?? 0)).toBe(ffprobe["channel_layout"]);
    expect(facts.codec).toBe(recording.codecs);
    if (codec === "aac") expect(facts.profile).toBe(ffprobe["profile"]);
    if (codec === "flac") expect(facts.bitDepth).toBe(Number(ffprobe["bits_per_raw_sample"]));
    // FLAC itself does not tell channels behind from those at the side.
    if (mask !== null && codec !== "flac") expect(facts.channelMask).toBe(mask);
  });
});
