import type { AmfValue } from "@millrace/core/amf";
import { errorName, ProtocolError } from "@millrace/core/errors";
import {
  type AudioFacts,
  AudioPacketType,
  channelLayoutText,
  channelText,
  type FrameSize,
  FrameType,
  fourCcText,
  ModExType,
  type MultichannelConfig,
  readAudioConfig,
  readAudioFrame,
  readFrameSize,
  readMultichannelConfig,
  readVideoConfig,
  readVideoMetadata,
  TagKind,
  TagReader,
  VideoCommand,
  type VideoFacts,
  VideoPacketType,
} from "@millrace/core/media";
import { printable } from "../printable.ts";
import { amfText } from "./amf-text.ts";
import { inspectLimits } from "./limits.ts";

// FLV E.4.2.1 and E.4.3.1; 12 and 13 of video and 13 of audio by custom only.
const soundFormats: readonly (string | null)[] = [
  "PCM",
  "ADPCM",
  "MP3",
  "PCM LE",
  "Nellymoser 16 kHz",
  "Nellymoser 8 kHz",
  "Nellymoser",
  "G.711 A-law",
  "G.711 mu-law",
  null,
  "AAC",
  "Speex",
  null,
  "Opus",
  "MP3 8 kHz",
  "device sound",
];
const videoCodecs: ReadonlyMap<number, string> = new Map([
  [1, "JPEG"],
  [2, "H.263"],
  [3, "Screen"],
  [4, "VP6"],
  [5, "VP6 alpha"],
  [6, "Screen 2"],
  [7, "AVC"],
  [12, "HEVC"],
  [13, "AV1"],
]);
const frameTypes: ReadonlyMap<number, string> = new Map([
  [FrameType.Key, "keyframe"],
  [FrameType.Inter, "inter frame"],
  [FrameType.DisposableInter, "disposable inter frame"],
  [FrameType.GeneratedKey, "generated keyframe"],
]);
const videoPackets: ReadonlyMap<number, string> = new Map([
  [VideoPacketType.SequenceStart, "sequence header"],
  [VideoPacketType.SequenceEnd, "end of sequence"],
  [VideoPacketType.Metadata, "metadata"],
  [VideoPacketType.Mpeg2TsSequenceStart, "MPEG-2 TS sequence header"],
]);
const audioPackets: ReadonlyMap<number, string> = new Map([
  [AudioPacketType.SequenceStart, "sequence header"],
  [AudioPacketType.CodedFrames, "frame"],
  [AudioPacketType.SequenceEnd, "end of sequence"],
  [AudioPacketType.MultichannelConfig, "channels"],
]);
const commands: ReadonlyMap<number, string> = new Map([
  [VideoCommand.StartSeek, "start of a seek"],
  [VideoCommand.EndSeek, "end of a seek"],
]);
/** The most characters that the values of metadata take. */
const METADATA_LENGTH = 300;

const head = new TagReader();

/**
 * What the payload of a video message is, in words: for each track its id, codec, kind and composition time; what a
 * sequence header says of the picture, or a keyframe of VP8 or VP9.
 */
export function videoText(payload: Uint8Array): string {
  if (payload.length === 0) return "empty";
  head.readVideo(payload, 0, payload.length);
  return messageText(payload, videoTrackText);
}

/** What the payload of an audio message is, in words, likewise. */
export function audioText(payload: Uint8Array): string {
  if (payload.length === 0) return "empty (silence)";
  head.readAudio(payload, 0, payload.length);
  return messageText(payload, audioTrackText);
}

/** The tracks, then what holds for all of them, then what is wrong. */
function messageText(payload: Uint8Array, trackText: (payload: Uint8Array) => string): string {
  const texts: string[] = [];
  if (head.frameType === FrameType.Command && head.packetType !== VideoPacketType.Metadata) texts.push(commandText());
  while (head.nextTrack()) texts.push(trackText(payload));
  const { error, multitrackType } = head;
  if (texts.length === 0 && error === null) texts.push(multitrackType < 0 ? "nothing" : "no tracks");
  for (const { type, start, end } of head.readModExBlocks()) texts.push(modExText(type, end - start));
  if (error !== null) texts.push(errorText(error));
  return texts.join("; ");
}

function commandText(): string {
  const { command, codecId, isEnhanced } = head;
  const codec = isEnhanced ? "" : `${videoCodecs.get(codecId) ?? `codec ${codecId}`} `;
  // Where AVC has it, the specifications do not agree.
  return command < 0 ? `${codec}command` : `${codec}command ${command}: ${commands.get(command) ?? "unknown"}`;
}

function modExText(type: number, length: number): string {
  return type === ModExType.TimestampOffsetNano
    ? `${head.nanosecondOffset} ns later`
    : `ModEx of type ${type}, ${length} bytes`;
}

