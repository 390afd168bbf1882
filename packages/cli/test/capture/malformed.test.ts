import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CaptureError, describeLosses, openCapture } from "../../src/capture/index.ts";
import { concat, ethernet, hex, ipv4, ipv6, LinkType, PcapngBuilder, pcap, tcp } from "./builder.ts";

const segments = [
  tcp({ sequence: 100, flags: "S" }),
  tcp({ from: "server", sequence: 500, flags: "SA" }),
  tcp({ sequence: 101, payload: "hello" }),
  tcp({ sequence: 110, payload: "world" }),
  tcp({ from: "server", sequence: 501, payload: "answer", flags: "FA" }),
];
const frames = segments.flatMap((segment) => [ethernet(0x0800, ipv4(segment)), ethernet(0x86dd, ipv6(segment))]);
const files = [
  pcap(frames, { linkType: LinkType.Ethernet }),
  pcap(frames, { linkType: LinkType.Ethernet, littleEndian: false }),
  frames
    .reduce((builder, frame) => builder.enhanced(frame).simple(frame).obsolete(frame), new PcapngBuilder().interface(1))
    .build(),
];

/** Reads all of a file. Any outcome but an end or a CaptureError inside the file fails the test. */
function survive(file: Uint8Array): void {
  const { pieces, report } = openCapture(file);
  try {
    for (const { start, end } of pieces) {
      expect(start).toBeLessThan(end);
      expect(end).toBeLessThanOrEqual(file.length);
    }
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    expect(error.offset).toBeLessThanOrEqual(file.length);
  }
  describeLosses(report);
}

describe("a malformed file ends in a CaptureError or not at all", () => {
  it("when it is random behind its magic", () => {
    const heads = [
      hex(""),
      hex("a1b2c3d4"),
      hex("d4c3b2a1 02000400 00000000 00000000 ffff0000 01000000"),
      hex("4d3cb2a1 02000400 00000000 00000000 ffff0000 65000000"),
      hex("0a0d0d0a"),
      new PcapngBuilder(true).interface(1).build(),
      new PcapngBuilder(false).interface(101).build(),
    ];
    fc.assert(
      fc.property(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 500 }), (head, tail) =>
        survive(concat(head, tail)),
      ),
      { numRuns: 2000 },
    );
  });

  it("when some of its bytes are others", () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.constantFrom(...files), changes, (file, list) => {
        const damaged = file.slice();
        for (const [at, value] of list) damaged[at % damaged.length] = value;
        survive(damaged);
      }),
      { numRuns: 2000 },
    );
  });

  it("when a frame of any link type is random", () => {
    const linkType = fc.constantFrom(0, 1, 12, 101, 108, 113, 228, 229, 276, 9999);
    fc.assert(
      fc.property(linkType, fc.array(fc.uint8Array({ maxLength: 120 })), (type, list) => {
        const { pieces, report } = openCapture(pcap(list, { linkType: type }));
        for (const _ of pieces);
        expect(report).toMatchObject({ packets: list.length, truncatedAt: null });
      }),
      { numRuns: 1000 },
    );
  });

  it("when it is cut off anywhere", () => {
    for (const file of files) for (let length = 0; length <= file.length; length++) survive(file.subarray(0, length));
  });

  it("and all that came before the damage is given", () => {
    const file = concat(pcap([ipv4(tcp({ sequence: 1, payload: "abc" }))]), hex("00000000 00000000 ffffffff ffffffff"));
    const { pieces } = openCapture(file);
    expect(pieces.next().value).toMatchObject({ direction: "c2s" });
    expect(() => pieces.next()).toThrow(CaptureError);
  });
});
