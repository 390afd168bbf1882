import { createHash } from "node:crypto";

/** Of bytes[start, end), in hex. */
export function sha1(bytes: Uint8Array, start: number, end: number): string {
  return createHash("sha1").update(bytes.subarray(start, end)).digest("hex");
}
