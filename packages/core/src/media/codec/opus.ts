import { readUint8 } from "../../bytes/index.ts";
import type { ProtocolError } from "../../errors.ts";
import { ChannelMask } from "./channels.ts";
import { type AudioFacts, malformedConfig, truncatedConfig } from "./facts.ts";

const HEAD = "OpusHead";
const MAGIC = [0x4f, 0x70, 0x75, 0x73, 0x48, 0x65, 0x61, 0x64]; // OpusHead
const FIXED_BYTES = 19;
/** Decoders play at this rate, whatever the rate of the recording was. */
const SAMPLE_RATE = 48_000;

/** By the number of channels, of mapping families 0 and 1 (RFC 7845 5.1.1). */
const masks: readonly (number | null)[] = [
  null,
  ChannelMask.mono,
  ChannelMask.stereo,
  ChannelMask["3.0"],
  ChannelMask.quad,
  ChannelMask["5.0"],
  ChannelMask["5.1"],
  ChannelMask["6.1"],
  ChannelMask["7.1"],
];

/** Reads the decoder configuration of Opus: the identification header (RFC 7845 5.1). */
export function readOpusConfig(bytes: Uint8Array, start: number, end: number): AudioFacts | ProtocolError {
  if (end - start < FIXED_BYTES) return truncatedConfig(HEAD, end - start);
  if (MAGIC.some((byte, index) => readUint8(bytes, start + index) !== byte)) {
    return malformedConfig(`The configuration of Opus does not begin with ${HEAD}.`, 0);
  }
  const version = readUint8(bytes, start + 8);
  if (version > 15) return malformedConfig(`The ${HEAD} is of version ${version}; up to 15 can be read.`, 8);
  const channels = readUint8(bytes, start + 9);
  const family = readUint8(bytes, start + 18);
  if (channels === 0) return malformedConfig(`The ${HEAD} has no channels.`, 9);
  // All families but the first have counts of streams and a map of the channels.
  if (family !== 0 && end - start < FIXED_BYTES + 2 + channels) return truncatedConfig(HEAD, end - start);
  const channelMask = family <= 1 ? (masks[channels] ?? null) : null;
  return { codec: "opus", profile: null, sampleRate: SAMPLE_RATE, channels, channelMask, bitDepth: null };
}
