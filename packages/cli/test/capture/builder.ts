/** Builds captures by hand: TCP in IP, IP in a frame, frames in a pcap or pcapng file. */

import { type CaptureReport, openCapture, type Piece } from "../../src/capture/index.ts";
import type { Packet, PacketReader } from "../../src/capture/packet.ts";

export const LinkType = { Null: 0, Ethernet: 1, Raw: 101, Loop: 108, LinuxCooked: 113, LinuxCooked2: 276 } as const;

export function concat(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

export function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
}

export function text(value: string): Uint8Array {
  return new Uint8Array(Buffer.from(value, "latin1"));
}

function u8(value: number): Uint8Array {
  return Uint8Array.of(value);
}

export function u16(value: number, littleEndian = false): Uint8Array {
  const bytes = new Uint8Array(2);
  new DataView(bytes.buffer).setUint16(0, value, littleEndian);
  return bytes;
}

export function u32(value: number, littleEndian = false): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, littleEndian);
  return bytes;
}

// TCP and IP

export interface TcpOptions {
  /** Who sends. The client is 192.0.2.1 (2001:db8::1), port 50,000; the server 192.0.2.2 (2001:db8::2), port 1935. */
  from?: "client" | "server";
  /** Any of the letters S, A, F, R. */
  flags?: string;
  sequence: number;
  payload?: string | Uint8Array;
  clientPort?: number;
  serverPort?: number;
}

/** Sender's and receiver's last address byte and the TCP header with its payload. */
export interface Tcp {
  from: number;
  to: number;
  bytes: Uint8Array;
}

export function tcp(options: TcpOptions): Tcp {
  const { from = "client", flags = "A", sequence, payload = "", clientPort = 50_000, serverPort = 1935 } = options;
  const ports = [u16(clientPort), u16(serverPort)];
  if (from === "server") ports.reverse();
  const bits = [..."FSR-A"].reduce((sum, flag, bit) => sum | (flags.includes(flag) ? 1 << bit : 0), 0);
  const header = concat(...ports, u32(sequence), u32(0), u8(0x50), u8(bits), u16(65_535), u16(0), u16(0));
  return {
    from: from === "client" ? 1 : 2,
    to: from === "client" ? 2 : 1,
    bytes: concat(header, typeof payload === "string" ? text(payload) : payload),
  };
}

export interface Ipv4Options {
  options?: Uint8Array;
  /** Flags and fragment offset. */
  fragment?: number;
  protocol?: number;
  totalLength?: number;
}

export function ipv4(payload: Tcp, options: Ipv4Options = {}): Uint8Array {
  const extra = options.options ?? new Uint8Array();
  const headerLength = 20 + extra.length;
  return concat(
    u8(0x40 | (headerLength / 4)),
    u8(0),
    u16(options.totalLength ?? headerLength + payload.bytes.length),
    u16(1),
    u16(options.fragment ?? 0x4000),
    u8(64),
    u8(options.protocol ?? 6),
    u16(0),
    Uint8Array.of(192, 0, 2, payload.from),
    Uint8Array.of(192, 0, 2, payload.to),
    extra,
    payload.bytes,
  );
}

export interface Ipv6Options {
  /** Of the first extension header, or of TCP. */
  nextHeader?: number;
  extensions?: Uint8Array;
  payloadLength?: number;
}

export function ipv6(payload: Tcp, options: Ipv6Options = {}): Uint8Array {
  const extensions = options.extensions ?? new Uint8Array();
  const address = hex("20010db8 00000000 00000000 000000");
  return concat(
    hex("60000000"),
    u16(options.payloadLength ?? extensions.length + payload.bytes.length),
    u8(options.nextHeader ?? 6),
    u8(64),
    address,
    u8(payload.from),
    address,
    u8(payload.to),
    extensions,
    payload.bytes,
  );
}

export function ethernet(ethertype: number, payload: Uint8Array): Uint8Array {
  return concat(hex("020000000002 020000000001"), u16(ethertype), payload);
}

// pcap

export interface PcapOptions {
  linkType?: number;
  littleEndian?: boolean;
  magic?: number;
}

