import type { Writable } from "node:stream";
import { SingleBar } from "cli-progress";
import { clockText } from "../clock-text.ts";

/** How much of a file is published: a bar for who looks at a terminal, nothing otherwise. */
export class Progress {
  private readonly bar: SingleBar | null;

  /** @param total - bytes of the file */
  constructor(stream: Writable & { readonly isTTY?: boolean }, total: number) {
    this.bar = stream.isTTY === true ? new SingleBar(barOptions(stream)) : null;
    this.bar?.start(total, 0, { time: clockText(0) });
  }

  /**
   * @param fileOffset - the bytes of the file that are published
   * @param time - of the stream, in milliseconds
   */
  update(fileOffset: number, time: number): void {
    this.bar?.update(fileOffset, { time: clockText(time) });
  }

  /** Takes the bar away. */
  stop(): void {
    this.bar?.stop();
  }
}

function barOptions(stream: Writable) {
  return {
    stream,
    format: "{bar} {percentage} %  {time}",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    clearOnComplete: true,
    // The command itself ends when it is interrupted.
    gracefulExit: false,
  };
}
