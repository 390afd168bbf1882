import { CaptureError } from "./capture-error.ts";
import type { Packet, PacketReader } from "./packet.ts";

/** Block types (draft-ietf-opsawg-pcapng, section 4). The section header reads the same in both byte orders. */
const BlockType = {
  InterfaceDescription: 1,
  /** Obsolete, but old files have it (appendix A). */
  Packet: 2,
  SimplePacket: 3,
  EnhancedPacket: 6,
  SectionHeader: 0x0a0d0d0a,
} as const;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** Type, length, and the length again at the end. */
const EMPTY_BLOCK_LENGTH = 12;
/** Wireshark's bound. A longer block means that the file is damaged, not cut off. */
const MAXIMUM_BLOCK_LENGTH = 2 ** 24;

const OPTION_END = 0;
const OPTION_TIMESTAMP_RESOLUTION = 9;
const OPTION_TIMESTAMP_OFFSET = 14;

interface Interface {
  linkType: number;
  /** The most that is captured of a packet; 0 for no limit. */
  snapLength: number;
  unitsPerSecond: bigint;
  /** Seconds to add to each timestamp. */
  timestampOffset: number;
}

/** One block: `body` is behind type and length, `end` before the second length. */
interface Block {
  type: number;
  body: number;
  end: number;
}

export function isPcapng(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return false;
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) === BlockType.SectionHeader;
}

/**
 * pcapng (draft-ietf-opsawg-pcapng): any number of sections in either byte order, any number of interfaces; blocks that
 * hold no packets are skipped.
 *
 * @throws CaptureError while it is read: a block that contradicts itself, a packet of an interface that was not described.
 */
export function* readPcapng(bytes: Uint8Array): PacketReader {
  if (!isPcapng(bytes)) throw new CaptureError("this is not a pcapng file", 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let littleEndian = true;
  let interfaces: Interface[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + EMPTY_BLOCK_LENGTH > bytes.length) return cutOff(at, bytes);
    // The byte order of a section is known only from inside its header.
    const opensSection = view.getUint32(at) === BlockType.SectionHeader;
    if (opensSection) littleEndian = byteOrderOf(view, at);
    const length = view.getUint32(at + 4, littleEndian);
    if (length < EMPTY_BLOCK_LENGTH || length % 4 !== 0 || length > MAXIMUM_BLOCK_LENGTH) {
      throw new CaptureError(`a block has the impossible length ${length}`, at + 4);
    }
    if (at + length > bytes.length) return cutOff(at, bytes);
    const block = { type: view.getUint32(at, littleEndian), body: at + 8, end: at + length - 4 };
    if (view.getUint32(block.end, littleEndian) !== length) {
      throw new CaptureError("the two lengths of a block differ", block.end);
    }
    at += length;

    if (opensSection) {
      checkSectionHeader(view, block, littleEndian);
      interfaces = [];
    } else if (block.type === BlockType.InterfaceDescription) {
      interfaces.push(readInterface(view, block, littleEndian));
    } else if (block.type === BlockType.EnhancedPacket || block.type === BlockType.Packet) {
      yield readPacket(view, block, littleEndian, interfaces);
    } else if (block.type === BlockType.SimplePacket) {
      yield readSimplePacket(view, block, littleEndian, interfaces);
    }
  }
  return null;
}

/** A file that does not even hold its first block is no capture; any other is whole up to here. */
function cutOff(at: number, bytes: Uint8Array): number {
  if (at === 0) throw new CaptureError("the file ends inside the pcapng section header", bytes.length);
  return at;
}

function byteOrderOf(view: DataView, at: number): boolean {
  for (const littleEndian of [true, false]) {
    if (view.getUint32(at + 8, littleEndian) === BYTE_ORDER_MAGIC) return littleEndian;
  }
  throw new CaptureError("a section header has no byte-order magic", at + 8);
}

