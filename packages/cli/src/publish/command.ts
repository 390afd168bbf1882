import { stat } from "node:fs/promises";
import type { StreamUrl } from "@millrace/core";
import { Command } from "commander";
import { attempt, Complaint, type Terminal, untilInterrupted } from "../attempt.ts";
import { clockText } from "../clock-text.ts";
import { isFrame } from "../media.ts";
import { printable } from "../printable.ts";
import { appText, streamArgument } from "../stream-argument.ts";
import { Progress } from "./progress.ts";
import { Publication } from "./publication.ts";
import { Sending, type TimedTag } from "./sending.ts";
import { readTags } from "./tags.ts";
import { Timeline } from "./timeline.ts";

export interface PublishOptions {
  readonly loop?: boolean;
  readonly json?: boolean;
}

/** `millrace publish`: sends a file as an encoder would. */
export function publishCommand(): Command {
  return new Command("publish")
    .description("publish an FLV file, at the speed at which it is played")
    .argument("<file>", "the FLV file")
    .argument("<url>", "where to: rtmp://host/app/name, or rtmps://", streamArgument)
    .option("--loop", "begin again at its end, until interrupted")
    .option("--json", "tell machines: one JSON object a line")
    .action((path: string, stream: StreamUrl, options: PublishOptions) =>
      untilInterrupted((signal) => publishFile(path, stream, options, process, signal)),
    );
}

/** @returns the exit code: 0 when the file was published, or the signal ended it. */
export async function publishFile(
  path: string,
  stream: StreamUrl,
  options: PublishOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  return attempt(() => publish(path, stream, options, terminal, signal), terminal, signal);
}

async function publish(
  path: string,
  stream: StreamUrl,
  { loop = false, json = false }: PublishOptions,
  { stdout, stderr }: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const tell = (text: string, event: object): void => {
    stdout.write(`${json ? JSON.stringify(event) : printable(text)}\n`);
  };
  const notice = (text: string): void => {
    stderr.write(`millrace: ${printable(text)}\n`);
  };
  const tags = timedTags(path, loop, notice);
  try {
    // Whether it can be read shows before anybody is called.
    const first = await tags.next();
    if (first.done) throw new Complaint(`${path}: there is nothing in it to be published.`);
    const publication = new Publication(stream, notice, signal);
    try {
      await publication.begin();
      tell(`Publishing ${path} to ${appText(stream)}.`, { event: "publishing", file: path, url: appText(stream) });
      const progress = new Progress(stderr, (await stat(path)).size);
      const sending = new Sending(publication, progress, signal);
      try {
        await sending.send(first.value);
        for await (const tag of tags) await sending.send(tag);
        await publication.end();
      } finally {
        progress.stop();
        const { counts } = sending;
        tell(`Published ${counts.tags} tags, ${clockText(counts.milliseconds)}.`, { event: "published", ...counts });
      }
    } finally {
      await publication.close();
    }
  } finally {
    await tags.return();
  }
}

/** The tags of a file, once or over and over. */
async function* timedTags(
  path: string,
  isLooped: boolean,
  notice: (text: string) => void,
): AsyncGenerator<TimedTag, void, void> {
  const timeline = new Timeline();
  let tell = notice;
  let hasMedia = false;
  do {
    for await (const tag of readTags(path, tell)) {
      hasMedia ||= isFrame(tag.messageType, tag.payload);
      yield { ...tag, time: timeline.place(tag) };
    }
    timeline.repeat();
    // It was said.
    tell = () => {};
  } while (isLooped && hasMedia);
}
