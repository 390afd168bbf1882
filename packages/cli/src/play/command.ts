import { Capability, EVERY_CAPABILITY, type StreamUrl } from "@millrace/core";
import { connect } from "@millrace/node-adapter";
import { Command, InvalidArgumentError, Option } from "commander";
import { attempt, Complaint, type Terminal, untilInterrupted } from "../attempt.ts";
import { clockText } from "../clock-text.ts";
import { printable } from "../printable.ts";
import { appText, streamArgument } from "../stream-argument.ts";
import { Recording } from "./recording.ts";
import { GoneError, openFile, openStream } from "./sink.ts";

export interface PlayOptions {
  readonly output: string;
  readonly seconds?: number;
  readonly json?: boolean;
}

const STDOUT = "-";

/** `millrace play`: writes a stream into a file. */
export function playCommand(): Command {
  return new Command("play")
    .description("play a stream into an FLV file, until it ends")
    .argument("<url>", "the stream: rtmp://host/app/name, or rtmps://", streamArgument)
    .requiredOption("-o, --output <file>", 'the FLV file, "-" for the standard output')
    .addOption(new Option("--seconds <n>", "end after so much of the stream").argParser(secondCount))
    .option("--json", "tell machines: one JSON object a line")
    .action((stream: StreamUrl, options: PlayOptions) =>
      untilInterrupted((signal) => playStream(stream, options, process, signal)),
    );
}

/** @returns the exit code: 0 when the stream came to its end, or the signal ended it. */
export async function playStream(
  stream: StreamUrl,
  options: PlayOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  return attempt(() => play(stream, options, terminal, signal), terminal, signal);
}

async function play(
  stream: StreamUrl,
  { output, seconds = Number.POSITIVE_INFINITY, json = false }: PlayOptions,
  { stdout, stderr }: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const tell = (text: string, event: object): void => {
    // Where the stream itself goes there is no room for words.
    (output === STDOUT ? stderr : stdout).write(`${json ? JSON.stringify(event) : printable(text)}\n`);
  };
  const recording = new Recording(async () => {
    const sink = output === STDOUT ? openStream(stdout) : await openFile(output);
    tell(`Playing ${appText(stream)} to ${output}.`, { event: "playing", url: appText(stream), file: output });
    return sink;
  }, seconds * 1000);
  // All tracks go into the file, and whatever stands in messages.
  const client = await connect(stream.url, { signal, connect: { capsEx: EVERY_CAPABILITY & ~Capability.Reconnect } });
  try {
    for await (const message of client.play(stream.name, { signal })) {
      if (!(await recording.add(message))) break;
    }
    if (recording.tags === 0) throw new Complaint(`${appText(stream)}: the stream ended before anything came.`);
  } catch (error) {
    if (!(error instanceof GoneError)) throw error;
  } finally {
    await recording.close();
    await client.close();
    if (recording.tags > 0) {
      const { tags, bytes, milliseconds } = recording;
      tell(`Wrote ${tags} tags, ${clockText(milliseconds)}.`, { event: "played", tags, bytes, milliseconds });
    }
  }
}

function secondCount(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0)) throw new InvalidArgumentError("It is a number of seconds above 0.");
  return seconds;
}
