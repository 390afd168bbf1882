import { describe, expect, it } from "vitest";
import { readPcapng } from "../../src/capture/pcapng.ts";
import { concat, hex, PcapngBuilder, packetsOf, text } from "./builder.ts";

function frames(file: Uint8Array): string[] {
  return packetsOf(readPcapng(file)).packets.map(({ start, end }) => Buffer.from(file.subarray(start, end)).toString());
}

function errorOf(file: Uint8Array): unknown {
  try {
    packetsOf(readPcapng(file));
  } catch (error) {
    return error;
  }
  return null;
}

function timeOf(file: Uint8Array): number | null | undefined {
  return packetsOf(readPcapng(file)).packets[0]?.time;
}

describe("pcapng", () => {
  it("reads a file written out by hand", () => {
    const file = hex(
      `
      0a0d0d0a 0000001c 1a2b3c4d 00010000 ffffffff ffffffff 0000001c
      00000001 00000014 00010000 00000000 00000014
      00000006 00000024 00000000 00000000 0016e360 00000003 00000009 61626300 00000024`.replaceAll("\n", ""),
    );
    expect(packetsOf(readPcapng(file))).toEqual({
      packets: [{ linkType: 1, time: 1500, start: 76, end: 79, originalLength: 9 }],
      truncatedAt: null,
    });
  });

  it.each([true, false])("reads enhanced, simple and obsolete packet blocks, little-endian %s", (littleEndian) => {
    const file = new PcapngBuilder(littleEndian)
      .interface(1)
      .interface(101)
      .enhanced(text("enhanced"), 1)
      .simple(text("simple"))
      .obsolete(text("obsolete"), 1, 3)
      .build();
    expect(frames(file)).toEqual(["enhanced", "simple", "obsolete"]);
    expect(packetsOf(readPcapng(file)).packets.map(({ linkType }) => linkType)).toEqual([101, 1, 101]);
  });

  it("has no time for simple packets and cuts them at the interface's limit", () => {
    const file = new PcapngBuilder().interface(1, 4).simple(text("cut "), 9).build();
    expect(packetsOf(readPcapng(file)).packets).toMatchObject([{ time: null, originalLength: 9 }]);
    expect(frames(file)).toEqual(["cut "]);
  });

  it("begins anew with each section, in its own byte order and with its own interfaces", () => {
    const file = concat(
      new PcapngBuilder(true).interface(1).enhanced(text("one")).build(),
      new PcapngBuilder(false).interface(101).enhanced(text("two")).build(),
    );
    expect(frames(file)).toEqual(["one", "two"]);
    expect(packetsOf(readPcapng(file)).packets.map(({ linkType }) => linkType)).toEqual([1, 101]);
    const orphan = concat(new PcapngBuilder().interface(1).build(), new PcapngBuilder().enhanced(text("x")).build());
    expect(errorOf(orphan)).toMatchObject({ message: expect.stringContaining("interface 0") });
  });

  it("skips blocks that hold no packets", () => {
    const file = new PcapngBuilder()
      .block(5, text("statistics"))
      .interface(1)
      .block(0x80000bad, text("of one's own"))
      .enhanced(text("packet"))
      .block(4, new Uint8Array())
      .build();
    expect(frames(file)).toEqual(["packet"]);
  });

  it("reads times by the interface's resolution and offset", () => {
    const builder = () => new PcapngBuilder();
    const resolution = (value: number) => builder().option(9, Uint8Array.of(value));
    const offset = builder().option(14, hex("0a00000000000000"));
    const end = hex("00000000");
    const at = (options: Uint8Array, units: bigint) =>
      timeOf(builder().interface(1, 0, options).enhanced(text("x"), 0, units).build());
    expect(at(new Uint8Array(), 1_700_000_000_123_456n)).toBe(1_700_000_000_123.456);
    expect(at(resolution(9), 1_700_000_000_123_457_000n)).toBeCloseTo(1_700_000_000_123.457, 3);
    expect(at(concat(builder().option(2, text("eth0")), resolution(3)), 1_500n)).toBe(1500);
    expect(at(resolution(0x80 | 10), 1_536n)).toBe(1500);
    expect(at(concat(resolution(3), offset, end), 500n)).toBe(10_500);
    expect(at(concat(end, resolution(3)), 1_500_000n)).toBe(1500);
  });

  it("stops where the file is cut off", () => {
    const whole = new PcapngBuilder().interface(1).enhanced(text("first"));
    const second = whole.build().length;
    const file = whole.enhanced(text("second")).build();
    for (let length = second + 1; length < file.length; length++) {
      const { packets, truncatedAt } = packetsOf(readPcapng(file.subarray(0, length)));
      expect(packets).toHaveLength(1);
      expect(truncatedAt).toBe(second);
    }
  });

  it("refuses what is damaged and says where", () => {
    const header = new PcapngBuilder().build();
    const damaged = (bytes: string) => concat(header, hex(bytes));
    const at = header.length;
    expect(errorOf(text("nothing"))).toMatchObject({ name: "CaptureError", offset: 0 });
    expect(errorOf(header.subarray(0, 20))).toMatchObject({ name: "CaptureError", offset: 20 });
    expect(errorOf(concat(header.subarray(0, 8), hex("00000000"), header.subarray(12)))).toMatchObject({ offset: 8 });
    expect(errorOf(concat(header.subarray(0, 12), hex("0200"), header.subarray(14)))).toMatchObject({ offset: 12 });
    // Lengths: below the least, no multiple of 4, beyond the bound, differing.
    expect(errorOf(damaged("05000000 08000000 08000000"))).toMatchObject({ offset: at + 4 });
    expect(errorOf(damaged("05000000 0d000000 0d000000"))).toMatchObject({ offset: at + 4 });
    expect(errorOf(damaged("05000000 fcffffff fcffffff"))).toMatchObject({ offset: at + 4 });
    expect(errorOf(damaged("05000000 0c000000 10000000"))).toMatchObject({ offset: at + 8 });
    // Too short for its type.
    expect(errorOf(damaged("01000000 10000000 01000000 10000000"))).toMatchObject({ offset: at });
    expect(errorOf(damaged("06000000 10000000 00000000 10000000"))).toMatchObject({ offset: at });
    expect(errorOf(damaged("03000000 0c000000 0c000000"))).toMatchObject({ offset: at });
    // An option and a packet that pass the end of their block.
    expect(errorOf(damaged("01000000 18000000 01000000 00000000 09000500 18000000"))).toMatchObject({
      offset: at + 16,
    });
    const described = new PcapngBuilder().interface(1);
    const tooLong = concat(hex("00000000 00000000 00000000 05000000 05000000"), text("four"));
    expect(errorOf(described.block(6, tooLong).build())).toMatchObject({ offset: at + 20 + 20 });
    const simple = new PcapngBuilder().interface(1).simple(text("four"), 5);
    expect(errorOf(simple.build())).toMatchObject({ offset: at + 20 + 8 });
  });
});
