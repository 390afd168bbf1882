import { isFrame } from "../media.ts";
import type { Tag } from "./tags.ts";

/** How long a frame lasts that is the only one of its kind, in milliseconds. */
const USUAL_FRAME = 40;

/** When the last frame of audio, or of video, began, and how long the one before it lasted. */
interface Track {
  last: number;
  interval: number;
}

/** Gives times that go on when a file is read over and over. */
export class Timeline {
  /** Added to the file's times in this pass. */
  private offset = 0;
  /** Where this pass begins. Before that lie headers whose time is not that of the media. */
  private start = Number.NEGATIVE_INFINITY;
  /** The time of the first frame in the file. */
  private first: number | null = null;
  private readonly tracks = new Map<number, Track>();

  /** The time of a tag, in milliseconds: in the first pass that of the file. */
  place({ messageType, timestamp, payload }: Tag): number {
    const time = Math.max(timestamp + this.offset, this.start);
    if (isFrame(messageType, payload)) {
      this.first ??= timestamp;
      const track = this.tracks.get(messageType);
      if (track === undefined) this.tracks.set(messageType, { last: time, interval: USUAL_FRAME });
      else if (time > track.last) {
        track.interval = time - track.last;
        track.last = time;
      }
    }
    return time;
  }

  /** The file is read again: it goes on where its last frame ends. */
  repeat(): void {
    this.start = Math.max(0, ...[...this.tracks.values()].map(({ last, interval }) => last + interval));
    this.offset = this.start - (this.first ?? 0);
    // From one pass to the next is no interval.
    this.tracks.clear();
  }
}
