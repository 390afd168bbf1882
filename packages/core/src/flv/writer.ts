import { copyBytes, writeUint24, writeUint32 } from "../bytes/index.ts";

/** What {@link writeFlvHeader} writes. */
export const FLV_HEADER_BYTES = 13;
/** What stands before the payload of a tag. */
export const FLV_TAG_HEADER_BYTES = 11;
/** What stands behind it. */
export const PREVIOUS_TAG_SIZE_BYTES = 4;

const SIGNATURE = 0x464c5601; // "FLV" and version 1
const AUDIO_FLAG = 4;
const VIDEO_FLAG = 1;
const DATA_OFFSET = 9;
const LARGEST_PAYLOAD = 0xffffff;

/**
 * Writes what a file begins with, up to the first tag (FLV E.2, E.3): {@link FLV_HEADER_BYTES} bytes to into[at, …).
 *
 * @returns where they end.
 * @throws RangeError when they have no room.
 */
export function writeFlvHeader(into: Uint8Array, at: number, hasAudio: boolean, hasVideo: boolean): number {
  checkRoom(into, at, FLV_HEADER_BYTES);
  writeUint32(into, at, SIGNATURE);
  into[at + 4] = (hasAudio ? AUDIO_FLAG : 0) | (hasVideo ? VIDEO_FLAG : 0);
  writeUint32(into, at + 5, DATA_OFFSET);
  writeUint32(into, at + 9, 0); // there is no tag before the first
  return at + FLV_HEADER_BYTES;
}

/**
 * Writes the header of a tag (FLV E.4.1) to into[at, …); its payload comes next, then {@link writePreviousTagSize}. For who
 * writes the payload from where it lies; {@link writeFlvTag} copies all three.
 *
 * @param tagType - as the type of an RTMP message: audio 8, video 9, script data 18 (AMF0) or 15 (AMF3)
 * @param length - of the payload, 0 to 16,777,215
 * @param timestamp - milliseconds, taken modulo 2^32; the file has it as a signed number, so 2^31 becomes -2^31
 * @returns where it ends.
 * @throws RangeError when tagType or length are not in range, or when it has no room.
 */
export function writeFlvTagHeader(
  into: Uint8Array,
  at: number,
  tagType: number,
  length: number,
  timestamp: number,
): number {
  checkRoom(into, at, FLV_TAG_HEADER_BYTES);
  if (!(tagType >= 0 && tagType <= 31)) throw new RangeError(`A tag type is one of 0 to 31, not ${tagType}.`);
  if (!(length >= 0 && length <= LARGEST_PAYLOAD)) {
    throw new RangeError(`The payload of a tag has 0 to ${LARGEST_PAYLOAD} bytes, not ${length}.`);
  }
  into[at] = tagType;
  writeUint24(into, at + 1, length);
  writeUint24(into, at + 4, timestamp);
  into[at + 7] = timestamp >>> 24; // the upper 8 bits come last
  writeUint24(into, at + 8, 0); // StreamID: always 0
  return at + FLV_TAG_HEADER_BYTES;
}

/**
 * Writes what stands behind each tag (FLV E.3) to into[at, …).
 *
 * @param tagSize - of the whole tag: {@link FLV_TAG_HEADER_BYTES} and its payload
 * @returns where it ends.
 * @throws RangeError when it has no room.
 */
export function writePreviousTagSize(into: Uint8Array, at: number, tagSize: number): number {
  checkRoom(into, at, PREVIOUS_TAG_SIZE_BYTES);
  writeUint32(into, at, tagSize);
  return at + PREVIOUS_TAG_SIZE_BYTES;
}

/**
 * Writes a tag whole, with the payload bytes[start, end) and the size behind it, to into[at, …). It takes
 * {@link FLV_TAG_HEADER_BYTES} and {@link PREVIOUS_TAG_SIZE_BYTES} more than the payload. The payload of an audio, video or
 * data message of RTMP is that of a tag as it is; only `@setDataFrame` does not belong into a file (see `readDataHead`).
 *
 * @param tagType - and timestamp as for {@link writeFlvTagHeader}
 * @returns where it ends.
 * @throws RangeError when an argument is not in range, or when it has no room.
 *
 * @example
 * let end = writeFlvHeader(memory, 0, true, true);
 * end = writeFlvTag(memory, end, MessageType.Audio, 40, bytes, start, end);
 */
export function writeFlvTag(
  into: Uint8Array,
  at: number,
  tagType: number,
  timestamp: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  if (!(start >= 0 && start <= end && end <= bytes.length)) {
    throw new RangeError(`A payload from ${start} to ${end} does not lie inside ${bytes.length} bytes.`);
  }
  const length = end - start;
  checkRoom(into, at, FLV_TAG_HEADER_BYTES + length + PREVIOUS_TAG_SIZE_BYTES);
  const payloadAt = writeFlvTagHeader(into, at, tagType, length, timestamp);
  copyBytes(bytes, start, end, into, payloadAt);
  return writePreviousTagSize(into, payloadAt + length, FLV_TAG_HEADER_BYTES + length);
}

function checkRoom(into: Uint8Array, at: number, length: number): void {
  if (!(at >= 0 && at + length <= into.length)) {
    throw new RangeError(`${length} bytes at ${at} have no room in ${into.length} bytes.`);
  }
}
