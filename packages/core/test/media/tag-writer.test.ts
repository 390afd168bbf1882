import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  AudioPacketType,
  audioPayload,
  FourCc,
  FrameType,
  hasCompositionTime,
  legacyAudioPayload,
  legacyVideoPayload,
  type ModEx,
  ModExType,
  MultitrackType,
  nanosecondOffset,
  SoundFormat,
  TagReader,
  type Track,
  VideoCodecId,
  VideoCommand,
  VideoPacketType,
  videoCommandPayload,
  videoPayload,
} from "../../src/media/index.ts";
import { hexBytes } from "../vector-file.ts";

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const none = new Uint8Array(0);
const { OneTrack, ManyTracks, ManyTracksManyCodecs } = MultitrackType;
const { CodedFrames, CodedFramesX, SequenceStart } = VideoPacketType;

/** What is read again of a message: its head, its ModEx blocks, and its tracks. */
function readBack(media: "video" | "audio", payload: Uint8Array) {
  const head = new TagReader();
  if (media === "video") head.readVideo(payload, 0, payload.length);
  else head.readAudio(payload, 0, payload.length);
  const modEx = head
    .readModExBlocks()
    .map(({ type, start, end }) => ({ type, data: hexOf(payload.slice(start, end)) }));
  const tracks: unknown[] = [];
  while (head.nextTrack()) {
    const { trackId, fourCc, compositionTime, start, end } = head;
    tracks.push({ trackId, fourCc, compositionTime, body: hexOf(payload.slice(start, end)) });
  }
  const { frameType, packetType, multitrackType, command, error } = head;
  return { frameType, packetType, multitrackType, command, modEx, tracks, error };
}

describe("the vectors of the specification", () => {
  const key = FrameType.Key;
  const tracksOf = (fourCc: number, ...bodies: string[]): Track[] =>
    bodies.map((body, trackId) => ({ fourCc, trackId, body: hexBytes(body) }));

  it.each([
    [
      "94",
      "17000000000001",
      legacyVideoPayload({ frameType: key, codecId: VideoCodecId.Avc, packetType: 0 }, hexBytes("0001")),
    ],
    ["95", "2701ffffd8", legacyVideoPayload({ frameType: FrameType.Inter, codecId: 7, compositionTime: -40 }, none)],
    ["96", "1702000000", legacyVideoPayload({ frameType: key, codecId: 7, packetType: 2 }, none)],
    ["97", "af001210", legacyAudioPayload({ soundFormat: SoundFormat.Aac, packetType: 0 }, hexBytes("1210"))],
    ["98", "af01", legacyAudioPayload({ soundFormat: SoundFormat.Aac }, none)],
    ["99", "5200", legacyVideoPayload({ frameType: FrameType.Command, codecId: 2 }, hexBytes("00"))],
    ["Speex", "b2aa", legacyAudioPayload({ soundFormat: SoundFormat.Speex }, hexBytes("aa"))],
    [
      "MP3",
      "24aa",
      legacyAudioPayload({ soundFormat: 2, soundRate: 11025, soundSize: 8, soundChannels: 1 }, hexBytes("aa")),
    ],
    ["100", "9068766331", videoPayload({ frameType: key, packetType: SequenceStart }, tracksOf(FourCc.Hevc, ""))],
    [
      "101",
      "9168766331000021",
      videoPayload({ frameType: key, packetType: CodedFrames }, [
        { fourCc: FourCc.Hevc, compositionTime: 33, body: none },
      ]),
    ],
    ["102", "a368766331", videoPayload({ frameType: 2, packetType: CodedFramesX }, tracksOf(FourCc.Hevc, ""))],
    ["104", "9161763031", videoPayload({ frameType: key, packetType: CodedFrames }, tracksOf(FourCc.Av1, ""))],
    [
      "107",
      "97020f423f0168766331000000",
      videoPayload(
        { frameType: key, packetType: CodedFrames, modEx: [nanosecondOffset(999_999)] },
        tracksOf(FourCc.Hevc, ""),
      ),
    ],
    [
      "109",
      "96036876633101",
      videoPayload({ frameType: key, packetType: CodedFramesX, multitrackType: OneTrack }, [
        { fourCc: FourCc.Hevc, trackId: 1, body: none },
      ]),
    ],
    [
      "110",
      "96136876633100000002aaaa01000002bbbb",
      videoPayload(
        { frameType: key, packetType: CodedFramesX, multitrackType: ManyTracks },
        tracksOf(FourCc.Hevc, "aaaa", "bbbb"),
      ),
    ],
    [
      "111",
      "96236176633100000001aa6876633101000001bb",
      videoPayload({ frameType: key, packetType: CodedFramesX, multitrackType: ManyTracksManyCodecs }, [
        { fourCc: FourCc.Avc, body: hexBytes("aa") },
        { fourCc: FourCc.Hevc, trackId: 1, body: hexBytes("bb") },
      ]),
    ],
    ["112", "904f707573", audioPayload({ packetType: AudioPacketType.SequenceStart }, tracksOf(FourCc.Opus, ""))],
    [
      "118",
      "95014f70757301",
      audioPayload({ packetType: AudioPacketType.CodedFrames, multitrackType: OneTrack }, [
        { fourCc: FourCc.Opus, trackId: 1, body: none },
      ]),
    ],
    ["seek", "d001", videoCommandPayload(VideoCommand.EndSeek)],
    ["seek with ModEx", "d700aa1001", videoCommandPayload(VideoCommand.EndSeek, [{ type: 1, data: hexBytes("aa") }])],
  ])("%s", (_, hex, payload) => {
    expect(hexOf(payload)).toBe(hex);
  });

  it("writes ModEx data of 255, 256 and 65,536 bytes", () => {
    const headOf = (length: number) => {
      const modEx = [{ type: 5, data: new Uint8Array(length) }];
      const payload = audioPayload({ packetType: 1, modEx }, [{ fourCc: FourCc.Opus, body: none }]);
      return [hexOf(payload.slice(0, 4)), payload.length - length];
    };
    expect(headOf(255)).toEqual(["97fe0000", 7]);
    expect(headOf(256)).toEqual(["97ff00ff", 9]);
    expect(headOf(65_536)).toEqual(["97ffffff", 9]);
  });
});

