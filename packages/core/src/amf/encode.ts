import type { Amf0Writer } from "./amf0-writer.ts";

/** Of memory for values, in bytes; most take no more. */
const FIRST_SIZE = 1024;

/**
 * Has a writer write into memory that grows until all has room.
 *
 * @param most - the bytes that it may take. A peer's values may take many more than they came in: in AMF3 a reference to a
 *   text has two bytes.
 * @param start - where it begins; the bytes before are 0
 * @param write - writes all of it, once or more often
 * @returns memory of its own; null when it takes more.
 */
export function encodeGrowing(writer: Amf0Writer, most: number, start: number, write: () => void): Uint8Array | null {
  for (let size = Math.min(FIRST_SIZE, most); ; size = Math.min(size * 4, most)) {
    const memory = new Uint8Array(size);
    writer.reset(memory, Math.min(start, size), size);
    write();
    if (!writer.overflow) return memory.slice(0, writer.position);
    if (size === most) return null;
  }
}
