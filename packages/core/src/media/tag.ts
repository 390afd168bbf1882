import { readUint8, readUint16, readUint24 } from "../bytes/index.ts";
import { ErrorCode } from "../errors.ts";
import {
  AudioPacketType,
  FrameType,
  legacyVideoFourCc,
  ModExType,
  MultitrackType,
  SoundFormat,
  VideoPacketType,
} from "./packet.ts";

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

/** How many of a tag's first bytes are enough to know its kind, ModEx blocks of unusual size apart. */
export const TAG_HEAD_BYTES = 64;

/** ModEx blocks in one message at most. Nobody needs more than a few. */
export const MOST_MOD_EX_BLOCKS = 16;

export const EX_VIDEO_HEADER = 0x80;
export const FOURCC_BYTES = 4;
const NANOSECONDS_BYTES = 3;

/**
 * What a relay has to know of audio and video messages (FLV E.4.2, E.4.3; Enhanced RTMP v2, "Enhanced Audio", "Enhanced
 * Video"): the least, and fast. `TagReader` reads all of it. One object serves many messages, and allocates nothing.
 */
export class TagHead {
  kind: TagKind = TagKind.Frame;
  /** The track that the message is about, 0 to 255; 0 for the default track and for messages of several tracks. */
  trackId = 0;
  /** 0 to 15: see {@link VideoPacketType}, {@link AudioPacketType}. A codec that has none sends CodedFrames. */
  packetType = 0;
  /** 0 to 15: see {@link MultitrackType}; -1 when the message is not of multitrack form. */
  multitrackType = -1;
  /** To be added to the presentation time of this message only. Should be below 1,000,000. */
  nanosecondOffset = 0;

  /** Where the FourCC begins; of a command, the command; of legacy messages, what follows the packet type. */
  protected position = 0;
  protected modExBlocks = 0;
  // The block that was read last, and the packet type that it announces.
  protected modExType = 0;
  protected modExStart = 0;
  protected modExEnd = 0;
  protected modExNext = 0;
  /** Why the head cannot be read, and where in `bytes`; 0 when it can. */
  protected errorCode: ErrorCode | 0 = 0;
  protected errorAt = 0;
  /** Whether fields were set that most messages leave alone: most need not reset them. */
  private isUnusual = false;

  /** @param end - of the payload, or of as much of it as is there: {@link TAG_HEAD_BYTES} are enough. */
  readVideo(bytes: Uint8Array, start: number, end: number): void {
    this.reset();
    if (start === end) return;
    const first = readUint8(bytes, start);
    const frameType = (first >> 4) & 7;
    if ((first & EX_VIDEO_HEADER) === 0) {
      this.readLegacyVideo(bytes, start + 1, end, first & 15, frameType);
      return;
    }
    const at = this.stepOverModEx(bytes, start + 1, end, first & 15);
    if (at < 0) return;
    this.position = at;
    // Colour information counts whatever its frame type: FFmpeg writes that of a command.
    if (frameType === FrameType.Command && this.packetType !== VideoPacketType.Metadata) return;
    if (this.packetType === VideoPacketType.Multitrack) {
      this.readMultitrack(bytes, at, end, VideoPacketType.Multitrack);
    }
    this.kind = videoKind(this.packetType, frameType);
  }

  /** @param end - as for {@link readVideo}. */
  readAudio(bytes: Uint8Array, start: number, end: number): void {
    this.reset();
    if (start === end) return;
    const first = readUint8(bytes, start);
    const soundFormat = first >> 4;
    if (soundFormat !== SoundFormat.ExHeader) {
      this.readLegacyAudio(bytes, start + 1, end, soundFormat);
      return;
    }
    const at = this.stepOverModEx(bytes, start + 1, end, first & 15);
    if (at < 0) return;
    this.position = at;
    if (this.packetType === AudioPacketType.Multitrack) {
      this.readMultitrack(bytes, at, end, AudioPacketType.Multitrack);
    }
    if (this.packetType === AudioPacketType.SequenceStart) this.kind = TagKind.SequenceHeader;
    else if (this.packetType === AudioPacketType.MultichannelConfig) this.kind = TagKind.Configuration;
  }

  /** Whether whoever knows no tracks and no ModEx can read the message as well. */
  get isPlain(): boolean {
    return this.multitrackType < 0 && this.modExBlocks === 0;
  }

  private reset(): void {
    this.kind = TagKind.Frame;
    this.packetType = 0;
    if (!this.isUnusual) return;
    this.isUnusual = false;
    this.trackId = 0;
    this.multitrackType = -1;
    this.nanosecondOffset = 0;
    this.modExBlocks = 0;
    this.errorCode = 0;
  }

