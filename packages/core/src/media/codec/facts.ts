import { ErrorCode, ProtocolError } from "../../errors.ts";

/** How much colour a picture has (ITU-T H.264 6.2); 4:0:0 has none. */
export type Chroma = "4:0:0" | "4:2:0" | "4:2:2" | "4:4:4" | "4:4:0";

/** What a decoder configuration says of a video. What it does not say is null. */
export interface VideoFacts {
  /** As browsers want it (RFC 6381 and the registration of the codec), such as `avc1.64001f`. */
  readonly codec: string;
  /** Pixels that are shown: cropping has been applied, the shape of pixels and rotation have not. */
  readonly width: number | null;
  readonly height: number | null;
  /** The name that the codec's specification gives it, or its number. */
  readonly profile: string;
  /** As it is spoken, such as `4.1`, `1b` or, with another tier than the main one, `5.1 high`. */
  readonly level: string | null;
  /** Bits of a luma sample. */
  readonly bitDepth: number | null;
  readonly chroma: Chroma | null;
  /** Frames in a second, of a stream whose frames are equally long. Many streams do not say. */
  readonly frameRate: number | null;
  /** Bytes of the length before each NAL unit in frames: 1, 2 or 4. Null of codecs without NAL units. */
  readonly nalLengthBytes: number | null;
}

/** What a decoder configuration, or a frame that describes itself, says of audio. What it does not say is null. */
export interface AudioFacts {
  /** As browsers want it, such as `mp4a.40.2`. */
  readonly codec: string;
  readonly profile: string | null;
  /** Samples in a second, as they are played. */
  readonly sampleRate: number;
  readonly channels: number;
  /** Which channels these are, as bits: see {@link Channel}. Null when they have no places, or none that has a bit. */
  readonly channelMask: number | null;
  /** Bits of a sample, where the codec keeps them. */
  readonly bitDepth: number | null;
}

export function truncatedConfig(what: string, offset: number): ProtocolError {
  return new ProtocolError(ErrorCode.MediaConfigTruncated, `The ${what} ends before what it has to say.`, offset);
}

export function malformedConfig(message: string, offset: number): ProtocolError {
  return new ProtocolError(ErrorCode.MediaConfigMalformed, message, offset);
}

/** By chroma_format_idc (ITU-T H.264 7.4.2.1.1, H.265 7.4.3.2.1, H.266 7.4.3.4). */
export const chromaFormats: readonly Chroma[] = ["4:0:0", "4:2:0", "4:2:2", "4:4:4"];

/** Luma samples to one of chroma, across and down. */
export function chromaStep(chroma: Chroma): { readonly across: number; readonly down: number } {
  return { across: chroma === "4:2:0" || chroma === "4:2:2" ? 2 : 1, down: chroma === "4:2:0" ? 2 : 1 };
}

/** Two hexadecimal digits. */
export function hexByte(value: number): string {
  return value.toString(16).padStart(2, "0");
}

/** Two decimal digits. */
export function twoDigits(value: number): string {
  return value.toString().padStart(2, "0");
}
