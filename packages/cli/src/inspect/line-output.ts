import type { Writable } from "node:stream";

/** Written at a time, in UTF-16 units. */
const BATCH = 65_536;
/** The reader has gone away: `| head` has seen enough. */
const goneCodes: ReadonlySet<unknown> = new Set(["EPIPE", "ERR_STREAM_DESTROYED", "ERR_STREAM_WRITE_AFTER_END"]);

/** Writes lines in batches, each after the one before was taken, so that a large capture does not pile up in memory. */
export class LineOutput {
  /** The reader does not want more. */
  isGone = false;
  private readonly stream: Writable;
  private batch = "";
  private heading: string | null;

  /** @param heading - a line that comes before the first one, if there is any. */
  constructor(stream: Writable, heading: string | null = null) {
    this.stream = stream;
    this.heading = heading;
    // What goes wrong is told to the callback of the write, too; without a listener it would end the process.
    stream.on("error", () => {});
  }

  get isFull(): boolean {
    return this.batch.length >= BATCH;
  }

  add(line: string): void {
    if (this.heading !== null) this.batch += `${this.heading}\n`;
    this.heading = null;
    this.batch += `${line}\n`;
  }

  /** @throws whatever keeps the stream from being written to, other than that nobody reads it. */
  async flush(): Promise<void> {
    const { batch } = this;
    this.batch = "";
    if (batch === "") return;
    await new Promise<void>((resolve, reject) => {
      this.stream.write(batch, (error) => {
        if (!error) return resolve();
        this.isGone = "code" in error && goneCodes.has(error.code);
        if (this.isGone) resolve();
        else reject(error);
      });
    });
  }
}
