import { constants } from "node:fs";
import { type FileHandle, link, mkdir, open, readdir, realpath, rename, unlink } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import {
  type RecordingMode,
  type RecordingStorage,
  recordingFileName,
  type StoredRecording,
  type UnfinishedRecording,
} from "@millrace/core";

const FLV = ".flv";
/** Of a recording that is not finished, behind the number of the process that makes it. */
const UNFINISHED = /\.(\d+)\.recording$/;
/** Beside an earlier recording of the same name, which a crashed one must not replace. */
const RECOVERED = ".recovered";
/** So that a link in place of a file is not followed. Windows has no such flag. */
const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants;

/**
 * Keeps recordings as FLV files in a folder: that of `live/show` is `live/show.flv`. Any other characters of a path than
 * letters, digits, `-`, `_` and `.` are written as `%` and two hex digits, so that no path leads out of the folder; links
 * to files or folders elsewhere are not followed.
 *
 * A recording is made beside an earlier one of its name, and replaces it when it is finished. What a crash has left is
 * repaired when the next server begins to listen.
 *
 * @param folder - is made when the first recording begins
 */
export function folderStorage(folder: string): RecordingStorage {
  return new FolderStorage(folder);
}

class FolderStorage implements RecordingStorage {
  private readonly folder: string;
  /** Files that are being made by this process. */
  private readonly unfinished = new Set<string>();

  constructor(folder: string) {
    this.folder = folder;
  }

  async open(path: string): Promise<StoredRecording | null> {
    const name = recordingFileName(path);
    if (name === null) return null;
    const handle = await this.openInside(name + FLV, O_RDONLY);
    if (handle === null) return null;
    return stored(handle, await lengthOf(handle));
  }

  async begin(path: string, mode: RecordingMode): Promise<UnfinishedRecording> {
    const name = recordingFileName(path);
    if (name === null) throw new Error(`${JSON.stringify(path)} cannot be the name of a recording.`);
    const root = await this.root(true);
    await this.makeFolders(root, dirname(name));
    if (mode === "append") {
      const handle = await this.openInside(name + FLV, O_RDWR);
      if (handle !== null) return new AppendedFile(handle, await lengthOf(handle), path);
    } else {
      // Where case does not matter another name may mean the same file.
      await (await this.openInside(name + FLV, O_RDONLY))?.close();
    }
    const file = join(root, `${name}.${process.pid}.recording`);
    const handle = await open(file, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
    this.unfinished.add(file);
    return new NewFile(handle, 0, path, file, join(root, name + FLV), true, () => this.unfinished.delete(file));
  }

  async leftovers(): Promise<readonly UnfinishedRecording[]> {
    const root = await this.root(false).catch(() => null);
    if (root === null) return [];
    const found: UnfinishedRecording[] = [];
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
      const owner = UNFINISHED.exec(entry.name)?.[1];
      if (!entry.isFile() || owner === undefined) continue;
      const left = join(entry.parentPath ?? entry.path, entry.name);
      if (this.unfinished.has(left) || isRunning(Number(owner))) continue;
      const leftover = await this.take(root, left);
      if (leftover !== null) found.push(leftover);
    }
    return found;
  }

