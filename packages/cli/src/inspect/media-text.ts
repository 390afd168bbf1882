import { printable } from "../printable.ts";

// FLV E.4.2.1 and E.4.3.1; 12 and 13 of video and 13 of audio by custom only.
const soundFormats: readonly (string | null)[] = [
  "PCM",
  "ADPCM",
  "MP3",
  "PCM LE",
  "Nellymoser 16 kHz",
  "Nellymoser 8 kHz",
  "Nellymoser",
  "G.711 A-law",
  "G.711 mu-law",
  null,
  "AAC",
  "Speex",
  null,
  "Opus",
  "MP3 8 kHz",
  "device sound",
];
const videoCodecs: ReadonlyMap<number, string> = new Map([
  [1, "JPEG"],
  [2, "H.263"],
  [3, "Screen"],
  [4, "VP6"],
  [5, "VP6 alpha"],
  [6, "Screen 2"],
  [7, "AVC"],
  [12, "HEVC"],
  [13, "AV1"],
]);
const frameTypes: ReadonlyMap<number, string> = new Map([
  [1, "keyframe"],
  [2, "inter frame"],
  [3, "disposable inter frame"],
  [4, "generated keyframe"],
  [5, "command"],
]);
const COMMAND_FRAME = 5;

const AAC = 10;
const EX_AUDIO_HEADER = 9;
/** Legacy codecs whose second byte is a packet type, with a composition time behind it. */
const PACKETISED: ReadonlySet<number> = new Set([7, 12, 13]);

// Enhanced RTMP v2, "Enhanced Video" and "Enhanced Audio".
const MOD_EX = 7;
const VIDEO_METADATA = 4;
const VIDEO_MULTITRACK = 6;
const AUDIO_MULTITRACK = 5;
const CODED_FRAMES = 1;
const CODED_FRAMES_X = 3;
const ONE_TRACK = 0;
const FOURCC_BYTES = 4;
/** Codecs whose CodedFrames begin with a composition time. */
const COMPOSED: ReadonlySet<string> = new Set(["avc1", "hvc1", "vvc1"]);
const packetNames: ReadonlyMap<number, string> = new Map([
  [0, "sequence header"],
  [2, "end of sequence"],
]);
const videoPacketNames: ReadonlyMap<number, string> = new Map([
  ...packetNames,
  [VIDEO_METADATA, "metadata"],
  [5, "MPEG-2 TS sequence header"],
]);
const audioPacketNames: ReadonlyMap<number, string> = new Map([
  ...packetNames,
  [CODED_FRAMES, "frame"],
  [4, "multichannel configuration"],
]);

/** What the payload of a video message is, in words: codec, kind, and composition time when there is one. */
export function videoText(payload: Uint8Array): string {
  const first = payload[0];
  if (first === undefined) return "empty";
  const frameType = (first >> 4) & 7;
  const frame = frameTypes.get(frameType) ?? `frame of type ${frameType}`;
  return (first & 0x80) === 0
    ? legacyVideoText(payload, first & 15, frame)
    : enhancedVideoText(payload, frameType, frame);
}

/** What the payload of an audio message is, in words. */
export function audioText(payload: Uint8Array): string {
  const first = payload[0];
  if (first === undefined) return "empty (silence)";
  const soundFormat = first >> 4;
  if (soundFormat === EX_AUDIO_HEADER) {
    const head = readEnhancedHead(payload, AUDIO_MULTITRACK);
    if (head === null) return "enhanced, cut off";
    return `${head.subject} ${audioPacketNames.get(head.packetType) ?? `packet of type ${head.packetType}`}`;
  }
  const codec = soundFormats[soundFormat] ?? `sound format ${soundFormat}`;
  return `${codec} ${soundFormat === AAC && payload[1] === 0 ? "sequence header" : "frame"}`;
}

function legacyVideoText(payload: Uint8Array, codecId: number, frame: string): string {
  const codec = videoCodecs.get(codecId) ?? `codec ${codecId}`;
  if (!PACKETISED.has(codecId)) return `${codec} ${frame}`;
  const packetType = payload[1];
  if (packetType === CODED_FRAMES) return `${codec} ${frame}${compositionText(payload, 2)}`;
  return `${codec} ${packetType === undefined ? "cut off" : (packetNames.get(packetType) ?? `packet of type ${packetType}`)}`;
}

function enhancedVideoText(payload: Uint8Array, frameType: number, frame: string): string {
  const packetType = (payload[0] ?? 0) & 15;
  // A command has no codec; with ModEx blocks before it the byte lies further on, and is not looked for.
  if (frameType === COMMAND_FRAME && packetType !== VIDEO_METADATA) return frame;
  const head = readEnhancedHead(payload, VIDEO_MULTITRACK);
  if (head === null) return "enhanced, cut off";
  if (head.packetType === CODED_FRAMES) {
    return `${head.subject} ${frame}${COMPOSED.has(head.fourCc) ? compositionText(payload, head.body) : ""}`;
  }
  if (head.packetType === CODED_FRAMES_X) return `${head.subject} ${frame}`;
  return `${head.subject} ${videoPacketNames.get(head.packetType) ?? `packet of type ${head.packetType}`}`;
}

/** The signed 24 bits of milliseconds from decoding to showing. */
function compositionText(payload: Uint8Array, at: number): string {
  const [high = 0, middle = 0, low = 0] = payload.subarray(at, at + 3);
  const milliseconds = ((high << 24) | (middle << 16) | (low << 8)) >> 8;
  return milliseconds === 0 ? "" : `, composition time ${milliseconds}`;
}

interface EnhancedHead {
  readonly packetType: number;
  readonly fourCc: string;
  /** The codec, and the track if there is one. */
  readonly subject: string;
  /** Where the codec's own data begin; of several tracks, where those of the first are described. */
  readonly body: number;
}

/** Steps over ModEx blocks and into the multitrack header; null when the payload ends there. */
function readEnhancedHead(payload: Uint8Array, multitrack: number): EnhancedHead | null {
  let packetType = (payload[0] ?? 0) & 15;
  let at = 1;
  while (packetType === MOD_EX) {
    let size = (payload[at++] ?? 0) + 1;
    if (size === 256) {
      size = (((payload[at] ?? 0) << 8) | (payload[at + 1] ?? 0)) + 1;
      at += 2;
    }
    const next = payload[at + size];
    if (next === undefined) return null;
    at += size + 1;
    packetType = next & 15;
  }
  let trackKind: number | null = null;
  if (packetType === multitrack) {
    const trackTypes = payload[at++] ?? 0;
    packetType = trackTypes & 15;
    trackKind = trackTypes >> 4;
  }
  const body = at + FOURCC_BYTES;
  if (body > payload.length) return null;
  const fourCc = String.fromCharCode(...payload.subarray(at, body));
  const codec = printable(fourCc);
  if (trackKind === null) return { packetType, fourCc, subject: codec, body };
  if (trackKind !== ONE_TRACK) return { packetType, fourCc, subject: `several tracks, ${codec}`, body };
  return { packetType, fourCc, subject: `track ${payload[body] ?? "?"} ${codec}`, body: body + 1 };
}
