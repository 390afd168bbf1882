import type { ProtocolError } from "../../errors.ts";
import { BitReader } from "./bit-reader.ts";
import { ChannelMask } from "./channels.ts";
import { type AudioFacts, malformedConfig, truncatedConfig } from "./facts.ts";

const CONFIG = "AudioSpecificConfig";
const LOW_COMPLEXITY = 2;
const SPECTRAL_BAND_REPLICATION = 5;
const PARAMETRIC_STEREO = 29;
const SCALABLE = 6;
const ER_SCALABLE = 20;
const ER_TWIN_VQ = 21;
const ER_BSAC = 22;
/** Of the error resilient types. */
const FIRST_RESILIENT = 17;
const ESCAPE = 31;
const EXPLICIT_RATE = 15;
/** They announce what old decoders overlook at the end (ISO 14496-3 1.6.5). */
const SBR_SYNC = 0x2b7;
const PS_SYNC = 0x548;

const rates: readonly number[] = [
  96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
];
/** By channelConfiguration (ISO 14496-3 table 1.19). */
const configurations: ReadonlyMap<number, { readonly channels: number; readonly mask: number }> = new Map([
  [1, { channels: 1, mask: ChannelMask.mono }],
  [2, { channels: 2, mask: ChannelMask.stereo }],
  [3, { channels: 3, mask: ChannelMask["3.0"] }],
  [4, { channels: 4, mask: ChannelMask["4.0"] }],
  [5, { channels: 5, mask: ChannelMask["5.0"] }],
  [6, { channels: 6, mask: ChannelMask["5.1"] }],
  [7, { channels: 8, mask: ChannelMask["7.1(wide)"] }],
  [11, { channels: 7, mask: ChannelMask["6.1(back)"] }],
  [12, { channels: 8, mask: ChannelMask["7.1"] }],
  [13, { channels: 24, mask: ChannelMask["22.2"] }],
  [14, { channels: 8, mask: ChannelMask["5.1.2(back)"] }],
]);
const profiles: ReadonlyMap<number, string> = new Map([
  [1, "Main"],
  [LOW_COMPLEXITY, "LC"],
  [3, "SSR"],
  [4, "LTP"],
  [SPECTRAL_BAND_REPLICATION, "HE-AAC"],
  [PARAMETRIC_STEREO, "HE-AAC v2"],
  [23, "LD"],
  [39, "ELD"],
  [42, "xHE-AAC"],
]);
/** Object types that go on with GASpecificConfig (ISO 14496-3 4.4.1). */
const generalAudio: ReadonlySet<number> = new Set([1, 2, 3, 4, SCALABLE, 7, 17, 19, ER_SCALABLE, 21, ER_BSAC, 23]);

interface Channels {
  readonly channels: number;
  readonly mask: number | null;
}

/** Reads the decoder configuration of AAC: AudioSpecificConfig (ISO 14496-3 1.6.2.1). */
export function readAacConfig(bytes: Uint8Array, start: number, end: number): AudioFacts | ProtocolError {
  const reader = new BitReader(bytes, start, end);
  let objectType = readObjectType(reader);
  let sampleRate = readRate(reader);
  const configuration = reader.bits(4);
  let extension = 0;
  if (objectType === SPECTRAL_BAND_REPLICATION || objectType === PARAMETRIC_STEREO) {
    extension = objectType;
    sampleRate = readRate(reader);
    objectType = readObjectType(reader);
    if (objectType === ER_BSAC) reader.skip(4);
  }
  let channels: Channels | null = configurations.get(configuration) ?? null;
  if (generalAudio.has(objectType)) {
    const own = readGeneralConfig(reader, objectType, configuration);
    if (configuration === 0) channels = own;
  }
  if (reader.isOverrun) return truncatedConfig(CONFIG, end - start);
  if (extension === 0 && reader.left >= 16 && reader.bits(11) === SBR_SYNC) {
    if (readObjectType(reader) === SPECTRAL_BAND_REPLICATION && reader.flag()) {
      extension = SPECTRAL_BAND_REPLICATION;
      sampleRate = readRate(reader);
      if (reader.left >= 12 && reader.bits(11) === PS_SYNC && reader.flag()) extension = PARAMETRIC_STEREO;
      if (reader.isOverrun) return truncatedConfig(CONFIG, end - start);
    }
  }
  if (sampleRate === 0) return malformedConfig(`The ${CONFIG} has a sample rate that is reserved.`, 0);
  if (channels === null) return malformedConfig(`The ${CONFIG} has the channel configuration ${configuration}.`, 0);
  // Parametric stereo makes two channels out of one.
  if (extension === PARAMETRIC_STEREO) channels = { channels: 2, mask: ChannelMask.stereo };
  const type = extension === 0 ? objectType : extension;
  return {
    codec: `mp4a.40.${type}`,
    profile: profiles.get(type) ?? `object type ${type}`,
    sampleRate,
    channels: channels.channels,
    channelMask: channels.mask,
    bitDepth: null,
  };
}

