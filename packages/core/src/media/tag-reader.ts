import { readInt32, readUint8, readUint24 } from "../bytes/index.ts";
import { ErrorCode, ProtocolError } from "../errors.ts";
import {
  FrameType,
  hasCompositionTime,
  legacyAudioFourCc,
  legacyVideoFourCc,
  MultitrackType,
  SoundFormat,
  VideoPacketType,
} from "./packet.ts";
import { EX_VIDEO_HEADER, FOURCC_BYTES, MOST_MOD_EX_BLOCKS, TagHead } from "./tag.ts";

/** Tracks in one message at most. */
const MOST_TRACKS = 64;

const COMPOSITION_TIME_BYTES = 3;
/** Of a track among several: its id and the size of its body. */
const TRACK_HEAD_BYTES = 4;

/** How the tracks lie that {@link TagReader.nextTrack} has still to show. */
const NO_TRACK = 0;
const ONE_BODY = 1;
const SIZED_BODIES = 2;
const SIZED_BODIES_WITH_FOURCC = 3;

/** A block that changes what a message means (Enhanced RTMP v2, "ModEx"): its data are bytes[start, end) of what was lent. */
export interface ModExBlock {
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Reads all that stands before the codec's own bytes in audio and video messages (FLV E.4.2, E.4.3; Enhanced RTMP v2,
 * "Enhanced Audio", "Enhanced Video"). One object serves many messages, and allocates nothing.
 *
 * ```ts
 * reader.readVideo(payload, 0, payload.length);
 * while (reader.nextTrack()) use(reader.trackId, reader.fourCc, reader.packetType, payload, reader.start, reader.end);
 * if (reader.error !== null) log(reader.error.message);
 * ```
 *
 * The bytes are lent until the last call of {@link nextTrack}. Codecs, packet types and types of ModEx that no specification
 * defines are shown as they are.
 */
export class TagReader extends TagHead {
  /** Of a command frame, 0 to 255: see {@link VideoCommand}; else -1. Nobody agrees on where AVC has it: there it is -1. */
  command = -1;

  // Of the track that nextTrack has shown, as is trackId. In a message that is not of multitrack form there is one.
  /** As in {@link FourCc}; legacy codecs that have one are named by it too. 0 when there is none, or not yet. */
  fourCc = 0;
  /** Milliseconds from decoding to presentation; negative is possible. */
  compositionTime = 0;
  /** The codec's own bytes are bytes[start, end) of what was lent. */
  start = 0;
  end = 0;

  private bytes: Uint8Array = new Uint8Array(0);
  private messageStart = 0;
  private messageEnd = 0;
  private isVideo = false;
  /** 0 for an empty message. */
  private firstByte = 0;
  private layout: number = NO_TRACK;
  private tracks = 0;

  /** Reads the head of a video message. */
  override readVideo(bytes: Uint8Array, start: number, end: number): void {
    this.begin(bytes, start, end, true);
    super.readVideo(bytes, start, end);
    if (start === end || this.errorCode !== 0) return;
    const isCommand = this.frameType === FrameType.Command && this.packetType !== VideoPacketType.Metadata;
    if (this.isEnhanced) {
      if (isCommand) this.readCommand();
      else this.readCodec();
      return;
    }
    this.fourCc = legacyVideoFourCc(this.codecId);
    if (this.frameType !== FrameType.Command) this.layout = ONE_BODY;
    else if (this.fourCc === 0) this.readCommand();
  }

  /** Reads the head of an audio message. An empty one, a sign of silence, has no track. */
  override readAudio(bytes: Uint8Array, start: number, end: number): void {
    this.begin(bytes, start, end, false);
    super.readAudio(bytes, start, end);
    if (start === end || this.errorCode !== 0) return;
    if (this.isEnhanced) {
      this.readCodec();
      return;
    }
    this.fourCc = legacyAudioFourCc(this.soundFormat);
    this.layout = ONE_BODY;
  }

  /**
   * Moves on to the next track. Commands and empty messages have none.
   *
   * @returns false when there is none any more, or when `error` says why it cannot be read.
   */
  nextTrack(): boolean {
    const { layout } = this;
    if (layout === NO_TRACK) return false;
    if (layout === ONE_BODY) {
      this.layout = NO_TRACK;
      this.start = this.position;
      this.end = this.messageEnd;
    } else if (!this.readTrack(layout === SIZED_BODIES_WITH_FOURCC)) {
      return false;
    }
    return this.readCompositionTime();
  }

  /** Why the message, or its next track, cannot be read; the offset counts from the start of the message. */
  get error(): ProtocolError | null {
    if (this.errorCode === 0) return null;
    return new ProtocolError(this.errorCode, errorText(this.errorCode), this.errorAt - this.messageStart);
  }

  /** Whether the message has a header of Enhanced RTMP. */
  get isEnhanced(): boolean {
    return this.isVideo ? (this.firstByte & EX_VIDEO_HEADER) !== 0 : this.firstByte >> 4 === SoundFormat.ExHeader;
  }

  /** Of video, 0 to 7: see {@link FrameType}. */
  get frameType(): number {
    return this.isVideo ? (this.firstByte >> 4) & 7 : 0;
  }

  /** Of video without an enhanced header, 0 to 15: see {@link VideoCodecId}. */
  get codecId(): number {
    return this.isVideo && !this.isEnhanced ? this.firstByte & 15 : 0;
  }

  /** Of audio, 0 to 15: see {@link SoundFormat}. */
  get soundFormat(): number {
    return this.isVideo ? 0 : this.firstByte >> 4;
  }

