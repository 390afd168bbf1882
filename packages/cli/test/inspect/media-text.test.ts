import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { audioText, videoText } from "../../src/inspect/media-text.ts";
import { hex } from "../capture/builder.ts";

const fourCc = (text: string) => Buffer.from(text, "latin1").toString("hex");
const cutOff = "unreadable (MediaTruncated: The message ends within its header.)";
const lacking = (what: string) => `unreadable (MediaConfigTruncated: The ${what} ends before what it has to say.)`;

/** The first message of a stream that ffmpeg 9 made: see fixtures/record/sequence-headers.mjs. */
function recorded(codec: string, line: number, message = 0): string {
  const file = new URL(`../../../../fixtures/sequence-headers/${codec}.ndjson`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8").split("\n")[line] ?? "").messages[message];
}

describe("video", () => {
  it.each([
    ["", "empty"],
    ["17 01 000050 01", "AVC keyframe, composition time 80"],
    ["27 01 fffffe 01", "AVC inter frame, composition time -2"],
    ["27 01 000000 01", "AVC inter frame"],
    ["47 01 000000 01", "AVC generated keyframe"],
    ["17 02 000000", "AVC end of sequence"],
    ["17 09 000000", "AVC packet of type 9"],
    ["17", cutOff],
    ["17 00 000000 01", `AVC sequence header, ${lacking("AVCDecoderConfigurationRecord")}`],
    ["1c 01 000000 01", "HEVC keyframe"],
    ["22 00", "H.263 inter frame"],
    ["32 00", "H.263 disposable inter frame"],
    ["14 00", "VP6 keyframe"],
    ["7e 00", "codec 14 frame of type 7"],
    ["52 00", "H.263 command 0: start of a seek"],
    ["57 00", "AVC command"],
    [`91 ${fourCc("hvc1")} 000050 01`, "hvc1 keyframe, composition time 80"],
    [`a3 ${fourCc("avc1")} 01`, "avc1 inter frame"],
    [`a1 ${fourCc("av01")} 0a0b0c`, "av01 inter frame"],
    [`92 ${fourCc("vp09")}`, "vp09 end of sequence"],
    [`90 ${fourCc("av01")}`, "av01 sequence header"],
    [
      `d4 ${fourCc("hvc1")} 02`,
      "hvc1 metadata, unreadable (AmfTruncated: The message ends inside a value: 2 bytes needed, 0 left.)",
    ],
    [`d4 ${fourCc("hvc1")}`, "hvc1 metadata"],
    [`d4 ${fourCc("hvc1")} 020009${fourCc("colorInfo")} 03 000009`, 'hvc1 metadata "colorInfo" {}'],
    [
      `95 ${fourCc("av01")} 8004 81040c00`,
      "av01 MPEG-2 TS sequence header, av01.0.04M.08, Main level 3.0, 4:2:0 8 bit",
    ],
    [`9f ${fourCc("av01")}`, "av01 packet of type 15"],
    ["d1 00", "command 0: start of a seek"],
    ["d1 01", "command 1: end of a seek"],
    ["d1 07", "command 7: unknown"],
    ["91 6176", cutOff],
    [`96 01 ${fourCc("avc1")} 03 000028`, "track 3 avc1 keyframe, composition time 40"],
    [`96 13 ${fourCc("avc1")} 00 000001 aa 02 000001 bb`, "track 0 avc1 keyframe; track 2 avc1 keyframe"],
    [
      `a6 21 ${fourCc("av01")} 00 000001 aa ${fourCc("avc1")} 01 000003 000028`,
      "track 0 av01 inter frame; track 1 avc1 inter frame, composition time 40",
    ],
    [`96 13 ${fourCc("avc1")} 00 000001 aa 02`, `track 0 avc1 keyframe; ${cutOff}`],
    [`96 13 ${fourCc("avc1")}`, "no tracks"],
    [`97 02 000fa0 01 ${fourCc("avc1")} 000028`, "avc1 keyframe, composition time 40; 4000 ns later"],
    [`97 ff 0000 aa 13 ${fourCc("hvc1")}`, "hvc1 keyframe; ModEx of type 1, 1 bytes"],
    ["97 ff ffff", cutOff],
    ["93 1b5b326a", "\\u001b[2j keyframe"],
  ])("%s", (payload, expected) => {
    expect(videoText(hex(payload))).toBe(expected);
  });

  it.each([
    ["avc", 2, 0, "AVC sequence header, avc1.64001e, High level 3.0, 642x362, 4:2:0 8 bit, 29.97 fps"],
    ["hevc", 2, 0, "hvc1 sequence header, hvc1.2.4.L63.90, Main 10 level 2.1, 642x362, 4:2:0 10 bit, 30 fps"],
    ["av1", 2, 0, "av01 sequence header, av01.0.09M.08, Main level 4.1, 1920x1080, 4:2:0 8 bit"],
    ["vp9", 4, 0, "vp09 sequence header, vp09.03.21.12, Profile 3 level 2.1, 4:2:2 12 bit"],
    ["vp9", 4, 2, "vp09 keyframe, 640x360"],
    ["vp8", 1, 0, "vp08 keyframe, 321x181"],
  ])("sequence header of %s, line %d", (codec, line, message, expected) => {
    expect(videoText(hex(recorded(codec, line, message)))).toBe(expected);
  });
});

describe("audio", () => {
  it.each([
    ["", "empty (silence)"],
    ["af 00 1210", "AAC sequence header, mp4a.40.2, LC, 44100 Hz, stereo"],
    ["af 00 12", `AAC sequence header, ${lacking("AudioSpecificConfig")}`],
    ["af 01 00", "AAC frame"],
    ["af", cutOff],
    ["2f fffb9064", "MP3 frame, 44100 Hz, stereo"],
    ["1f 00", "ADPCM frame"],
    ["c0", "sound format 12 frame"],
    [`90 ${fourCc("Opus")}`, "Opus sequence header"],
    [`91 ${fourCc("fLaC")} 00`, "fLaC frame"],
    [`92 ${fourCc("mp4a")}`, "mp4a end of sequence"],
    [`94 ${fourCc("mp4a")} 0106 0000003f`, "mp4a channels, 5.1"],
    [`94 ${fourCc("mp4a")} 0008`, "mp4a channels, 8 of them"],
    [`94 ${fourCc("Opus")} 0202 00ff`, "Opus channels, FL+unknown"],
    [`94 ${fourCc("mp4a")}`, "mp4a channels"],
    [`95 00 ${fourCc("mp4a")} 01 1210`, "track 1 mp4a sequence header, mp4a.40.2, LC, 44100 Hz, stereo"],
    [`9a ${fourCc("mp4a")}`, "mp4a packet of type 10"],
    ["95", cutOff],
  ])("%s", (payload, expected) => {
    expect(audioText(hex(payload))).toBe(expected);
  });

  it.each([
    ["opus", 2, 0, "Opus sequence header, opus, 48000 Hz, 5.1"],
    ["flac", 2, 0, "fLaC sequence header, flac, 96000 Hz, 5.1(side), 24 bit"],
    ["ac3", 2, 2, "ac-3 frame, 48000 Hz, 5.1(side)"],
    ["eac3", 0, 2, "ec-3 frame, 48000 Hz, stereo"],
  ])("sequence header or frame of %s, line %d", (codec, line, message, expected) => {
    expect(audioText(hex(recorded(codec, line, message)))).toBe(expected);
  });
});
