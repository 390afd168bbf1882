import { writeUint16, writeUint24, writeUint32 } from "../bytes/index.ts";
import {
  AudioPacketType,
  FrameType,
  hasCompositionTime,
  ModExType,
  MultitrackType,
  SoundFormat,
  VideoCodecId,
  VideoPacketType,
} from "./packet.ts";

/** What stands before the packet of an enhanced header: see {@link ModExType}. */
export interface ModEx {
  /** 0 to 15. */
  readonly type: number;
  /** 1 to 65,536 bytes. */
  readonly data: Uint8Array;
}

/** One track of an enhanced message. */
export interface Track {
  /** As in {@link FourCc}. */
  readonly fourCc: number;
  /** The codec's own bytes; a sequence header, a channel configuration, metadata. */
  readonly body: Uint8Array;
  /** 0 to 255. Default 0, the default track. Other tracks need a multitrack type. */
  readonly trackId?: number;
  /** Milliseconds from decoding to presentation, -2^23 to 2^23 - 1, of CodedFrames of AVC, HEVC and VVC. Default 0. */
  readonly compositionTime?: number;
}

/** What an enhanced message has once, whatever its tracks. */
interface EnhancedMessage {
  readonly modEx?: readonly ModEx[];
  /** Absent: one track, without an id. */
  readonly multitrackType?: MultitrackType;
}

/** See {@link videoPayload}. */
export interface VideoMessage extends EnhancedMessage {
  /** 0 to 7. */
  readonly frameType: number;
  /** 0 to 15, but not Multitrack or ModEx. */
  readonly packetType: number;
}

/** See {@link audioPayload}. */
export interface AudioMessage extends EnhancedMessage {
  /** 0 to 15, but not Multitrack or ModEx. */
  readonly packetType: number;
}

/** See {@link legacyVideoPayload}. */
export interface LegacyVideoMessage {
  /** 0 to 7. */
  readonly frameType: number;
  /** 0 to 15. */
  readonly codecId: number;
  /** Of AVC: 0 decoder configuration, 1 frames (the default), 2 end of sequence. */
  readonly packetType?: number;
  /** Of AVC: milliseconds from decoding to presentation, -2^23 to 2^23 - 1. Default 0. */
  readonly compositionTime?: number;
}

/** See {@link legacyAudioPayload}. AAC and Speex have their own rules for the first four: leave them out there. */
export interface LegacyAudioMessage {
  /** 0 to 15, but not ExHeader. */
  readonly soundFormat: number;
  /** Hertz: 5512, 11025, 22050 or 44100. Default 44100. */
  readonly soundRate?: number;
  /** Bits: 8 or 16. Default 16. */
  readonly soundSize?: number;
  /** 1 or 2. Default 2. */
  readonly soundChannels?: number;
  /** Of AAC: 0 decoder configuration, 1 a frame (the default). */
  readonly packetType?: number;
}

const EX_VIDEO_HEADER = 0x80;
const LARGEST_SHORT_MOD_EX = 255;
const LARGEST_MOD_EX = 65_536;
const LARGEST_TRACK = 0xffffff;
const MOST_NANOSECONDS = 999_999;
const soundRates: readonly number[] = [5512, 11025, 22050, 44100];

/**
 * The ModEx block that adds to the presentation time of one message.
 *
 * @param nanoseconds - 0 to 999,999
 * @throws RangeError when it is something else.
 */
export function nanosecondOffset(nanoseconds: number): ModEx {
  checkRange("A nanosecond offset", nanoseconds, 0, MOST_NANOSECONDS);
  const data = new Uint8Array(3);
  writeUint24(data, 0, nanoseconds);
  return { type: ModExType.TimestampOffsetNano, data };
}

/**
 * The payload of a video message without an enhanced header (FLV E.4.3).
 *
 * @throws RangeError when a number is not in its range.
 */
export function legacyVideoPayload(message: LegacyVideoMessage, body: Uint8Array): Uint8Array {
  const { frameType, codecId, packetType = VideoPacketType.CodedFrames, compositionTime = 0 } = message;
  checkRange("A frame type", frameType, 0, 7);
  checkRange("A codec id", codecId, 0, 15);
  checkRange("A packet type", packetType, 0, 255);
  checkCompositionTime(compositionTime);
  const isAvc = codecId === VideoCodecId.Avc && frameType !== FrameType.Command;
  const payload = new Uint8Array((isAvc ? 5 : 1) + body.length);
  payload[0] = (frameType << 4) | codecId;
  if (isAvc) {
    payload[1] = packetType;
    writeUint24(payload, 2, compositionTime);
  }
  payload.set(body, payload.length - body.length);
  return payload;
}

/**
 * The payload of an audio message without an enhanced header (FLV E.4.2).
 *
 * @throws RangeError when a number is not one of those allowed.
 */