describe("what is written", () => {
  const body = fc.uint8Array({ maxLength: 20 });
  const modEx: fc.Arbitrary<ModEx> = fc.oneof(
    fc.nat(999_999).map(nanosecondOffset),
    fc.record({ type: fc.integer({ min: 1, max: 15 }), data: fc.uint8Array({ minLength: 1, maxLength: 300 }) }),
  );
  const fourCc = fc.oneof(fc.constantFrom(...Object.values(FourCc)), fc.nat(0x7fffffff));
  const track = fc.record({
    fourCc,
    trackId: fc.nat(255),
    compositionTime: fc.integer({ min: -0x800000, max: 0x7fffff }),
    body,
  });
  /** Tracks that fit their multitrack type; without one there is one, without an id. */
  const tracks = fc.oneof(
    track.map((one) => ({ multitrackType: undefined, tracks: [{ ...one, trackId: 0 }] })),
    track.map((one) => ({ multitrackType: OneTrack, tracks: [one] })),
    fc.tuple(fourCc, fc.array(track, { minLength: 1, maxLength: 8 })).map(([shared, many]) => ({
      multitrackType: ManyTracks,
      tracks: many.map((one) => ({ ...one, fourCc: shared })),
    })),
    fc
      .array(track, { minLength: 1, maxLength: 8 })
      .map((many) => ({ multitrackType: ManyTracksManyCodecs, tracks: many })),
  );
  const expected = (all: readonly Track[], hasTime: boolean) =>
    all.map(({ fourCc: codec, trackId, compositionTime, body: bytes }) => {
      const time = hasTime && hasCompositionTime(codec) ? compositionTime : 0;
      return { trackId, fourCc: codec, compositionTime: time, body: hexOf(bytes) };
    });
  const blocks = (all: readonly ModEx[]) => all.map(({ type, data }) => ({ type, data: hexOf(data) }));
  const messageWith = <Rest extends object>(rest: Rest, multitrackType: MultitrackType | undefined) =>
    multitrackType === undefined ? rest : { ...rest, multitrackType };

  it("is read again: video", () => {
    const packetType = fc.integer({ min: 0, max: 15 }).filter((type) => type !== 6 && type !== 7);
    const frameType = fc.integer({ min: 0, max: 7 }).filter((type) => type !== FrameType.Command);
    fc.assert(
      fc.property(packetType, frameType, fc.array(modEx, { maxLength: 4 }), tracks, (packet, frame, changes, form) => {
        const message = { packetType: packet, frameType: frame, modEx: changes };
        const payload = videoPayload(messageWith(message, form.multitrackType), form.tracks);
        expect(readBack("video", payload)).toEqual({
          frameType: frame,
          packetType: packet,
          multitrackType: form.multitrackType ?? -1,
          command: -1,
          modEx: blocks(changes),
          tracks: expected(form.tracks, packet === CodedFrames),
          error: null,
        });
      }),
    );
  });

  it("is read again: audio", () => {
    const packetType = fc.integer({ min: 0, max: 15 }).filter((type) => type !== 5 && type !== 7);
    fc.assert(
      fc.property(packetType, fc.array(modEx, { maxLength: 4 }), tracks, (packet, changes, form) => {
        const message = { packetType: packet, modEx: changes };
        const payload = audioPayload(messageWith(message, form.multitrackType), form.tracks);
        expect(readBack("audio", payload)).toMatchObject({
          packetType: packet,
          modEx: blocks(changes),
          tracks: expected(form.tracks, false),
          error: null,
        });
      }),
    );
  });

  it("is read again: commands", () => {
    fc.assert(
      fc.property(fc.nat(255), fc.array(modEx, { maxLength: 4 }), (command, changes) => {
        const read = readBack("video", videoCommandPayload(command, changes));
        expect(read).toMatchObject({ frameType: FrameType.Command, command, modEx: blocks(changes), tracks: [] });
      }),
    );
  });

  it("is read again: legacy video and audio", () => {
    const time = fc.integer({ min: -0x800000, max: 0x7fffff });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), time, body, (frameType, compositionTime, bytes) => {
        const payload = legacyVideoPayload({ frameType, codecId: VideoCodecId.Avc, compositionTime }, bytes);
        const track = { trackId: 0, fourCc: FourCc.Avc, compositionTime, body: hexOf(bytes) };
        expect(readBack("video", payload)).toMatchObject({ frameType, packetType: CodedFrames, tracks: [track] });
      }),
    );
    const rate = fc.constantFrom(5512, 11025, 22050, 44100);
    fc.assert(
      fc.property(
        rate,
        fc.constantFrom(8, 16),
        fc.constantFrom(1, 2),
        body,
        (soundRate, soundSize, channels, bytes) => {
          const message = { soundFormat: SoundFormat.Adpcm, soundRate, soundSize, soundChannels: channels };
          const payload = legacyAudioPayload(message, bytes);
          const head = new TagReader();
          head.readAudio(payload, 0, payload.length);
          expect([head.soundRate, head.soundSize, head.soundChannels]).toEqual([soundRate, soundSize, channels]);
          expect(readBack("audio", payload).tracks).toMatchObject([{ fourCc: 0, body: hexOf(bytes) }]);
        },
      ),
    );
  });
});

