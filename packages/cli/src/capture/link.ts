import type { Packet, SkipReason } from "./packet.ts";

/** Values of the registry at https://www.tcpdump.org/linktypes.html. */
const LinkType = {
  Null: 0,
  Ethernet: 1,
  /** LINKTYPE_RAW as some systems number it in their own files. */
  RawLocal: 12,
  Raw: 101,
  /** OpenBSD's loopback: as Null, in network byte order. */
  Loop: 108,
  LinuxCooked: 113,
  RawIpv4: 228,
  RawIpv6: 229,
  LinuxCooked2: 276,
} as const;

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
/** 802.1Q, 802.1ad, and the number that was used before 802.1ad: 2 bytes of tag, then the next type. */
const VLAN_ETHERTYPES: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);
/** AF_INET, and AF_INET6 on NetBSD and OpenBSD, FreeBSD, macOS. */
const IP_ADDRESS_FAMILIES: ReadonlySet<number> = new Set([2, 24, 28, 30]);

/** Where the IP header of a packet begins, or why there is none. */
export function findIp(view: DataView, packet: Packet): number | SkipReason {
  const at = packet.start;
  switch (packet.linkType) {
    case LinkType.Ethernet:
      return behindEthertype(view, packet, at + 12);
    case LinkType.LinuxCooked:
      return behindEthertype(view, packet, at + 14);
    case LinkType.LinuxCooked2:
      return behindCooked2(view, packet);
    case LinkType.Null:
    case LinkType.Loop:
      return behindAddressFamily(view, packet);
    case LinkType.Raw:
    case LinkType.RawLocal:
    case LinkType.RawIpv4:
    case LinkType.RawIpv6:
      return at;
    default:
      return "unknownLinkType";
  }
}

/** `at` is where the type stands; the payload follows it, or one or more VLAN tags do. */
function behindEthertype(view: DataView, packet: Packet, at: number): number | SkipReason {
  let next = at;
  while (next + 2 <= packet.end) {
    const type = view.getUint16(next);
    if (isIp(type)) return next + 2;
    if (!VLAN_ETHERTYPES.has(type)) return "notIp";
    next += 4;
  }
  return "malformed";
}

/** SLL2 has the type at the front and the payload 20 bytes behind it; VLAN tags begin the payload. */
function behindCooked2(view: DataView, packet: Packet): number | SkipReason {
  const payload = packet.start + 20;
  if (payload > packet.end) return "malformed";
  const type = view.getUint16(packet.start);
  if (isIp(type)) return payload;
  return VLAN_ETHERTYPES.has(type) ? behindEthertype(view, packet, payload + 2) : "notIp";
}

/** The family is in the byte order of the machine that captured, which need not be that of the file. */
function behindAddressFamily(view: DataView, packet: Packet): number | SkipReason {
  if (packet.start + 4 > packet.end) return "malformed";
  const isKnown = [true, false].some((littleEndian) =>
    IP_ADDRESS_FAMILIES.has(view.getUint32(packet.start, littleEndian)),
  );
  return isKnown ? packet.start + 4 : "notIp";
}

function isIp(ethertype: number): boolean {
  return ethertype === ETHERTYPE_IPV4 || ethertype === ETHERTYPE_IPV6;
}
