import { copyBytes } from "../bytes/index.ts";
import { MessageType } from "../chunk/index.ts";
import { AudioPacketType, FourCc, SoundFormat, VideoCodecId, VideoPacketType } from "./packet.ts";
import { TagReader } from "./tag-reader.ts";
import { audioPayload, legacyAudioPayload, legacyVideoPayload, type ModEx, videoPayload } from "./tag-writer.ts";

/** What a peer can read beside plain messages (Enhanced RTMP v2, `capsEx`). */
export interface Abilities {
  /** Messages of several tracks, or of one that is not the default track. */
  readonly multitrack: boolean;
  /** Blocks that change what a message means. */
  readonly modEx: boolean;
}

export const everyAbility: Abilities = { multitrack: true, modEx: true };

/** A message as a peer with these abilities can read it, or null. Data is what it is. */
export function plainForm(messageType: number, payload: Uint8Array, abilities: Abilities): Uint8Array | null {
  if (messageType === MessageType.Video) return plainVideo(payload, abilities);
  return messageType === MessageType.Audio ? plainAudio(payload, abilities) : payload;
}

/**
 * An enhanced video message as a peer can take it: without ModEx blocks where these are not understood; without other
 * tracks than the default one, in a message without track ids, where these are not. AVC comes out as it was before
 * Enhanced RTMP then, for whoever knows nothing else.
 *
 * @param payload - of a message of multitrack form, or with ModEx blocks
 * @returns the payload; null when nothing is left, or when it cannot be read.
 */
function plainVideo(payload: Uint8Array, abilities: Abilities): Uint8Array | null {
  const reader = new TagReader();
  reader.readVideo(payload, 0, payload.length);
  if (abilities.multitrack || reader.multitrackType < 0) return withoutModEx(payload, reader, abilities);
  if (!findDefaultTrack(reader)) return null;
  const { frameType, fourCc, compositionTime } = reader;
  const body = bodyOf(payload, reader);
  const packetType =
    reader.packetType === VideoPacketType.CodedFramesX ? VideoPacketType.CodedFrames : reader.packetType;
  const isLegacy = fourCc === FourCc.Avc && packetType <= VideoPacketType.SequenceEnd;
  if (isLegacy) return legacyVideoPayload({ frameType, codecId: VideoCodecId.Avc, packetType, compositionTime }, body);
  const modEx = abilities.modEx ? modExOf(payload, reader) : [];
  return videoPayload({ frameType, packetType, modEx }, [{ fourCc, compositionTime, body }]);
}

/** The same for audio; AAC comes out as it was before Enhanced RTMP. */
function plainAudio(payload: Uint8Array, abilities: Abilities): Uint8Array | null {
  const reader = new TagReader();
  reader.readAudio(payload, 0, payload.length);
  if (abilities.multitrack || reader.multitrackType < 0) return withoutModEx(payload, reader, abilities);
  if (!findDefaultTrack(reader)) return null;
  const { fourCc, packetType } = reader;
  const body = bodyOf(payload, reader);
  if (fourCc === FourCc.Aac && packetType <= AudioPacketType.CodedFrames) {
    return legacyAudioPayload({ soundFormat: SoundFormat.Aac, packetType }, body);
  }
  // What has no form of old says nothing to whoever knows only that: the end of a sequence, and channel layouts.
  if (fourCc === FourCc.Aac) return null;
  const modEx = abilities.modEx ? modExOf(payload, reader) : [];
  return audioPayload({ packetType, modEx }, [{ fourCc, body }]);
}

function findDefaultTrack(reader: TagReader): boolean {
  while (reader.nextTrack()) if (reader.trackId === 0) return true;
  return false;
}

function bodyOf(payload: Uint8Array, { start, end }: TagReader): Uint8Array {
  return payload.slice(start, end);
}

function modExOf(payload: Uint8Array, reader: TagReader): ModEx[] {
  return reader.readModExBlocks().map(({ type, start, end }) => ({ type, data: payload.slice(start, end) }));
}

/** All stays as it is, but for the blocks between the first byte and what they announce. */
function withoutModEx(payload: Uint8Array, reader: TagReader, { modEx }: Abilities): Uint8Array | null {
  if (reader.error !== null) return null;
  const blocks = reader.readModExBlocks();
  const last = blocks.at(-1);
  if (modEx || last === undefined) return payload;
  // Behind the data stands a byte whose lower half is the packet type that follows.
  const next = (payload[last.end] ?? 0) & 0x0f;
  const plain = new Uint8Array(payload.length - last.end);
  plain[0] = ((payload[0] ?? 0) & 0xf0) | next;
  copyBytes(payload, last.end + 1, payload.length, plain, 1);
  return plain;
}
