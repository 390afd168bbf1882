import { Amf0Marker, Amf0Reader, Amf0Writer, type AmfValue, encodeGrowing } from "../amf/index.ts";
import { defaultLimits, type Limits } from "../limits.ts";

/** The bytes that a value which came in AMF0 takes at most when it is written again: malformed UTF-8 triples. */
export function mostWritten(length: number): number {
  return 3 * length + 3;
}

/**
 * AMF0 values, one after the other, in memory of their own.
 *
 * @param most - the bytes that they may take at most
 * @returns null when they take more.
 * @throws RangeError and TypeError as `Amf0Writer.write`.
 */
export function encodeValues(values: readonly AmfValue[], most: number, depth: number): Uint8Array | null {
  const writer = new Amf0Writer(depth);
  return encodeGrowing(writer, most, 0, () => {
    for (const value of values) writer.write(value);
  });
}

/**
 * One value as it stands in events: AMF0 in memory of its own.
 *
 * @throws TypeError when it is no value of AMF.
 * @throws RangeError when it takes more bytes than the limit `sharedObjectPropertyBytes`, or is nested too deep.
 */
export function encodeValue(value: AmfValue, limits: Readonly<Limits> = defaultLimits): Uint8Array {
  const encoded = encodeValues([value], limits.sharedObjectPropertyBytes, limits.amfDepth);
  if (encoded !== null) return encoded;
  const most = limits.sharedObjectPropertyBytes;
  throw new RangeError(`A value of a shared object may have ${most} bytes at most: make it smaller.`);
}

/** The value of an event: see {@link encodeValue}. A new one each time. */
export function decodeValue(encoded: Uint8Array): AmfValue {
  const reader = new Amf0Reader(own);
  reader.reset(encoded);
  return reader.read();
}

/** The arguments of a `SendMessage`. */
export function decodeValues(encoded: Uint8Array): AmfValue[] {
  const reader = new Amf0Reader(own);
  reader.reset(encoded);
  const values: AmfValue[] = [];
  while (!reader.atEnd && reader.error === null) values.push(reader.read());
  return values;
}

/** What was read once under the limits is let pass again. */
const own = { amfDepth: 512, amfValues: Number.MAX_SAFE_INTEGER, amfStringBytes: Number.MAX_SAFE_INTEGER } as const;

/** Whether an encoded value is null or undefined: whoever gives a property that value removes it. */
export function isNothing(encoded: Uint8Array): boolean {
  return encoded[0] === Amf0Marker.Null || encoded[0] === Amf0Marker.Undefined;
}