  private readLegacyVideo(bytes: Uint8Array, at: number, end: number, codecId: number, frameType: number): void {
    this.position = at;
    // Its first byte may look like a packet type.
    if (frameType === FrameType.Command) return;
    this.packetType = VideoPacketType.CodedFrames;
    if (legacyVideoFourCc(codecId) !== 0) {
      if (at >= end) {
        this.fail(ErrorCode.MediaTruncated, at);
        return;
      }
      this.packetType = readUint8(bytes, at);
      this.position = at + 1;
    }
    if (this.packetType === VideoPacketType.SequenceStart) this.kind = TagKind.SequenceHeader;
    else if (this.packetType === VideoPacketType.CodedFrames && frameType === FrameType.Key) {
      this.kind = TagKind.Keyframe;
    }
  }

  private readLegacyAudio(bytes: Uint8Array, at: number, end: number, soundFormat: number): void {
    this.position = at;
    this.packetType = AudioPacketType.CodedFrames;
    if (soundFormat !== SoundFormat.Aac) return;
    if (at >= end) {
      this.fail(ErrorCode.MediaTruncated, at);
      return;
    }
    this.packetType = readUint8(bytes, at);
    this.position = at + 1;
    if (this.packetType === AudioPacketType.SequenceStart) this.kind = TagKind.SequenceHeader;
  }

  /** @returns where what the packet type announces begins, or -1 when there is an error. */
  private stepOverModEx(bytes: Uint8Array, start: number, end: number, packetType: number): number {
    let at = start;
    this.packetType = packetType;
    while (this.packetType === VideoPacketType.ModEx) {
      this.isUnusual = true;
      if (this.modExBlocks === MOST_MOD_EX_BLOCKS) return this.fail(ErrorCode.MediaModExLimit, at);
      const next = this.readModExBlock(bytes, at, end);
      if (next < 0) return -1;
      if (this.modExType === ModExType.TimestampOffsetNano) {
        if (this.modExEnd - this.modExStart < NANOSECONDS_BYTES) return this.fail(ErrorCode.MediaTruncated, at);
        this.nanosecondOffset = readUint24(bytes, this.modExStart);
      }
      this.modExBlocks++;
      this.packetType = this.modExNext;
      at = next;
    }
    return at;
  }

  /** @returns where the block ends, or -1 when there is an error. */
  protected readModExBlock(bytes: Uint8Array, at: number, messageEnd: number): number {
    if (at >= messageEnd) return this.fail(ErrorCode.MediaTruncated, at);
    let start = at + 1;
    let size = readUint8(bytes, at) + 1;
    if (size === 256) {
      if (messageEnd - start < 2) return this.fail(ErrorCode.MediaTruncated, start);
      size = readUint16(bytes, start) + 1;
      start += 2;
    }
    const end = start + size;
    if (end >= messageEnd) return this.fail(ErrorCode.MediaTruncated, start);
    const types = readUint8(bytes, end);
    this.modExStart = start;
    this.modExEnd = end;
    this.modExType = types >> 4;
    this.modExNext = types & 15;
    return end + 1;
  }

  /** Reads the layout, the packet type within, and the id of a lone track, which stands behind its FourCC. */
  private readMultitrack(bytes: Uint8Array, at: number, end: number, multitrack: number): void {
    this.isUnusual = true;
    if (at >= end) {
      this.fail(ErrorCode.MediaTruncated, at);
      return;
    }
    const types = readUint8(bytes, at);
    this.multitrackType = types >> 4;
    this.packetType = types & 15;
    this.position = at + 1;
    if (this.packetType === multitrack) this.fail(ErrorCode.MediaMultitrackNested, at);
    else if (this.multitrackType > MultitrackType.ManyTracksManyCodecs) this.fail(ErrorCode.MediaMultitrackType, at);
    else if (this.multitrackType === MultitrackType.OneTrack && at + 1 + FOURCC_BYTES < end) {
      this.trackId = readUint8(bytes, at + 1 + FOURCC_BYTES);
    }
  }

  /** @returns -1 */
  protected fail(code: ErrorCode, at: number): number {
    this.isUnusual = true;
    this.errorCode = code;
    this.errorAt = at;
    return -1;
  }
}

function videoKind(packetType: number, frameType: number): TagKind {
  switch (packetType) {
    case VideoPacketType.SequenceStart:
    case VideoPacketType.Mpeg2TsSequenceStart:
      return TagKind.SequenceHeader;
    case VideoPacketType.Metadata:
      return TagKind.Configuration;
    case VideoPacketType.CodedFrames:
    case VideoPacketType.CodedFramesX:
      return frameType === FrameType.Key ? TagKind.Keyframe : TagKind.Frame;
    default:
      return TagKind.Frame;
  }
}
