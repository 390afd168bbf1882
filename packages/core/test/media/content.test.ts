import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ChannelMask,
  ChannelOrder,
  type ColorInfo,
  channelLayoutText,
  colorInfoBody,
  colorInfoOf,
  fourCcText,
  multichannelConfigBody,
  readMultichannelConfig,
  readVideoMetadata,
} from "../../src/media/index.ts";

describe("colorInfo", () => {
  const readBack = (body: Uint8Array) => {
    const metadata = readVideoMetadata(body, 0, body.length);
    return Array.isArray(metadata) ? colorInfoOf(metadata) : metadata;
  };

  it("is read as it was written", () => {
    const number = fc.double({ min: 0, max: 10_000 });
    const fields = (...names: string[]) =>
      fc.record(Object.fromEntries(names.map((name) => [name, number])), { requiredKeys: [] });
    const primaries = ["redX", "redY", "greenX", "greenY", "blueX", "blueY", "whitePointX", "whitePointY"];
    const info: fc.Arbitrary<ColorInfo> = fc.record(
      {
        colorConfig: fields("bitDepth", "colorPrimaries", "transferCharacteristics", "matrixCoefficients"),
        hdrCll: fields("maxFall", "maxCLL"),
        hdrMdcv: fields(...primaries, "maxLuminance", "minLuminance"),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(info, (colors) => {
        expect(readBack(colorInfoBody(colors))).toEqual(colors);
      }),
    );
  });

  it("is vector 106 when it has a bit depth only", () => {
    const hex =
      "020009636f6c6f72496e666f03000b636f6c6f72436f6e6669670300086269744465707468004024000000000000000009000009";
    expect(Buffer.from(colorInfoBody({ colorConfig: { bitDepth: 10 } })).toString("hex")).toBe(hex);
  });

  it("takes back what was said before when it is empty", () => {
    expect(readBack(colorInfoBody({}))).toEqual({});
  });
});

describe("MultichannelConfig", () => {
  it("is read as it was written", () => {
    const byte = fc.nat(255);
    const config = fc.oneof(
      fc.record({
        order: byte.filter((order) => order !== ChannelOrder.Native && order !== ChannelOrder.Custom),
        channels: byte,
        mask: fc.constant(null),
        map: fc.constant(null),
      }),
      fc.record({
        order: fc.constant(ChannelOrder.Native),
        channels: byte,
        mask: fc.nat(0xffffffff),
        map: fc.constant(null),
      }),
      fc
        .array(byte, { maxLength: 40 })
        .map((map) => ({ order: ChannelOrder.Custom, channels: map.length, mask: null, map })),
    );
    fc.assert(
      fc.property(config, (written) => {
        const body = multichannelConfigBody(written);
        expect(readMultichannelConfig(body, 0, body.length)).toEqual(written);
      }),
    );
  });

  it.each([
    [{ order: 1, channels: 2, mask: null, map: null }, "The native order has a mask, others not."],
    [{ order: 0, channels: 2, mask: null, map: [0, 1] }, "The custom order has a map, others not."],
    [{ order: 2, channels: 2, mask: null, map: [0] }, "The map must have 2 channels, as many as there are, not 1."],
    [{ order: 1, channels: 2, mask: -1, map: null }, "A channel mask has 32 bits; -1 is none."],
    [
      { order: 0, channels: 256, mask: null, map: null },
      "The number of channels must be an integer from 0 to 255, not 256.",
    ],
  ])("refuses to write %o", (config, message) => {
    expect(() => multichannelConfigBody(config)).toThrow(new RangeError(message));
  });
});

describe("names", () => {
  it("are one for each layout", () => {
    const masks = Object.values(ChannelMask);
    expect(new Set(masks).size).toBe(masks.length);
    expect(Object.entries(ChannelMask).map(([, mask]) => channelLayoutText(mask))).toEqual(Object.keys(ChannelMask));
  });

  it("are the characters of a FourCC, whatever they are", () => {
    expect([0x61763031, 0, -1].map(fourCcText)).toEqual(["av01", "\0\0\0\0", "ÿÿÿÿ"]);
  });
});
