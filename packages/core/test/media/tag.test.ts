import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/errors.ts";
import { FourCc, TAG_HEAD_BYTES, TagHead, TagKind, TagReader } from "../../src/media/index.ts";
import { hexBytes, vectorFiles } from "../vector-file.ts";

type Reading = "video" | "audio";

function read(media: Reading, bytes: Uint8Array, start = 0, end = bytes.length): TagReader {
  const head = new TagReader();
  if (media === "video") head.readVideo(bytes, start, end);
  else head.readAudio(bytes, start, end);
  return head;
}

describe("TagHead", () => {
  it("needs no more than the head, and forgets what it read before", () => {
    const head = new TagHead();
    for (const { cases } of vectorFiles("media")) {
      for (const { title, bytes, settings } of cases) {
        if (/ModEx of (255|256|300|65,536)/.test(title)) continue;
        const media = settings[0]?.value === "video" ? "video" : "audio";
        const whole = read(media, bytes);
        const end = Math.min(bytes.length, TAG_HEAD_BYTES);
        if (media === "video") head.readVideo(bytes, 0, end);
        else head.readAudio(bytes, 0, end);
        const factsOf = ({ kind, trackId, packetType }: TagHead) => ({ kind, trackId, packetType });
        expect(factsOf(head), title).toEqual(factsOf(whole));
      }
    }
  });
});

describe("TagReader", () => {
  it("forgets what it read before", () => {
    const fresh = new TagReader();
    const used = new TagReader();
    const payloads = [
      "96006876633102",
      "2701ffffd8",
      "d000",
      "97020f423f0168766331000021aa",
      "52",
      "9613687663310500000101",
    ];
    for (const hex of payloads) {
      used.readVideo(hexBytes(hex), 0, hex.length / 2);
      while (used.nextTrack());
    }
    const empty = new Uint8Array(0);
    fresh.readAudio(empty, 0, 0);
    used.readAudio(empty, 0, 0);
    const factsOf = (head: TagReader) => [
      ...[head.kind, head.isEnhanced, head.frameType, head.codecId, head.soundFormat, head.packetType, head.command],
      ...[head.multitrackType, head.nanosecondOffset, head.trackId, head.fourCc, head.compositionTime, head.error],
      ...[head.start, head.end, head.readModExBlocks(), head.nextTrack()],
    ];
    expect(factsOf(used)).toEqual(factsOf(fresh));
  });

  it("shows 64 tracks and no more", () => {
    const tracks = (count: number) => hexBytes(`96 13 "av01" ${"07 000001 aa ".repeat(count)}`);
    const countOf = (head: TagReader) => {
      let count = 0;
      while (head.nextTrack()) count++;
      return count;
    };
    const most = read("video", tracks(64));
    expect([countOf(most), most.error]).toEqual([64, null]);
    const tooMany = read("video", tracks(65));
    expect([countOf(tooMany), tooMany.error?.code, tooMany.error?.offset]).toEqual([
      64,
      ErrorCode.MediaTrackLimit,
      326,
    ]);
  });

  it("names the legacy codecs that have a FourCC by it", () => {
    const codecs = ["17", "1c", "1d", "12", "af", "2f", "ef", "df", "7e"].map((hex, index) => {
      return read(index < 4 ? "video" : "audio", hexBytes(`${hex}01000000`)).fourCc;
    });
    expect(codecs).toEqual([
      FourCc.Avc,
      FourCc.Hevc,
      FourCc.Av1,
      0,
      FourCc.Aac,
      FourCc.Mp3,
      FourCc.Mp3,
      FourCc.Opus,
      0,
    ]);
  });

  it("says what is wrong, and where in the message", () => {
    const head = read("video", hexBytes("ee ee 96 13 68766331 00 000005 aa"), 2);
    expect(head.nextTrack()).toBe(false);
    const message = "A track is longer than what is left of its message.";
    expect(head.error).toEqual({ code: ErrorCode.MediaTrackTruncated, message, offset: 10 });
    expect(head.nextTrack()).toBe(false);
  });

  it("shows each byte of the tracks once at most, of any bytes, within the message", () => {
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc
        .tuple(
          fc.constantFrom("9613", "9611", "9623", "9621", "9511", "97020f423f0613"),
          fc.uint8Array({ maxLength: 80 }),
        )
        .map(([head, rest]) => Uint8Array.from([...hexBytes(head), ...rest])),
    );
    fc.assert(
      fc.property(fc.constantFrom<Reading>("video", "audio"), payload, (media, bytes) => {
        const head = read(media, bytes);
        expect(Object.values(TagKind)).toContain(head.kind);
        let end = 0;
        while (head.nextTrack()) {
          expect(head.start).toBeGreaterThanOrEqual(end);
          expect(head.end).toBeGreaterThanOrEqual(head.start);
          expect(head.trackId & 255).toBe(head.trackId);
          end = head.end;
        }
        expect(end).toBeLessThanOrEqual(bytes.length);
        // A message that was read without an error was read to its end.
        if (head.error === null && end > 0) expect(end).toBe(bytes.length);
        if (head.error !== null) expect(head.error.offset).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});