export function legacyAudioPayload(message: LegacyAudioMessage, body: Uint8Array): Uint8Array {
  const isAac = message.soundFormat === SoundFormat.Aac;
  const isSpeex = message.soundFormat === SoundFormat.Speex;
  const { soundFormat, soundSize = 16, packetType = AudioPacketType.CodedFrames } = message;
  const { soundRate = isSpeex ? 5512 : 44100, soundChannels = isSpeex ? 1 : 2 } = message;
  checkRange("A sound format", soundFormat, 0, 15);
  if (soundFormat === SoundFormat.ExHeader)
    throw new RangeError("Sound format 9 is an enhanced header: use audioPayload.");
  const rate = soundRates.indexOf(soundRate);
  if (rate < 0) throw new RangeError(`A sound rate is one of ${soundRates.join(", ")}, not ${soundRate}.`);
  if (soundSize !== 8 && soundSize !== 16) throw new RangeError(`A sound size is 8 or 16, not ${soundSize}.`);
  checkRange("The number of channels", soundChannels, 1, 2);
  checkRange("A packet type", packetType, 0, 255);
  const payload = new Uint8Array((isAac ? 2 : 1) + body.length);
  payload[0] = (soundFormat << 4) | (rate << 2) | (soundSize === 16 ? 2 : 0) | (soundChannels - 1);
  if (isAac) payload[1] = packetType;
  payload.set(body, payload.length - body.length);
  return payload;
}

/**
 * The payload of an enhanced video message (Enhanced RTMP v2, "Enhanced Video"). Bodies are copied.
 *
 * ```ts
 * videoPayload({ frameType: FrameType.Key, packetType: VideoPacketType.CodedFrames }, [{ fourCc: FourCc.Av1, body }]);
 * ```
 *
 * @throws RangeError when a number is not in its range, or when the tracks do not fit the multitrack type: none or one
 * track; ids only with a type; one codec unless it is ManyTracksManyCodecs.
 */
export function videoPayload(message: VideoMessage, tracks: readonly Track[]): Uint8Array {
  const { frameType, packetType } = message;
  checkRange("A frame type", frameType, 0, 7);
  if (frameType === FrameType.Command && packetType !== VideoPacketType.Metadata) {
    throw new RangeError("A command frame has no tracks: use videoCommandPayload.");
  }
  if (packetType === VideoPacketType.Multitrack) throw new RangeError("Give multitrackType, and what the tracks hold.");
  const first = EX_VIDEO_HEADER | (frameType << 4);
  const hasTime = packetType === VideoPacketType.CodedFrames;
  return enhancedPayload(first, message, packetType, VideoPacketType.Multitrack, tracks, hasTime);
}

/** The payload of an enhanced command frame: see {@link VideoCommand}. @throws RangeError when it is not 0 to 255. */
export function videoCommandPayload(command: number, modEx: readonly ModEx[] = []): Uint8Array {
  checkRange("A command", command, 0, 255);
  const payload = new Uint8Array(1 + modExBytes(modEx) + 1);
  const first = EX_VIDEO_HEADER | (FrameType.Command << 4);
  const at = writeModEx(payload, first, modEx, VideoPacketType.SequenceStart);
  payload[at] = command;
  return payload;
}

/**
 * The payload of an enhanced audio message (Enhanced RTMP v2, "Enhanced Audio"). Bodies are copied.
 *
 * @throws RangeError as {@link videoPayload}.
 */
export function audioPayload(message: AudioMessage, tracks: readonly Track[]): Uint8Array {
  const { packetType } = message;
  if (packetType === AudioPacketType.Multitrack) throw new RangeError("Give multitrackType, and what the tracks hold.");
  const first = SoundFormat.ExHeader << 4;
  return enhancedPayload(first, message, packetType, AudioPacketType.Multitrack, tracks, false);
}

function enhancedPayload(
  first: number,
  { modEx = [], multitrackType }: EnhancedMessage,
  packetType: number,
  multitrack: number,
  tracks: readonly Track[],
  hasTime: boolean,
): Uint8Array {
  checkRange("A packet type", packetType, 0, 15);
  if (packetType === VideoPacketType.ModEx) throw new RangeError("Give modEx, and the packet type of what follows it.");
  checkTracks(multitrackType, tracks);
  let length = 1 + modExBytes(modEx) + (multitrackType === undefined ? 0 : 1);
  const forms = tracks.map((track) => formOf(multitrackType, track, hasTime));
  const isShared = multitrackType === MultitrackType.ManyTracks;
  if (isShared) length += 4;
  for (const { headBytes, bodyBytes } of forms) length += headBytes + bodyBytes;
  const payload = new Uint8Array(length);
  let at = writeModEx(payload, first, modEx, multitrackType === undefined ? packetType : multitrack);
  if (multitrackType !== undefined) payload[at++] = (multitrackType << 4) | packetType;
  if (isShared) {
    writeUint32(payload, at, tracks[0]?.fourCc ?? 0);
    at += 4;
  }
  for (const [index, track] of tracks.entries()) {
    const form = forms[index];
    if (form !== undefined) at = writeTrack(payload, at, track, form);
  }
  return payload;
}

