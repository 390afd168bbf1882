// The package amfjs, as far as it is used here: what it reads and writes beside what the core does.
import { createRequire } from "node:module";
import {
  AmfDate,
  AmfEcmaArray,
  AmfNumberVector,
  AmfObject,
  type AmfProperties,
  type AmfValue,
} from "../../src/amf/index.ts";

interface Library {
  AMF0: object;
  AMF3: object;
  AMFDecoder: new (source: { read(length: number): Buffer | null }) => { decode(version: object): unknown };
  AMFEncoder: new (target: { write(bytes: Buffer): void }) => { writeObject(value: unknown, version: object): void };
  Serializable: new (className?: string) => Members;
}
interface Members {
  [name: string]: unknown;
}

// It comes without types: this is what its version in package.json has.
const { AMF0, AMF3, AMFDecoder, AMFEncoder, Serializable } = createRequire(import.meta.url)("amfjs") as Library;

const versions = { AMF0, AMF3 } as const;
export type Version = keyof typeof versions;

/** What amfjs makes of the first value in the bytes; it throws where it cannot. */
export function theirValue(bytes: Uint8Array, version: Version): unknown {
  let position = 0;
  const source = {
    read(length: number): Buffer | null {
      if (position + length > bytes.length) return null;
      position += length;
      return Buffer.from(bytes.subarray(position - length, position));
    },
  };
  const value = new AMFDecoder(source).decode(versions[version]);
  if (position !== bytes.length) throw new Error(`amfjs leaves ${bytes.length - position} bytes.`);
  return value;
}

/** How amfjs writes the value. */
export function theirBytes(value: AmfValue, version: Version): Uint8Array {
  const pieces: Buffer[] = [];
  new AMFEncoder({ write: (bytes) => pieces.push(bytes) }).writeObject(asTheirs(value), versions[version]);
  return Uint8Array.from(Buffer.concat(pieces));
}

/** The value as amfjs holds it. */
function asTheirs(value: AmfValue, made: Map<AmfValue, unknown> = new Map()): unknown {
  if (typeof value !== "object" || value === null) return value;
  const before = made.get(value);
  if (before !== undefined) return before;
  const keep = <T>(theirs: T): T => {
    made.set(value, theirs);
    return theirs;
  };
  const fill = (theirs: Members, { properties }: AmfProperties): Members => {
    for (const [name, member] of properties) theirs[name] = asTheirs(member, made);
    return theirs;
  };
  if (Array.isArray(value)) {
    const array = keep<unknown[]>([]);
    for (const item of value) array.push(asTheirs(item, made));
    return array;
  }
  if (value instanceof AmfObject) return fill(keep(new Serializable(value.className ?? undefined)), value);
  if (value instanceof AmfEcmaArray) return fill(keep({}), value);
  if (value instanceof AmfDate) return keep(new Date(value.milliseconds));
  if (value instanceof Uint8Array) return keep(Buffer.from(value));
  throw new Error("amfjs does not write such values.");
}

/** Whether what amfjs holds is the value, as far as it tells: not time zones, sealed members, or the kinds of vectors. */
export function isSame(ours: AmfValue, theirs: unknown, partners: Map<unknown, unknown> = new Map()): boolean {
  if (typeof ours !== "object" || ours === null) return Object.is(ours, theirs);
  if (partners.has(ours)) return partners.get(ours) === theirs;
  partners.set(ours, theirs);
  const same = (a: AmfValue, b: unknown): boolean => isSame(a, b, partners);
  const sameItems = (a: readonly AmfValue[]): boolean =>
    Array.isArray(theirs) && theirs.length === a.length && a.every((item, i) => same(item, theirs[i]));
  if (Array.isArray(ours)) return sameItems(ours);
  if (ours instanceof AmfNumberVector) return sameItems([...ours.items]);
  if (ours instanceof AmfDate) return theirs instanceof Date && Object.is(ours.milliseconds, theirs.getTime());
  if (ours instanceof Uint8Array) return theirs instanceof Uint8Array && Buffer.compare(ours, theirs) === 0;
  if (!(ours instanceof AmfObject || ours instanceof AmfEcmaArray)) return false;
  // AMF3 has no empty array with names.
  if (ours instanceof AmfEcmaArray && ours.properties.size === 0 && Array.isArray(theirs)) return theirs.length === 0;
  if (typeof theirs !== "object" || theirs === null || Array.isArray(theirs)) return false;
  if (theirs instanceof Serializable !== ours instanceof AmfObject) return false;
  const { __class: className, ...members } = theirs as Members; // an object of no other kind, as was found
  if (ours instanceof AmfObject && (className ?? null) !== ours.className) return false;
  return (
    Object.keys(members).length === ours.properties.size &&
    [...ours.properties].every(([name, member]) => Object.hasOwn(members, name) && same(member, members[name]))
  );
}