function readObjectType(reader: BitReader): number {
  const type = reader.bits(5);
  return type === ESCAPE ? 32 + reader.bits(6) : type;
}

/** 0 when it is reserved. */
function readRate(reader: BitReader): number {
  const index = reader.bits(4);
  return index === EXPLICIT_RATE ? reader.bits(24) : (rates[index] ?? 0);
}

/** GASpecificConfig (ISO 14496-3 4.4.1). @returns the channels that it names itself, where there is no configuration. */
function readGeneralConfig(reader: BitReader, objectType: number, configuration: number): Channels | null {
  reader.skip(1); // frames of 960 samples
  if (reader.flag()) reader.skip(14); // delay of the core coder
  const hasExtension = reader.flag();
  const channels = configuration === 0 ? readProgramConfig(reader) : null;
  if (objectType === SCALABLE || objectType === ER_SCALABLE) reader.skip(3);
  if (hasExtension) {
    if (objectType === ER_BSAC) reader.skip(5 + 11);
    else if (objectType >= FIRST_RESILIENT && objectType !== ER_TWIN_VQ) reader.skip(3);
    reader.skip(1);
  }
  if (objectType >= FIRST_RESILIENT) reader.skip(2); // epConfig
  return channels;
}

/** program_config_element (ISO 14496-3 4.4.1.1): which channels there are, in front, at the sides, behind. */
function readProgramConfig(reader: BitReader): Channels {
  reader.skip(4 + 2 + 4); // tag, object type, sample rate
  const [front, side, back] = [reader.bits(4), reader.bits(4), reader.bits(4)];
  const [lowFrequency, data, coupling] = [reader.bits(2), reader.bits(3), reader.bits(4)];
  if (reader.flag()) reader.skip(4); // mono mixdown
  if (reader.flag()) reader.skip(4); // stereo mixdown
  if (reader.flag()) reader.skip(3); // matrix mixdown
  const frontShape = readElements(reader, front);
  const sideShape = readElements(reader, side);
  const backShape = readElements(reader, back);
  reader.skip(4 * lowFrequency + 4 * data + 5 * coupling);
  reader.align();
  reader.skip(8 * reader.bits(8)); // comment
  const channels = frontShape.length + sideShape.length + backShape.length + lowFrequency;
  const masks = [frontMasks[frontShape], sideMasks[sideShape], backMasks[backShape], lowFrequencyMasks[lowFrequency]];
  let mask: number | null = 0;
  for (const part of masks) mask = mask === null || part === undefined ? null : mask | part;
  return { channels, mask };
}

/** A letter for each channel: `1` for one alone, `22` for a pair. */
function readElements(reader: BitReader, count: number): string {
  let shape = "";
  for (let i = 0; i < count && !reader.isOverrun; i++) {
    shape += reader.flag() ? "22" : "1";
    reader.skip(4); // tag
  }
  return shape;
}

// Elements stand from the middle outwards. Arrangements that are not here have places that the mask has no bits for.
const frontMasks: Readonly<Record<string, number>> = {
  "": 0,
  "1": 0x4,
  "22": 0x3,
  "122": 0x7,
  "2222": 0xc3,
  "12222": 0xc7,
};
const sideMasks: Readonly<Record<string, number>> = { "": 0, "22": 0x600 };
const backMasks: Readonly<Record<string, number>> = {
  "": 0,
  "1": 0x100,
  "22": 0x30,
  "221": 0x130,
  "2222": 0x630, // the first pair stands at the sides
  "22221": 0x730,
};
const lowFrequencyMasks: readonly number[] = [0, 0x8, 0x40008];
