import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ErrorCode, ProtocolError } from "../../src/errors.ts";
import {
  type AudioFacts,
  FourCc,
  readAudioConfig,
  readAudioFrame,
  readFrameSize,
  readVideoConfig,
  type VideoFacts,
  VideoPacketType,
} from "../../src/media/index.ts";
import { hexBytes, vectorFiles } from "../vector-file.ts";
import { Bits, escaped } from "./bits.ts";

const { SequenceStart } = VideoPacketType;

function videoFacts(fourCc: number, config: Uint8Array): VideoFacts {
  const facts = readVideoConfig(fourCc, SequenceStart, config, 0, config.length);
  if (facts === null || facts instanceof ProtocolError) throw new Error(facts?.message ?? "There are no facts.");
  return facts;
}

function audioFacts(fourCc: number, config: Uint8Array): AudioFacts {
  const facts = readAudioConfig(fourCc, config, 0, config.length);
  if (facts === null || facts instanceof ProtocolError) throw new Error(facts?.message ?? "There are no facts.");
  return facts;
}

/** Whatever is missing at the end, the reader says so, and does not throw. */
function expectErrorsWhenCut(fourCc: number, config: Uint8Array): void {
  for (let end = 1; end < config.length; end++) {
    const facts = readVideoConfig(fourCc, SequenceStart, config, 0, end);
    expect(facts, `cut to ${end} bytes`).toBeInstanceOf(ProtocolError);
  }
}

describe("AVC", () => {
  const configOf = (sps: Bits, [profile = 100, compatibility = 0, level = 31] = []) => {
    const unit = escaped(sps.done);
    return new Bits()
      .bytes(1, profile, compatibility, level, 0xff, 0xe1)
      .u(16, unit.length)
      .bytes(...unit, 0).done;
  };
  const spsHead = (profile: number) => new Bits().bytes(0x67, profile, 0, 31).ue(0);

  it("steps over scaling lists, picture order of type 1, and what VUI has before the timing", () => {
    const sps = spsHead(100)
      .ue(1, 2, 0) // 4:2:0, 10 and 8 bits
      .flags(0, 1); // scaling matrices follow
    // The first list is whole, the second ends at once (a scale of 0), the others are missing.
    sps.flags(1).se(...Array(16).fill(1));
    sps.flags(1).se(-8);
    sps.flags(0, 0, 0, 0, 0, 0);
    sps.ue(0, 1).flags(0).se(-2, 3).ue(2).se(1, -1); // picture order
    sps.ue(4).flags(0).ue(19, 14).flags(1, 1); // 20 by 15 macroblocks, frames
    sps.flags(1).ue(1, 2, 3, 4); // cropping, in units of two pixels
    sps.flags(1);
    sps.flags(1).u(8, 255).u(16, 4).u(16, 3); // sample aspect ratio
    sps.flags(1, 0); // overscan
    sps.flags(1).u(4, 10).flags(1).u(24, 0x010101); // video signal with colours
    sps.flags(1).ue(0, 0); // chroma places
    sps.flags(1).u(32, 1001).u(32, 60000).flags(1);
    const config = configOf(sps.stop());
    const facts = videoFacts(FourCc.Avc, config);
    expect(facts).toMatchObject({ width: 314, height: 226, bitDepth: 10, chroma: "4:2:0" });
    expect(facts.frameRate).toBeCloseTo(29.97, 3);
    expectErrorsWhenCut(FourCc.Avc, config.subarray(0, -1));
  });

  it.each([
    ["4:0:0", 0, 1, 1],
    ["4:2:0", 1, 2, 2],
    ["4:2:2", 2, 2, 1],
    ["4:4:4", 3, 1, 1],
  ] as const)("crops fields of %s", (chroma, format, across, down) => {
    const sps = spsHead(244).ue(format);
    if (format === 3) sps.flags(0);
    sps.ue(0, 0).flags(0, 0).ue(0, 2).ue(1).flags(0).ue(9, 4);
    sps.flags(0, 0, 1).flags(1).ue(0, 1, 0, 1).flags(0); // fields
    expect(videoFacts(FourCc.Avc, configOf(sps.stop()))).toMatchObject({
      chroma,
      width: 160 - across,
      height: 160 - 2 * down,
      frameRate: null,
    });
  });

  it("refuses a chroma format that there is not, and a picture that is cropped away", () => {
    const badFormat = configOf(spsHead(100).ue(4).stop());
    expect(readVideoConfig(FourCc.Avc, SequenceStart, badFormat, 0, badFormat.length)).toMatchObject({
      code: ErrorCode.MediaConfigMalformed,
      offset: 8,
    });
    const cropped = configOf(spsHead(66).ue(0, 2, 1).flags(0).ue(0, 0).flags(1, 1, 1).ue(4, 4, 0, 0).flags(0).stop());
    expect(readVideoConfig(FourCc.Avc, SequenceStart, cropped, 0, cropped.length)).toMatchObject({
      code: ErrorCode.MediaConfigMalformed,
    });
  });
});

