import { readUint8, readUint16, readUint32 } from "../../bytes/index.ts";
import type { ProtocolError } from "../../errors.ts";
import { type BitReader, nalReader } from "./bit-reader.ts";
import { chromaFormats, chromaStep, malformedConfig, truncatedConfig, type VideoFacts } from "./facts.ts";
import { findNalUnit } from "./nal-arrays.ts";

const RECORD = "HEVCDecoderConfigurationRecord";
const SPS = "sequence parameter set of HEVC";
const FIXED_BYTES = 22;
const SPS_UNIT = 33;
const UNIT_TYPE = 0x3f;
const EXTENDED_SAR = 255;
const MOST_REFERENCE_SETS = 64;

const profiles: ReadonlyMap<number, string> = new Map([
  [1, "Main"],
  [2, "Main 10"],
  [3, "Main Still Picture"],
  [4, "Range Extensions"],
  [5, "High Throughput"],
  [6, "Multiview Main"],
  [7, "Scalable Main"],
  [8, "3D Main"],
  [9, "Screen Content Coding"],
  [10, "Scalable Range Extensions"],
  [11, "High Throughput Screen Content Coding"],
]);

interface Sps {
  readonly width: number;
  readonly height: number;
  readonly frameRate: number | null;
}

/**
 * Reads the decoder configuration of HEVC (ISO 14496-15 8.3.2.1) and its first sequence parameter set. When it has none,
 * they come with the frames, and the size is unknown.
 */
export function readHevcConfig(bytes: Uint8Array, start: number, end: number): VideoFacts | ProtocolError {
  if (end - start <= FIXED_BYTES) return truncatedConfig(RECORD, end - start);
  const version = readUint8(bytes, start);
  // 0 stands in files that were written before the standard was.
  if (version > 1) return malformedConfig(`The ${RECORD} is of version ${version}; only 1 is known.`, 0);
  const unit = findNalUnit(bytes, start + FIXED_BYTES, end, SPS_UNIT, UNIT_TYPE, () => false);
  if (unit === "truncated") return truncatedConfig(RECORD, end - start);
  const sps = unit === null ? null : readSps(nalReader(bytes, unit.start, unit.end), unit.start - start);
  if (sps !== null && !("width" in sps)) return sps;
  const profile = readUint8(bytes, start + 1);
  const level = readUint8(bytes, start + 12);
  const averageFrameRate = readUint16(bytes, start + 19) / 256; // frames in 256 seconds
  return {
    codec: codecText(bytes, start),
    width: sps?.width ?? null,
    height: sps?.height ?? null,
    profile: profiles.get(profile & 31) ?? `profile ${profile & 31}`,
    level: `${Number.isInteger(level / 3) ? (level / 30).toFixed(1) : level / 30}${(profile & 0x20) === 0 ? "" : " high"}`,
    bitDepth: (readUint8(bytes, start + 17) & 7) + 8,
    chroma: chromaFormats[readUint8(bytes, start + 16) & 3] ?? null,
    frameRate: sps?.frameRate ?? (averageFrameRate === 0 ? null : averageFrameRate),
    nalLengthBytes: (readUint8(bytes, start + 21) & 3) + 1,
  };
}

/** ISO 14496-15 E.3: profile space and profile, compatibility in reverse order of bits, tier and level, constraints. */
function codecText(bytes: Uint8Array, start: number): string {
  const profile = readUint8(bytes, start + 1);
  const space = ["", "A", "B", "C"][profile >> 6] ?? "";
  const compatibility = reverseBits(readUint32(bytes, start + 2)).toString(16);
  const tier = (profile & 0x20) === 0 ? "L" : "H";
  const constraints = [6, 7, 8, 9, 10, 11].map((at) => readUint8(bytes, start + at));
  while (constraints.at(-1) === 0) constraints.pop();
  const parts = constraints.map((byte) => `.${byte.toString(16)}`).join("");
  return `hvc1.${space}${profile & 31}.${compatibility}.${tier}${readUint8(bytes, start + 12)}${parts}`;
}

function reverseBits(word: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) reversed = reversed * 2 + ((word >>> bit) & 1);
  return reversed;
}

