import { readUint8 } from "../bytes/index.ts";
import { MessageType } from "../chunk/index.ts";
import { TAG_HEAD_BYTES, TagHead, TagKind } from "../media/index.ts";

/** As many keyframes as the metadata of a recording names at most: one in 7 s of two hours. */
export const INDEXED_KEYFRAMES = 1024;
/** As many changes of decoder configuration. */
export const INDEXED_HEADERS = 64;
/** Where there is no video, audio can be sought so finely, in milliseconds. */
const AUDIO_STEP = 1_000;

/** A tag of decoder configuration, as far as it tells whether another one says the same. */
interface HeaderNote {
  readonly key: number;
  readonly length: number;
  readonly head: Uint8Array;
}

/**
 * What a player needs in order to begin in the middle of a file: where keyframes are, and where decoder configuration
 * changes. However long the file, it stays small: when it is full, every other keyframe is left out, and from then on only
 * every second, fourth, ... is taken.
 */
export class RecordingIndex {
  /** Keyframes by time, in milliseconds, and where their tags begin in the file. */
  readonly times: number[] = [];
  readonly positions: number[] = [];
  /** Where tags of decoder configuration begin, each other than the one before it of its kind and track. */
  readonly headers: number[] = [];
  /** What came so far. */
  hasAudio = false;
  hasVideo = false;

  private stride = 1;
  /** Keyframes since the last one that was taken. */
  private passed = 0;
  private readonly notes = new Map<number, HeaderNote>();
  private readonly head = new TagHead();

  /**
   * Takes a tag into account.
   *
   * @param bytes - of its payload bytes[start, end), or of its first {@link TAG_HEAD_BYTES}
   * @param length - of the payload
   * @param time - in milliseconds
   * @param position - where the tag begins
   * @returns its {@link TagKind}.
   */
  note(
    tagType: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    length: number,
    time: number,
    position: number,
  ): TagKind {
    const { head } = this;
    if (tagType === MessageType.Video) {
      head.readVideo(bytes, start, end);
      this.noteVideo(time, position);
    } else if (tagType === MessageType.Audio) {
      head.readAudio(bytes, start, end);
      const isDue = time - (this.times.at(-1) ?? Number.NEGATIVE_INFINITY) >= AUDIO_STEP;
      if (!this.hasVideo && head.kind === TagKind.Frame && isDue) this.take(time, position);
      this.hasAudio = true;
    } else {
      return TagKind.Frame;
    }
    const { kind } = head;
    if (kind === TagKind.SequenceHeader || kind === TagKind.Configuration) {
      this.noteHeader((tagType << 16) | (kind << 8) | head.trackId, bytes, start, end, length, position);
    }
    return kind === TagKind.Keyframe && head.trackId !== 0 ? TagKind.Frame : kind;
  }

  /** Takes entries over from the metadata of a file. They are in order. */
  restore(times: readonly number[], positions: readonly number[], headers: readonly number[]): void {
    this.times.push(...times);
    this.positions.push(...positions);
    this.headers.push(...headers);
    while (this.times.length >= INDEXED_KEYFRAMES) this.thin();
  }

  /** Forgets all. */
  clear(): void {
    this.times.length = 0;
    this.positions.length = 0;
    this.headers.length = 0;
    this.notes.clear();
    this.stride = 1;
    this.passed = 0;
  }

  /** The last entry at or before a time; -1 when there is none. */
  find(time: number): number {
    let low = 0;
    let high = this.times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      // middle lies inside
      if ((this.times[middle] as number) <= time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  private noteVideo(time: number, position: number): void {
    if (!this.hasVideo) {
      // What audio came before the first picture is no place to begin at.
      this.times.length = 0;
      this.positions.length = 0;
    }
    this.hasVideo = true;
    if (this.head.kind !== TagKind.Keyframe || this.head.trackId !== 0) return;
    this.passed++;
    if (this.passed < this.stride && this.times.length > 0) return;
    this.take(time, position);
  }

  private take(time: number, position: number): void {
    this.passed = 0;
    // The search needs them in order; time that goes back in a file is a fault.
    if (time < (this.times.at(-1) ?? 0)) return;
    this.times.push(time);
    this.positions.push(position);
    if (this.times.length === INDEXED_KEYFRAMES) this.thin();
  }

  private thin(): void {
    const { times, positions } = this;
    for (let index = 0; index < times.length; index += 2) {
      // index lies inside
      times[index >> 1] = times[index] as number;
      positions[index >> 1] = positions[index] as number;
    }
    const left = (times.length + 1) >> 1;
    times.length = left;
    positions.length = left;
    // Of an even number the last one was left out.
    this.passed = this.stride;
    this.stride *= 2;
  }

  /** Encoders are known that repeat their headers with each keyframe. */
  private noteHeader(
    key: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    length: number,
    position: number,
  ): void {
    const head = bytes.slice(start, Math.min(end, start + TAG_HEAD_BYTES));
    const last = this.notes.get(key);
    const isSame = last !== undefined && last.length === length && isEqual(last.head, head);
    if (isSame) return;
    this.notes.set(key, { key, length, head });
    this.headers.push(position);
    if (this.headers.length > INDEXED_HEADERS) this.headers.shift();
  }
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === readUint8(b, index));
}