describe("HEVC", () => {
  const configOf = (sps: Bits) => {
    const unit = escaped(sps.done);
    return new Bits()
      .bytes(1, 0x21, 0x60, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 93, 0xf0, 0, 0xfc, 0xfe, 0xfa, 0xfa, 0, 0, 0x0f, 2)
      .bytes(0x20, 0, 1, 0, 3, 0x40, 1, 0x0c) // a video parameter set, cut short
      .bytes(0x21, 0, 1)
      .u(16, unit.length)
      .bytes(...unit).done;
  };

  it("steps over all that may stand before the timing", () => {
    const sps = new Bits().bytes(0x42, 0x01).u(4, 0).u(3, 2).flags(1);
    sps.u(8, 1).u(32, 0x60000000).u(32, 0).u(16, 0).u(8, 93); // general profile, tier, level
    sps.flags(1, 1, 0, 1).u(12, 0); // sub-layers: the first has both, the second a level
    sps.u(32, 0).u(32, 0).u(24, 0).u(8, 60).u(8, 30);
    sps.ue(0, 2, 400, 304).flags(1).ue(1, 0, 3, 0); // 4:2:2: pairs of columns
    sps.ue(2, 2, 4).flags(1).ue(4, 1, 2, 4, 1, 2, 4, 1, 2); // bit depths, picture order, orderings of three sub-layers
    sps.ue(0, 3, 0, 3, 0, 0); // sizes of blocks
    sps.flags(1, 1); // scaling lists
    for (let size = 0; size < 4; size++) {
      for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
        if (matrix === 0) {
          sps.flags(1);
          if (size > 1) sps.se(2);
          sps.se(...Array(Math.min(64, 1 << (4 + 2 * size))).fill(1));
        } else {
          sps.flags(0).ue(1);
        }
      }
    }
    sps.flags(0, 1, 1).u(4, 7).u(4, 7).ue(0, 2).flags(0); // PCM
    sps.ue(3); // sets of reference pictures
    sps.ue(2, 1).ue(0).flags(1).ue(1).flags(1).ue(0).flags(1); // two before, one after
    sps.flags(1, 0).ue(0).flags(1, 1, 0, 0, 0, 1); // leans on the first: four flags, two of them 0
    sps.flags(0).ue(1, 0).ue(0).flags(1);
    sps.flags(1).ue(2).u(8, 5).flags(1).u(8, 9).flags(0); // long-term pictures
    sps.flags(1, 1, 1);
    sps.flags(0, 0, 1).u(4, 10).flags(0).flags(0); // video signal
    sps.flags(0, 0, 1, 1).ue(0, 0, 0, 0); // default display window
    sps.flags(1).u(32, 1001).u(32, 60000);
    const config = configOf(sps.flags(0, 0, 0, 0).stop());
    const facts = videoFacts(FourCc.Hevc, config);
    expect(facts).toMatchObject({ codec: "hvc1.1.6.H93.b0", width: 398, height: 301, chroma: "4:2:2", bitDepth: 10 });
    expect(facts).toMatchObject({ level: "3.1 high", nalLengthBytes: 4 });
    expect(facts.frameRate).toBeCloseTo(59.94, 3);
    expectErrorsWhenCut(FourCc.Hevc, config);
  });

  it("names profile space and all six bytes of constraints", () => {
    const bytes = "01 82 80000001 010203040506 78 f000 fc fd f8 f8 0000 0d 00";
    expect(videoFacts(FourCc.Hevc, hexBytes(bytes))).toMatchObject({
      codec: "hvc1.B2.80000001.L120.1.2.3.4.5.6",
      level: "4.0",
      nalLengthBytes: 2,
    });
  });
});

