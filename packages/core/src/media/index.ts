export { Channel, ChannelMask, channelLayoutText, channelText } from "./codec/channels.ts";
export { readAudioConfig, readAudioFrame, readFrameSize, readVideoConfig } from "./codec/config.ts";
export type { AudioFacts, Chroma, VideoFacts } from "./codec/facts.ts";
export type { FrameSize } from "./codec/vp.ts";
export {
  type ColorConfig,
  type ColorInfo,
  colorInfoBody,
  colorInfoOf,
  type HdrContentLight,
  type HdrMasteringDisplay,
  readVideoMetadata,
  type VideoMetadata,
} from "./color-info.ts";
export {
  ChannelOrder,
  type MultichannelConfig,
  multichannelConfigBody,
  readMultichannelConfig,
} from "./multichannel.ts";
export {
  AudioPacketType,
  FourCc,
  FrameType,
  fourCcText,
  hasCompositionTime,
  ModExType,
  MultitrackType,
  SoundFormat,
  VideoCodecId,
  VideoCommand,
  VideoPacketType,
} from "./packet.ts";
export { type Abilities, everyAbility, plainForm } from "./plain-form.ts";
export { TAG_HEAD_BYTES, TagHead, TagKind } from "./tag.ts";
export { type ModExBlock, TagReader } from "./tag-reader.ts";
export {
  type AudioMessage,
  audioPayload,
  type LegacyAudioMessage,
  type LegacyVideoMessage,
  legacyAudioPayload,
  legacyVideoPayload,
  type ModEx,
  nanosecondOffset,
  type Track,
  type VideoMessage,
  videoCommandPayload,
  videoPayload,
} from "./tag-writer.ts";
