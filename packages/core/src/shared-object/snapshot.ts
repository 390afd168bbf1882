import { Amf0Reader } from "../amf/index.ts";
import { readInt, readUint8, readUint32, writeUint32 } from "../bytes/index.ts";
import { ErrorCode, ProtocolError } from "../errors.ts";
import { encodeValues, mostWritten } from "./value.ts";

/**
 * A shared object as it is stored: the four letters `MRSO`, the length of the rest in 32 bits, its CRC-32, and the rest,
 * which is AMF0: the form's number 1, the object's name, its version, and then each property's name and value in turn.
 * Each value refers to nothing outside itself. What was cut off, or changed, is recognised.
 */
export interface SharedObjectSnapshot {
  readonly name: string;
  /** 0 to 2^32 - 1. */
  readonly version: number;
  /** By name, each as one AMF0 value: see `SharedObjectEvent`. */
  readonly properties: ReadonlyMap<string, Uint8Array>;
}

const SIGNATURE = 0x4d52534f;
const HEAD_BYTES = 12;
const FORM = 1;
/** A snapshot is not read under the limits of today: what was acknowledged once must not be lost. */
const unlimited = { amfDepth: 512, amfValues: Number.MAX_SAFE_INTEGER, amfStringBytes: Number.MAX_SAFE_INTEGER };

export function writeSnapshot(snapshot: SharedObjectSnapshot): Uint8Array {
  const head = amf(FORM, snapshot.name, snapshot.version);
  const names = [...snapshot.properties.keys()].map((name) => amf(name));
  let length = HEAD_BYTES + head.length;
  for (const name of names) length += name.length;
  for (const value of snapshot.properties.values()) length += value.length;

  const into = new Uint8Array(length);
  writeUint32(into, 0, SIGNATURE);
  writeUint32(into, 4, length - HEAD_BYTES);
  into.set(head, HEAD_BYTES);
  let at = HEAD_BYTES + head.length;
  let index = 0;
  for (const value of snapshot.properties.values()) {
    const name = names[index++] as Uint8Array; // there is one for each value
    into.set(name, at);
    into.set(value, at + name.length);
    at += name.length + value.length;
  }
  writeUint32(into, 8, crc32(into, HEAD_BYTES, length));
  return into;
}

/** @returns the snapshot, which owns its bytes; or what is wrong with it: `SharedObjectSnapshotDamaged`. */
export function readSnapshot(bytes: Uint8Array): SharedObjectSnapshot | ProtocolError {
  const { length } = bytes;
  if (length < HEAD_BYTES || readUint32(bytes, 0) !== SIGNATURE) return damaged("It is no snapshot.", 0);
  if (readUint32(bytes, 4) !== length - HEAD_BYTES) return damaged("It is not whole.", 4);
  if (readUint32(bytes, 8) !== crc32(bytes, HEAD_BYTES, length)) return damaged("Its bytes were changed.", 8);

  const reader = new Amf0Reader(unlimited);
  reader.reset(bytes, HEAD_BYTES);
  const form = reader.readNumber();
  const name = reader.readString();
  const version = reader.readNumber();
  if (form !== FORM || name === null || version === null) return damaged("Its form is not known here.", HEAD_BYTES);
  const properties = new Map<string, Uint8Array>();
  while (!reader.atEnd) {
    const property = reader.readString();
    const start = reader.position;
    if (property === null) return damaged("A property has no name.", start);
    reader.reset(bytes, start); // so that the value counts its own references
    if (!reader.skip()) return damaged("A property has no value.", start);
    properties.set(property, bytes.slice(start, reader.position));
  }
  return { name, version: version >>> 0, properties };
}

function amf(...values: (string | number)[]): Uint8Array {
  const units = values.reduce<number>((sum, value) => sum + (typeof value === "string" ? value.length : 0), 0);
  // A string or a number is nested in nothing, and the room is that of the longest text.
  return encodeValues(values, mostWritten(units) + 9 * values.length, 1) as Uint8Array;
}

function damaged(text: string, offset: number): ProtocolError {
  return new ProtocolError(ErrorCode.SharedObjectSnapshotDamaged, `A stored shared object is damaged: ${text}`, offset);
}

/** For each byte, as in ISO 3309 and zlib: x^32 + x^26 + x^23 + x^22 + x^16 + x^12 + ..., bits reversed. */
const remainders: Int32Array = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0xedb88320 : 0);
  return remainder;
});

function crc32(bytes: Uint8Array, start: number, end: number): number {
  let sum = -1;
  for (let at = start; at < end; at++) {
    sum = (sum >>> 8) ^ readInt(remainders, (sum ^ readUint8(bytes, at)) & 0xff);
  }
  return ~sum >>> 0;
}
