import { Amf0Reader, AmfEcmaArray, AmfObject, AmfProperties, type AmfValue } from "../amf/index.ts";
import { MessageType } from "../chunk/index.ts";
import {
  FLV_HEADER_BYTES,
  FLV_TAG_HEADER_BYTES,
  PREVIOUS_TAG_SIZE_BYTES,
  writeFlvHeader,
  writeFlvTag,
} from "../flv/index.ts";
import { defaultLimits, type Limits } from "../limits.ts";
import { encodeValues } from "../message/index.ts";
import { INDEXED_HEADERS, INDEXED_KEYFRAMES, type RecordingIndex } from "./recording-index.ts";

/** Of a number in an array of AMF0. */
const NUMBER_BYTES = 9;
/** What the index takes at most, and what metadata may grow by while a recording goes on. */
const INDEX_ROOM = (2 * INDEXED_KEYFRAMES + INDEXED_HEADERS) * NUMBER_BYTES;
const SLACK = 2_048;
/** The property `padding`, an empty array: two bytes and its name, a marker and a count. */
const PADDING_OVERHEAD = 14;
/** FFmpeg reads no longer strings than 1,023 bytes; a marker and a length stand before each. */
const LONGEST_PADDING = 1_000;
const STRING_OVERHEAD = 3;

/** Properties of the metadata of a file that are ours to say: a player gets it without those that are about the file. */
const DURATION = "duration";
const FILE_SIZE = "filesize";
const KEYFRAMES = "keyframes";
const HEADERS = "sequenceheaders";
const PADDING = "padding";

/** What the head of a finished recording says. */
export interface RecordingFacts {
  /** Milliseconds. */
  readonly duration: number;
  readonly fileSize: number;
  readonly index: RecordingIndex;
}

/** What was found in the metadata of a file. */
export interface RecordingMetadata {
  /** As a player gets it: `onMetaData` and its properties. */
  readonly payload: Uint8Array;
  /** The publisher's own properties. */
  readonly properties: ReadonlyMap<string, AmfValue>;
  /** Milliseconds; 0 when it is not said. */
  readonly duration: number;
  readonly fileSize: number;
  /** In milliseconds, and the offsets in the file; empty when there are none that can be right. */
  readonly times: readonly number[];
  readonly positions: readonly number[];
  /** Where decoder configuration is; null when that is not said. */
  readonly headers: readonly number[] | null;
}

/**
 * What a file begins with: the FLV header, and an onMetaData tag that has room for the index of keyframes. It can be written
 * anew in the same length when the recording ends.
 *
 * @param properties - the publisher's metadata
 * @param length - in all; 0 for what is needed
 * @returns null when that length is too short.
 */
export function recordingHead(
  properties: ReadonlyMap<string, AmfValue>,
  { duration, fileSize, index }: RecordingFacts,
  length = 0,
): Uint8Array | null {
  const around = FLV_HEADER_BYTES + FLV_TAG_HEADER_BYTES + PREVIOUS_TAG_SIZE_BYTES;
  const own = new Map(properties);
  // The seconds of a file that is not finished are not known; players take 0 for that.
  own.set(DURATION, duration / 1000).set(FILE_SIZE, fileSize);
  const bare = encode(own).length;
  const indexRoom = length === 0 ? INDEX_ROOM : length - around - bare - SLACK_OF_NAMES;
  const room = length === 0 ? bare + INDEX_ROOM + SLACK : length - around;
  addIndex(own, index, Math.max(0, indexRoom));
  const padding = room - encode(own).length - PADDING_OVERHEAD;
  if (padding < 0 || (padding > 0 && padding < STRING_OVERHEAD)) return null;
  own.set(PADDING, paddingOf(padding));
  const payload = encode(own);
  const head = new Uint8Array(around + payload.length);
  // Before anything came nobody knows.
  const isKnown = index.hasAudio || index.hasVideo;
  const at = writeFlvHeader(head, 0, !isKnown || index.hasAudio, !isKnown || index.hasVideo);
  writeFlvTag(head, at, MessageType.DataAmf0, 0, payload, 0, payload.length);
  return head;
}

