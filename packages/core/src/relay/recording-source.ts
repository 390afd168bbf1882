import { type ByteSource, Reading, type RecordedStream, type StoredRecording } from "../recording/index.ts";

/** Reads a stored recording for a {@link RecordedStream}, a window at a time. */
export class RecordingSource implements ByteSource {
  private readonly stored: StoredRecording;
  private recording: RecordedStream | null = null;
  /** Called when there is something new to be read, or when it is known that there is nothing. */
  private onRead: () => void = () => {};
  private readonly onClose: () => void;
  private isReading = false;
  private isReleased = false;

  constructor(stored: StoredRecording, onClose: () => void) {
    this.stored = stored;
    this.onClose = onClose;
  }

  serve(recording: RecordedStream, onRead: () => void): void {
    this.recording = recording;
    this.onRead = onRead;
  }

  request(): void {
    void this.read();
  }

  release(): void {
    this.isReleased = true;
    if (!this.isReading) this.close();
  }

  private async read(): Promise<void> {
    const { recording, stored } = this;
    if (recording === null) return;
    const { reader } = recording;
    this.isReading = true;
    try {
      reader.fill(await stored.read(reader.wantedOffset, reader.memory, reader.fillStart, reader.fillEnd));
    } catch {
      // The player is told that the recording cannot be read.
      reader.fail();
    }
    this.isReading = false;
    if (this.isReleased) this.close();
    else this.onRead();
  }

  private close(): void {
    // What is only read is whole, whatever closing it says.
    this.stored.close().catch(() => {});
    this.onClose();
  }
}

/** Takes a step of a recording again and again until it needs no more bytes. */
export function untilRead(source: RecordingSource, recording: RecordedStream, step: () => Reading): Promise<Reading> {
  return new Promise((resolve) => {
    const proceed = (): void => {
      const reading = step();
      // What is not being read now, though it is waited for, there is no memory for.
      if (reading === Reading.Waiting && recording.reader.isWaiting) return;
      resolve(reading === Reading.Waiting ? Reading.Broken : reading);
    };
    source.serve(recording, proceed);
    proceed();
  });
}