function checkSectionHeader(view: DataView, block: Block, littleEndian: boolean): void {
  requireBody(block, 16);
  const version = view.getUint16(block.body + 4, littleEndian);
  if (version !== 1) throw new CaptureError(`pcapng version ${version} is not known, only 1`, block.body + 4);
}

function readInterface(view: DataView, block: Block, littleEndian: boolean): Interface {
  requireBody(block, 8);
  const described: Interface = {
    linkType: view.getUint16(block.body, littleEndian),
    snapLength: view.getUint32(block.body + 4, littleEndian),
    unitsPerSecond: 1_000_000n,
    timestampOffset: 0,
  };
  let at = block.body + 8;
  while (at + 4 <= block.end) {
    const code = view.getUint16(at, littleEndian);
    const length = view.getUint16(at + 2, littleEndian);
    if (code === OPTION_END) break;
    const value = at + 4;
    if (value + length > block.end) throw new CaptureError("an option passes the end of its block", at);
    if (code === OPTION_TIMESTAMP_RESOLUTION && length === 1) {
      const resolution = view.getUint8(value);
      described.unitsPerSecond = (resolution & 0x80 ? 2n : 10n) ** BigInt(resolution & 0x7f);
    } else if (code === OPTION_TIMESTAMP_OFFSET && length === 8) {
      described.timestampOffset = Number(view.getBigInt64(value, littleEndian));
    }
    at = value + align4(length);
  }
  return described;
}

/** Enhanced packet block, and the obsolete packet block, whose interface number is 16 bits beside a drop count. */
function readPacket(view: DataView, block: Block, littleEndian: boolean, interfaces: Interface[]): Packet {
  requireBody(block, 20);
  const number =
    block.type === BlockType.Packet
      ? view.getUint16(block.body, littleEndian)
      : view.getUint32(block.body, littleEndian);
  const source = interfaceOf(interfaces, number, block.body);
  const high = view.getUint32(block.body + 4, littleEndian);
  const low = view.getUint32(block.body + 8, littleEndian);
  const capturedLength = view.getUint32(block.body + 12, littleEndian);
  const start = block.body + 20;
  if (start + capturedLength > block.end) {
    throw new CaptureError(`a packet of ${capturedLength} bytes passes the end of its block`, block.body + 12);
  }
  return {
    linkType: source.linkType,
    time: millisecondsOf((BigInt(high) << 32n) | BigInt(low), source),
    start,
    end: start + capturedLength,
    originalLength: Math.max(capturedLength, view.getUint32(block.body + 16, littleEndian)),
  };
}

/** It belongs to the first interface, and what was captured follows from that interface's limit. */
function readSimplePacket(view: DataView, block: Block, littleEndian: boolean, interfaces: Interface[]): Packet {
  requireBody(block, 4);
  const source = interfaceOf(interfaces, 0, block.body);
  const originalLength = view.getUint32(block.body, littleEndian);
  const capturedLength = source.snapLength === 0 ? originalLength : Math.min(originalLength, source.snapLength);
  const start = block.body + 4;
  if (start + capturedLength > block.end) {
    throw new CaptureError(`a packet of ${capturedLength} bytes passes the end of its block`, block.body);
  }
  return { linkType: source.linkType, time: null, start, end: start + capturedLength, originalLength };
}

function interfaceOf(interfaces: Interface[], number: number, at: number): Interface {
  const found = interfaces[number];
  if (found === undefined) throw new CaptureError(`a packet names interface ${number}, which was not described`, at);
  return found;
}

/** Whole seconds and the rest apart: nanoseconds since 1970 do not fit the 53 bits of a number. */
function millisecondsOf(units: bigint, { unitsPerSecond, timestampOffset }: Interface): number {
  const seconds = Number(units / unitsPerSecond) + timestampOffset;
  return seconds * 1000 + (Number(units % unitsPerSecond) * 1000) / Number(unitsPerSecond);
}

function requireBody(block: Block, length: number): void {
  if (block.end - block.body < length) throw new CaptureError("a block is too short for its type", block.body - 8);
}

function align4(length: number): number {
  return (length + 3) & ~3;
}
