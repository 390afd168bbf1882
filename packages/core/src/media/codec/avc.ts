import { readUint8, readUint16 } from "../../bytes/index.ts";
import type { ProtocolError } from "../../errors.ts";
import { type BitReader, nalReader } from "./bit-reader.ts";
import {
  type Chroma,
  chromaFormats,
  chromaStep,
  hexByte,
  malformedConfig,
  truncatedConfig,
  type VideoFacts,
} from "./facts.ts";

const RECORD = "AVCDecoderConfigurationRecord";
const SPS = "sequence parameter set of AVC";
const FIXED_BYTES = 6;
const EXTENDED_SAR = 255;

const profiles: ReadonlyMap<number, string> = new Map([
  [44, "CAVLC 4:4:4 Intra"],
  [66, "Baseline"],
  [77, "Main"],
  [83, "Scalable Baseline"],
  [86, "Scalable High"],
  [88, "Extended"],
  [100, "High"],
  [110, "High 10"],
  [118, "Multiview High"],
  [122, "High 4:2:2"],
  [128, "Stereo High"],
  [244, "High 4:4:4 Predictive"],
]);
/** Profiles whose SPS names the chroma format and the bit depth (ITU-T H.264 7.3.2.1.1). */
const highProfiles: ReadonlySet<number> = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

interface Sps {
  readonly width: number;
  readonly height: number;
  readonly chroma: Chroma;
  readonly bitDepth: number;
  readonly frameRate: number | null;
}

/**
 * Reads the decoder configuration of AVC (ISO 14496-15 5.3.3.1) and its first sequence parameter set. When it has none,
 * they come with the frames, and the picture is unknown.
 */
export function readAvcConfig(bytes: Uint8Array, start: number, end: number): VideoFacts | ProtocolError {
  if (end - start < FIXED_BYTES) return truncatedConfig(RECORD, end - start);
  const version = readUint8(bytes, start);
  if (version !== 1) return malformedConfig(`The ${RECORD} is of version ${version}; only 1 is known.`, 0);
  const profile = readUint8(bytes, start + 1);
  const compatibility = readUint8(bytes, start + 2);
  const level = readUint8(bytes, start + 3);
  const spsCount = readUint8(bytes, start + 5) & 31;
  let sps: Sps | ProtocolError | null = null;
  if (spsCount > 0) {
    const at = start + FIXED_BYTES + 2;
    if (at > end || at + readUint16(bytes, at - 2) > end) return truncatedConfig(RECORD, end - start);
    sps = readSps(nalReader(bytes, at, at + readUint16(bytes, at - 2)), at - start);
    if (!("width" in sps)) return sps;
  }
  return {
    codec: `avc1.${hexByte(profile)}${hexByte(compatibility)}${hexByte(level)}`,
    width: sps?.width ?? null,
    height: sps?.height ?? null,
    profile: profileText(profile, compatibility),
    level: levelText(profile, compatibility, level),
    bitDepth: sps?.bitDepth ?? null,
    chroma: sps?.chroma ?? null,
    frameRate: sps?.frameRate ?? null,
    nalLengthBytes: (readUint8(bytes, start + 4) & 3) + 1,
  };
}

function profileText(profile: number, compatibility: number): string {
  const name = profiles.get(profile) ?? `profile ${profile}`;
  // constraint_set1_flag and constraint_set3_flag (ITU-T H.264 A.2)
  if (profile === 66 && (compatibility & 0x40) !== 0) return `Constrained ${name}`;
  if ((profile === 110 || profile === 122) && (compatibility & 0x10) !== 0) return `${name} Intra`;
  return name;
}

function levelText(profile: number, compatibility: number, level: number): string {
  const isOld = profile === 66 || profile === 77 || profile === 88;
  if (level === 9 || (level === 11 && isOld && (compatibility & 0x10) !== 0)) return "1b";
  return (level / 10).toFixed(1);
}

