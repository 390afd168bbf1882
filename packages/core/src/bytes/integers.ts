/**
 * Reading and writing of integers, big-endian unless the name says otherwise.
 *
 * This file is the one place where an index into a typed array is taken on trust: the compiler types each element as
 * `number | undefined`, and the casts below state what every caller has checked, that the index lies inside. One reader
 * for each kind of array: V8 keeps the feedback of a function that is not inlined yet per function, so one reader for all
 * kinds would make all of them slow.
 */

export function readUint8(bytes: Uint8Array, at: number): number {
  return bytes[at] as number; // at lies inside: checked by the caller
}

export function readUint16(bytes: Uint8Array, at: number): number {
  return (readUint8(bytes, at) << 8) | readUint8(bytes, at + 1);
}

export function readUint24(bytes: Uint8Array, at: number): number {
  return (readUint8(bytes, at) << 16) | (readUint8(bytes, at + 1) << 8) | readUint8(bytes, at + 2);
}

/** 0 to 4,294,967,295. The result may not be a small integer for V8: store it in a Uint32Array, not in a field. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at) >>> 0;
}

/** The same 32 bits as a signed integer, which V8 never boxes. */
export function readInt32(bytes: Uint8Array, at: number): number {
  return (
    (readUint8(bytes, at) << 24) |
    (readUint8(bytes, at + 1) << 16) |
    (readUint8(bytes, at + 2) << 8) |
    readUint8(bytes, at + 3)
  );
}

/** Little-endian, for the message stream id (RTMP 5.3.1.2.1), as a signed integer. */
export function readInt32LE(bytes: Uint8Array, at: number): number {
  return (
    readUint8(bytes, at) |
    (readUint8(bytes, at + 1) << 8) |
    (readUint8(bytes, at + 2) << 16) |
    (readUint8(bytes, at + 3) << 24)
  );
}

export function writeUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function writeUint24(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 16;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value;
}

export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

export function writeUint32LE(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

/** One 32-bit slot; the index is trusted. */
export function readWord(words: Uint32Array, at: number): number {
  return words[at] as number; // at lies inside: checked by the caller
}

/** One signed 32-bit slot; the index is trusted. */
export function readInt(ints: Int32Array, at: number): number {
  return ints[at] as number; // at lies inside: checked by the caller
}
