import { readUint8, readUint16 } from "../../bytes/index.ts";
import type { ProtocolError } from "../../errors.ts";
import { FourCc } from "../packet.ts";
import { BitReader } from "./bit-reader.ts";
import { type Chroma, malformedConfig, truncatedConfig, twoDigits, type VideoFacts } from "./facts.ts";

const RECORD = "VPCodecConfigurationRecord";
const RECORD_BYTES = 8;
/** Version and flags of the box that the record stands in, in files. */
const BOX_HEAD_BYTES = 4;
const BOX_VERSION = 1;
const START_CODE_VP8 = 0x9d012a;
const START_CODE_VP9 = 0x498342;
const RGB = 7;

const chromas: readonly Chroma[] = ["4:2:0", "4:2:0", "4:2:2", "4:4:4"];

/** The size of a picture, in pixels. */
export interface FrameSize {
  readonly width: number;
  readonly height: number;
}

/**
 * Reads the decoder configuration of VP8 or VP9 (VP Codec ISO Media File Format Binding, "VP Codec Configuration Box").
 * FFmpeg writes version and flags of the box before it, the specification of Enhanced RTMP does not mention them: both
 * are read. It names no size: that is in every keyframe, see {@link readVp8FrameSize}, {@link readVp9FrameSize}.
 */
export function readVpConfig(
  fourCc: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): VideoFacts | ProtocolError {
  const hasBoxHead = end - start >= BOX_HEAD_BYTES + RECORD_BYTES && isBoxHead(bytes, start);
  const at = hasBoxHead ? start + BOX_HEAD_BYTES : start;
  if (end - at < RECORD_BYTES) return truncatedConfig(RECORD, end - start);
  const profile = readUint8(bytes, at);
  const level = readUint8(bytes, at + 1);
  const depthAndChroma = readUint8(bytes, at + 2);
  const bitDepth = depthAndChroma >> 4;
  return {
    codec: fourCc === FourCc.Vp8 ? "vp8" : `vp09.${twoDigits(profile)}.${twoDigits(level)}.${twoDigits(bitDepth)}`,
    width: null,
    height: null,
    profile: `Profile ${profile}`,
    level: level === 0 ? null : (level / 10).toFixed(1),
    bitDepth,
    chroma: chromas[(depthAndChroma >> 1) & 7] ?? null,
    frameRate: null,
    nalLengthBytes: null,
  };
}

function isBoxHead(bytes: Uint8Array, start: number): boolean {
  return (
    readUint8(bytes, start) === BOX_VERSION && readUint8(bytes, start + 1) === 0 && readUint16(bytes, start + 2) === 0
  );
}

/** The size of a VP8 keyframe (RFC 6386 9.1). Frames of other kinds have none: null. */
export function readVp8FrameSize(bytes: Uint8Array, start: number, end: number): FrameSize | ProtocolError | null {
  const what = "keyframe of VP8";
  if (start >= end) return truncatedConfig(what, 0);
  if ((readUint8(bytes, start) & 1) !== 0) return null;
  const reader = new BitReader(bytes, start, end);
  reader.skip(24);
  const startCode = reader.bits(24);
  const [widthLow, widthHigh, heightLow, heightHigh] = [reader.bits(8), reader.bits(8), reader.bits(8), reader.bits(8)];
  if (reader.isOverrun) return truncatedConfig(what, end - start);
  if (startCode !== START_CODE_VP8) return malformedConfig(`The ${what} has no start code.`, 3);
  // The upper two bits of each ask the player to enlarge the picture.
  return { width: widthLow | ((widthHigh & 0x3f) << 8), height: heightLow | ((heightHigh & 0x3f) << 8) };
}

/** The size of a VP9 keyframe (VP9 bitstream specification 6.2). Frames of other kinds have none: null. */
export function readVp9FrameSize(bytes: Uint8Array, start: number, end: number): FrameSize | ProtocolError | null {
  const what = "keyframe of VP9";
  const reader = new BitReader(bytes, start, end);
  reader.skip(2);
  const profile = reader.bits(1) + 2 * reader.bits(1);
  if (profile === 3) reader.skip(1);
  const showsAnother = reader.flag();
  const isKeyframe = !reader.flag();
  reader.skip(2); // shown, error resilient
  if (!reader.isOverrun && (showsAnother || !isKeyframe)) return null;
  const startCode = reader.bits(24);
  skipColours(reader, profile);
  const width = reader.bits(16) + 1;
  const height = reader.bits(16) + 1;
  if (reader.isOverrun) return truncatedConfig(what, end - start);
  if (startCode !== START_CODE_VP9) return malformedConfig(`The ${what} has no start code.`, 1);
  return { width, height };
}

function skipColours(reader: BitReader, profile: number): void {
  if (profile >= 2) reader.skip(1); // 10 or 12 bits
  const hasSteps = profile === 1 || profile === 3;
  if (reader.bits(3) === RGB) {
    if (hasSteps) reader.skip(1);
  } else {
    reader.skip(hasSteps ? 1 + 3 : 1); // range, chroma subsampling
  }
}
