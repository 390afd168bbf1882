import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MessageType } from "../../src/chunk/index.ts";
import {
  type Abilities,
  audioPayload,
  everyAbility,
  FourCc,
  FrameType,
  MultitrackType,
  nanosecondOffset,
  plainForm,
  TagReader,
  type Track,
  type VideoPacketType,
  videoPayload,
} from "../../src/media/index.ts";

const { Audio, DataAmf0, Video } = MessageType;
const noAbility: Abilities = { multitrack: false, modEx: false };
const modEx = [nanosecondOffset(500_000)];
const onlyModEx: Abilities = { multitrack: false, modEx: true };
const onlyTracks: Abilities = { multitrack: true, modEx: false };

function hex(payload: Uint8Array | null): string | null {
  return payload && Buffer.from(payload).toString("hex");
}

function track(trackId: number, fourCc: number, body: number, compositionTime = 0): Track {
  return { trackId, fourCc, body: Uint8Array.of(body, body), compositionTime };
}

function video(multitrackType: MultitrackType | undefined, tracks: Track[], packetType = 1): Uint8Array {
  const type = multitrackType === undefined ? {} : { multitrackType };
  return videoPayload({ frameType: FrameType.Key, packetType: packetType as VideoPacketType, ...type }, tracks);
}

describe("for who knows no tracks", () => {
  const { OneTrack, ManyTracks, ManyTracksManyCodecs } = MultitrackType;
  it.each([
    ["the default track alone", video(OneTrack, [track(0, FourCc.Hevc, 1, 40)]), "91687663310000280101"],
    ["another track alone", video(OneTrack, [track(1, FourCc.Hevc, 1)]), null],
    [
      "the default among others",
      video(
        ManyTracks,
        [2, 0, 1].map((id) => track(id, FourCc.Av1, id + 7)),
      ),
      "91617630310707",
    ],
    [
      "none of it is the default",
      video(
        ManyTracks,
        [1, 2].map((id) => track(id, FourCc.Av1, id)),
      ),
      null,
    ],
    [
      "of several codecs, AVC as it was of old",
      video(ManyTracksManyCodecs, [track(1, FourCc.Av1, 9), track(0, FourCc.Avc, 5, 80)]),
      "17010000500505",
    ],
    ["frames of AVC without a time", video(OneTrack, [track(0, FourCc.Avc, 5)], 3), "17010000000505"],
    ["a sequence header of AVC", video(OneTrack, [track(0, FourCc.Avc, 5)], 0), "17000000000505"],
  ])("%s", (_, payload, expected) => {
    expect(hex(plainForm(Video, payload, noAbility))).toBe(expected);
    expect(hex(plainForm(Video, payload, everyAbility))).toBe(hex(payload));
    expect(hex(plainForm(Video, payload, onlyTracks))).toBe(hex(payload));
  });

  it.each([
    ["AAC as it was of old", FourCc.Aac, 1, "af010909"],
    ["a sequence header of AAC", FourCc.Aac, 0, "af000909"],
    ["a channel layout of AAC", FourCc.Aac, 4, null],
    ["Opus", FourCc.Opus, 1, "914f7075730909"],
  ])("%s", (_, fourCc, packetType, expected) => {
    const payload = audioPayload({ packetType: packetType as 0, multitrackType: OneTrack }, [track(0, fourCc, 9)]);
    expect(hex(plainForm(Audio, payload, noAbility))).toBe(expected);
  });
});

describe("for who knows no ModEx", () => {
  it("the blocks are left out, however large", () => {
    for (const length of [1, 255, 256, 257, 65_536]) {
      const blocks = [...modEx, { type: 5, data: new Uint8Array(length) }];
      const payload = videoPayload({ frameType: 1, packetType: 1, modEx: blocks }, [
        { fourCc: FourCc.Av1, body: modEx[0]?.data ?? new Uint8Array(0) },
      ]);
      expect(hex(plainForm(Video, payload, onlyTracks)), `${length}`).toBe("916176303107a120");
      expect(hex(plainForm(Video, payload, onlyModEx))).toBe(hex(payload));
    }
  });

  it("tracks stay, and the blocks stay where only tracks are unknown", () => {
    const tracks = [track(0, FourCc.Opus, 1)];
    const payload = audioPayload({ packetType: 1, modEx, multitrackType: MultitrackType.OneTrack }, tracks);
    const without = audioPayload({ packetType: 1, multitrackType: MultitrackType.OneTrack }, tracks);
    expect(hex(plainForm(Audio, payload, onlyTracks))).toBe(hex(without));
    const plain = audioPayload({ packetType: 1, modEx }, [{ fourCc: FourCc.Opus, body: Uint8Array.of(1, 1) }]);
    expect(hex(plainForm(Audio, payload, onlyModEx))).toBe(hex(plain));
  });
});

it("data, and what is plain already, is left alone", () => {
  for (const type of [Audio, Video, DataAmf0]) {
    const payload = Uint8Array.of(0x17, 1, 0, 0, 0, 1);
    expect(plainForm(type, payload, noAbility)).toBe(payload);
  }
});

it("whatever comes, what is left has no tracks and no blocks", () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 60 });
  const first = fc.constantFrom(0x96, 0x97, 0xa6, 0x86, 0x95, 0x97);
  fc.assert(
    fc.property(first, bytes, fc.boolean(), (head, rest, isVideo) => {
      const payload = Uint8Array.of(head, ...rest);
      const plain = plainForm(isVideo ? Video : Audio, payload, noAbility);
      if (plain === null) return;
      const reader = new TagReader();
      if (isVideo) reader.readVideo(plain, 0, plain.length);
      else reader.readAudio(plain, 0, plain.length);
      expect([reader.multitrackType, reader.isPlain]).toEqual([-1, true]);
    }),
    { numRuns: 2_000 },
  );
});
