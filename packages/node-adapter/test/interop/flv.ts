import type { Message } from "@millrace/node-adapter";

const HEADER_BYTES = 9;
const TAG_HEADER_BYTES = 11;
const SIZE_BYTES = 4;

/** The tags of an FLV file (FLV E.4). */
export function tagsOfFlv(file: Buffer): Message[] {
  const tags: Message[] = [];
  let at = HEADER_BYTES + SIZE_BYTES;
  while (at < file.length) {
    const start = at + TAG_HEADER_BYTES;
    const end = start + file.readUIntBE(at + 1, 3);
    const timestamp = file.readUIntBE(at + 4, 3) + file.readUInt8(at + 7) * 0x1000000;
    tags.push({ messageType: file.readUInt8(at), timestamp, payload: file.subarray(start, end) });
    at = end + SIZE_BYTES;
  }
  return tags;
}

/** An FLV file of these tags. */
export function flvOf(tags: readonly Message[]): Buffer {
  const pieces = [Buffer.from("464c5601050000000900000000", "hex")];
  for (const { messageType, timestamp, payload } of tags) {
    const header = Buffer.alloc(TAG_HEADER_BYTES);
    header.writeUInt8(messageType, 0);
    header.writeUIntBE(payload.length, 1, 3);
    header.writeUIntBE(timestamp & 0xffffff, 4, 3);
    header.writeUInt8(timestamp >>> 24, 7);
    const size = Buffer.alloc(SIZE_BYTES);
    size.writeUInt32BE(TAG_HEADER_BYTES + payload.length);
    pieces.push(header, Buffer.from(payload), size);
  }
  return Buffer.concat(pieces);
}
