import { readUint8 } from "../../bytes/index.ts";
import type { ProtocolError } from "../../errors.ts";
import { BitReader, nalReader } from "./bit-reader.ts";
import { type Chroma, chromaFormats, chromaStep, malformedConfig, truncatedConfig, type VideoFacts } from "./facts.ts";
import { findNalUnit } from "./nal-arrays.ts";

const RECORD = "VvcDecoderConfigurationRecord";
const SPS = "sequence parameter set of VVC";
const SPS_UNIT = 15;
const UNIT_TYPE = 0x1f;
/** Decoding capability and operating point information: their arrays have one unit. */
const DCI_UNIT = 13;
const OPI_UNIT = 12;
/** general_constraints_info has so many flags before the number of further ones (ITU-T H.266 7.3.3.2). */
const CONSTRAINT_BITS = 71;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

const profiles: ReadonlyMap<number, string> = new Map([
  [1, "Main 10"],
  [2, "Main 12"],
  [10, "Main 12 Intra"],
  [17, "Multilayer Main 10"],
  [33, "Main 10 4:4:4"],
  [34, "Main 12 4:4:4"],
  [36, "Main 16 4:4:4"],
  [42, "Main 12 4:4:4 Intra"],
  [44, "Main 16 4:4:4 Intra"],
  [49, "Multilayer Main 10 4:4:4"],
  [65, "Main 10 Still Picture"],
  [66, "Main 12 Still Picture"],
  [97, "Main 10 4:4:4 Still Picture"],
  [98, "Main 12 4:4:4 Still Picture"],
  [100, "Main 16 4:4:4 Still Picture"],
]);

/** What both the record and the sequence parameter set name. */
interface ProfileTierLevel {
  readonly profile: number;
  readonly isHighTier: boolean;
  readonly level: number;
  /** ptl_frame_only_constraint_flag, ptl_multilayer_enabled_flag and the constraints, in whole bytes. */
  readonly constraints: readonly number[];
}

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly chroma: Chroma | null;
  readonly bitDepth: number | null;
  readonly frameRate: number | null;
}

interface Sps extends Picture {
  readonly profile: ProfileTierLevel | null;
}

/**
 * Reads the decoder configuration of VVC (ISO 14496-15:2024 11.2.4.2), and its first sequence parameter set as far as the
 * size. Without one the size is the greatest that the record allows, not cropped.
 */
export function readVvcConfig(bytes: Uint8Array, start: number, end: number): VideoFacts | ProtocolError {
  if (start >= end) return truncatedConfig(RECORD, 0);
  const first = readUint8(bytes, start);
  let at = start + 1;
  let profile: ProfileTierLevel | null = null;
  let picture: Picture | null = null;
  if ((first & 1) === 1) {
    const reader = new BitReader(bytes, at, end);
    reader.skip(9); // ols_idx
    const subLayers = reader.bits(3);
    reader.skip(2); // constant_frame_rate
    const chroma = chromaFormats[reader.bits(2)] ?? null;
    const bitDepth = reader.bits(3) + 8;
    reader.skip(5);
    profile = readProfileRecord(reader, subLayers);
    const width = reader.bits(16);
    const height = reader.bits(16);
    const averageFrameRate = reader.bits(16) / 256; // frames in 256 seconds
    if (reader.isOverrun) return truncatedConfig(RECORD, end - start);
    picture = { width, height, chroma, bitDepth, frameRate: averageFrameRate === 0 ? null : averageFrameRate };
    at = end - reader.left / 8; // whole bytes were read
  }
  const hasOneUnit = (type: number) => type === DCI_UNIT || type === OPI_UNIT;
  const unit = findNalUnit(bytes, at, end, SPS_UNIT, UNIT_TYPE, hasOneUnit);
  if (unit === "truncated") return truncatedConfig(RECORD, end - start);
  const sps = unit === null ? null : readSps(nalReader(bytes, unit.start, unit.end), unit.start - start);
  if (sps !== null && !("width" in sps)) return sps;
  const known = profile ?? sps?.profile ?? null;
  return {
    codec: known === null ? "vvc1" : codecText(known),
    width: sps?.width ?? picture?.width ?? null,
    height: sps?.height ?? picture?.height ?? null,
    profile: known === null ? "unknown" : (profiles.get(known.profile) ?? `profile ${known.profile}`),
    level: known === null ? null : levelText(known),
    bitDepth: picture?.bitDepth ?? sps?.bitDepth ?? null,
    chroma: sps?.chroma ?? picture?.chroma ?? null,
    frameRate: picture?.frameRate ?? null,
    nalLengthBytes: ((first >> 1) & 3) + 1,
  };
}

