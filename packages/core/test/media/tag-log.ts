import { ProtocolError } from "../../src/errors.ts";
import {
  type AudioFacts,
  channelLayoutText,
  channelText,
  colorInfoOf,
  type FrameSize,
  fourCcText,
  type MultichannelConfig,
  readAudioConfig,
  readAudioFrame,
  readFrameSize,
  readMultichannelConfig,
  readVideoConfig,
  readVideoMetadata,
  TagKind,
  TagReader,
  type VideoFacts,
} from "../../src/media/index.ts";
import { errorLine, hexOf, optionOf, type Setting } from "../vector-file.ts";

/** One for all cases, so that what it read before must make no difference. */
const head = new TagReader();
const kindNames = new Map<number, string>(Object.entries(TagKind).map(([name, kind]) => [kind, name]));

/** Writes down all that the payload of a message, `option message=video` or `audio`, says. */
export function tagLog(bytes: Uint8Array, start: number, end: number, settings: readonly Setting[]): string[] {
  const message = optionOf(settings, "message");
  if (message === "video") head.readVideo(bytes, start, end);
  else if (message === "audio") head.readAudio(bytes, start, end);
  else throw new Error(`There is no message of ${message}.`);
  const lines = [headLine(message, end - start)];
  for (const block of head.readModExBlocks()) {
    lines.push(`modEx type=${block.type} data=${hexOf(bytes, block.start, block.end)}`);
  }
  if (head.command >= 0) lines.push(`command=${head.command}`);
  while (head.nextTrack()) lines.push(trackLine(message, bytes), ...contentLines(message, bytes));
  if (head.error !== null) lines.push(errorLine(head.error));
  return lines;
}

function headLine(message: string, length: number): string {
  const words = [`kind=${kindNames.get(head.kind)}`];
  if (length === 0) return words.join(" ");
  if (message === "video") words.push(`frame=${head.frameType}`);
  if (!head.isEnhanced) {
    const { soundFormat, soundRate, soundSize, soundChannels } = head;
    if (message === "video") words.push(`codec=${head.codecId}`);
    else words.push(`sound=${soundFormat} rate=${soundRate} size=${soundSize} channels=${soundChannels}`);
  }
  words.push(`packet=${head.packetType}`);
  if (head.multitrackType >= 0) words.push(`multitrack=${head.multitrackType}`);
  if (head.nanosecondOffset > 0) words.push(`nanoseconds=${head.nanosecondOffset}`);
  return words.join(" ");
}

function trackLine(message: string, bytes: Uint8Array): string {
  const words = [`track=${head.trackId}`];
  if (head.fourCc !== 0) words.push(JSON.stringify(fourCcText(head.fourCc)));
  if (message === "video") words.push(`time=${head.compositionTime}`);
  return [...words, `body=${hexOf(bytes, head.start, head.end)}`].join(" ").trimEnd();
}

/** What the body of a track says, when it is one that can be read. */
function contentLines(message: string, bytes: Uint8Array): string[] {
  const { kind, fourCc, packetType, start, end } = head;
  if (message === "video") {
    if (kind === TagKind.SequenceHeader)
      return lineOf(readVideoConfig(fourCc, packetType, bytes, start, end), videoText);
    if (kind === TagKind.Configuration) return metadataLines(bytes, start, end);
    return kind === TagKind.Keyframe ? lineOf(readFrameSize(fourCc, bytes, start, end), sizeText) : [];
  }
  if (kind === TagKind.SequenceHeader) return lineOf(readAudioConfig(fourCc, bytes, start, end), audioText);
  if (kind === TagKind.Configuration) return lineOf(readMultichannelConfig(bytes, start, end), channelsText);
  return packetType === 1 ? lineOf(readAudioFrame(fourCc, bytes, start, end), audioText) : [];
}

function lineOf<Facts>(facts: Facts | ProtocolError | null, textOf: (facts: Facts) => string): string[] {
  if (facts === null) return [];
  return [facts instanceof ProtocolError ? `body ${errorLine(facts)}` : textOf(facts)];
}

function metadataLines(bytes: Uint8Array, start: number, end: number): string[] {
  const metadata = readVideoMetadata(bytes, start, end);
  if (metadata instanceof ProtocolError) return [`body ${errorLine(metadata)}`];
  const names = `metadata ${metadata.map(({ name }) => JSON.stringify(name)).join(" ")}`.trimEnd();
  const colors = colorInfoOf(metadata);
  return colors === null ? [names] : [names, `colorInfo ${JSON.stringify(colors)}`];
}

function videoText(facts: VideoFacts): string {
  const { codec, width, height, profile, level, bitDepth, chroma, frameRate, nalLengthBytes } = facts;
  const picture = `size=${width}x${height} depth=${bitDepth} chroma=${chroma} rate=${frameRate}`;
  return `config ${codec} profile=${JSON.stringify(profile)} level=${JSON.stringify(level)} ${picture} nal=${nalLengthBytes}`;
}

function sizeText({ width, height }: FrameSize): string {
  return `size=${width}x${height}`;
}

function audioText({ codec, profile, sampleRate, channels, channelMask, bitDepth }: AudioFacts): string {
  const layout = channelMask === null ? null : channelLayoutText(channelMask);
  const sound = `rate=${sampleRate} channels=${channels} layout=${layout} depth=${bitDepth}`;
  return `config ${codec} profile=${JSON.stringify(profile)} ${sound}`;
}

function channelsText({ order, channels, mask, map }: MultichannelConfig): string {
  const words = [`channels order=${order} count=${channels}`];
  if (mask !== null) words.push(`layout=${channelLayoutText(mask)}`);
  if (map !== null) words.push(`map=${map.map(channelText).join(",")}`);
  return words.join(" ");
}
