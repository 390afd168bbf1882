import type { ProtocolError } from "../../errors.ts";
import { BitReader } from "./bit-reader.ts";
import { ChannelMask } from "./channels.ts";
import { type AudioFacts, malformedConfig, truncatedConfig } from "./facts.ts";

const SYNC_WORD = 0x0b77;
const LOW_FREQUENCY = 0x8;
/** Bits before bsid, which tells the two syntaxes apart: it stands at the same place in both. */
const BEFORE_BSID = 40;
/** Up to here it is AC-3, from the one after the other on E-AC-3 (ATSC A/52 E.2.1, E.3.1.4). */
const LAST_AC3 = 10;
const LAST_EAC3 = 16;

const rates: readonly number[] = [48000, 44100, 32000];
/** By acmod (ATSC A/52 table 5.8), without the low frequency channel. The first are two mono programs. */
const modes: readonly { readonly channels: number; readonly mask: number | null }[] = [
  { channels: 2, mask: null },
  { channels: 1, mask: ChannelMask.mono },
  { channels: 2, mask: ChannelMask.stereo },
  { channels: 3, mask: ChannelMask["3.0"] },
  { channels: 3, mask: ChannelMask["3.0(back)"] },
  { channels: 4, mask: ChannelMask["4.0"] },
  { channels: 4, mask: ChannelMask["quad(side)"] },
  { channels: 5, mask: ChannelMask["5.0(side)"] },
];

/**
 * Reads the first frame of AC-3 or E-AC-3, which describe themselves (ATSC A/52 5.3, E.2.2). Of E-AC-3 the channels are
 * those of the first substream: more may come in dependent ones.
 */
export function readAc3Frame(bytes: Uint8Array, start: number, end: number): AudioFacts | ProtocolError {
  const reader = new BitReader(bytes, start, end);
  const syncWord = reader.bits(16);
  const ahead = new BitReader(bytes, start, end);
  ahead.skip(BEFORE_BSID);
  const bsid = ahead.bits(5);
  if (reader.isOverrun || ahead.isOverrun) return truncatedConfig("frame of AC-3", end - start);
  if (syncWord !== SYNC_WORD) return malformedConfig("The frame of AC-3 does not begin with its sync word.", 0);
  if (bsid > LAST_EAC3) return malformedConfig(`The frame of AC-3 is of version ${bsid}; up to 16 is known.`, 5);
  const isEnhanced = bsid > LAST_AC3;
  const sampleRate = isEnhanced ? readEac3Rate(reader) : readAc3Rate(reader, bsid);
  const acmod = reader.bits(3);
  if (!isEnhanced) skipMixLevels(reader, acmod);
  const hasLowFrequency = reader.flag();
  if (reader.isOverrun) return truncatedConfig("frame of AC-3", end - start);
  if (sampleRate === 0) return malformedConfig("The frame of AC-3 has a sample rate that is reserved.", 4);
  const { channels, mask } = modes[acmod] ?? { channels: 0, mask: null }; // three bits: always one of the eight
  return {
    codec: isEnhanced ? "ec-3" : "ac-3",
    profile: null,
    sampleRate,
    channels: channels + (hasLowFrequency ? 1 : 0),
    channelMask: mask === null ? null : mask | (hasLowFrequency ? LOW_FREQUENCY : 0),
    bitDepth: null,
  };
}

/** Up to acmod. Versions 9 and 10 halve the rate once and twice. */
function readAc3Rate(reader: BitReader, bsid: number): number {
  reader.skip(16); // checksum
  const rate = rates[reader.bits(2)] ?? 0;
  reader.skip(6 + 5 + 3); // frame size, bsid, bsmod
  return rate / 2 ** Math.max(0, bsid - 8);
}

/** Up to acmod. */
function readEac3Rate(reader: BitReader): number {
  reader.skip(2 + 3 + 11); // type and id of the substream, frame size
  const code = reader.bits(2);
  const halved = reader.bits(2); // the number of blocks, where the rate is a full one
  return rates[code] ?? (rates[halved] ?? 0) / 2;
}

/** What stands between acmod and the low frequency channel: levels of a centre, of surrounds, and of two channels alone. */
function skipMixLevels(reader: BitReader, acmod: number): void {
  if ((acmod & 1) !== 0 && acmod !== 1) reader.skip(2);
  if ((acmod & 4) !== 0) reader.skip(2);
  if (acmod === 2) reader.skip(2);
}