describe("VVC", () => {
  /** Main 10, level 3.1, 4:2:0, 1282 by 722 cropped to 1280 by 720; ffmpeg's trace_headers reads the same. */
  const sps = () =>
    new Bits()
      .bytes(0x00, 0x79)
      .u(4, 0)
      .u(4, 0)
      .u(3, 1) // two sub-layers
      .u(2, 1)
      .u(2, 2)
      .flags(1)
      .u(7, 1)
      .flags(0)
      .u(8, 51)
      .flags(1, 0)
      .flags(1) // constraints follow
      .u(32, 0)
      .u(32, 0)
      .u(7, 0)
      .u(8, 6)
      .u(6, 0)
      .align()
      .flags(1)
      .align()
      .u(8, 35)
      .u(8, 1)
      .u(32, 0xcafe)
      .flags(0)
      .flags(1, 0) // resampling
      .ue(1288, 728)
      .flags(1)
      .ue(2, 2, 1, 3)
      .flags(0)
      .ue(2);
  const withSps = (record: Bits, unit: Uint8Array) =>
    record
      .bytes(3, 0x8d, 0, 2, 0xaa, 0xbb) // decoding capability information: one unit, no count
      .bytes(0x8e, 0, 1, 0, 1, 0x00)
      .bytes(0x8f, 0, 1)
      .u(16, unit.length)
      .bytes(...unit).done;
  const record = () =>
    new Bits()
      .u(5, 31)
      .u(2, 3)
      .flags(1)
      .u(9, 0)
      .u(3, 2)
      .u(2, 1)
      .u(2, 1)
      .u(3, 2)
      .u(5, 31)
      .u(2, 0)
      .u(6, 1)
      .u(7, 1)
      .flags(0)
      .u(8, 51)
      .flags(1, 0)
      .u(6, 0)
      .flags(1)
      .u(7, 0)
      .u(8, 35)
      .u(8, 1)
      .u(32, 0xcafe)
      .u(16, 1288)
      .u(16, 728)
      .u(16, 15360);

  it("has profile, depth and rate from the record, the size from the sequence parameter set", () => {
    const config = withSps(record(), escaped(sps().stop().done));
    expect(videoFacts(FourCc.Vvc, config)).toEqual({
      codec: "vvc1.1.L51.CQA",
      width: 1280,
      height: 720,
      profile: "Main 10",
      level: "3.1",
      bitDepth: 10,
      chroma: "4:2:0",
      frameRate: 60,
      nalLengthBytes: 4,
    });
    expectErrorsWhenCut(FourCc.Vvc, config);
  });

  it("has them from the sequence parameter set where the record has none", () => {
    const config = withSps(new Bits().u(5, 31).u(2, 1).flags(0), escaped(sps().stop().done));
    const facts = {
      codec: "vvc1.1.L51.CQA",
      width: 1280,
      height: 720,
      bitDepth: 10,
      frameRate: null,
      nalLengthBytes: 2,
    };
    expect(videoFacts(FourCc.Vvc, config)).toMatchObject(facts);
  });

  it("knows the greatest size where there is no parameter set", () => {
    expect(videoFacts(FourCc.Vvc, record().bytes(0).done)).toMatchObject({ width: 1288, height: 728 });
    expect(videoFacts(FourCc.Vvc, hexBytes("fe 00"))).toMatchObject({ codec: "vvc1", width: null, level: null });
  });
});

