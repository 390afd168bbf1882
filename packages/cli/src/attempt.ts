import type { Writable } from "node:stream";
import { ClientError } from "@millrace/node-adapter";
import { printable } from "./printable.ts";

/** Where a command writes to: the process, or what stands in for it. */
export interface Terminal {
  readonly stdout: Writable;
  readonly stderr: Writable & { readonly isTTY?: boolean };
}

/** What keeps a command from its work, as one line for its user. */
export class Complaint extends Error {}

/**
 * Runs what goes on until it ends, fails, or is interrupted, which is no failure.
 *
 * @param signal - that of {@link untilInterrupted}
 * @returns the exit code.
 */
export async function attempt(run: () => Promise<void>, { stderr }: Terminal, signal: AbortSignal): Promise<number> {
  try {
    await run();
  } catch (error) {
    if (signal.aborted) return 0;
    // Any other is a fault of this program.
    if (!(error instanceof Complaint || error instanceof ClientError)) throw error;
    stderr.write(`millrace: ${printable(error.message)}\n`);
    return 1;
  }
  return 0;
}

/** Gives a signal that aborts at SIGINT and SIGTERM; asked twice, the process ends at once. Sets its exit code. */
export async function untilInterrupted(run: (signal: AbortSignal) => Promise<number>): Promise<void> {
  const interruption = new AbortController();
  const interrupt = (): void => {
    if (interruption.signal.aborted) process.exit(1);
    interruption.abort();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  process.exitCode = await run(interruption.signal);
  process.off("SIGINT", interrupt);
  process.off("SIGTERM", interrupt);
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EISDIR: "this is a folder, not a file",
  EACCES: "it may not be opened by this user",
  ENOSPC: "there is no space left for it",
};

/** What the system says of a file, as a complaint; any other error stays what it is. */
export function complaintOf(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return error;
  return new Complaint(`${path}: ${reasons[String(error.code)] ?? error.message}`);
}
