import { readUint8, readUint16 } from "../../bytes/index.ts";

/** A NAL unit: bytes[start, end). */
export interface NalUnit {
  readonly start: number;
  readonly end: number;
}

/**
 * Looks for the first NAL unit of a type in the arrays that end the configurations of HEVC and VVC (ISO 14496-15 8.3.2.1,
 * 11.2.4.2).
 *
 * @param at - where the number of arrays stands
 * @param hasOneUnit - whether an array of this type has one unit, and no count
 * @returns null when there is none; "truncated" when the arrays end before what they declare.
 */
export function findNalUnit(
  bytes: Uint8Array,
  at: number,
  end: number,
  wanted: number,
  typeMask: number,
  hasOneUnit: (type: number) => boolean,
): NalUnit | null | "truncated" {
  let position = at;
  if (position >= end) return "truncated";
  const arrays = readUint8(bytes, position++);
  for (let array = 0; array < arrays; array++) {
    if (position >= end) return "truncated";
    const type = readUint8(bytes, position++) & typeMask;
    let units = 1;
    if (!hasOneUnit(type)) {
      if (position + 2 > end) return "truncated";
      units = readUint16(bytes, position);
      position += 2;
    }
    for (let unit = 0; unit < units; unit++) {
      if (position + 2 > end) return "truncated";
      const start = position + 2;
      position = start + readUint16(bytes, position);
      if (position > end) return "truncated";
      if (type === wanted) return { start, end: position };
    }
  }
  return null;
}
