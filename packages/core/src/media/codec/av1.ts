import { readUint8 } from "../../bytes/index.ts";
import type { ProtocolError } from "../../errors.ts";
import { BitReader } from "./bit-reader.ts";
import { type Chroma, malformedConfig, truncatedConfig, twoDigits, type VideoFacts } from "./facts.ts";

const RECORD = "AV1CodecConfigurationRecord";
const DESCRIPTOR = "AV1 video descriptor";
const SEQUENCE_HEADER = "sequence header of AV1";
const FIXED_BYTES = 4;
const DESCRIPTOR_TAG = 0x80;
const DESCRIPTOR_HEAD_BYTES = 2;
/** The marker bit and version 1. */
const MARKER_AND_VERSION = 0x81;
const SEQUENCE_HEADER_OBU = 1;
const LONGEST_SIZE = 8;
/** A level that names no bound. */
const MAXIMUM_LEVEL = 31;

const profiles: readonly string[] = ["Main", "High", "Professional"];

interface Sequence {
  readonly width: number;
  readonly height: number;
  readonly frameRate: number | null;
}

/**
 * Reads the decoder configuration of AV1 (AV1 in ISOBMFF 2.3.3) and the sequence header in it. When it has none, that
 * comes with the frames, and the size is unknown.
 */
export function readAv1Config(bytes: Uint8Array, start: number, end: number): VideoFacts | ProtocolError {
  if (end - start < FIXED_BYTES) return truncatedConfig(RECORD, end - start);
  const first = readUint8(bytes, start);
  if (first !== MARKER_AND_VERSION) return malformedConfig(`The ${RECORD} is not of version 1.`, 0);
  const sequence = findSequence(bytes, start + FIXED_BYTES, end, start);
  if (sequence !== null && !("width" in sequence)) return sequence;
  return factsOf(bytes, start, sequence);
}

/** Reads what stands in place of the configuration in MPEG2TSSequenceStart (AV1 in MPEG-2 TS 2.2). It names no size. */
export function readAv1Descriptor(bytes: Uint8Array, start: number, end: number): VideoFacts | ProtocolError {
  const at = start + DESCRIPTOR_HEAD_BYTES;
  if (end - at < FIXED_BYTES) return truncatedConfig(DESCRIPTOR, end - start);
  if (readUint8(bytes, start) !== DESCRIPTOR_TAG || readUint8(bytes, at) !== MARKER_AND_VERSION) {
    return malformedConfig(`This is no ${DESCRIPTOR} of version 1.`, 0);
  }
  return factsOf(bytes, at, null);
}

/** From the second and third byte, in which record and descriptor agree. */
function factsOf(bytes: Uint8Array, start: number, sequence: Sequence | null): VideoFacts {
  const profile = readUint8(bytes, start + 1) >> 5;
  const level = readUint8(bytes, start + 1) & 31;
  const flags = readUint8(bytes, start + 2);
  const isHighTier = (flags & 0x80) !== 0;
  const bitDepth = (flags & 0x40) === 0 ? 8 : (flags & 0x20) === 0 ? 10 : 12;
  return {
    codec: `av01.${profile}.${twoDigits(level)}${isHighTier ? "H" : "M"}.${twoDigits(bitDepth)}`,
    width: sequence?.width ?? null,
    height: sequence?.height ?? null,
    profile: profiles[profile] ?? `profile ${profile}`,
    level: `${level === MAXIMUM_LEVEL ? "maximum" : `${2 + (level >> 2)}.${level & 3}`}${isHighTier ? " high" : ""}`,
    bitDepth,
    chroma: chromaOf(flags),
    frameRate: sequence?.frameRate ?? null,
    nalLengthBytes: null,
  };
}

function chromaOf(flags: number): Chroma {
  if ((flags & 0x10) !== 0) return "4:0:0";
  const isHalvedAcross = (flags & 8) !== 0;
  const isHalvedDown = (flags & 4) !== 0;
  if (isHalvedAcross) return isHalvedDown ? "4:2:0" : "4:2:2";
  return isHalvedDown ? "4:4:0" : "4:4:4";
}

/** Steps over the OBUs before the sequence header (AV1 5.3). @param origin - where the configuration begins */
function findSequence(bytes: Uint8Array, start: number, end: number, origin: number): Sequence | ProtocolError | null {
  for (let at = start; at < end; ) {
    const header = readUint8(bytes, at);
    at += (header & 4) === 0 ? 1 : 2; // with an extension of one byte
    let size = end - at;
    if ((header & 2) !== 0) {
      const reader = new BitReader(bytes, Math.min(at, end), end);
      size = readLeb128(reader);
      if (reader.isOverrun) return truncatedConfig(SEQUENCE_HEADER, end - origin);
      at = end - reader.left / 8;
    }
    if (size < 0 || size > end - at) return truncatedConfig(SEQUENCE_HEADER, end - origin);
    if (((header >> 3) & 15) === SEQUENCE_HEADER_OBU)
      return readSequence(new BitReader(bytes, at, at + size), at - origin);
    at += size;
  }
  return null;
}

/** AV1 4.10.5. */
function readLeb128(reader: BitReader): number {
  let value = 0;
  for (let i = 0; i < LONGEST_SIZE; i++) {
    const hasMore = reader.flag();
    value += reader.bits(7) * 128 ** i;
    if (!hasMore) break;
  }
  return value;
}

/** AV1 5.5.1, up to the size. @param offset - of the sequence header in the configuration */
function readSequence(reader: BitReader, offset: number): Sequence | ProtocolError {
  reader.skip(3 + 1); // profile, still picture
  let frameRate: number | null = null;
  if (reader.flag()) {
    reader.skip(5); // reduced header: only a level
  } else {
    let delayBits = 0;
    if (reader.flag()) {
      frameRate = readFrameRate(reader);
      if (reader.flag()) {
        delayBits = reader.bits(5) + 1;
        reader.skip(32 + 5 + 5);
      }
    }
    skipOperatingPoints(reader, delayBits);
  }
  const widthBits = reader.bits(4) + 1;
  const heightBits = reader.bits(4) + 1;
  const width = reader.bits(widthBits) + 1;
  const height = reader.bits(heightBits) + 1;
  if (reader.isOverrun) return truncatedConfig(SEQUENCE_HEADER, offset);
  return { width, height, frameRate };
}

/** AV1 5.5.3; frames of different length have no rate. */
function readFrameRate(reader: BitReader): number | null {
  const ticks = reader.bits(32);
  const scale = reader.bits(32);
  if (!reader.flag()) return null;
  const ticksPerPicture = (reader.exp() + 1) * ticks;
  return ticksPerPicture === 0 || scale === 0 ? null : scale / ticksPerPicture;
}

/** @param delayBits - of the delays that the decoder model has, 0 without such a model */
function skipOperatingPoints(reader: BitReader, delayBits: number): void {
  const hasInitialDelay = reader.flag();
  const points = reader.bits(5) + 1;
  for (let point = 0; point < points && !reader.isOverrun; point++) {
    reader.skip(12);
    if (reader.bits(5) > 7) reader.skip(1); // tier
    if (delayBits > 0 && reader.flag()) reader.skip(2 * delayBits + 1);
    if (hasInitialDelay && reader.flag()) reader.skip(4);
  }
}
