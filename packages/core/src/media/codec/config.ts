import type { ProtocolError } from "../../errors.ts";
import { FourCc, VideoPacketType } from "../packet.ts";
import { readAacConfig } from "./aac.ts";
import { readAc3Frame } from "./ac3.ts";
import { readAv1Config, readAv1Descriptor } from "./av1.ts";
import { readAvcConfig } from "./avc.ts";
import type { AudioFacts, VideoFacts } from "./facts.ts";
import { readFlacConfig } from "./flac.ts";
import { readHevcConfig } from "./hevc.ts";
import { readMp3Frame } from "./mp3.ts";
import { readOpusConfig } from "./opus.ts";
import { type FrameSize, readVp8FrameSize, readVp9FrameSize, readVpConfig } from "./vp.ts";
import { readVvcConfig } from "./vvc.ts";

/**
 * What the body bytes[start, end) of a video sequence header says: that of {@link VideoPacketType.SequenceStart}, or of
 * Mpeg2TsSequenceStart, as `TagReader` shows it. The offset of an error counts from `start`.
 *
 * @returns null for codecs that are not known here, and for an empty body: FFmpeg sends one ahead of the real one.
 */
export function readVideoConfig(
  fourCc: number,
  packetType: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): VideoFacts | ProtocolError | null {
  if (start === end) return null;
  switch (fourCc) {
    case FourCc.Avc:
      return readAvcConfig(bytes, start, end);
    case FourCc.Hevc:
      return readHevcConfig(bytes, start, end);
    case FourCc.Vvc:
      return readVvcConfig(bytes, start, end);
    case FourCc.Av1:
      return packetType === VideoPacketType.Mpeg2TsSequenceStart
        ? readAv1Descriptor(bytes, start, end)
        : readAv1Config(bytes, start, end);
    case FourCc.Vp8:
    case FourCc.Vp9:
      return readVpConfig(fourCc, bytes, start, end);
    default:
      return null;
  }
}

/**
 * What the body bytes[start, end) of an audio sequence header says. The offset of an error counts from `start`.
 *
 * @returns null for codecs that are not known here or need no header (AC-3, E-AC-3, MP3), and for an empty body.
 */
export function readAudioConfig(
  fourCc: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): AudioFacts | ProtocolError | null {
  if (start === end) return null;
  switch (fourCc) {
    case FourCc.Aac:
      return readAacConfig(bytes, start, end);
    case FourCc.Opus:
      return readOpusConfig(bytes, start, end);
    case FourCc.Flac:
      return readFlacConfig(bytes, start, end);
    default:
      return null;
  }
}

/**
 * What a frame bytes[start, end) of AC-3, E-AC-3 or MP3 says of itself; its first 16 bytes are enough. The offset of an
 * error counts from `start`.
 *
 * @returns null for other codecs: they have a sequence header.
 */
export function readAudioFrame(
  fourCc: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): AudioFacts | ProtocolError | null {
  switch (fourCc) {
    case FourCc.Ac3:
    case FourCc.Eac3:
      return readAc3Frame(bytes, start, end);
    case FourCc.Mp3:
      return readMp3Frame(bytes, start, end);
    default:
      return null;
  }
}

/**
 * The size that a keyframe bytes[start, end) of VP8 or VP9 has; its first 16 bytes are enough. The offset of an error
 * counts from `start`.
 *
 * @returns null for other frames, and for other codecs: their sequence header has it.
 */
export function readFrameSize(
  fourCc: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): FrameSize | ProtocolError | null {
  if (fourCc === FourCc.Vp8) return readVp8FrameSize(bytes, start, end);
  return fourCc === FourCc.Vp9 ? readVp9FrameSize(bytes, start, end) : null;
}