/** VvcPTLRecord (ISO 14496-15:2024 11.2.4.2.2). */
function readProfileRecord(reader: BitReader, subLayers: number): ProfileTierLevel {
  reader.skip(2);
  const constraintBytes = reader.bits(6);
  const profile = reader.bits(7);
  const isHighTier = reader.flag();
  const level = reader.bits(8);
  const constraints: number[] = [];
  for (let i = 0; i < constraintBytes; i++) constraints.push(reader.bits(8));
  if (subLayers > 1) {
    let levels = 0;
    for (let i = 0; i < subLayers - 1; i++) if (reader.flag()) levels++;
    reader.skip(9 - subLayers + 8 * levels);
  }
  reader.skip(32 * reader.bits(8)); // sub-profiles
  return { profile, isHighTier, level, constraints };
}

/** 16 to a whole step, 3 to a tenth (ITU-T H.266 A.4.1). */
function levelText({ level, isHighTier }: ProfileTierLevel): string {
  return `${level >> 4}.${Math.floor((level & 15) / 3)}${isHighTier ? " high" : ""}`;
}

/** ISO 14496-15:2024 E.6: profile, tier and level, and the constraints in base32 unless there are none. */
function codecText({ profile, isHighTier, level, constraints }: ProfileTierLevel): string {
  const bytes = [...constraints];
  while (bytes.at(-1) === 0) bytes.pop();
  return `vvc1.${profile}.${isHighTier ? "H" : "L"}${level}${bytes.length === 0 ? "" : `.C${base32(bytes)}`}`;
}

function base32(bytes: readonly number[]): string {
  const reader = new BitReader(Uint8Array.from([...bytes, 0]), 0, bytes.length + 1);
  let text = "";
  for (let bits = 0; bits < bytes.length * 8; bits += 5) text += BASE32.charAt(reader.bits(5));
  return text;
}

/** ITU-T H.266 7.3.2.4, up to the bit depth. @param offset - of the NAL unit in the configuration */
function readSps(reader: BitReader, offset: number): Sps | ProtocolError {
  reader.skip(16 + 8); // NAL unit header, ids of this and of the video parameter set
  const subLayers = reader.bits(3);
  const chroma = chromaFormats[reader.bits(2)] ?? "4:2:0"; // two bits: always one of the four
  reader.skip(2); // sps_log2_ctu_size_minus5
  const profile = reader.flag() ? readProfileTierLevel(reader, subLayers) : null;
  reader.skip(1); // sps_gdr_enabled_flag
  if (reader.flag()) reader.skip(1); // sps_res_change_in_clvs_allowed_flag
  let width = reader.exp();
  let height = reader.exp();
  if (reader.flag()) {
    const { across, down } = chromaStep(chroma);
    width -= across * (reader.exp() + reader.exp());
    height -= down * (reader.exp() + reader.exp());
  }
  const hasSubpictures = reader.flag();
  const bitDepth = hasSubpictures ? null : reader.exp() + 8;
  if (reader.isOverrun) return truncatedConfig(SPS, offset);
  if (width <= 0 || height <= 0) return malformedConfig(`The ${SPS} crops the whole picture.`, offset);
  return { width, height, chroma, bitDepth, frameRate: null, profile };
}

/** ITU-T H.266 7.3.3.1. */
function readProfileTierLevel(reader: BitReader, subLayers: number): ProfileTierLevel {
  const profile = reader.bits(7);
  const isHighTier = reader.flag();
  const level = reader.bits(8);
  const flags = reader.bits(2);
  if (reader.flag()) {
    reader.skip(CONSTRAINT_BITS);
    reader.skip(reader.bits(8));
  }
  reader.align();
  let levels = 0;
  for (let i = 0; i < subLayers; i++) if (reader.flag()) levels++;
  reader.align();
  reader.skip(8 * levels);
  reader.skip(32 * reader.bits(8)); // sub-profiles
  return { profile, isHighTier, level, constraints: [flags << 6] };
}
