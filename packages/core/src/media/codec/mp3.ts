import type { ProtocolError } from "../../errors.ts";
import { BitReader } from "./bit-reader.ts";
import { ChannelMask } from "./channels.ts";
import { type AudioFacts, malformedConfig, truncatedConfig } from "./facts.ts";

const SYNC = 0x7ff;
const LAYER_3 = 1;
const ONE_CHANNEL = 3;

/** Of MPEG 1; MPEG 2 halves them, MPEG 2.5 does so twice. */
const rates: readonly number[] = [44100, 48000, 32000];
/** By the field "version": 1 is reserved. */
const divisors: readonly number[] = [4, 0, 2, 1];

/** Reads the header of an MP3 frame (ISO 11172-3 2.4.1.3, ISO 13818-3 2.4.1.3). Every frame has one. */
export function readMp3Frame(bytes: Uint8Array, start: number, end: number): AudioFacts | ProtocolError {
  const reader = new BitReader(bytes, start, end);
  const sync = reader.bits(11);
  const divisor = divisors[reader.bits(2)] ?? 0;
  const layer = reader.bits(2);
  reader.skip(1 + 4); // protection, bit rate
  const rate = rates[reader.bits(2)] ?? 0;
  reader.skip(2); // padding, private
  const mode = reader.bits(2);
  reader.skip(6);
  if (reader.isOverrun) return truncatedConfig("header of an MP3 frame", end - start);
  if (sync !== SYNC || layer !== LAYER_3 || divisor === 0 || rate === 0) {
    return malformedConfig("This is no header of an MP3 frame.", 0);
  }
  const channels = mode === ONE_CHANNEL ? 1 : 2;
  const channelMask = channels === 1 ? ChannelMask.mono : ChannelMask.stereo;
  return { codec: "mp4a.40.34", profile: null, sampleRate: rate / divisor, channels, channelMask, bitDepth: null };
}