function videoTrackText(payload: Uint8Array): string {
  const { isEnhanced, codecId, frameType, packetType, compositionTime } = head;
  const subject = subjectText(isEnhanced ? null : (videoCodecs.get(codecId) ?? `codec ${codecId}`));
  if (packetType === VideoPacketType.CodedFrames || packetType === VideoPacketType.CodedFramesX) {
    const frame = frameTypes.get(frameType) ?? `frame of type ${frameType}`;
    const time = compositionTime === 0 ? "" : `, composition time ${compositionTime}`;
    return `${subject} ${frame}${time}${videoContentText(payload)}`;
  }
  const packet = videoPackets.get(packetType) ?? `packet of type ${packetType}`;
  return `${subject} ${packet}${videoContentText(payload)}`;
}

function videoContentText(payload: Uint8Array): string {
  const { kind, fourCc, packetType, start, end } = head;
  switch (kind) {
    case TagKind.SequenceHeader:
      return factsText(readVideoConfig(fourCc, packetType, payload, start, end), videoFactsText);
    case TagKind.Keyframe:
      return factsText(readFrameSize(fourCc, payload, start, end), sizeText);
    case TagKind.Configuration:
      return metadataText(payload);
    default:
      return "";
  }
}

function metadataText(payload: Uint8Array): string {
  const metadata = readVideoMetadata(payload, head.start, head.end, inspectLimits);
  if (metadata instanceof ProtocolError) return `, ${errorText(metadata)}`;
  const values: AmfValue[] = [];
  for (const { name, value } of metadata) values.push(name, value);
  return values.length === 0 ? "" : ` ${amfText(values, METADATA_LENGTH)}`;
}

function audioTrackText(payload: Uint8Array): string {
  const { isEnhanced, soundFormat, packetType } = head;
  const subject = subjectText(isEnhanced ? null : (soundFormats[soundFormat] ?? `sound format ${soundFormat}`));
  return `${subject} ${audioPackets.get(packetType) ?? `packet of type ${packetType}`}${audioContentText(payload)}`;
}

function audioContentText(payload: Uint8Array): string {
  const { kind, packetType, fourCc, start, end } = head;
  if (kind === TagKind.SequenceHeader) return factsText(readAudioConfig(fourCc, payload, start, end), audioFactsText);
  if (kind === TagKind.Configuration) return factsText(readMultichannelConfig(payload, start, end), channelsText);
  if (packetType !== AudioPacketType.CodedFrames) return "";
  return factsText(readAudioFrame(fourCc, payload, start, end), soundText);
}

/** The codec, and the track where the message names it. */
function subjectText(legacyCodec: string | null): string {
  const codec = legacyCodec ?? printable(fourCcText(head.fourCc));
  return head.multitrackType < 0 ? codec : `track ${head.trackId} ${codec}`;
}

/** Nothing where there are no facts: of a codec that is not known, or of an empty body. */
function factsText<Facts>(facts: Facts | ProtocolError | null, textOf: (facts: Facts) => string): string {
  if (facts === null) return "";
  return facts instanceof ProtocolError ? `, ${errorText(facts)}` : `, ${textOf(facts)}`;
}

function videoFactsText(facts: VideoFacts): string {
  const { codec, width, height, profile, level, bitDepth, chroma, frameRate } = facts;
  const parts = [codec, level === null ? profile : `${profile} level ${level}`];
  if (width !== null && height !== null) parts.push(sizeText({ width, height }));
  if (bitDepth !== null && chroma !== null) parts.push(`${chroma} ${bitDepth} bit`);
  if (frameRate !== null) parts.push(`${Math.round(frameRate * 1000) / 1000} fps`);
  return parts.join(", ");
}

function sizeText({ width, height }: FrameSize): string {
  return `${width}x${height}`;
}

function audioFactsText(facts: AudioFacts): string {
  const { codec, profile } = facts;
  return `${profile === null ? codec : `${codec}, ${profile}`}, ${soundText(facts)}`;
}

function soundText({ sampleRate, channels, channelMask, bitDepth }: AudioFacts): string {
  const layout = channelMask === null ? `${channels} channels` : channelLayoutText(channelMask);
  return `${sampleRate} Hz, ${layout}${bitDepth === null ? "" : `, ${bitDepth} bit`}`;
}

function channelsText({ channels, mask, map }: MultichannelConfig): string {
  if (mask !== null) return channelLayoutText(mask);
  return map === null ? `${channels} of them` : map.map(channelText).join("+");
}

function errorText({ code, message }: ProtocolError): string {
  return `unreadable (${errorName(code)}: ${message})`;
}