/** ITU-T H.265 7.3.2.2.1. @param offset - of the NAL unit in the configuration */
function readSps(reader: BitReader, offset: number): Sps | ProtocolError {
  reader.skip(16 + 4); // NAL unit header, id of the video parameter set
  const subLayers = reader.bits(3);
  reader.skip(1); // sps_temporal_id_nesting_flag
  skipProfileTierLevel(reader, subLayers);
  reader.exp(); // id
  const format = reader.exp();
  const chroma = chromaFormats[format];
  if (chroma === undefined) return malformedConfig(`The ${SPS} has the chroma format ${format}.`, offset);
  if (chroma === "4:4:4") reader.skip(1); // separate_colour_plane_flag
  let width = reader.exp();
  let height = reader.exp();
  if (reader.flag()) {
    const { across, down } = chromaStep(chroma);
    width -= across * (reader.exp() + reader.exp());
    height -= down * (reader.exp() + reader.exp());
  }
  reader.skipExp(2); // bit depths
  const pictureOrderBits = reader.exp() + 4;
  const orderings = reader.flag() ? subLayers + 1 : 1;
  reader.skipExp(3 * orderings); // sizes and delays of the picture buffer
  reader.skipExp(6); // sizes of blocks and depths of transforms
  if (reader.flag() && reader.flag()) skipScalingLists(reader);
  reader.skip(2); // asymmetric partitions, sample adaptive offset
  if (reader.flag()) {
    reader.skip(8); // bit depths of PCM
    reader.skipExp(2);
    reader.skip(1);
  }
  const referenceSets = reader.exp();
  if (referenceSets > MOST_REFERENCE_SETS) {
    return malformedConfig(`The ${SPS} has ${referenceSets} sets of reference pictures; 64 is the most.`, offset);
  }
  skipReferenceSets(reader, referenceSets);
  if (reader.flag()) {
    const pictures = reader.exp();
    for (let i = 0; i < pictures && !reader.isOverrun; i++) reader.skip(pictureOrderBits + 1);
  }
  reader.skip(2); // temporal motion vectors, smoothing
  const frameRate = reader.flag() ? readVuiFrameRate(reader) : null;
  if (reader.isOverrun) return truncatedConfig(SPS, offset);
  if (width <= 0 || height <= 0) return malformedConfig(`The ${SPS} crops the whole picture.`, offset);
  return { width, height, frameRate };
}

/** ITU-T H.265 7.3.3: the general part, then what the flags of each sub-layer announce. */
function skipProfileTierLevel(reader: BitReader, subLayers: number): void {
  reader.skip(88 + 8);
  const announced: { hasProfile: boolean; hasLevel: boolean }[] = [];
  for (let i = 0; i < subLayers; i++) announced.push({ hasProfile: reader.flag(), hasLevel: reader.flag() });
  if (subLayers > 0) reader.skip(2 * (8 - subLayers));
  for (const { hasProfile, hasLevel } of announced) reader.skip((hasProfile ? 88 : 0) + (hasLevel ? 8 : 0));
}

/** ITU-T H.265 7.3.4. */
function skipScalingLists(reader: BitReader): void {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6 && !reader.isOverrun; matrix += size === 3 ? 3 : 1) {
      if (!reader.flag()) {
        reader.exp(); // a matrix before this one
        continue;
      }
      if (size > 1) reader.exp();
      reader.skipExp(Math.min(64, 1 << (4 + (size << 1))));
    }
  }
}

/** ITU-T H.265 7.3.7: a set may lean on the one before it, and is then as long as that one. */
function skipReferenceSets(reader: BitReader, sets: number): void {
  let previous = 0;
  for (let set = 0; set < sets && !reader.isOverrun; set++) {
    if (set > 0 && reader.flag()) {
      reader.skip(1); // delta_rps_sign
      reader.exp();
      let pictures = 0;
      for (let i = 0; i <= previous && !reader.isOverrun; i++) {
        const isUsed = reader.flag();
        if (isUsed || reader.flag()) pictures++;
      }
      previous = pictures;
    } else {
      const pictures = reader.exp() + reader.exp();
      for (let i = 0; i < pictures && !reader.isOverrun; i++) {
        reader.exp();
        reader.skip(1);
      }
      previous = pictures;
    }
  }
}

/** ITU-T H.265 E.2.1, up to the timing. */
function readVuiFrameRate(reader: BitReader): number | null {
  if (reader.flag() && reader.bits(8) === EXTENDED_SAR) reader.skip(32);
  if (reader.flag()) reader.skip(1); // overscan_appropriate_flag
  if (reader.flag()) {
    reader.skip(4); // video_format, video_full_range_flag
    if (reader.flag()) reader.skip(24); // primaries, transfer, matrix
  }
  if (reader.flag()) reader.skipExp(2); // places of chroma samples
  reader.skip(3); // neutral chroma, fields, frame_field_info_present_flag
  if (reader.flag()) reader.skipExp(4); // default display window
  if (!reader.flag()) return null;
  const ticks = reader.bits(32);
  const scale = reader.bits(32);
  return ticks === 0 || scale === 0 ? null : scale / ticks;
}