/** ITU-T H.264 7.3.2.1.1. @param offset - of the NAL unit in the configuration */
function readSps(reader: BitReader, offset: number): Sps | ProtocolError {
  reader.skip(8); // NAL unit header
  const profile = reader.bits(8);
  reader.skip(16); // constraints, level
  reader.exp(); // id
  let chroma: Chroma = "4:2:0";
  let bitDepth = 8;
  if (highProfiles.has(profile)) {
    const format = reader.exp();
    const known = chromaFormats[format];
    if (known === undefined) return malformedConfig(`The ${SPS} has the chroma format ${format}.`, offset);
    chroma = known;
    if (chroma === "4:4:4") reader.skip(1); // separate_colour_plane_flag
    bitDepth = reader.exp() + 8;
    reader.exp(); // bit depth of chroma
    reader.skip(1); // qpprime_y_zero_transform_bypass_flag
    if (reader.flag()) skipScalingMatrix(reader, chroma === "4:4:4" ? 12 : 8);
  }
  reader.exp(); // log2_max_frame_num_minus4
  skipPictureOrder(reader);
  reader.exp(); // max_num_ref_frames
  reader.skip(1); // gaps_in_frame_num_value_allowed_flag
  const widthInMacroblocks = reader.exp() + 1;
  const heightInMapUnits = reader.exp() + 1;
  const framesOnly = reader.flag();
  if (!framesOnly) reader.skip(1); // mb_adaptive_frame_field_flag
  reader.skip(1); // direct_8x8_inference_flag
  const fields = framesOnly ? 1 : 2;
  let width = widthInMacroblocks * 16;
  let height = heightInMapUnits * 16 * fields;
  if (reader.flag()) {
    const { across, down } = chromaStep(chroma);
    width -= across * (reader.exp() + reader.exp());
    height -= down * fields * (reader.exp() + reader.exp());
  }
  const frameRate = reader.flag() ? readVuiFrameRate(reader) : null;
  if (reader.isOverrun) return truncatedConfig(SPS, offset);
  if (width <= 0 || height <= 0) return malformedConfig(`The ${SPS} crops the whole picture.`, offset);
  return { width, height, chroma, bitDepth, frameRate };
}

function skipScalingMatrix(reader: BitReader, lists: number): void {
  for (let list = 0; list < lists && !reader.isOverrun; list++) {
    if (reader.flag()) skipScalingList(reader, list < 6 ? 16 : 64);
  }
}

/** ITU-T H.264 7.3.2.1.1.1: a scale of 0 ends the list. */
function skipScalingList(reader: BitReader, size: number): void {
  let scale = 8;
  for (let i = 0; i < size && scale !== 0 && !reader.isOverrun; i++) {
    scale = (scale + reader.signedExp()) & 255;
  }
}

function skipPictureOrder(reader: BitReader): void {
  const type = reader.exp();
  if (type === 0) {
    reader.exp(); // log2_max_pic_order_cnt_lsb_minus4
  } else if (type === 1) {
    reader.skip(1); // delta_pic_order_always_zero_flag
    reader.skipExp(2);
    reader.skipExp(reader.exp());
  }
}

/** ITU-T H.264 E.1.1, up to the timing. A frame has two ticks. */
function readVuiFrameRate(reader: BitReader): number | null {
  if (reader.flag() && reader.bits(8) === EXTENDED_SAR) reader.skip(32);
  if (reader.flag()) reader.skip(1); // overscan_appropriate_flag
  if (reader.flag()) {
    reader.skip(4); // video_format, video_full_range_flag
    if (reader.flag()) reader.skip(24); // primaries, transfer, matrix
  }
  if (reader.flag()) reader.skipExp(2); // places of chroma samples
  if (!reader.flag()) return null;
  const ticks = reader.bits(32);
  const scale = reader.bits(32);
  return ticks === 0 || scale === 0 ? null : scale / (2 * ticks);
}
