import type { Packet, SkipReason } from "./packet.ts";

const PROTOCOL_TCP = 6;
const IPV6_FRAGMENT = 44;
/** Hop-by-hop options, routing, destination options: next header, length in 8 bytes less one (RFC 8200, 4). */
const IPV6_EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 60]);

/** A TCP segment inside an IP packet. */
export interface IpPayload {
  source: string;
  destination: string;
  /** In the file; the end is that of the IP packet, so padding of the link does not count. */
  start: number;
  end: number;
  /** Bytes that were on the wire behind `end` but were not captured. */
  cut: number;
}

/** Reads the IPv4 (RFC 791) or IPv6 (RFC 8200) header at `at`. */
export function readIp(view: DataView, packet: Packet, at: number): IpPayload | SkipReason {
  if (at >= packet.end) return "malformed";
  const version = view.getUint8(at) >> 4;
  if (version === 4) return readIpv4(view, packet, at);
  if (version === 6) return readIpv6(view, packet, at);
  return "malformed";
}

function readIpv4(view: DataView, packet: Packet, at: number): IpPayload | SkipReason {
  if (at + 20 > packet.end) return "malformed";
  const headerLength = (view.getUint8(at) & 0x0f) * 4;
  const totalLength = view.getUint16(at + 2);
  if (headerLength < 20 || (totalLength !== 0 && totalLength < headerLength)) return "malformed";
  if (view.getUint8(at + 9) !== PROTOCOL_TCP) return "notTcp";
  // More fragments follow, or this one is not the first.
  if ((view.getUint16(at + 6) & 0x3fff) !== 0) return "fragment";
  return {
    source: ipv4Address(view, at + 12),
    destination: ipv4Address(view, at + 16),
    start: at + headerLength,
    // Segmentation offload: the network card fills in the length after the capture.
    ...extent(packet, totalLength === 0 ? wireEnd(packet) : at + totalLength),
  };
}

function readIpv6(view: DataView, packet: Packet, at: number): IpPayload | SkipReason {
  if (at + 40 > packet.end) return "malformed";
  const payloadLength = view.getUint16(at + 4);
  let nextHeader = view.getUint8(at + 6);
  let start = at + 40;
  while (nextHeader !== PROTOCOL_TCP) {
    if (nextHeader !== IPV6_FRAGMENT && !IPV6_EXTENSIONS.has(nextHeader)) return "notTcp";
    if (start + 8 > packet.end) return "malformed";
    const extension = nextHeader;
    nextHeader = view.getUint8(start);
    if (extension === IPV6_FRAGMENT) {
      // Offset and "more" both zero is an atomic fragment (RFC 6946): a whole packet.
      if ((view.getUint16(start + 2) & 0xfff9) !== 0) return nextHeader === PROTOCOL_TCP ? "fragment" : "notTcp";
      start += 8;
    } else {
      start += 8 + view.getUint8(start + 1) * 8;
    }
  }
  return {
    source: ipv6Address(view, at + 8),
    destination: ipv6Address(view, at + 24),
    start,
    // Zero: a jumbogram (RFC 2675), or segmentation offload as above.
    ...extent(packet, payloadLength === 0 ? wireEnd(packet) : at + 40 + payloadLength),
  };
}

function wireEnd(packet: Packet): number {
  return packet.start + packet.originalLength;
}

/** `ipEnd` is where the IP packet would end in the file, had it been captured whole. */
function extent(packet: Packet, ipEnd: number): { end: number; cut: number } {
  const end = Math.min(ipEnd, packet.end);
  return { end, cut: ipEnd - end };
}

function ipv4Address(view: DataView, at: number): string {
  return [0, 1, 2, 3].map((index) => view.getUint8(at + index)).join(".");
}

/** As RFC 5952 writes it: the longest run of zero groups, if longer than one, becomes "::". */
function ipv6Address(view: DataView, at: number): string {
  const groups = [0, 2, 4, 6, 8, 10, 12, 14].map((index) => view.getUint16(at + index).toString(16)).join(":");
  const runs = groups.match(/\b0(:0)+\b/g);
  if (runs === null) return groups;
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best));
  return groups.replace(new RegExp(`\\b${longest}\\b`), "::").replace(/:{3,}/, "::");
}
