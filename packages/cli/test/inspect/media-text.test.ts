import { describe, expect, it } from "vitest";
import { audioText, videoText } from "../../src/inspect/media-text.ts";
import { hex } from "../capture/builder.ts";

const fourCc = (text: string) => Buffer.from(text, "latin1").toString("hex");

describe("video", () => {
  it.each([
    ["", "empty"],
    ["17 00 000000 01", "AVC sequence header"],
    ["17 01 000050 01", "AVC keyframe, composition time 80"],
    ["27 01 fffffe 01", "AVC inter frame, composition time -2"],
    ["27 01 000000 01", "AVC inter frame"],
    ["17 02 000000", "AVC end of sequence"],
    ["17 09 000000", "AVC packet of type 9"],
    ["17", "AVC cut off"],
    ["1c 01 000000 01", "HEVC keyframe"],
    ["22 00", "H.263 inter frame"],
    ["14 00", "VP6 keyframe"],
    ["7e 00", "codec 14 frame of type 7"],
    ["57 00", "AVC sequence header"],
    [`90 ${fourCc("hvc1")} 01`, "hvc1 sequence header"],
    [`91 ${fourCc("hvc1")} 000050 01`, "hvc1 keyframe, composition time 80"],
    [`a3 ${fourCc("avc1")} 01`, "avc1 inter frame"],
    [`a1 ${fourCc("av01")} 0a0b0c`, "av01 inter frame"],
    [`92 ${fourCc("vp09")}`, "vp09 end of sequence"],
    [`d4 ${fourCc("hvc1")} 02`, "hvc1 metadata"],
    [`95 ${fourCc("av01")}`, "av01 MPEG-2 TS sequence header"],
    [`9f ${fourCc("av01")}`, "av01 packet of type 15"],
    ["d1 00", "command"],
    ["91 6176", "enhanced, cut off"],
    [`96 01 ${fourCc("avc1")} 03 000028`, "track 3 avc1 keyframe, composition time 40"],
    [`96 11 ${fourCc("avc1")} 00 000001 aa`, "several tracks, avc1 keyframe"],
    [`97 02 000fa0 01 ${fourCc("avc1")} 000028`, "avc1 keyframe, composition time 40"],
    [`97 ff 0000 aa 03 ${fourCc("hvc1")}`, "hvc1 keyframe"],
    ["97 ff ffff", "enhanced, cut off"],
    ["90 1b5b326a", "\\u001b[2j sequence header"],
  ])("%s", (payload, expected) => {
    expect(videoText(hex(payload))).toBe(expected);
  });
});

describe("audio", () => {
  it.each([
    ["", "empty (silence)"],
    ["af 00 1210", "AAC sequence header"],
    ["af 01 00", "AAC frame"],
    ["2f 00", "MP3 frame"],
    ["c0", "sound format 12 frame"],
    [`90 ${fourCc("Opus")}`, "Opus sequence header"],
    [`91 ${fourCc("fLaC")} 00`, "fLaC frame"],
    [`92 ${fourCc("mp4a")}`, "mp4a end of sequence"],
    [`94 ${fourCc("mp4a")} 01`, "mp4a multichannel configuration"],
    [`95 00 ${fourCc("mp4a")} 01 12`, "track 1 mp4a sequence header"],
    ["95", "enhanced, cut off"],
  ])("%s", (payload, expected) => {
    expect(audioText(hex(payload))).toBe(expected);
  });
});
