// Recordings in memory, with a crash at any byte and a disk as slow as a test wants.
import type {
  RecordingMode,
  RecordingStorage,
  StoredRecording,
  UnfinishedRecording,
} from "../../src/recording/index.ts";

/** A file that grows. */
class MemoryFile implements UnfinishedRecording {
  readonly path: string;
  readonly length: number;
  bytes: Uint8Array;
  private readonly storage: MemoryStorage;
  private readonly isNew: boolean;

  constructor(storage: MemoryStorage, path: string, bytes: Uint8Array, isNew: boolean) {
    this.storage = storage;
    this.path = path;
    this.bytes = bytes;
    this.length = bytes.length;
    this.isNew = isNew;
  }

  async read(offset: number, into: Uint8Array, start: number, end: number): Promise<number> {
    this.storage.reads.push(end - start);
    const piece = this.bytes.subarray(offset, offset + end - start);
    into.set(piece, start);
    return piece.length;
  }

  async write(offset: number, bytes: Uint8Array, start: number, end: number): Promise<void> {
    const { storage } = this;
    if (storage.failure !== null) throw new Error(storage.failure);
    const piece = bytes.slice(start, end);
    await storage.pace;
    if (!bytes.subarray(start, end).every((byte, index) => byte === piece[index]))
      throw new Error("Lent bytes changed.");
    const length = Math.max(this.bytes.length, offset + piece.length);
    const grown = new Uint8Array(length);
    grown.set(this.bytes);
    grown.set(piece, offset);
    this.bytes = grown;
    if (!this.isNew) storage.files.set(this.path, grown);
  }

  async truncate(length: number): Promise<void> {
    this.bytes = this.bytes.slice(0, length);
    if (!this.isNew) this.storage.files.set(this.path, this.bytes);
  }

  async close(): Promise<void> {
    this.storage.openFiles--;
  }

  async finish(): Promise<string> {
    this.storage.openFiles--;
    this.storage.unfinished.delete(this);
    this.storage.files.set(this.path, this.bytes);
    return this.path;
  }

  async discard(): Promise<void> {
    this.storage.openFiles--;
    this.storage.unfinished.delete(this);
  }
}

export class MemoryStorage implements RecordingStorage {
  readonly files: Map<string, Uint8Array> = new Map();
  /** What is being written beside them. */
  readonly unfinished: Set<MemoryFile> = new Set();
  /** How many bytes each read asked for. */
  readonly reads: number[] = [];
  /** Files that are open. */
  openFiles = 0;
  /** What writes wait for. */
  pace: Promise<void> = Promise.resolve();
  /** Why writes fail. */
  failure: string | null = null;

  async open(path: string): Promise<StoredRecording | null> {
    const bytes = this.files.get(path);
    if (bytes === undefined) return null;
    this.openFiles++;
    return new MemoryFile(this, path, bytes, false);
  }

  async begin(path: string, mode: RecordingMode): Promise<UnfinishedRecording> {
    this.openFiles++;
    const old = mode === "append" ? this.files.get(path) : undefined;
    const file = new MemoryFile(this, path, old ?? new Uint8Array(0), old === undefined);
    if (old === undefined) this.unfinished.add(file);
    return file;
  }

  async leftovers(): Promise<readonly UnfinishedRecording[]> {
    return [...this.unfinished];
  }

  /** What a crash leaves: the file as it was, cut at a byte. */
  leave(path: string, bytes: Uint8Array): void {
    this.openFiles++;
    this.unfinished.add(new MemoryFile(this, path, bytes, true));
  }
}
