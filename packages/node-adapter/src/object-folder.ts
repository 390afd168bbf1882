import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import type { SharedObjectStorage } from "@millrace/core";

/**
 * Keeps persistent shared objects in a folder, a file each. A file's name is a digest of the object's: no name leads out of the
 * folder. What is acknowledged to a client survives the end of the process, and of the machine.
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
      return await readFile(this.fileOf(app, name));
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
      throw error;
    }
  }

  async store(app: string, name: string, snapshot: Uint8Array): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const file = this.fileOf(app, name);
    const next = `${file}.next`;
    const handle = await open(next, "w");
    try {
      await handle.writeFile(snapshot);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(next, file);
    await syncFolder(this.folder);
  }

  /** No two pairs of names are digested alike. */
  private fileOf(app: string, name: string): string {
    const digest = createHash("sha256")
      .update(JSON.stringify([app, name]))
      .digest("hex");
    return join(this.folder, `${digest}.object`);
  }
}

/** So that the new name lasts. Windows cannot, and need not. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
