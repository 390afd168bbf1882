import { readUint8, readUint32 } from "../../bytes/index.ts";
import type { ProtocolError } from "../../errors.ts";
import { BitReader } from "./bit-reader.ts";
import { ChannelMask } from "./channels.ts";
import { type AudioFacts, malformedConfig, truncatedConfig } from "./facts.ts";

const MAGIC = 0x664c6143; // fLaC
const HEAD_BYTES = 8;
const STREAMINFO_BYTES = 34;
/** The bits before the sample rate: sizes of blocks and frames. */
const SIZES = 16 + 16 + 24 + 24;

/** By the number of channels (RFC 9639 9.1.3); what may stand behind or at the side is taken to stand at the side. */
const masks: readonly (number | null)[] = [
  null,
  ChannelMask.mono,
  ChannelMask.stereo,
  ChannelMask["3.0"],
  ChannelMask.quad,
  ChannelMask["5.0(side)"],
  ChannelMask["5.1(side)"],
  ChannelMask["6.1"],
  ChannelMask["7.1"],
];

/**
 * Reads the decoder configuration of FLAC: its signature and the block STREAMINFO (RFC 9639 6, 8.2). FFmpeg writes the
 * content of that block alone; this is read as well.
 */
export function readFlacConfig(bytes: Uint8Array, start: number, end: number): AudioFacts | ProtocolError {
  const isBare = end - start === STREAMINFO_BYTES;
  const at = isBare ? start : start + HEAD_BYTES;
  if (end - at < STREAMINFO_BYTES) return truncatedConfig("STREAMINFO of FLAC", end - start);
  if (!isBare) {
    if (readUint32(bytes, start) !== MAGIC) {
      return malformedConfig("The configuration of FLAC does not begin with fLaC.", 0);
    }
    const type = readUint8(bytes, start + 4) & 0x7f;
    if (type !== 0) return malformedConfig(`The first block of FLAC is of type ${type}; it must be STREAMINFO, 0.`, 4);
  }
  const reader = new BitReader(bytes, at, end);
  reader.skip(SIZES);
  const sampleRate = reader.bits(20);
  const channels = reader.bits(3) + 1;
  const bitDepth = reader.bits(5) + 1;
  return { codec: "flac", profile: null, sampleRate, channels, channelMask: masks[channels] ?? null, bitDepth };
}