describe("AV1", () => {
  const withSequence = (sequence: Bits) => {
    const { done } = sequence;
    return new Bits()
      .bytes(0x81, 0x08, 0x0c, 0)
      .bytes(0x12, 0x00) // a temporal delimiter
      .bytes(0x0e, 0x00, done.length) // with an extension, and a size
      .bytes(...done).done;
  };

  it("reads a reduced header", () => {
    const config = withSequence(
      new Bits()
        .u(3, 0)
        .flags(1, 1)
        .u(5, 8)
        .u(4, 10)
        .u(4, 9)
        .u(11, 1919)
        .u(10, 1079 & 1023),
    );
    expect(videoFacts(FourCc.Av1, config)).toMatchObject({ width: 1920, height: 56, level: "4.0", frameRate: null });
  });

  it("steps over operating points with a model of the decoder", () => {
    const sequence = new Bits().u(3, 0).flags(0, 0);
    sequence.flags(1).u(32, 1001).u(32, 30000).flags(1).ue(1); // two ticks for each picture
    sequence.flags(1).u(5, 9).u(32, 1).u(5, 9).u(5, 9); // delays of ten bits
    sequence.flags(1).u(5, 1);
    sequence.u(12, 1).u(5, 8).flags(0).flags(1).u(10, 1).u(10, 1).flags(0).flags(1).u(4, 3);
    sequence.u(12, 3).u(5, 7).flags(0).flags(0);
    sequence.u(4, 9).u(4, 8).u(10, 639).u(9, 359);
    const config = withSequence(sequence);
    const facts = videoFacts(FourCc.Av1, config);
    expect(facts).toMatchObject({ width: 640, height: 360 });
    expect(facts.frameRate).toBeCloseTo(14.985, 3);
  });

  it("reads a sequence header without a size, which goes on to the end", () => {
    const sequence = new Bits().u(3, 0).flags(1, 1).u(5, 8).u(4, 3).u(4, 3).u(4, 15).u(4, 7).done;
    expect(videoFacts(FourCc.Av1, Uint8Array.from([0x81, 8, 0x0c, 0, 0x08, ...sequence]))).toMatchObject({
      width: 16,
      height: 8,
    });
  });

  it.each([
    ["a size beyond the end", "81 08 0c 00 0a 05 00"],
    ["a size that has no end", "81 08 0c 00 0a 80"],
    ["a sequence header that is too short", "81 08 0c 00 0a 01 00"],
  ])("says that there is %s", (_, hex) => {
    const bytes = hexBytes(hex);
    const error = { code: ErrorCode.MediaConfigTruncated };
    expect(readVideoConfig(FourCc.Av1, SequenceStart, bytes, 0, bytes.length)).toMatchObject(error);
  });
});

describe("AAC", () => {
  it.each([
    [1, "mono"],
    [2, "stereo"],
    [3, "3.0"],
    [4, "4.0"],
    [5, "5.0"],
    [6, "5.1"],
    [7, "7.1(wide)"],
    [11, "6.1(back)"],
    [12, "7.1"],
    [13, "22.2"],
    [14, "5.1.2(back)"],
  ])("knows channel configuration %d", (configuration) => {
    const { channels, channelMask } = audioFacts(FourCc.Aac, new Bits().u(5, 2).u(4, 3).u(4, configuration).done);
    const bits = (channelMask ?? 0).toString(2).replaceAll("0", "").length;
    expect(bits).toBe(channels);
  });

  it("reads a program config element with everything in it", () => {
    const config = new Bits().u(5, 2).u(4, 4).u(4, 0).flags(0, 0, 0).u(4, 0).u(2, 1).u(4, 4);
    config.u(4, 2).u(4, 1).u(4, 1).u(2, 1).u(3, 1).u(4, 1); // front, side, back, low frequency, data, coupling
    config.flags(1).u(4, 0).flags(1).u(4, 0).flags(1).u(3, 0); // mixdowns
    config.flags(0).u(4, 0).flags(1).u(4, 0).flags(1).u(4, 1).flags(1).u(4, 2); // a centre and three pairs
    config.u(4, 0).u(4, 0).u(5, 0).align().bytes(2, 0x68, 0x69);
    const facts = { channels: 8, channelMask: 0x63f, sampleRate: 44100, codec: "mp4a.40.2" };
    expect(audioFacts(FourCc.Aac, config.done)).toMatchObject(facts);
  });

  it("counts the channels of a program config element that have no places", () => {
    const config = new Bits().u(5, 2).u(4, 4).u(4, 0).flags(0, 0, 0).u(4, 0).u(2, 1).u(4, 4);
    config.u(4, 3).u(4, 0).u(4, 0).u(2, 0).u(3, 0).u(4, 0).flags(0, 0, 0);
    config.flags(0).u(4, 0).flags(0).u(4, 1).flags(0).u(4, 2).align().bytes(0);
    expect(audioFacts(FourCc.Aac, config.done)).toMatchObject({ channels: 3, channelMask: null });
  });

  it("reads object types above 31, and error resilient ones", () => {
    const usac = new Bits().u(5, 31).u(6, 10).u(4, 3).u(4, 2).done;
    expect(audioFacts(FourCc.Aac, usac)).toMatchObject({ codec: "mp4a.40.42", profile: "xHE-AAC", channels: 2 });
    const lowDelay = new Bits().u(5, 23).u(4, 3).u(4, 1).flags(0, 0, 1).u(3, 0).flags(0).u(2, 0).done;
    expect(audioFacts(FourCc.Aac, lowDelay)).toMatchObject({ codec: "mp4a.40.23", profile: "LD", channels: 1 });
  });

  it("reads parametric stereo that is announced at the end", () => {
    const config = new Bits().u(5, 2).u(4, 7).u(4, 1).flags(0, 0, 0);
    config.u(11, 0x2b7).u(5, 5).flags(1).u(4, 4).u(11, 0x548).flags(1);
    const facts = { codec: "mp4a.40.29", sampleRate: 44100, channels: 2 };
    expect(audioFacts(FourCc.Aac, config.done)).toMatchObject(facts);
  });
});

