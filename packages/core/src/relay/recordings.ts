import { writeUint32 } from "../bytes/index.ts";
import { PREVIOUS_TAG_SIZE_BYTES } from "../flv/index.ts";
import {
  Reading,
  RecordedStream,
  type RecordingEnd,
  type RecordingMode,
  type RecordingStorage,
  recordingHead,
  type StoredRecording,
  type UnfinishedRecording,
} from "../recording/index.ts";
import type { RecordingEvent } from "./hooks.ts";
import { reasonOf } from "./reason.ts";
import { RecordingSource, untilRead } from "./recording-source.ts";
import type { Relay, RelayStream } from "./relay.ts";
import { RunningRecording } from "./running-recording.ts";

/** A recording that was opened, and how it is told that there is more to be sent. */
export interface OpenedRecording {
  readonly recording: RecordedStream;
  serve(onRead: () => void): void;
}

/** The recordings of a relay: those that are made, and those that are played. */
export class Recordings {
  /** Told of recordings that begin and end. */
  onEvent: (event: RecordingEvent) => void = () => {};
  private readonly relay: Relay;
  private readonly storage: RecordingStorage;
  /** What is being made, by path; another of the same path begins behind it. */
  private readonly running = new Map<string, Promise<void>>();

  constructor(relay: Relay, storage: RecordingStorage) {
    this.relay = relay;
    this.storage = storage;
  }

  /**
   * @param onClose - called when it is closed
   * @returns null when there is none. Rejects when it cannot be read.
   */
  async open(path: string, onClose: () => void): Promise<OpenedRecording | null> {
    const stored = await this.storage.open(nameOf(path));
    if (stored === null) return null;
    const { source, recording } = this.read(stored, onClose);
    return { recording, serve: (onRead) => source.serve(recording, onRead) };
  }

  /** How long a recording is, in seconds; 0 when there is none that can be read. */
  async lengthOf(path: string): Promise<number> {
    const stored = await this.storage.open(nameOf(path)).catch(() => null);
    if (stored === null) return 0;
    const { source, recording } = this.read(stored);
    const reading = await untilRead(source, recording, () => recording.open());
    recording.close();
    return reading === Reading.Tag ? recording.duration / 1000 : 0;
  }

  /**
   * Records what is published from now on, until that ends.
   *
   * @param tell - what the publisher is told: a status code and a text
   */
  record(stream: RelayStream, mode: RecordingMode, tell: (code: string, text: string) => void): void {
    const { path } = stream;
    const before = this.running.get(path) ?? Promise.resolve();
    const recording = new RunningRecording(this.relay, stream, mode, tell, this.onEvent);
    const done = before
      .then(() => recording.run(() => this.begin(path, mode)))
      .finally(() => {
        if (this.running.get(path) === done) this.running.delete(path);
      });
    this.running.set(path, done);
  }

  /** Resolves when all recordings whose publishers have gone are finished. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running.values());
  }

  /** Repairs and finishes what a crash has left. To be called before the first publisher comes. */
  async recover(): Promise<void> {
    let leftovers: readonly UnfinishedRecording[] = [];
    try {
      leftovers = await this.storage.leftovers();
    } catch (error) {
      this.onEvent({ type: "record-failed", path: "", reason: reasonOf(error) });
    }
    for (const unfinished of leftovers) {
      const { path } = unfinished;
      try {
        this.onEvent({ type: "record-recovered", path: await this.repair(unfinished) });
      } catch (error) {
        this.onEvent({ type: "record-failed", path, reason: reasonOf(error) });
      }
    }
  }

  private read(
    stored: StoredRecording,
    onClose: () => void = () => {},
  ): { source: RecordingSource; recording: RecordedStream } {
    const source = new RecordingSource(stored, onClose);
    const recording = new RecordedStream(this.relay.pool, stored.length, source, this.relay.limits);
    source.serve(recording, () => {});
    return { source, recording };
  }

  /** Opens the file, and finds its end where it goes on. */
  private async begin(
    path: string,
    mode: RecordingMode,
  ): Promise<{ unfinished: UnfinishedRecording; end: RecordingEnd | null }> {
    const unfinished = await this.storage.begin(nameOf(path), mode);
    if (unfinished.length === 0) return { unfinished, end: null };
    try {
      return { unfinished, end: await this.cut(unfinished) };
    } catch (error) {
      await unfinished.discard();
      throw error;
    }
  }

  /** Makes a file that a crash has left whole. @returns the path under which it is found. */
  private async repair(unfinished: UnfinishedRecording): Promise<string> {
    // Not even a head, and no media.
    const end = unfinished.length === 0 ? null : await this.cut(unfinished).catch(() => null);
    if (end === null || !(end.index.hasAudio || end.index.hasVideo)) {
      await unfinished.discard();
      throw new Error("It held no media.");
    }
    const facts = { duration: end.time, fileSize: end.offset, index: end.index };
    const head = end.headLength === 0 ? null : recordingHead(end.properties, facts, end.headLength);
    if (head !== null) await unfinished.write(0, head, 0, head.length);
    return unfinished.finish();
  }

  /** Cuts off what is no whole tag at the end of a file. */
  private async cut(unfinished: UnfinishedRecording): Promise<RecordingEnd> {
    const { source, recording } = this.read({ ...view(unfinished), close: async () => {} });
    const reading = await untilRead(source, recording, () => recording.scan());
    const { end, lastPreviousTagSize } = recording;
    recording.close();
    if (end.offset === 0) throw new Error("It is no FLV file.");
    if (reading === Reading.Broken && end.index.times.length === 0) throw new Error("It cannot be read.");
    if (lastPreviousTagSize > 0 && end.offset !== unfinished.length) {
      const size = new Uint8Array(PREVIOUS_TAG_SIZE_BYTES);
      writeUint32(size, 0, lastPreviousTagSize);
      await unfinished.write(end.offset - PREVIOUS_TAG_SIZE_BYTES, size, 0, size.length);
    }
    await unfinished.truncate(end.offset);
    return end;
  }
}

/** What is read of a recording that is written. */
function view(unfinished: UnfinishedRecording): Omit<StoredRecording, "close"> {
  return {
    length: unfinished.length,
    read: (offset, into, start, end) => unfinished.read(offset, into, start, end),
  };
}

/** `flv:` is what players put before the names of FLV files, or leave out. */
function nameOf(path: string): string {
  return path.replace(/(^|\/)flv:([^/]*)$/, "$1$2");
}
