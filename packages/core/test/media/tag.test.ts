import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TAG_HEAD_BYTES, TagHead, TagKind } from "../../src/media/index.ts";
import { hexBytes } from "../vector-file.ts";

const { Frame, Keyframe, SequenceHeader, Configuration } = TagKind;

type Reading = "video" | "audio";

function read(media: Reading, bytes: Uint8Array, start = 0, end = bytes.length): TagHead {
  const head = new TagHead();
  if (media === "video") head.readVideo(bytes, start, end);
  else head.readAudio(bytes, start, end);
  return head;
}

/** What it is, by the heads of messages. */
const vectors: [media: Reading, title: string, hex: string, kind: TagKind, trackId: number][] = [
  ["video", "AVC sequence header", "170000000001", SequenceHeader, 0],
  ["video", "AVC keyframe", "1701000000", Keyframe, 0],
  ["video", "AVC without its packet type", "17", Frame, 0],
  ["video", "AVC inter frame, composition time -40 ms", "2701ffffd8", Frame, 0],
  ["video", "AVC end of sequence", "1702000000", Frame, 0],
  ["video", "AVC seek command, whose first body byte is 0", "5700", Frame, 0],
  ["video", "Sorenson H.263 keyframe, which has no packet type", "1200", Keyframe, 0],
  ["video", "Sorenson H.263 disposable frame", "32", Frame, 0],
  ["video", "seek command of codec 2", "5200", Frame, 0],
  ["video", "VP6 keyframe", "1400", Keyframe, 0],
  ["video", "unofficial HEVC sequence header", "1c0000000001", SequenceHeader, 0],
  ["video", "unofficial HEVC keyframe", "1c01000000", Keyframe, 0],
  ["video", "unofficial AV1 sequence header", "1d0000000081", SequenceHeader, 0],
  ["video", "HEVC SequenceStart", "9068766331", SequenceHeader, 0],
  ["video", "HEVC CodedFrames, key, composition time 33 ms", "9168766331000021", Keyframe, 0],
  ["video", "HEVC CodedFramesX, key", "9368766331", Keyframe, 0],
  ["video", "HEVC CodedFramesX, inter", "a368766331", Frame, 0],
  ["video", "HEVC SequenceEnd", "9268766331", Frame, 0],
  ["video", "AV1 CodedFrames, key", "9161763031", Keyframe, 0],
  ["video", "AV1 MPEG2TSSequenceStart", "9561763031", SequenceHeader, 0],
  ["video", "VP9 SequenceStart", "9076703039", SequenceHeader, 0],
  [
    "video",
    "Metadata",
    "9468766331020009636f6c6f72496e666f03000b636f6c6f72436f6e6669670300086269744465707468004024000000000000000009000009",
    Configuration,
    0,
  ],
  ["video", "Metadata with the frame type of a command, as FFmpeg writes it", "d468766331", Configuration, 0],
  ["video", "enhanced seek command: no FourCC", "d000", Frame, 0],
  ["video", "ModEx, nanoseconds, then HEVC CodedFrames, key", "97020f423f0168766331000000", Keyframe, 0],
  ["video", "ModEx twice, then SequenceStart", "97020f423f0700aa0068766331", SequenceHeader, 0],
  ["video", "ModEx, then multitrack", "97020f423f06036876633105", Keyframe, 5],
  ["video", "ModEx with 300 bytes, all of them there", "97ff012b aa*300 0168766331000000", Keyframe, 0],
  ["video", "ModEx with 300 bytes, of which the head shows 3", "97ff012b", Frame, 0],
  ["video", "multitrack, one track, HEVC CodedFramesX, key", "96036876633101", Keyframe, 1],
  ["video", "multitrack, one track, SequenceStart", "96006876633102", SequenceHeader, 2],
  ["video", "multitrack, many tracks", "96136876633100000002aaaa01000002bbbb", Keyframe, 0],
  ["video", "multitrack, many codecs", "96236176633100000001aa6876633101000001bb", Keyframe, 0],
  ["video", "multitrack within multitrack", "96066876633101", Frame, 1],
  ["video", "reserved packet type", "9f68766331", Frame, 0],
  ["audio", "AAC sequence header", "af001210", SequenceHeader, 0],
  ["audio", "AAC frame", "af01", Frame, 0],
  ["audio", "MP3", "2f00", Frame, 0],
  ["audio", "Opus SequenceStart", "904f707573", SequenceHeader, 0],
  ["audio", "Opus CodedFrames", "914f707573", Frame, 0],
  ["audio", "FLAC SequenceStart", "90664c6143664c614380000022", SequenceHeader, 0],
  ["audio", "AC-3 CodedFrames", "9161632d33", Frame, 0],
  ["audio", "MultichannelConfig, native 5.1", "944f70757301060000003f", Configuration, 0],
  ["audio", "MultichannelConfig, custom stereo", "944f70757302020001", Configuration, 0],
  ["audio", "multitrack, one track, Opus CodedFrames", "95014f70757301", Frame, 1],
  ["audio", "multitrack, one track, Opus SequenceStart", "95004f70757303", SequenceHeader, 3],
  ["audio", "ModEx, then SequenceStart", "97020f423f004f707573", SequenceHeader, 0],
];

describe("TagHead", () => {
  it.each(vectors)("knows %s: %s", (media, _, hex, kind, trackId) => {
    const { kind: found, trackId: foundTrack } = read(media, hexBytes(hex));
    expect({ kind: found, trackId: foundTrack }).toEqual({ kind, trackId });
  });

  it.each(["video", "audio"] as const)("takes an empty %s message: a sign of silence in audio", (media) => {
    expect(read(media, new Uint8Array(0)).kind).toBe(Frame);
  });

  it("forgets what it read before", () => {
    const head = new TagHead();
    head.readVideo(hexBytes("96006876633102"), 0, 7);
    head.readVideo(hexBytes("2701"), 0, 2);
    expect([head.kind, head.trackId]).toEqual([Frame, 0]);
    head.readVideo(hexBytes("96006876633102"), 0, 7);
    head.readAudio(new Uint8Array(0), 0, 0);
    expect([head.kind, head.trackId]).toEqual([Frame, 0]);
  });

  it("needs no more than the head", () => {
    for (const [media, title, hex, kind] of vectors) {
      const bytes = hexBytes(hex);
      if (title.includes("300 bytes, all")) continue;
      expect(read(media, bytes, 0, Math.min(bytes.length, TAG_HEAD_BYTES)).kind, title).toBe(kind);
    }
  });

  it("reads nothing outside of the range, however it is cut", () => {
    for (const [media, title, hex] of vectors) {
      const bytes = hexBytes(hex);
      for (let end = 0; end <= bytes.length; end++) {
        // Whatever stands around the range must make no difference.
        const answers = [0x00, 0x17, 0xff].map((around) => {
          const surrounded = new Uint8Array(bytes.length + 600).fill(around);
          surrounded.set(bytes.subarray(0, end), 300);
          const { kind, trackId } = read(media, surrounded, 300, 300 + end);
          return `${kind} ${trackId}`;
        });
        expect(new Set(answers).size, `${title}, cut to ${end} bytes`).toBe(1);
      }
    }
  });

  it("ends for any bytes, with a kind", () => {
    fc.assert(
      fc.property(fc.constantFrom<Reading>("video", "audio"), fc.uint8Array({ maxLength: 80 }), (media, bytes) => {
        const { kind, trackId } = read(media, bytes);
        expect(Object.values(TagKind)).toContain(kind);
        expect(trackId).toBeGreaterThanOrEqual(0);
        expect(trackId).toBeLessThan(256);
      }),
    );
  });
});
