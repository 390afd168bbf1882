import { CaptureError } from "./capture-error.ts";
import type { PacketReader } from "./packet.ts";

/** Microsecond and nanosecond timestamps (draft-ietf-opsawg-pcap, section 4). */
const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const MAGIC_NANOSECONDS = 0xa1b23c4d;
const FILE_HEADER_LENGTH = 24;
const RECORD_HEADER_LENGTH = 16;
/** libpcap and Wireshark refuse packets over 256 KiB; a longer one means that the file is damaged, not cut off. */
const MAXIMUM_PACKET_LENGTH = 2 ** 20;

interface Layout {
  littleEndian: boolean;
  unitsPerMillisecond: number;
}

export function isPcap(bytes: Uint8Array): boolean {
  return layoutOf(bytes) !== null;
}

/**
 * Classic pcap (draft-ietf-opsawg-pcap), in either byte order, with microseconds or nanoseconds.
 *
 * @throws CaptureError while it is read: no pcap magic, a version other than 2, a packet over 1 MiB.
 */
export function* readPcap(bytes: Uint8Array): PacketReader {
  const layout = layoutOf(bytes);
  if (layout === null) throw new CaptureError("this is not a pcap file", 0);
  if (bytes.length < FILE_HEADER_LENGTH) throw new CaptureError("the file ends inside the pcap header", bytes.length);
  const { littleEndian, unitsPerMillisecond } = layout;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint16(4, littleEndian);
  if (version !== 2) throw new CaptureError(`pcap version ${version} is not known, only 2`, 4);
  // The upper half holds flags about the frame check sequence.
  const linkType = view.getUint32(20, littleEndian) & 0xffff;

  let at = FILE_HEADER_LENGTH;
  while (at < bytes.length) {
    const start = at + RECORD_HEADER_LENGTH;
    if (start > bytes.length) return at;
    const capturedLength = view.getUint32(at + 8, littleEndian);
    if (capturedLength > MAXIMUM_PACKET_LENGTH) {
      throw new CaptureError(`a packet claims ${capturedLength} bytes, more than ${MAXIMUM_PACKET_LENGTH}`, at + 8);
    }
    const end = start + capturedLength;
    if (end > bytes.length) return at;
    yield {
      linkType,
      time: view.getUint32(at, littleEndian) * 1000 + view.getUint32(at + 4, littleEndian) / unitsPerMillisecond,
      start,
      end,
      originalLength: Math.max(capturedLength, view.getUint32(at + 12, littleEndian)),
    };
    at = end;
  }
  return null;
}

function layoutOf(bytes: Uint8Array): Layout | null {
  if (bytes.length < 4) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 4);
  for (const littleEndian of [true, false]) {
    const magic = view.getUint32(0, littleEndian);
    if (magic === MAGIC_MICROSECONDS) return { littleEndian, unitsPerMillisecond: 1e3 };
    if (magic === MAGIC_NANOSECONDS) return { littleEndian, unitsPerMillisecond: 1e6 };
  }
  return null;
}
