/** Runs `millrace inspect` inside the test. */

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { type InspectOptions, inspectFile } from "../../src/inspect/command.ts";

export const captures: string = fileURLToPath(new URL("../../../../fixtures/captures/", import.meta.url));

/** Every recorded file, `.bin` and `.pcap`. */
export const captureNames: string[] = readdirSync(captures).filter((name) => /\.(bin|pcap)$/.test(name));

export interface Said {
  stdout: string;
  stderr: string;
  exitCode: number;
}

export async function inspect(path: string, options: InspectOptions = {}): Promise<Said> {
  const stdout = new Gathering();
  const stderr = new Gathering();
  const exitCode = await inspectFile(path, options, { stdout, stderr });
  return { stdout: stdout.text, stderr: stderr.text.replaceAll(path, "FILE"), exitCode };
}

/** The same for a file with these bytes. */
export function inspectBytes(bytes: Uint8Array, options: InspectOptions = {}): Promise<Said> {
  return inspect(fileWith(bytes), options);
}

/** A file that is there until the test has ended. */
export function fileWith(bytes: Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-inspect-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "capture");
  writeFileSync(path, bytes);
  return path;
}

/** A line of `--json`, or of tshark: each has some of these. */
export interface Line {
  connection?: number;
  direction?: string | null;
  csid?: number;
  type?: number;
  name?: string | null;
  streamId?: number;
  timestamp?: number;
  length?: number;
  time?: number;
  sha1?: string;
  command?: object;
  data?: object;
  chunk?: object;
  error?: { code: string; number: number | null; message: string; offset: number };
}

export function objectsOf(ndjson: string): Line[] {
  return ndjson
    .split("\n")
    .filter((line) => line !== "")
    .map((line): Line => JSON.parse(line));
}

class Gathering extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