export interface Record {
  frame: Uint8Array;
  seconds?: number;
  fraction?: number;
  originalLength?: number;
}

export function pcap(records: (Uint8Array | Record)[], options: PcapOptions = {}): Uint8Array {
  const { linkType = LinkType.Raw, littleEndian: le = true, magic = 0xa1b2c3d4 } = options;
  const version = concat(u16(2, le), u16(4, le));
  const header = concat(u32(magic, le), version, u32(0, le), u32(0, le), u32(65_535, le), u32(linkType, le));
  const packets = records.map((record) => {
    const {
      frame,
      seconds = 0,
      fraction = 0,
      originalLength,
    } = record instanceof Uint8Array ? { frame: record } : record;
    const lengths = concat(u32(frame.length, le), u32(originalLength ?? frame.length, le));
    return concat(u32(seconds, le), u32(fraction, le), lengths, frame);
  });
  return concat(header, ...packets);
}

/** A capture of these segments over IPv4, nothing else around them. */
export function pcapOf(...segments: TcpOptions[]): Uint8Array {
  return pcap(segments.map((segment) => ipv4(tcp(segment))));
}

// pcapng

export class PcapngBuilder {
  private readonly littleEndian: boolean;
  private readonly blocks: Uint8Array[] = [];

  constructor(littleEndian = true) {
    this.littleEndian = littleEndian;
    this.block(0x0a0d0d0a, concat(this.u32(0x1a2b3c4d), this.u16(1), this.u16(0), hex("ffffffffffffffff")));
  }

  u16(value: number): Uint8Array {
    return u16(value, this.littleEndian);
  }

  u32(value: number): Uint8Array {
    return u32(value, this.littleEndian);
  }

  block(type: number, body: Uint8Array): this {
    const padded = concat(body, new Uint8Array(-body.length & 3));
    const length = this.u32(padded.length + 12);
    this.blocks.push(concat(this.u32(type), length, padded, length));
    return this;
  }

  interface(linkType: number, snapLength = 0, options: Uint8Array = new Uint8Array()): this {
    return this.block(1, concat(this.u16(linkType), this.u16(0), this.u32(snapLength), options));
  }

  option(code: number, value: Uint8Array): Uint8Array {
    return concat(this.u16(code), this.u16(value.length), value, new Uint8Array(-value.length & 3));
  }

  enhanced(frame: Uint8Array, number = 0, units = 0n): this {
    return this.block(6, concat(this.u32(number), this.timeAndLengths(frame, units), frame));
  }

  obsolete(frame: Uint8Array, number = 0, drops = 0): this {
    return this.block(2, concat(this.u16(number), this.u16(drops), this.timeAndLengths(frame, 0n), frame));
  }

  simple(frame: Uint8Array, originalLength = frame.length): this {
    return this.block(3, concat(this.u32(originalLength), frame));
  }

  build(): Uint8Array {
    return concat(...this.blocks);
  }

  private timeAndLengths(frame: Uint8Array, units: bigint): Uint8Array {
    const time = concat(this.u32(Number(units >> 32n)), this.u32(Number(units & 0xffffffffn)));
    return concat(time, this.u32(frame.length), this.u32(frame.length));
  }
}

// What comes out

export function packetsOf(reader: PacketReader): { packets: Packet[]; truncatedAt: number | null } {
  const packets: Packet[] = [];
  for (;;) {
    const next = reader.next();
    if (next.done) return { packets, truncatedAt: next.value };
    packets.push(next.value);
  }
}

export interface Read {
  pieces: Piece[];
  report: CaptureReport;
  /** Each direction's bytes as text, by connection and direction: "0 c2s". */
  streams: { [name: string]: string };
}

export function read(file: Uint8Array): Read {
  const { pieces, report } = openCapture(file);
  const taken = [...pieces];
  const streams: { [name: string]: string } = {};
  for (const piece of taken) {
    const name = `${piece.connection} ${piece.direction}`;
    streams[name] = (streams[name] ?? "") + textOf(piece);
  }
  return { pieces: taken, report, streams };
}

export function textOf({ bytes, start, end }: Piece): string {
  return Buffer.from(bytes.subarray(start, end)).toString("latin1");
}
