import { open } from "node:fs/promises";
import type { Writable } from "node:stream";
import { complaintOf } from "../attempt.ts";

/** Takes bytes, in order. */
export interface Sink {
  /** @throws Complaint when there is no place for them, {@link GoneError} when nobody wants them. */
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Who reads has gone away: `| head` has seen enough. */
export class GoneError extends Error {}

/** @throws Complaint when it cannot be opened. What it held before is gone. */
export async function openFile(path: string): Promise<Sink> {
  const handle = await open(path, "w").catch((error: unknown) => {
    throw complaintOf(path, error);
  });
  return {
    // It goes on writing until all is written, which `write` does not.
    write: (bytes) =>
      handle.appendFile(bytes).catch((error: unknown) => {
        throw complaintOf(path, error);
      }),
    close: () => handle.close(),
  };
}

const goneCodes: ReadonlySet<unknown> = new Set(["EPIPE", "ERR_STREAM_DESTROYED", "ERR_STREAM_WRITE_AFTER_END"]);

/** A stream that stays open. */
export function openStream(stream: Writable): Sink {
  // What goes wrong is told to the callback of the write, too; without a listener it would end the process.
  const ignore = (): void => {};
  stream.on("error", ignore);
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        stream.write(bytes, (error) => {
          if (!error) resolve();
          else reject("code" in error && goneCodes.has(error.code) ? new GoneError() : complaintOf("stdout", error));
        });
      }),
    close: async () => {
      stream.off("error", ignore);
    },
  };
}