describe("wrong use", () => {
  const track: Track = { fourCc: FourCc.Avc, body: none };
  const video = { frameType: FrameType.Key, packetType: CodedFrames };
  const many = { ...video, multitrackType: ManyTracks };

  it.each([
    ["no track", () => videoPayload(video, []), "The message needs one track, not 0."],
    ["no tracks", () => videoPayload(many, []), "The message needs tracks, not 0."],
    ["two tracks without a type", () => videoPayload(video, [track, track]), "The message needs one track, not 2."],
    [
      "a track id without a type",
      () => videoPayload(video, [{ ...track, trackId: 1 }]),
      "A track other than 0 needs a multitrackType.",
    ],
    [
      "two codecs",
      () => videoPayload(many, [track, { ...track, fourCc: FourCc.Hevc }]),
      "Tracks of different codecs need the multitrackType ManyTracksManyCodecs.",
    ],
    [
      "a packet type of its own",
      () => videoPayload({ ...video, packetType: 6 }, [track]),
      "Give multitrackType, and what the tracks hold.",
    ],
    [
      "a packet type of its own, in audio",
      () => audioPayload({ packetType: 5 }, [track]),
      "Give multitrackType, and what the tracks hold.",
    ],
    [
      "ModEx as packet type",
      () => audioPayload({ packetType: 7 }, [track]),
      "Give modEx, and the packet type of what follows it.",
    ],
    [
      "a command with tracks",
      () => videoPayload({ ...video, frameType: 5 }, [track]),
      "A command frame has no tracks: use videoCommandPayload.",
    ],
    [
      "an enhanced header in legacy form",
      () => legacyAudioPayload({ soundFormat: 9 }, none),
      "Sound format 9 is an enhanced header: use audioPayload.",
    ],
    [
      "a sound rate",
      () => legacyAudioPayload({ soundFormat: 2, soundRate: 48000 }, none),
      "A sound rate is one of 5512, 11025, 22050, 44100, not 48000.",
    ],
    [
      "nanoseconds of a whole millisecond",
      () => nanosecondOffset(1_000_000),
      "A nanosecond offset is an integer from 0 to 999999, not 1000000.",
    ],
    [
      "ModEx without data",
      () => videoCommandPayload(0, [{ type: ModExType.TimestampOffsetNano, data: none }]),
      "The length of ModEx data is an integer from 1 to 65536, not 0.",
    ],
    [
      "a composition time",
      () => videoPayload(video, [{ ...track, compositionTime: 0x800000 }]),
      "A composition time is an integer from -8388608 to 8388607, not 8388608.",
    ],
  ])("says what to do about %s", (_, write, message) => {
    expect(write).toThrow(new RangeError(message));
  });
});
