import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { isFrame } from "../media.ts";
import { Pace } from "./pace.ts";
import type { Progress } from "./progress.ts";
import type { Publication } from "./publication.ts";
import type { Tag } from "./tags.ts";

/** A tag at its time in the stream, in milliseconds. */
export interface TimedTag extends Tag {
  readonly time: number;
}

/** Sends the tags of one publication, each when its time has come, and counts them. */
export class Sending {
  readonly counts = { tags: 0, bytes: 0, milliseconds: 0 };
  private readonly publication: Publication;
  private readonly progress: Progress;
  /** There is no reason to wait any more. */
  private readonly wakeUp: AbortSignal;
  private readonly pace = new Pace();
  /** The time of the first frame; null before it. */
  private first: number | null = null;

  constructor(publication: Publication, progress: Progress, signal: AbortSignal) {
    this.publication = publication;
    this.progress = progress;
    this.wakeUp = AbortSignal.any([signal, publication.ended]);
  }

  /** @throws ClientError, or the reason of the signal. */
  async send({ messageType, time, payload, fileOffset }: TimedTag): Promise<void> {
    const { counts, publication, progress, wakeUp } = this;
    if (isFrame(messageType, payload)) {
      const delay = this.pace.delay(time, performance.now());
      // When it is cut short, the publication says why.
      if (delay > 0) await sleep(delay, undefined, { signal: wakeUp }).catch(() => {});
      this.first ??= time;
      counts.milliseconds = Math.max(counts.milliseconds, time - this.first);
    }
    await publication.send({ messageType, timestamp: time >>> 0, payload });
    counts.tags++;
    counts.bytes += payload.length;
    progress.update(fileOffset, counts.milliseconds);
  }
}