describe("AC-3", () => {
  const frame = (acmod: number, lowFrequency: 0 | 1) => {
    const bits = new Bits().bytes(0x0b, 0x77, 0, 0).u(2, 1).u(6, 0).u(5, 8).u(3, 0).u(3, acmod);
    if ((acmod & 1) === 1 && acmod !== 1) bits.u(2, 3);
    if ((acmod & 4) === 4) bits.u(2, 3);
    if (acmod === 2) bits.u(2, 3);
    return bits.flags(lowFrequency).done;
  };

  it.each([0, 1, 2, 3, 4, 5, 6, 7])("knows mode %d, with and without a low frequency channel", (acmod) => {
    const counts = [2, 1, 2, 3, 3, 4, 4, 5];
    for (const lowFrequency of [0, 1] as const) {
      const bytes = frame(acmod, lowFrequency);
      const facts = { channels: (counts[acmod] ?? 0) + lowFrequency, sampleRate: 44100 };
      expect(readAudioFrame(FourCc.Ac3, bytes, 0, bytes.length)).toMatchObject(facts);
    }
  });

  it("halves the rate in version 9, quarters it in version 10", () => {
    const ratesOf = [8, 9, 10].map((bsid) => {
      const bytes = new Bits().bytes(0x0b, 0x77, 0, 0, 0).u(5, bsid).u(3, 0).u(3, 1).flags(0).done;
      const facts = readAudioFrame(FourCc.Ac3, bytes, 0, bytes.length);
      return facts === null || facts instanceof ProtocolError ? null : facts.sampleRate;
    });
    expect(ratesOf).toEqual([48000, 24000, 12000]);
  });
});

describe("all configurations and frames", () => {
  const fourCcs = Object.values(FourCc);
  const readers = [
    (fourCc: number, bytes: Uint8Array, start: number, end: number) =>
      readVideoConfig(fourCc, SequenceStart, bytes, start, end),
    (fourCc: number, bytes: Uint8Array, start: number, end: number) =>
      readVideoConfig(fourCc, VideoPacketType.Mpeg2TsSequenceStart, bytes, start, end),
    readAudioConfig,
    readAudioFrame,
    readFrameSize,
  ];

  /** Real ones from the vectors, with one byte changed; or anything. */
  const real = vectorFiles("media")
    .filter(({ name }) => name === "config.txt")
    .flatMap(({ cases }) => cases.map(({ bytes }) => bytes.subarray(5)));
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 120 }),
    fc.tuple(fc.constantFrom(...real), fc.nat(), fc.nat(255)).map(([bytes, at, value]) => {
      const changed = bytes.slice();
      if (changed.length > 0) changed[at % changed.length] = value;
      return changed;
    }),
  );

  it("are read or refused, without a look at what lies around them, and errors lie within", () => {
    fc.assert(
      fc.property(fc.constantFrom(...fourCcs), content, (fourCc, bytes) => {
        for (const read of readers) {
          const answers = [0x00, 0xff].map((noise) => {
            const memory = new Uint8Array(bytes.length + 80).fill(noise);
            memory.set(bytes, 40);
            return read(fourCc, memory, 40, 40 + bytes.length);
          });
          expect(answers[0]).toEqual(answers[1]);
          const [answer] = answers;
          if (answer instanceof ProtocolError) expect(answer.offset).toBeLessThanOrEqual(bytes.length);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("are null for codecs that nobody knows", () => {
    const bytes = hexBytes("01 02 03 04");
    expect(readers.map((read) => read(0x7a7a7a7a, bytes, 0, 4))).toEqual([null, null, null, null, null]);
  });
});
