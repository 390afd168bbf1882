/**
 * Where recordings lie: files, or whatever holds bytes by offset. An adapter brings one; recordings have the paths of their
 * streams, app and name joined by a slash, just as peers send them: a storage makes safe names of them itself.
 *
 * What fails rejects, with an `Error` whose message is for the operator.
 */
export interface RecordingStorage {
  /** Opens a recording to be read. @returns null when there is none of this path. */
  open(path: string): Promise<StoredRecording | null>;
  /**
   * Begins a recording. One that is there is replaced only when the new one is finished, or continued by "append".
   *
   * @throws when the path cannot be one of a recording.
   */
  begin(path: string, mode: RecordingMode): Promise<UnfinishedRecording>;
  /** Recordings that a crash has left half-written, to be repaired and finished. Each is named once. */
  leftovers(): Promise<readonly UnfinishedRecording[]>;
}

/** `publish` with type "record" or "append" (RTMP 7.2.2.6). */
export type RecordingMode = "record" | "append";

/** A recording that is read. */
export interface StoredRecording {
  /** Bytes, when it was opened. */
  readonly length: number;
  /**
   * Reads bytes from an offset on to into[start, end).
   *
   * @returns how many; fewer than asked for only at the end.
   */
  read(offset: number, into: Uint8Array, start: number, end: number): Promise<number>;
  close(): Promise<void>;
}

/** A recording that is written. */
export interface UnfinishedRecording extends StoredRecording {
  readonly path: string;
  /** Writes bytes[start, end) at an offset. They stay unchanged until that is done. */
  write(offset: number, bytes: Uint8Array, start: number, end: number): Promise<void>;
  /** Cuts off what lies behind. */
  truncate(length: number): Promise<void>;
  /** It is whole, and takes the place of an earlier one. Then it is closed. @returns the path under which it is found. */
  finish(): Promise<string>;
  /** It is not wanted: an earlier one stays. Then it is closed. */
  discard(): Promise<void>;
}
