import { readFile } from "node:fs/promises";
import type { Writable } from "node:stream";
import { Command } from "commander";
import { paintFor } from "../paint.ts";
import { printable } from "../printable.ts";
import { placeText } from "./events.ts";
import { inspectCapture } from "./inspect.ts";
import { JsonReport } from "./json-report.ts";
import { LineOutput } from "./line-output.ts";
import type { Report } from "./report.ts";
import { Summary } from "./summary.ts";
import { TextReport } from "./text-report.ts";

export interface InspectOptions {
  readonly json?: boolean;
  readonly hash?: boolean;
  readonly chunks?: boolean;
}

/** Where the command writes to: the process, or what stands in for it. */
export interface Terminal {
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable;
}

/** `millrace inspect`: shows what was said on the wire. */
export function inspectCommand(): Command {
  return new Command("inspect")
    .description("show the messages in a capture, and where they go wrong")
    .argument("<file>", "a pcap, a pcapng, or the raw bytes of one direction with or without the handshake")
    .option("--json", "print for machines: one JSON object a line")
    .option("--hash", "add the SHA-1 of each payload")
    .option("--chunks", "print the header of each chunk, too")
    .action(async (path: string, options: InspectOptions) => {
      process.exitCode = await inspectFile(path, options, process);
    });
}

/** @returns the exit code: 0 when all that the file holds could be read. */
export async function inspectFile(path: string, options: InspectOptions, terminal: Terminal): Promise<number> {
  const report: Report = options.json
    ? new JsonReport(options.hash === true)
    : new TextReport(options.hash === true, paintFor(terminal.stdout));
  const stdout = new LineOutput(terminal.stdout, report.heading);
  const stderr = new LineOutput(terminal.stderr);
  let isWhole = true;
  const say = (text: string): void => stderr.add(`millrace: ${printable(`${path}: ${text}`)}`);
  const complain = (text: string): void => {
    isWhole = false;
    say(text);
  };
  const summary = new Summary();
  try {
    const file = await readFile(path);
    for (const event of inspectCapture(file)) {
      if (event.kind === "message") {
        summary.count(event);
        stdout.add(report.message(event));
      } else if (event.kind === "chunk") {
        if (options.chunks) stdout.add(report.chunk(event));
      } else if (event.kind === "notice") {
        say(event.text);
      } else {
        const { place, message, offset } = event;
        complain(place === null ? message : `${placeText(place)} cannot be read behind byte ${offset}: ${message}`);
        // What is wrong with the whole file has no place between the messages.
        if (options.json || place !== null) stdout.add(report.failure(event));
      }
      if (stdout.isFull) await stdout.flush();
      if (stdout.isGone) break;
    }
    await stdout.flush();
    if (!options.json && !stdout.isGone) say(summary.text());
  } catch (error) {
    complain(reasonOf(error));
  }
  await stderr.flush();
  return isWhole ? 0 : 1;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "this is a folder, not a file",
  EACCES: "it may not be read by this user",
  ERR_FS_FILE_TOO_LARGE: "larger than 2 GiB, which is the most that can be read",
};

/** Of an error of the system; any other is a fault of this program and goes on. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error) || !("code" in error)) throw error;
  return reasons[String(error.code)] ?? error.message;
}
