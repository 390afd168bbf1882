import { readIp } from "./ip.ts";
import { findIp } from "./link.ts";
import type { Packet, SkipReason } from "./packet.ts";

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;

export interface Endpoint {
  address: string;
  port: number;
}

/** One TCP segment: what reassembly needs of its header (RFC 9293, 3.1), and where its payload lies in the file. */
export interface Segment {
  source: Endpoint;
  destination: Endpoint;
  sequence: number;
  fin: boolean;
  syn: boolean;
  rst: boolean;
  ack: boolean;
  /** The captured payload, end excluded. */
  start: number;
  end: number;
  /** Payload bytes behind `end` that were sent but not captured. */
  cut: number;
  time: number | null;
}

/** Takes a packet down to its TCP segment, or says why it has none. Checksums are not verified: offload leaves them open. */
export function readSegment(view: DataView, packet: Packet): Segment | SkipReason {
  const ipStart = findIp(view, packet);
  if (typeof ipStart === "string") return ipStart;
  const ip = readIp(view, packet, ipStart);
  if (typeof ip === "string") return ip;
  if (ip.start + 20 > ip.end) return "malformed";
  const headerLength = (view.getUint8(ip.start + 12) >> 4) * 4;
  const payload = ip.start + headerLength;
  if (headerLength < 20 || payload > ip.end + ip.cut) return "malformed";
  const flags = view.getUint8(ip.start + 13);
  // The capture may end inside the options: then all of the payload is cut.
  const start = Math.min(payload, ip.end);
  return {
    source: { address: ip.source, port: view.getUint16(ip.start) },
    destination: { address: ip.destination, port: view.getUint16(ip.start + 2) },
    sequence: view.getUint32(ip.start + 4),
    fin: (flags & FIN) !== 0,
    syn: (flags & SYN) !== 0,
    rst: (flags & RST) !== 0,
    ack: (flags & ACK) !== 0,
    start,
    end: ip.end,
    cut: ip.cut - (payload - start),
    time: packet.time,
  };
}

/** Payload bytes that were sent, captured or not. */
export function payloadLength({ start, end, cut }: Segment): number {
  return end - start + cut;
}
