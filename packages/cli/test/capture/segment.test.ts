import { describe, expect, it } from "vitest";
import type { SkipReason } from "../../src/capture/index.ts";
import {
  concat,
  ethernet,
  hex,
  ipv4,
  ipv6,
  LinkType,
  PcapngBuilder,
  pcap,
  read,
  type Tcp,
  tcp,
  text,
} from "./builder.ts";

const hello = tcp({ sequence: 1, payload: "hello" });

/** What is read of one frame: its payload, or why it was skipped. */
function payloadOf(linkType: number, frame: Uint8Array, originalLength = frame.length): string | SkipReason {
  const { streams, report } = read(pcap([{ frame, originalLength }], { linkType }));
  for (const reason of ["unknownLinkType", "notIp", "notTcp", "fragment", "malformed"] as const) {
    if (report.skipped[reason] > 0) return reason;
  }
  return streams["0 c2s"] ?? "";
}

describe("link types", () => {
  it.each([
    ["Ethernet", LinkType.Ethernet, ethernet(0x0800, ipv4(hello))],
    ["Ethernet with IPv6", LinkType.Ethernet, ethernet(0x86dd, ipv6(hello))],
    ["802.1Q", LinkType.Ethernet, ethernet(0x8100, concat(hex("0064 0800"), ipv4(hello)))],
    [
      "802.1ad with 802.1Q inside",
      LinkType.Ethernet,
      ethernet(0x88a8, concat(hex("0064 8100 0065 86dd"), ipv6(hello))),
    ],
    ["Linux cooked", LinkType.LinuxCooked, concat(hex("0000 0001 0006 020000000001 0000 0800"), ipv4(hello))],
    [
      "Linux cooked, tagged",
      LinkType.LinuxCooked,
      concat(hex("0000 0001 0006 020000000001 0000 8100 0064 0800"), ipv4(hello)),
    ],
    [
      "Linux cooked 2",
      LinkType.LinuxCooked2,
      concat(hex("86dd 0000 00000002 0001 00 06 0200000000010000"), ipv6(hello)),
    ],
    [
      "Linux cooked 2, tagged",
      LinkType.LinuxCooked2,
      concat(hex("8100 0000 00000002 0001 00 06 0200000000010000 0064 0800"), ipv4(hello)),
    ],
    ["raw IP", LinkType.Raw, ipv4(hello)],
    ["raw IP by its local number", 12, ipv6(hello)],
    ["raw IPv4", 228, ipv4(hello)],
    ["raw IPv6", 229, ipv6(hello)],
    ["BSD null of a little-endian machine", LinkType.Null, concat(hex("02000000"), ipv4(hello))],
    ["BSD null of a big-endian machine", LinkType.Null, concat(hex("0000001e"), ipv6(hello))],
    ["OpenBSD loop", LinkType.Loop, concat(hex("00000018"), ipv6(hello))],
  ])("%s", (_, linkType, frame) => {
    expect(payloadOf(linkType, frame)).toBe("hello");
  });

  it("skips what is not IP", () => {
    expect(payloadOf(LinkType.Ethernet, ethernet(0x0806, ipv4(hello)))).toBe("notIp");
    expect(payloadOf(LinkType.Ethernet, ethernet(0x8100, hex("0064 0806 0001")))).toBe("notIp");
    expect(payloadOf(LinkType.LinuxCooked2, concat(hex("0806"), new Uint8Array(40)))).toBe("notIp");
    expect(payloadOf(LinkType.Null, concat(hex("07000000"), ipv4(hello)))).toBe("notIp");
    expect(payloadOf(147, ipv4(hello))).toBe("unknownLinkType");
  });
});

describe("IPv4", () => {
  it("skips options", () => {
    expect(payloadOf(LinkType.Raw, ipv4(hello, { options: hex("94040000 01010101") }))).toBe("hello");
  });

  it("does not take Ethernet padding for payload", () => {
    const short = ipv4(tcp({ sequence: 1, payload: "x" }));
    expect(payloadOf(LinkType.Ethernet, ethernet(0x0800, concat(short, new Uint8Array(5))))).toBe("x");
    const acknowledgement = ipv4(tcp({ sequence: 1 }));
    expect(payloadOf(LinkType.Ethernet, ethernet(0x0800, concat(acknowledgement, new Uint8Array(6))))).toBe("");
  });

  it("takes all that was captured when segmentation offload left the total length 0", () => {
    expect(payloadOf(LinkType.Raw, ipv4(hello, { totalLength: 0 }))).toBe("hello");
  });

  it("skips and counts fragments of TCP", () => {
    expect(payloadOf(LinkType.Raw, ipv4(hello, { fragment: 0x2000 }))).toBe("fragment");
    expect(payloadOf(LinkType.Raw, ipv4(hello, { fragment: 0x0003 }))).toBe("fragment");
    expect(payloadOf(LinkType.Raw, ipv4(hello, { fragment: 0x2000, protocol: 17 }))).toBe("notTcp");
  });

  it("skips other protocols", () => {
    expect(payloadOf(LinkType.Raw, ipv4(hello, { protocol: 17 }))).toBe("notTcp");
  });
});

