import { StatusCode } from "../message/index.ts";
import { Recorder, type RecordingEnd, type RecordingMode, type UnfinishedRecording } from "../recording/index.ts";
import type { RecordingEvent } from "./hooks.ts";
import { reasonOf } from "./reason.ts";
import type { Listener, Relay, RelayStream } from "./relay.ts";
import type { Outlet } from "./session.ts";

/** What is written at a time at most, in bytes. */
const WRITE_BYTES = 131_072;
/** How long media waits for more to be written with it, in milliseconds: a crash loses no more. */
const WRITE_INTERVAL = 250;
/** The same, in messages: a stream keeps a few thousand. */
const WRITE_MESSAGES = 512;
const NO_BLOCK = -1;

/** What a recording begins with. */
export interface RecordingBeginning {
  readonly unfinished: UnfinishedRecording;
  readonly end: RecordingEnd | null;
}

/**
 * A publication on its way into a storage. It listens to the stream as another relay does: what is not written yet waits in
 * the stream's ring, one write is under way at a time.
 */
export class RunningRecording implements Listener, Outlet {
  readonly carrier: Outlet = this;
  private readonly relay: Relay;
  private readonly stream: RelayStream;
  private readonly mode: RecordingMode;
  private readonly tell: (code: string, text: string) => void;
  private readonly onEvent: (event: RecordingEvent) => void;
  /** Holds the place in the stream until the storage is ready. */
  private recorder: Recorder;
  private lastWrite = 0;
  private lastBytes = 0;
  /** Ends the wait for media. */
  private wake: (() => void) | null = null;

  constructor(
    relay: Relay,
    stream: RelayStream,
    mode: RecordingMode,
    tell: (code: string, text: string) => void,
    onEvent: (event: RecordingEvent) => void,
  ) {
    this.relay = relay;
    this.stream = stream;
    this.mode = mode;
    this.tell = tell;
    this.onEvent = onEvent;
    this.recorder = new Recorder(stream.live, relay.limits);
    stream.links.add(this);
  }

  /** There is more of the stream, or it has ended. */
  flush(): void {
    if (this.isDue) this.wake?.();
  }

  /** Records until the publication ends, and finishes the recording. Never rejects: what goes wrong is told. */
  async run(begin: () => Promise<RecordingBeginning>): Promise<void> {
    const { stream, mode } = this;
    const { path } = stream;
    let failure: string | null = null;
    try {
      const { unfinished, end } = await begin();
      this.recorder.goOnAt(end);
      this.onEvent({ type: "record", path, mode });
      this.tell(StatusCode.RecordStart, `${path} is being recorded.`);
      failure = await this.write(unfinished);
      failure = (await this.finish(unfinished, failure)) ?? failure;
    } catch (error) {
      failure = reasonOf(error);
    }
    const { tags, duration, offset } = this.recorder;
    this.recorder.close();
    stream.links.delete(this);
    this.relay.tidy(stream);
    if (failure === null) {
      this.tell(StatusCode.RecordStop, `${path} was recorded.`);
      this.onEvent({ type: "record-end", path, milliseconds: duration, bytes: offset, tags });
    } else {
      this.tell(StatusCode.RecordFailed, failure);
      this.onEvent({ type: "record-failed", path, reason: failure });
    }
  }

  /** Whether enough waits to be written, or all there will be. */
  private get isDue(): boolean {
    const { live } = this.stream;
    if (!live.isPublished || live.receivedBytes - this.lastBytes >= WRITE_BYTES) return true;
    if (((live.next - this.recorder.next) | 0) >= WRITE_MESSAGES) return true;
    return live.now - this.lastWrite >= WRITE_INTERVAL || this.recorder.isDone;
  }

  /** @returns what went wrong; null when all was written. */
  private async write(unfinished: UnfinishedRecording): Promise<string | null> {
    const { recorder, relay, stream } = this;
    const { pool } = relay;
    while (!recorder.isDone) {
      const { offset } = recorder;
      // Without memory for it, media waits where it is.
      const block = pool.take(WRITE_BYTES);
      if (block !== NO_BLOCK) {
        try {
          const length = recorder.transmit(pool.memory, block, block + WRITE_BYTES);
          if (length > 0) await unfinished.write(offset, pool.memory, block, block + length);
          if (length === WRITE_BYTES) continue;
        } catch (error) {
          return reasonOf(error);
        } finally {
          pool.give(block);
        }
      }
      this.lastWrite = stream.live.now;
      this.lastBytes = stream.live.receivedBytes;
      if (recorder.isDone) break;
      if (recorder.isPublicationOver) {
        // Nothing will wake this.
        if (block === NO_BLOCK) return "There is no memory to write it with.";
        continue;
      }
      await new Promise<void>((resolve) => (this.wake = resolve));
      this.wake = null;
    }
    return recorder.loss;
  }

  /** What was recorded stays, also when not all of it could be. @returns what went wrong. */
  private async finish(unfinished: UnfinishedRecording, failure: string | null): Promise<string | null> {
    const { recorder } = this;
    try {
      if (recorder.tags === 0 && this.mode === "record") {
        await unfinished.discard();
        return failure ?? "Nothing came that could be recorded.";
      }
      const patch = failure === null || recorder.loss !== null ? recorder.finish() : null;
      if (patch !== null) await unfinished.write(patch.offset, patch.bytes, 0, patch.bytes.length);
      await unfinished.finish();
      return null;
    } catch (error) {
      return reasonOf(error);
    }
  }
}