  /** Of legacy audio, the rate that its header names, in hertz: 5512, 11025, 22050 or 44100. AAC always says 44100. */
  get soundRate(): number {
    return Math.floor(44100 / (1 << (3 - ((this.firstByte >> 2) & 3))));
  }

  /** Of legacy audio, the bits of a sample before it was encoded: 8 or 16. */
  get soundSize(): number {
    return (this.firstByte & 2) === 0 ? 8 : 16;
  }

  /** Of legacy audio, the channels that its header names: 1 or 2. AAC always says 2. */
  get soundChannels(): number {
    return (this.firstByte & 1) + 1;
  }

  /** The ModEx blocks of the message that was read last, those of unknown types too; empty when it cannot be read. */
  readModExBlocks(): ModExBlock[] {
    const blocks: ModExBlock[] = [];
    if (this.errorCode !== 0) return blocks;
    for (let at = this.messageStart + 1; blocks.length < this.modExBlocks; ) {
      at = this.readModExBlock(this.bytes, at, this.messageEnd);
      blocks.push({ type: this.modExType, start: this.modExStart, end: this.modExEnd });
    }
    return blocks;
  }

  private begin(bytes: Uint8Array, start: number, end: number, isVideo: boolean): void {
    this.command = -1;
    this.fourCc = 0;
    this.compositionTime = 0;
    this.start = end;
    this.end = end;
    this.bytes = bytes;
    this.messageStart = start;
    this.messageEnd = end;
    this.isVideo = isVideo;
    this.firstByte = start === end ? 0 : readUint8(bytes, start);
    this.layout = NO_TRACK;
    this.tracks = 0;
  }

  private readCommand(): void {
    if (this.position >= this.messageEnd) this.fail(ErrorCode.MediaTruncated, this.position);
    else this.command = readUint8(this.bytes, this.position);
  }

  /** Reads the FourCC, and steps over the id of a lone track: what comes next is a body, or several. */
  private readCodec(): void {
    const { multitrackType } = this;
    if (multitrackType === MultitrackType.ManyTracksManyCodecs) {
      this.layout = SIZED_BODIES_WITH_FOURCC;
      return;
    }
    const at = this.position;
    const hasId = multitrackType === MultitrackType.OneTrack;
    if (this.messageEnd - at < FOURCC_BYTES) {
      this.fail(ErrorCode.MediaTruncated, at);
      return;
    }
    this.fourCc = readInt32(this.bytes, at);
    this.position = at + FOURCC_BYTES + (hasId ? 1 : 0);
    if (this.position > this.messageEnd) this.fail(ErrorCode.MediaTruncated, at + FOURCC_BYTES);
    else this.layout = multitrackType === MultitrackType.ManyTracks ? SIZED_BODIES : ONE_BODY;
  }

  private readTrack(withFourCc: boolean): boolean {
    let at = this.position;
    if (at === this.messageEnd) {
      this.layout = NO_TRACK;
      return false;
    }
    if (this.tracks === MOST_TRACKS) return this.stop(ErrorCode.MediaTrackLimit, at);
    const headBytes = withFourCc ? FOURCC_BYTES + TRACK_HEAD_BYTES : TRACK_HEAD_BYTES;
    if (this.messageEnd - at < headBytes) return this.stop(ErrorCode.MediaTruncated, at);
    if (withFourCc) {
      this.fourCc = readInt32(this.bytes, at);
      at += FOURCC_BYTES;
    }
    this.trackId = readUint8(this.bytes, at); // reset with all that belongs to multitrack messages
    const size = readUint24(this.bytes, at + 1);
    at += TRACK_HEAD_BYTES;
    if (size > this.messageEnd - at) return this.stop(ErrorCode.MediaTrackTruncated, at);
    this.tracks++;
    this.start = at;
    this.end = at + size;
    this.position = this.end;
    return true;
  }

  private readCompositionTime(): boolean {
    this.compositionTime = 0;
    const { start, packetType } = this;
    if (!this.isVideo || this.fourCc === 0) return true;
    // A legacy header has the field whatever the packet type, an enhanced one only where it counts.
    if (this.isEnhanced && (packetType !== VideoPacketType.CodedFrames || !hasCompositionTime(this.fourCc)))
      return true;
    if (this.end - start < COMPOSITION_TIME_BYTES) {
      // The end of a sequence needs none.
      return packetType === VideoPacketType.SequenceEnd || this.stop(ErrorCode.MediaTruncated, start);
    }
    if (packetType === VideoPacketType.CodedFrames) this.compositionTime = (readUint24(this.bytes, start) << 8) >> 8;
    this.start = start + COMPOSITION_TIME_BYTES;
    return true;
  }

  /** There are no further tracks, for this reason. */
  private stop(code: ErrorCode, at: number): false {
    this.fail(code, at);
    this.layout = NO_TRACK;
    return false;
  }
}

function errorText(code: ErrorCode): string {
  switch (code) {
    case ErrorCode.MediaModExLimit:
      return `The message has more than ${MOST_MOD_EX_BLOCKS} ModEx blocks.`;
    case ErrorCode.MediaTrackLimit:
      return `The message has more than ${MOST_TRACKS} tracks.`;
    case ErrorCode.MediaTrackTruncated:
      return "A track is longer than what is left of its message.";
    case ErrorCode.MediaMultitrackNested:
      return "A track of a multitrack message is of multitrack form itself.";
    case ErrorCode.MediaMultitrackType:
      return "The tracks are laid out in a way that no specification defines.";
    default:
      return "The message ends within its header.";
  }
}
