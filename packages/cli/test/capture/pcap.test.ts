import { describe, expect, it } from "vitest";
import { CaptureError } from "../../src/capture/index.ts";
import { readPcap } from "../../src/capture/pcap.ts";
import { hex, packetsOf, pcap, text } from "./builder.ts";

function errorOf(file: Uint8Array): unknown {
  try {
    packetsOf(readPcap(file));
  } catch (error) {
    return error;
  }
  return null;
}

describe("classic pcap", () => {
  // 1.5 s, 4 bytes captured of 6, link type 1, written out by hand.
  const bigEndian = hex(
    "a1b2c3d4 00020004 00000000 00000000 0000ffff 00000001 00000001 0007a120 00000004 00000006 deadbeef",
  );
  const littleEndian = hex(
    "d4c3b2a1 02000400 00000000 00000000 ffff0000 01000000 01000000 20a10700 04000000 06000000 deadbeef",
  );

  it.each([
    ["big-endian", bigEndian],
    ["little-endian", littleEndian],
  ])("reads a %s file", (_, file) => {
    expect(packetsOf(readPcap(file))).toEqual({
      packets: [{ linkType: 1, time: 1500, start: 40, end: 44, originalLength: 6 }],
      truncatedAt: null,
    });
  });

  it.each([true, false])("reads nanoseconds, little-endian %s", (littleEndian) => {
    const record = { frame: text("x"), seconds: 2, fraction: 345_000 };
    const file = pcap([record], { magic: 0xa1b23c4d, littleEndian });
    expect(packetsOf(readPcap(file)).packets[0]?.time).toBe(2000.345);
  });

  it("leaves the flags beside the link type aside", () => {
    expect(packetsOf(readPcap(pcap([text("x")], { linkType: 0x5400_0001 }))).packets[0]?.linkType).toBe(1);
  });

  it("never has an original length below what was captured", () => {
    expect(packetsOf(readPcap(pcap([{ frame: text("abc"), originalLength: 0 }]))).packets[0]?.originalLength).toBe(3);
  });

  it("stops where the file is cut off, in the last packet or in its header", () => {
    const file = pcap([text("first"), text("second")]);
    const second = 24 + 16 + 5;
    for (let length = second + 1; length < file.length; length++) {
      const { packets, truncatedAt } = packetsOf(readPcap(file.subarray(0, length)));
      expect(packets).toHaveLength(1);
      expect(truncatedAt).toBe(second);
    }
    expect(packetsOf(readPcap(file.subarray(0, second)))).toMatchObject({ truncatedAt: null });
  });

  it("reads a file that lies inside a larger buffer", () => {
    const outer = new Uint8Array(100);
    outer.set(bigEndian, 7);
    expect(packetsOf(readPcap(outer.subarray(7, 7 + bigEndian.length))).packets).toHaveLength(1);
  });

  it("refuses what is damaged and says where", () => {
    expect(errorOf(text("nothing"))).toEqual(new CaptureError("this is not a pcap file", 0));
    expect(errorOf(bigEndian.subarray(0, 23))).toMatchObject({ name: "CaptureError", offset: 23 });
    expect(errorOf(hex("a1b2c3d4 00030004 00000000 00000000 0000ffff 00000001"))).toMatchObject({ offset: 4 });
    const tooLong = hex("a1b2c3d4 00020004 00000000 00000000 0000ffff 00000001 00000001 00000000 ffffffff ffffffff");
    expect(errorOf(tooLong)).toBeInstanceOf(CaptureError);
    expect(errorOf(tooLong)).toMatchObject({ offset: 32, message: expect.stringContaining("4294967295") });
  });
});
