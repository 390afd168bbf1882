import { SeededRandom } from "../../inputs/random.ts";
import { CHUNK_SIZE, MessageType, message } from "./wire.ts";

export interface MediaOptions {
  /** Of audio and video payloads together. */
  readonly bitsPerSecond: number;
  readonly gopSeconds: number;
}

export const FRAMES_PER_SECOND = 30;
export const AUDIO_TAGS_PER_SECOND: number = 44_100 / 1024;

const AUDIO_TAG_LENGTH = 180;

/** A keyframe is so many times as long as another frame. */
const KEYFRAME_WEIGHT = 6;

/** 17 00 000000, then a configuration record of Main profile, level 3.1, with an SPS of 1280x720 and a PPS. */
export const VIDEO_SEQUENCE_HEADER: Buffer = Buffer.from(
  `1700000000014d401fffe1001b674d401fe8802802dd80b501010140000003004000000f03c60c658001000468ebef20`,
  "hex",
);

/** af 00, then AAC-LC at 44.1 kHz in stereo. */
export const AUDIO_SEQUENCE_HEADER: Buffer = Buffer.from("af001210", "hex");

/**
 * The marker of a video frame stands behind 5 bytes of tag header, 4 bytes of NAL unit length and a byte of NAL unit type. The
 * number is once more in the frame's last four bytes: whoever reads both has read a whole frame, not pieces of two.
 */
const MARKER = 10;
export const MAGIC = 0x4d696c6c;

/** The same in an audio tag, behind its two bytes of header: magic and number. */
const AUDIO_MARKER = 2;

/** What a frame says of itself. */
export interface Marker {
  readonly number: number;
  readonly length: number;
  readonly timestamp: number;
  /** When it was written, in milliseconds of {@link now}. */
  readonly sent: number;
}

/** Milliseconds of a clock that all processes of this machine share. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Frames of a stream, written as chunks. */
export class Media {
  private readonly framesPerGop: number;
  private readonly keyframe: Buffer;
  private readonly interFrame: Buffer;
  private readonly audioTag: Buffer;

  constructor({ bitsPerSecond, gopSeconds }: MediaOptions) {
    this.framesPerGop = Math.round(gopSeconds * FRAMES_PER_SECOND);
    const audioBytes = AUDIO_TAGS_PER_SECOND * AUDIO_TAG_LENGTH * gopSeconds;
    const videoBytes = (bitsPerSecond / 8) * gopSeconds - audioBytes;
    const length = Math.round(videoBytes / (this.framesPerGop - 1 + KEYFRAME_WEIGHT));
    const random = new SeededRandom(1);
    this.interFrame = frame(0x27, 0x41, Buffer.from(random.bytes(length)));
    this.keyframe = frame(0x17, 0x65, Buffer.from(random.bytes(length * KEYFRAME_WEIGHT)));
    this.audioTag = Buffer.from(random.bytes(AUDIO_TAG_LENGTH));
    this.audioTag.writeUInt16BE(0xaf01, 0);
    this.audioTag.writeUInt32BE(MAGIC, AUDIO_MARKER);
  }

  /** A new buffer with the chunks of frame `number`, sent now. */
  videoFrame(number: number, streamId: number, timestamp: number, before: number): Buffer {
    const payload = number % this.framesPerGop === 0 ? this.keyframe : this.interFrame;
    payload.writeUInt32BE(number, MARKER + 4);
    payload.writeUInt32BE(timestamp, MARKER + 12);
    payload.writeDoubleBE(now(), MARKER + 16);
    payload.writeUInt32BE(number, payload.length - 4);
    return message(6, MessageType.VIDEO, streamId, timestamp, timestamp - before, payload);
  }

  /** A new buffer with the chunk of audio tag `number`. */
  audioFrame(number: number, streamId: number, timestamp: number, before: number): Buffer {
    this.audioTag.writeUInt32BE(number, AUDIO_MARKER + 4);
    return message(4, MessageType.AUDIO, streamId, timestamp, timestamp - before, this.audioTag);
  }
}

/** Whether a video tag holds a coded frame, neither configuration nor end of sequence. */
export function isFrame(head: Buffer): boolean {
  return head[1] === 1;
}

/** Whether it is a keyframe. */
export function isKeyframe(head: Buffer): boolean {
  return (head[0] ?? 0) >> 4 === 1;
}

/** The marker in a video tag's first 32 bytes, or null when there is none. */
export function markerOf(head: Buffer): Marker | null {
  if (head.readUInt32BE(MARKER) !== MAGIC) return null;
  return {
    number: head.readUInt32BE(MARKER + 4),
    length: head.readUInt32BE(MARKER + 8),
    timestamp: head.readUInt32BE(MARKER + 12),
    sent: head.readDoubleBE(MARKER + 16),
  };
}

/** The number of an audio tag, or null when it is a sequence header. */
export function audioNumberOf(head: Buffer): number | null {
  return head[1] === 1 && head.readUInt32BE(AUDIO_MARKER) === MAGIC ? head.readUInt32BE(AUDIO_MARKER + 4) : null;
}

function frame(tag: number, nalUnitType: number, payload: Buffer): Buffer {
  if (payload.length < CHUNK_SIZE / 64) throw new RangeError("The bit rate is too low for frames with markers.");
  payload.writeUInt32BE(tag * 0x1000000 + 0x010000, 0); // tag, AVC NAL units, composition time 0
  payload[4] = 0;
  payload.writeUInt32BE(payload.length - 9, 5);
  payload[9] = nalUnitType;
  payload.writeUInt32BE(MAGIC, MARKER);
  payload.writeUInt32BE(payload.length, MARKER + 8);
  return payload;
}