/** What stands before the body of a track. */
interface TrackForm {
  readonly hasFourCc: boolean;
  readonly hasId: boolean;
  readonly hasSize: boolean;
  readonly hasTime: boolean;
  readonly headBytes: number;
  /** With the composition time. */
  readonly bodyBytes: number;
}

function formOf(multitrackType: MultitrackType | undefined, track: Track, mayHaveTime: boolean): TrackForm {
  const hasFourCc = multitrackType !== MultitrackType.ManyTracks;
  const hasId = multitrackType !== undefined;
  const hasSize = hasId && multitrackType !== MultitrackType.OneTrack;
  const hasTime = mayHaveTime && hasCompositionTime(track.fourCc);
  const headBytes = (hasFourCc ? 4 : 0) + (hasId ? 1 : 0) + (hasSize ? 3 : 0);
  const bodyBytes = (hasTime ? 3 : 0) + track.body.length;
  if (bodyBytes > LARGEST_TRACK) throw new RangeError(`A track has ${LARGEST_TRACK} bytes at most, not ${bodyBytes}.`);
  return { hasFourCc, hasId, hasSize, hasTime, headBytes, bodyBytes };
}

function writeTrack(into: Uint8Array, start: number, track: Track, form: TrackForm): number {
  const { fourCc, trackId = 0, compositionTime = 0, body } = track;
  let at = start;
  if (form.hasFourCc) {
    writeUint32(into, at, fourCc);
    at += 4;
  }
  if (form.hasId) into[at++] = trackId;
  if (form.hasSize) {
    writeUint24(into, at, form.bodyBytes);
    at += 3;
  }
  if (form.hasTime) {
    writeUint24(into, at, compositionTime);
    at += 3;
  }
  into.set(body, at);
  return at + body.length;
}

function checkTracks(multitrackType: MultitrackType | undefined, tracks: readonly Track[]): void {
  const isOne = multitrackType === undefined || multitrackType === MultitrackType.OneTrack;
  if (tracks.length === 0 || (isOne && tracks.length > 1)) {
    throw new RangeError(`The message needs ${isOne ? "one track" : "tracks"}, not ${tracks.length}.`);
  }
  for (const { fourCc, trackId = 0, compositionTime = 0 } of tracks) {
    checkRange("A track id", trackId, 0, 255);
    checkCompositionTime(compositionTime);
    if (multitrackType === undefined && trackId !== 0)
      throw new RangeError("A track other than 0 needs a multitrackType.");
    if (multitrackType === MultitrackType.ManyTracks && fourCc !== tracks[0]?.fourCc) {
      throw new RangeError("Tracks of different codecs need the multitrackType ManyTracksManyCodecs.");
    }
  }
}

function modExBytes(modEx: readonly ModEx[]): number {
  let length = 0;
  for (const { type, data } of modEx) {
    checkRange("A type of ModEx", type, 0, 15);
    checkRange("The length of ModEx data", data.length, 1, LARGEST_MOD_EX);
    length += (data.length > LARGEST_SHORT_MOD_EX ? 3 : 1) + data.length + 1;
  }
  return length;
}

/** Writes the first byte and the ModEx blocks. @returns where they end. */
function writeModEx(into: Uint8Array, first: number, modEx: readonly ModEx[], packetType: number): number {
  into[0] = first | (modEx.length === 0 ? packetType : VideoPacketType.ModEx);
  let at = 1;
  for (const [index, { type, data }] of modEx.entries()) {
    if (data.length > LARGEST_SHORT_MOD_EX) {
      into[at] = LARGEST_SHORT_MOD_EX;
      writeUint16(into, at + 1, data.length - 1);
      at += 3;
    } else {
      into[at++] = data.length - 1;
    }
    into.set(data, at);
    at += data.length;
    into[at++] = (type << 4) | (index === modEx.length - 1 ? packetType : VideoPacketType.ModEx);
  }
  return at;
}

function checkCompositionTime(time: number): void {
  checkRange("A composition time", time, -0x800000, 0x7fffff);
}

function checkRange(what: string, value: number, least: number, most: number): void {
  if (!(Number.isInteger(value) && value >= least && value <= most)) {
    throw new RangeError(`${what} is an integer from ${least} to ${most}, not ${value}.`);
  }
}
