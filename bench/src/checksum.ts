/** What a reader found in an input, to be the same for all readers. */
export interface Tally {
  messages: number;
  /** Payload bytes. */
  bytes: number;
  /** Over type and payload of each message, in the order of their completion, modulo 2^32. */
  checksum: number;
}

/** Counts a message whose payload is bytes[start, end). */
export function count(tally: Tally, messageType: number, bytes: Uint8Array, start: number, end: number): void {
  let sum = (Math.imul(tally.checksum, 31) + messageType) | 0;
  for (let at = start; at < end; at++) sum = (Math.imul(sum, 31) + (bytes[at] ?? 0)) | 0;
  tally.checksum = sum >>> 0;
  tally.messages++;
  tally.bytes += end - start;
}

/** Null when both are the same, else what differs. */
export function difference(ours: Tally, theirs: Tally): string | null {
  for (const key of ["messages", "bytes", "checksum"] as const) {
    if (ours[key] !== theirs[key]) return `${key}: ${theirs[key]}, ours ${ours[key]}`;
  }
  return null;
}
