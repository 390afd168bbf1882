import { createHash } from "node:crypto";
import type { SharedObjectStorage } from "@millrace/core";

/**
 * Keeps persistent shared objects in a folder, a file each. A file's name is a digest of the object's: no name leads out of the
 * folder. What is acknowledged to a client survives the end of the process, and of the machine. It needs the permissions
 * `--allow-read` and `--allow-write` of the folder.
 *
 * @param folder - is made when the first object is stored; only one server may use it
 */
export function objectFolder(folder: string): SharedObjectStorage {
  return new ObjectFolder(folder);
}

class ObjectFolder implements SharedObjectStorage {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async load(app: string, name: string): Promise<Uint8Array | null> {
    try {
      return await Deno.readFile(this.fileOf(app, name));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  }

  async store(app: string, name: string, snapshot: Uint8Array): Promise<void> {
    await Deno.mkdir(this.folder, { recursive: true });
    const file = this.fileOf(app, name);
    const next = `${file}.next`;
    const handle = await Deno.open(next, { write: true, create: true, truncate: true });
    try {
      for (let at = 0; at < snapshot.length; ) at += await handle.write(snapshot.subarray(at));
      await handle.sync();
    } finally {
      handle.close();
    }
    await Deno.rename(next, file);
    await syncFolder(this.folder);
  }

  /** No two pairs of names are digested alike. */
  private fileOf(app: string, name: string): string {
    const digest = createHash("sha256")
      .update(JSON.stringify([app, name]))
      .digest("hex");
    return `${this.folder}/${digest}.object`;
  }
}

/** So that the new name lasts. Windows cannot, and need not. */
async function syncFolder(folder: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  const handle = await Deno.open(folder);
  try {
    await handle.sync();
  } finally {
    handle.close();
  }
}
