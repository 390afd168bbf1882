/** What a video frame is (FLV E.4.3.1). */
export const FrameType = {
  Key: 1,
  Inter: 2,
  /** Of H.263: nothing leans on it. */
  DisposableInter: 3,
  /** Reserved for servers. */
  GeneratedKey: 4,
  /** No frame, but a {@link VideoCommand}. */
  Command: 5,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

/** Codecs of video without an enhanced header (FLV E.4.3.1). The last two are defined nowhere, and laid out like AVC. */
export const VideoCodecId = {
  Jpeg: 1,
  SorensonH263: 2,
  Screen: 3,
  Vp6: 4,
  Vp6Alpha: 5,
  Screen2: 6,
  Avc: 7,
  UnofficialHevc: 12,
  UnofficialAv1: 13,
} as const;
export type VideoCodecId = (typeof VideoCodecId)[keyof typeof VideoCodecId];

/** Codecs of audio (FLV E.4.2.1). */
export const SoundFormat = {
  /** In the byte order of the sender's platform. */
  Pcm: 0,
  Adpcm: 1,
  Mp3: 2,
  PcmLittleEndian: 3,
  Nellymoser16kHz: 4,
  Nellymoser8kHz: 5,
  Nellymoser: 6,
  G711ALaw: 7,
  G711MuLaw: 8,
  /** No codec: an enhanced header follows (Enhanced RTMP v2, "Enhanced Audio"). */
  ExHeader: 9,
  Aac: 10,
  Speex: 11,
  /** Defined nowhere. */
  UnofficialOpus: 13,
  Mp38kHz: 14,
  Device: 15,
} as const;
export type SoundFormat = (typeof SoundFormat)[keyof typeof SoundFormat];

/** What a video message holds (Enhanced RTMP v2, "Enhanced Video"). The first three are the AVCPacketType of FLV too. */
export const VideoPacketType = {
  SequenceStart: 0,
  CodedFrames: 1,
  SequenceEnd: 2,
  /** Frames whose composition time is 0 and left out. */
  CodedFramesX: 3,
  /** Name-value pairs, such as colorInfo. */
  Metadata: 4,
  /** Of AV1, in place of SequenceStart. */
  Mpeg2TsSequenceStart: 5,
  Multitrack: 6,
  ModEx: 7,
} as const;
export type VideoPacketType = (typeof VideoPacketType)[keyof typeof VideoPacketType];

/** What an audio message holds (Enhanced RTMP v2, "Enhanced Audio"). The first two are the AACPacketType of FLV too. */
export const AudioPacketType = {
  SequenceStart: 0,
  CodedFrames: 1,
  SequenceEnd: 2,
  MultichannelConfig: 4,
  Multitrack: 5,
  ModEx: 7,
} as const;
export type AudioPacketType = (typeof AudioPacketType)[keyof typeof AudioPacketType];

/** How the tracks of a message are laid out (Enhanced RTMP v2, "Multitrack Streaming"). */
export const MultitrackType = {
  OneTrack: 0,
  /** Several of one codec. */
  ManyTracks: 1,
  /** Each with its codec. */
  ManyTracksManyCodecs: 2,
} as const;
export type MultitrackType = (typeof MultitrackType)[keyof typeof MultitrackType];

/** What a ModEx block says (Enhanced RTMP v2, "ModEx"). */
export const ModExType = { TimestampOffsetNano: 0 } as const;
export type ModExType = (typeof ModExType)[keyof typeof ModExType];

/** What a command frame says (FLV E.4.3.1; Enhanced RTMP v2, "VideoCommand"). */
export const VideoCommand = { StartSeek: 0, EndSeek: 1 } as const;
export type VideoCommand = (typeof VideoCommand)[keyof typeof VideoCommand];

/** The codecs of enhanced headers: four ASCII characters as a big-endian number. */
export const FourCc = {
  Avc: 0x61766331, // avc1
  Hevc: 0x68766331, // hvc1
  Vvc: 0x76766331, // vvc1
  Av1: 0x61763031, // av01
  Vp8: 0x76703038, // vp08
  Vp9: 0x76703039, // vp09
  Aac: 0x6d703461, // mp4a
  Opus: 0x4f707573, // Opus
  Flac: 0x664c6143, // fLaC
  Ac3: 0x61632d33, // ac-3
  Eac3: 0x65632d33, // ec-3
  Mp3: 0x2e6d7033, // .mp3
} as const;
export type FourCc = (typeof FourCc)[keyof typeof FourCc];

/** The four characters of a FourCC, whatever they are: a peer's may be no letters. */
export function fourCcText(fourCc: number): string {
  return String.fromCharCode(fourCc >>> 24, (fourCc >> 16) & 255, (fourCc >> 8) & 255, fourCc & 255);
}

/** Whether CodedFrames of this codec begin with a composition time. */
export function hasCompositionTime(fourCc: number): boolean {
  return fourCc === FourCc.Avc || fourCc === FourCc.Hevc || fourCc === FourCc.Vvc;
}

/** Of the codecs whose second byte is a packet type, with a composition time behind it; of others 0. */
export function legacyVideoFourCc(codecId: number): number {
  switch (codecId) {
    case VideoCodecId.Avc:
      return FourCc.Avc;
    case VideoCodecId.UnofficialHevc:
      return FourCc.Hevc;
    case VideoCodecId.UnofficialAv1:
      return FourCc.Av1;
    default:
      return 0;
  }
}

/** 0 for the formats that have none. */
export function legacyAudioFourCc(soundFormat: number): number {
  switch (soundFormat) {
    case SoundFormat.Aac:
      return FourCc.Aac;
    case SoundFormat.Mp3:
    case SoundFormat.Mp38kHz:
      return FourCc.Mp3;
    case SoundFormat.UnofficialOpus:
      return FourCc.Opus;
    default:
      return 0;
  }
}
