import type { Peer } from "./peers.ts";
import type { Stage } from "./stage.ts";

/** Long enough for somebody to join late. */
const SECONDS = 5;
/** Video packets from one keyframe to the next: a second. */
export const KEYFRAME_INTERVAL = 30;

const VIDEO: readonly string[] = ["-b:v", "200k", "-g", String(KEYFRAME_INTERVAL)];
export const H264: readonly string[] = [..."-c:v libx264 -preset veryfast -sc_threshold 0".split(" "), ...VIDEO];
export const HEVC: readonly string[] = [
  ..."-c:v libx265 -preset ultrafast -x265-params log-level=none:no-scenecut=1:open-gop=0".split(" "),
  ...VIDEO,
];
export const AV1: readonly string[] = [..."-c:v libaom-av1 -cpu-used 8 -usage realtime".split(" "), ...VIDEO];
export const VP9: readonly string[] = [..."-c:v libvpx-vp9 -deadline realtime -cpu-used 8".split(" "), ...VIDEO];
export const AAC: readonly string[] = "-c:a aac -b:a 64k".split(" ");
export const OPUS: readonly string[] = "-c:a libopus -b:a 64k".split(" ");
export const FLAC: readonly string[] = "-c:a flac".split(" ");
export const AC3: readonly string[] = "-c:a ac3 -b:a 96k".split(" ");
export const EAC3: readonly string[] = "-c:a eac3 -b:a 96k".split(" ");

/**
 * Makes a small FLV file of moving pictures and tones.
 *
 * @param tracks - of each kind; the second ones are smaller and higher
 * @returns its name; it goes with the stage.
 */
export async function makeSource(stage: Stage, peer: Peer, codecs: readonly string[], tracks = 1): Promise<string> {
  const command = [...peer.command, ..."-hide_banner -loglevel error -nostdin".split(" ")];
  const maps: string[] = [];
  for (let track = 0; track < tracks; track++) {
    command.push("-f", "lavfi", "-i", `testsrc2=size=${320 >> track}x${180 >> track}:rate=30`);
    // a tone that rises: no two packets are alike
    command.push("-f", "lavfi", "-i", `aevalsrc=0.2*sin(${880 << track}*PI*t*(1+t)):s=48000`);
    maps.push("-map", String(2 * track), "-map", String(2 * track + 1));
  }
  command.push(...maps, "-t", String(SECONDS), ...codecs);
  command.push(..."-flvflags no_duration_filesize -f flv pipe:1".split(" "));
  return stage.save(await stage.run(command).output());
}
