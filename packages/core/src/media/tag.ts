import { readUint8 } from "../bytes/index.ts";

/** What an audio or video message is for a relay that does not decode it. */
export const TagKind = {
  /** A frame that needs earlier ones, audio, or anything that is only passed on. */
  Frame: 0,
  /** A video frame from which decoding can start. */
  Keyframe: 1,
  /** Decoder configuration: whoever joins later needs it first. */
  SequenceHeader: 2,
  /** Enhanced RTMP colour information or channel layout: likewise. */
  Configuration: 3,
} as const;
export type TagKind = (typeof TagKind)[keyof typeof TagKind];

/** How many of a tag's first bytes are enough to read it, ModEx blocks of unusual size apart. */
export const TAG_HEAD_BYTES = 64;

// Frame types (FLV E.4.3.1). A command is for the player, such as a seek; its first byte may look like a packet type.
const KEYFRAME = 1;
const COMMAND = 5;
const AVC = 7;
/** Codec ids that no specification defines, laid out like AVC: HEVC and AV1 of Chinese CDNs. */
const UNOFFICIAL_HEVC = 12;
const UNOFFICIAL_AV1 = 13;
const AAC = 10;
const EX_AUDIO_HEADER = 9;

// Enhanced RTMP v2, "Enhanced Video" and "Enhanced Audio".
const SEQUENCE_START = 0;
const VIDEO_CODED_FRAMES = 1;
const VIDEO_CODED_FRAMES_X = 3;
const VIDEO_METADATA = 4;
const VIDEO_MPEG2TS_SEQUENCE_START = 5;
const VIDEO_MULTITRACK = 6;
const AUDIO_MULTICHANNEL_CONFIG = 4;
const AUDIO_MULTITRACK = 5;
const MOD_EX = 7;
const ONE_TRACK = 0;
const FOURCC_BYTES = 4;

/**
 * Reads the head of audio and video messages (FLV E.4.2, E.4.3; Enhanced RTMP v2). One object serves many messages.
 */
export class TagHead {
  kind: TagKind = TagKind.Frame;
  /** The track that the message is about; 0 for the default track and for messages of several tracks. */
  trackId = 0;

  /** @param end - of the payload, or of as much of it as is there: {@link TAG_HEAD_BYTES} are enough. */
  readVideo(bytes: Uint8Array, start: number, end: number): void {
    this.kind = TagKind.Frame;
    this.trackId = 0;
    if (start === end) return;
    const first = readUint8(bytes, start);
    const frameType = (first >> 4) & 7;
    if ((first & 0x80) === 0) {
      this.readLegacyVideo(bytes, start, end, first & 15, frameType);
      return;
    }
    const packetType = this.resolve(bytes, start, end, first & 15, VIDEO_MULTITRACK);
    // Colour information counts whatever its frame type: FFmpeg writes that of a command.
    if (packetType === VIDEO_METADATA) this.kind = TagKind.Configuration;
    else if (frameType !== COMMAND) this.kind = exVideoKind(packetType, frameType);
  }

  /** @param end - as for {@link readVideo}. */
  readAudio(bytes: Uint8Array, start: number, end: number): void {
    this.kind = TagKind.Frame;
    this.trackId = 0;
    if (end - start < 2) return;
    const first = readUint8(bytes, start);
    const soundFormat = first >> 4;
    if (soundFormat === AAC) {
      if (readUint8(bytes, start + 1) === 0) this.kind = TagKind.SequenceHeader;
    } else if (soundFormat === EX_AUDIO_HEADER) {
      const packetType = this.resolve(bytes, start, end, first & 15, AUDIO_MULTITRACK);
      if (packetType === SEQUENCE_START) this.kind = TagKind.SequenceHeader;
      else if (packetType === AUDIO_MULTICHANNEL_CONFIG) this.kind = TagKind.Configuration;
    }
  }

  private readLegacyVideo(bytes: Uint8Array, start: number, end: number, codecId: number, frameType: number): void {
    if (frameType === COMMAND) return;
    const hasPacketType = codecId === AVC || codecId === UNOFFICIAL_HEVC || codecId === UNOFFICIAL_AV1;
    if (hasPacketType && end - start < 2) return;
    const packetType = hasPacketType ? readUint8(bytes, start + 1) : 1;
    if (packetType === 0) this.kind = TagKind.SequenceHeader;
    else if (packetType === 1 && frameType === KEYFRAME) this.kind = TagKind.Keyframe;
  }

  /** Steps over ModEx blocks and into the multitrack header. @returns the packet type that counts, or -1. */
  private resolve(bytes: Uint8Array, start: number, end: number, packetType: number, multitrack: number): number {
    let at = start + 1;
    let type = packetType;
    while (type === MOD_EX) {
      if (at >= end) return -1;
      let size = readUint8(bytes, at) + 1;
      at++;
      if (size === 256) {
        if (at + 2 > end) return -1;
        size = ((readUint8(bytes, at) << 8) | readUint8(bytes, at + 1)) + 1;
        at += 2;
      }
      at += size;
      if (at >= end) return -1;
      type = readUint8(bytes, at) & 15;
      at++;
    }
    if (type !== multitrack) return type;
    if (at >= end) return -1;
    const trackTypes = readUint8(bytes, at);
    const trackAt = at + 1 + FOURCC_BYTES;
    if (trackTypes >> 4 === ONE_TRACK && trackAt < end) this.trackId = readUint8(bytes, trackAt);
    return trackTypes & 15;
  }
}

function exVideoKind(packetType: number, frameType: number): TagKind {
  switch (packetType) {
    case SEQUENCE_START:
    case VIDEO_MPEG2TS_SEQUENCE_START:
      return TagKind.SequenceHeader;
    case VIDEO_CODED_FRAMES:
    case VIDEO_CODED_FRAMES_X:
      return frameType === KEYFRAME ? TagKind.Keyframe : TagKind.Frame;
    default:
      return TagKind.Frame;
  }
}