/** Reads a data message. @returns null when it is no onMetaData. */
export function readRecordingMetadata(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: Readonly<Limits> = defaultLimits,
): RecordingMetadata | null {
  const reader = new Amf0Reader(limits);
  reader.reset(bytes, start, end);
  if (reader.readString() !== "onMetaData") return null;
  const value = reader.read();
  if (!(value instanceof AmfProperties)) return null;
  const properties = new Map(value.properties);
  const duration = Math.round(numberOf(properties.get(DURATION)) * 1000);
  const fileSize = numberOf(properties.get(FILE_SIZE));
  const { times, positions } = keyframesOf(properties.get(KEYFRAMES));
  const headers = numbersOf(filePositionsOf(properties.get(HEADERS)));
  const hasHeaders = properties.has(HEADERS) && isAscending(headers);
  for (const name of [KEYFRAMES, HEADERS, PADDING]) properties.delete(name);
  const payload = encode(properties);
  return { payload, properties, duration, fileSize, times, positions, headers: hasHeaders ? headers : null };
}

/** The properties in the payload of a metadata message; none when it has none. */
export function metadataProperties(payload: Uint8Array, limits: Readonly<Limits>): ReadonlyMap<string, AmfValue> {
  return readRecordingMetadata(payload, 0, payload.length, limits)?.properties ?? new Map();
}

/** What names and frames of the index take. */
const SLACK_OF_NAMES = 256;

function addIndex(properties: Map<string, AmfValue>, index: RecordingIndex, room: number): void {
  const { times, positions, headers } = index;
  const most = Math.floor((room / NUMBER_BYTES - headers.length) / 2);
  let step = 1;
  while (times.length / step > Math.max(0, most)) step *= 2;
  const isTaken = (_: number, at: number): boolean => at % step === 0;
  const seconds = most < 1 ? [] : times.filter(isTaken).map((time) => time / 1000);
  const filepositions = most < 1 ? [] : positions.filter(isTaken);
  properties.set(KEYFRAMES, AmfObject.of({ filepositions, times: seconds }));
  properties.set(HEADERS, AmfObject.of({ filepositions: [...headers] }));
}

/** An array of strings that takes so many bytes in AMF0, its own head not counted. */
function paddingOf(length: number): string[] {
  const texts: string[] = [];
  for (let left = length; left > 0; ) {
    const whole = STRING_OVERHEAD + LONGEST_PADDING;
    // What is left must be none, or enough for another one.
    const taken = left <= whole ? left : Math.min(whole, left - STRING_OVERHEAD);
    texts.push(" ".repeat(taken - STRING_OVERHEAD));
    left -= taken;
  }
  return texts;
}

function encode(properties: Map<string, AmfValue>): Uint8Array {
  return encodeValues("onMetaData", new AmfEcmaArray(properties));
}

/** `keyframes` as FFmpeg, flvtool2 and yamdi write it: two arrays of one length. */
function keyframesOf(value: AmfValue): { times: readonly number[]; positions: readonly number[] } {
  const nothing = { times: [], positions: [] };
  if (!(value instanceof AmfProperties)) return nothing;
  const times = numbersOf(value.get("times")).map((time) => Math.round(time * 1000));
  const positions = numbersOf(filePositionsOf(value));
  const isUsable = times.length === positions.length && isAscending(positions) && isAscending(times);
  return isUsable ? { times, positions } : nothing;
}

function filePositionsOf(value: AmfValue): AmfValue {
  return value instanceof AmfProperties ? value.get("filepositions") : undefined;
}

function numbersOf(value: AmfValue): number[] {
  if (!Array.isArray(value)) return [];
  return value.every((item) => typeof item === "number" && item >= 0 && item <= Number.MAX_SAFE_INTEGER)
    ? (value as number[]) // all of them were looked at
    : [];
}

function isAscending(values: readonly number[]): boolean {
  return values.every((value, index) => index === 0 || value >= (values[index - 1] ?? 0));
}

function numberOf(value: AmfValue): number {
  return typeof value === "number" && value > 0 && value <= Number.MAX_SAFE_INTEGER ? value : 0;
}