describe("IPv6", () => {
  it("skips hop-by-hop options, routing and destination options", () => {
    const extensions = hex("2b 00 010400000000  3c 01 0100 00000000 0000000000000000  06 00 010400000000");
    expect(payloadOf(LinkType.Raw, ipv6(hello, { nextHeader: 0, extensions }))).toBe("hello");
  });

  it("skips and counts fragments, but not the atomic fragment", () => {
    const fragment = (bits: string, next = "06") => ({
      nextHeader: 44,
      extensions: hex(`${next} 00 ${bits} 00000001`),
    });
    expect(payloadOf(LinkType.Raw, ipv6(hello, fragment("0001")))).toBe("fragment");
    expect(payloadOf(LinkType.Raw, ipv6(hello, fragment("0008")))).toBe("fragment");
    expect(payloadOf(LinkType.Raw, ipv6(hello, fragment("0001", "11")))).toBe("notTcp");
    expect(payloadOf(LinkType.Raw, ipv6(hello, fragment("0000")))).toBe("hello");
  });

  it("takes all that was captured when the payload length is 0", () => {
    expect(payloadOf(LinkType.Raw, ipv6(hello, { payloadLength: 0 }))).toBe("hello");
  });

  it("does not take padding for payload", () => {
    expect(payloadOf(LinkType.Raw, concat(ipv6(hello), new Uint8Array(9)))).toBe("hello");
  });

  it("skips other protocols", () => {
    expect(payloadOf(LinkType.Raw, ipv6(hello, { nextHeader: 58 }))).toBe("notTcp");
  });
});

describe("TCP", () => {
  /** The same segment with another header length in 32-bit words. */
  const withHeaderLength = (words: number, payload: string): Tcp => {
    const { from, to, bytes } = tcp({ sequence: 1, payload });
    bytes[12] = words << 4;
    return { from, to, bytes };
  };

  it("skips options", () => {
    expect(payloadOf(LinkType.Raw, ipv4(withHeaderLength(7, "\x01\x01\x08\x0a\x00\x00\x00\x00hello")))).toBe("hello");
  });

  it("counts a header length that cannot be as malformed", () => {
    expect(payloadOf(LinkType.Raw, ipv4(withHeaderLength(4, "")))).toBe("malformed");
    expect(payloadOf(LinkType.Raw, ipv4(withHeaderLength(6, "")))).toBe("malformed");
  });

  it("names the ends", () => {
    const [four] = read(pcap([ipv4(hello)])).report.connections;
    expect(four?.client).toEqual({ address: "192.0.2.1", port: 50_000 });
    expect(four?.server).toEqual({ address: "192.0.2.2", port: 1935 });
    const [six] = read(pcap([ipv6(hello)])).report.connections;
    expect(six?.client).toEqual({ address: "2001:db8::1", port: 50_000 });
  });

  it.each([
    ["::", "00000000000000000000000000000000"],
    ["::1", "00000000000000000000000000000001"],
    ["fe80::", "fe800000000000000000000000000000"],
    ["10:0:0:1::2", "00100000000000010000000000000002"],
    ["1:0:2:3:4:5:6:7", "00010000000200030004000500060007"],
  ])("writes the IPv6 address %s", (address, bytes) => {
    const packet = ipv6(hello);
    packet.set(hex(bytes), 8);
    expect(read(pcap([packet])).report.connections[0]?.client.address).toBe(address);
  });
});

describe("packets that were cut off by the capture", () => {
  it("are malformed where a header is cut, and short where the payload is", () => {
    const frame = ethernet(0x0800, ipv4(hello));
    for (let length = 0; length < 14 + 20 + 20; length++) {
      expect(payloadOf(LinkType.Ethernet, frame.subarray(0, length), frame.length)).toBe("malformed");
    }
    expect(payloadOf(LinkType.Ethernet, frame.subarray(0, frame.length - 2), frame.length)).toBe("hel");
    const six = ethernet(0x86dd, ipv6(hello, { nextHeader: 60, extensions: hex("06 00 010400000000") }));
    for (let length = 0; length < 14 + 40 + 8 + 20; length++) {
      expect(payloadOf(LinkType.Ethernet, six.subarray(0, length), six.length)).toBe("malformed");
    }
  });

  it("may end inside the options of TCP, so that all payload is missing", () => {
    const long = tcp({ sequence: 1, payload: "12345678hello" });
    long.bytes[12] = 0x70;
    const { streams, report } = read(pcap([{ frame: ipv4(long).subarray(0, 44), originalLength: 53 }]));
    expect(streams).toEqual({});
    expect(report.connections[0]?.c2s.gap).toEqual({ offset: 0, length: 5 });
  });

  it("leave a gap", () => {
    const file = pcap([
      { frame: ipv4(hello).subarray(0, 43), originalLength: 45 },
      ipv4(tcp({ sequence: 6, payload: "world" })),
    ]);
    const { streams, report } = read(file);
    expect(streams).toEqual({ "0 c2s": "hel" });
    expect(report.connections[0]?.c2s.gap).toEqual({ offset: 3, length: 2 });
  });
});

describe("several link types in one file", () => {
  it("reads each packet by its own interface", () => {
    const file = new PcapngBuilder()
      .interface(LinkType.Ethernet)
      .interface(LinkType.Raw)
      .enhanced(ethernet(0x0800, ipv4(tcp({ sequence: 1, payload: "one " }))), 0)
      .enhanced(ipv4(tcp({ sequence: 5, payload: "two" })), 1)
      .build();
    expect(read(file).streams).toEqual({ "0 c2s": "one two" });
  });

  it("opens whatever has no capture's magic as raw bytes of no direction", () => {
    const { pieces, report } = read(text("\x03raw"));
    expect(pieces).toMatchObject([{ connection: 0, direction: null, start: 0, end: 4, time: null }]);
    expect(report).toMatchObject({ packets: 0, truncatedAt: null, connections: [] });
    expect(read(new Uint8Array()).pieces).toEqual([]);
  });
});
