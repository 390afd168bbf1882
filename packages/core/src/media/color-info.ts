import { Amf0Reader, Amf0Writer, AmfObject, AmfProperties, type AmfValue } from "../amf/index.ts";
import { ErrorCode, ProtocolError } from "../errors.ts";
import { defaultLimits, type Limits } from "../limits.ts";

/** A name and value of a metadata packet of video (Enhanced RTMP v2, "Metadata Frame"). */
export interface VideoMetadata {
  readonly name: string;
  readonly value: AmfValue;
}

/** What the numbers of samples mean; the indexes are those of ITU-T H.273. Absent fields are not known. */
export interface ColorConfig {
  /** Bits of a sample: 8, 10 or 12. */
  readonly bitDepth?: number;
  readonly colorPrimaries?: number;
  readonly transferCharacteristics?: number;
  readonly matrixCoefficients?: number;
}

/** How bright the content is, in cd/m2, 0.0001 to 10,000. */
export interface HdrContentLight {
  /** The greatest average of a frame. */
  readonly maxFall?: number;
  /** The brightest pixel. */
  readonly maxCLL?: number;
}

/** The display on which the content was mastered: chromaticities from 0 to 1, luminances in cd/m2. */
export interface HdrMasteringDisplay {
  readonly redX?: number;
  readonly redY?: number;
  readonly greenX?: number;
  readonly greenY?: number;
  readonly blueX?: number;
  readonly blueY?: number;
  readonly whitePointX?: number;
  readonly whitePointY?: number;
  readonly maxLuminance?: number;
  readonly minLuminance?: number;
}

/**
 * Colours of the frames from the next one on (Enhanced RTMP v2, "colorInfo"). Each one replaces the one before it; an empty
 * one takes it back.
 */
export interface ColorInfo {
  readonly colorConfig?: ColorConfig;
  readonly hdrCll?: HdrContentLight;
  readonly hdrMdcv?: HdrMasteringDisplay;
}

const NAME = "colorInfo";
/** A colorInfo with all of its fields takes less. */
const BODY_BYTES = 512;

const colorFields = ["bitDepth", "colorPrimaries", "transferCharacteristics", "matrixCoefficients"] as const;
const lightFields = ["maxFall", "maxCLL"] as const;
const displayFields = [
  "redX",
  "redY",
  "greenX",
  "greenY",
  "blueX",
  "blueY",
  "whitePointX",
  "whitePointY",
  "maxLuminance",
  "minLuminance",
] as const;

/**
 * Reads the body bytes[start, end) of a video message of the type Metadata: names, each with its value. An offset of an
 * error counts from `start`.
 */
export function readVideoMetadata(
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: Readonly<Limits> = defaultLimits,
): VideoMetadata[] | ProtocolError {
  const reader = new Amf0Reader(limits);
  reader.reset(bytes, start, end);
  const metadata: VideoMetadata[] = [];
  while (!reader.atEnd) {
    const at = reader.position - start;
    const name = reader.readString();
    if (reader.error !== null) return reader.error;
    if (name === null) {
      return new ProtocolError(ErrorCode.MediaMetadataMalformed, "A value of the metadata has no name before it.", at);
    }
    const value = reader.read();
    if (reader.error !== null) return reader.error;
    metadata.push({ name, value });
  }
  return metadata;
}

/**
 * The colours that a metadata packet names; null when it is about something else. What is no number where a number should
 * be is left out; ranges are not checked. An undefined value and an empty object both take back what was said before.
 */
export function colorInfoOf(metadata: readonly VideoMetadata[]): ColorInfo | null {
  const named = metadata.filter(({ name }) => name === NAME).at(-1);
  if (named === undefined) return null;
  const { value } = named;
  if (!(value instanceof AmfProperties)) return {};
  return {
    ...part("colorConfig", value, colorFields),
    ...part("hdrCll", value, lightFields),
    ...part("hdrMdcv", value, displayFields),
  };
}

/** One of the three objects in a colorInfo, under its name; nothing when it is missing. */
function part<Name extends keyof ColorInfo, Field extends string>(
  name: Name,
  { properties }: AmfProperties,
  fields: readonly Field[],
): { [name in Name]?: { [field in Field]?: number } } {
  const value = properties.get(name);
  if (!(value instanceof AmfProperties)) return {};
  const numbers: { [field in Field]?: number } = {};
  for (const field of fields) {
    const number = value.get(field);
    if (typeof number === "number") numbers[field] = number;
  }
  // a computed name widens to string; it is Name
  return { [name]: numbers } as { [name in Name]?: { [field in Field]?: number } };
}

/**
 * The body of a metadata packet with these colours (AMF0): see `videoPayload`. An empty one takes back what was said
 * before.
 */
export function colorInfoBody(info: ColorInfo): Uint8Array {
  const value = new AmfObject();
  for (const [name, numbers] of Object.entries(info)) {
    if (numbers !== undefined) value.properties.set(name, AmfObject.of({ ...numbers }));
  }
  const body = new Uint8Array(BODY_BYTES);
  const writer = new Amf0Writer();
  writer.reset(body);
  writer.writeString(NAME);
  writer.write(value);
  if (writer.overflow) throw new RangeError("A colorInfo has the fields of ColorInfo, and no others.");
  return body.slice(0, writer.position);
}