  /** Makes a leftover ours: of several processes that try, one succeeds. */
  private async take(root: string, left: string): Promise<UnfinishedRecording | null> {
    const name = left.replace(UNFINISHED, "");
    const ours = `${name}.${process.pid}.recording`;
    try {
      if (left !== ours) await rename(left, ours);
      const handle = await open(ours, O_RDWR | O_NOFOLLOW);
      this.unfinished.add(ours);
      const path = relative(root, name).split(sep).join("/");
      const forget = (): boolean => this.unfinished.delete(ours);
      return new NewFile(handle, await lengthOf(handle), path, ours, name + FLV, false, forget);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** Opens a file, unless it lies elsewhere in truth. @returns null when there is none. */
  private async openInside(name: string, flags: number): Promise<FileHandle | null> {
    try {
      const root = await this.root(false);
      const file = join(root, name);
      await this.checkInside(root, name);
      return await open(file, flags | O_NOFOLLOW);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** @throws when a link leads elsewhere, or when the names differ in case, on a file system that takes no notice of that. */
  private async checkInside(root: string, name: string): Promise<void> {
    const real = await realpath(join(root, name));
    if (real !== join(root, name)) throw new Error(`${name} lies elsewhere in truth: at ${real}.`);
  }

  /** One after the other, so that none is made behind a link. */
  private async makeFolders(root: string, name: string): Promise<void> {
    let folder = "";
    for (const part of name.split("/")) {
      folder = join(folder, part);
      await mkdir(join(root, folder)).catch((error: unknown) => {
        if (codeOf(error) !== "EEXIST") throw error;
      });
      await this.checkInside(root, folder);
    }
  }

  private async root(mayMake: boolean): Promise<string> {
    if (mayMake) await mkdir(this.folder, { recursive: true });
    return realpath(this.folder);
  }
}

function stored(handle: FileHandle, length: number): StoredRecording {
  return {
    length,
    read: (offset, into, start, end) => readFully(handle, offset, into, start, end),
    close: () => handle.close(),
  };
}

/** A file that is open to be written. */
abstract class WritableFile implements UnfinishedRecording {
  readonly path: string;
  readonly length: number;
  protected readonly handle: FileHandle;

  constructor(handle: FileHandle, length: number, path: string) {
    this.handle = handle;
    this.length = length;
    this.path = path;
  }

  read(offset: number, into: Uint8Array, start: number, end: number): Promise<number> {
    return readFully(this.handle, offset, into, start, end);
  }

  async write(offset: number, bytes: Uint8Array, start: number, end: number): Promise<void> {
    for (let at = start; at < end; ) {
      at += (await this.handle.write(bytes, at, end - at, offset + at - start)).bytesWritten;
    }
  }

  truncate(length: number): Promise<void> {
    return this.handle.truncate(length);
  }

  close(): Promise<void> {
    return this.handle.close();
  }

  abstract finish(): Promise<string>;
  abstract discard(): Promise<void>;
}

/** It grows in place: what was there before is not touched but for its head, when it is finished. */
class AppendedFile extends WritableFile {
  async finish(): Promise<string> {
    await this.handle.datasync();
    await this.close();
    return this.path;
  }

  discard(): Promise<void> {
    return this.close();
  }
}

/** It has a name of its own until it is finished. */
class NewFile extends WritableFile {
  private readonly file: string;
  private readonly target: string;
  private readonly mayReplace: boolean;
  private readonly forget: () => void;

  constructor(
    handle: FileHandle,
    length: number,
    path: string,
    file: string,
    target: string,
    mayReplace: boolean,
    forget: () => void,
  ) {
    super(handle, length, path);
    this.file = file;
    this.target = target;
    this.mayReplace = mayReplace;
    this.forget = forget;
  }

  async finish(): Promise<string> {
    try {
      await this.handle.datasync();
      await this.close();
      if (this.mayReplace) {
        await rename(this.file, this.target);
        return this.path;
      }
      return await this.finishBeside();
    } finally {
      this.forget();
    }
  }

  async discard(): Promise<void> {
    this.forget();
    await this.close();
    await unlink(this.file);
  }

  /** Under a name that is free: a link does not replace anything. */
  private async finishBeside(): Promise<string> {
    for (let count = 0; ; count++) {
      const ending = count === 0 ? "" : `${RECOVERED}${count === 1 ? "" : `-${count}`}`;
      const name = basename(this.target, FLV) + ending + FLV;
      try {
        await link(this.file, join(dirname(this.target), name));
        await unlink(this.file);
        return this.path + ending;
      } catch (error) {
        if (codeOf(error) !== "EEXIST") throw error;
      }
    }
  }
}

async function readFully(
  handle: FileHandle,
  offset: number,
  into: Uint8Array,
  start: number,
  end: number,
): Promise<number> {
  let at = start;
  while (at < end) {
    const { bytesRead } = await handle.read(into, at, end - at, offset + at - start);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return at - start;
}

async function lengthOf(handle: FileHandle): Promise<number> {
  const stats = await handle.stat();
  if (stats.isFile()) return stats.size;
  await handle.close();
  throw new Error("It is no file.");
}

/** Whether another process of this number is there, which may be at work on it. */
function isRunning(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR";
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
