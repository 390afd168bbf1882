import type { SharedObjectAccess } from "./member.ts";
import type { SharedObjectPeer } from "./peer.ts";
import type { SharedObjects } from "./registry.ts";
import type { LoadTask, RefusedReport, StoreTask, UseTask } from "./task.ts";

/**
 * Where persistent objects are kept. What holds for every storage:
 *
 * - `store` puts a snapshot in place of the one before, wholly or not at all. Its promise is fulfilled once the snapshot would
 *   survive the end of the process, also by a signal; where the machine may lose power, once it would survive that. For a
 *   folder: write a file beside the old one, sync it, rename it over the old one, sync the folder.
 * - `load` gives the last snapshot that was stored, or null when there never was one. It is rejected when that cannot be
 *   told: never null for what is there but cannot be read. Snapshots that are damaged are recognised by who asks.
 * - Both names are any text, up to 1,024 units each, with slashes, dots and NUL: no part of a path. No two pairs of names are
 *   kept in one place.
 * - At most one call for each object is under way at a time. Of two servers only one may use a storage.
 */
export interface SharedObjectStorage {
  load(app: string, name: string): Promise<Uint8Array | null>;
  /** The snapshot is not changed by anyone afterwards. */
  store(app: string, name: string, snapshot: Uint8Array): Promise<void>;
}

/** What the application answers: nothing or true allows everything, false nothing. */
export type SharedObjectAnswer = undefined | boolean | SharedObjectAccess;

export interface SharedObjectKeeperOptions {
  readonly objects: SharedObjects;
  /** Without one nobody may use persistent objects. */
  readonly storage: SharedObjectStorage | null;
  /** May this client use this object? By default every one may. An answer that is a throw or a rejection is a no. */
  readonly onUse?: (use: UseTask) => SharedObjectAnswer | Promise<SharedObjectAnswer>;
  /** There are messages for a client, or it is to be ended: see {@link SharedObjectPeer}. */
  readonly onChanged: (peer: SharedObjectPeer) => void;
  readonly onRefused?: (report: RefusedReport) => void;
  /** The application, or the storage, failed; or a snapshot is damaged. */
  readonly onFault?: (task: UseTask | LoadTask | StoreTask, error: unknown) => void;
}

const everything: SharedObjectAccess = { canWrite: true, canSend: true };

/** Does what shared objects want done: asks the application, loads, stores, and has messages sent. Adapters share it. */
export class SharedObjectKeeper {
  private readonly options: SharedObjectKeeperOptions;

  constructor(options: SharedObjectKeeperOptions) {
    this.options = options;
  }

  /** To be called after anything that changed the objects. */
  run(): void {
    const { objects, onChanged, onRefused } = this.options;
    for (let task = objects.poll(); task !== null; task = objects.poll()) {
      if (task.kind === "use") this.decide(task);
      else if (task.kind === "load") this.load(task);
      else if (task.kind === "store") this.store(task);
      else onRefused?.(task);
    }
    for (const peer of objects.takeChanged()) onChanged(peer);
  }

  private decide(task: UseTask): void {
    const { onUse } = this.options;
    let answer: SharedObjectAnswer | Promise<SharedObjectAnswer>;
    try {
      answer = onUse?.(task);
    } catch (error) {
      answer = this.refuseBy(task, error);
    }
    if (!isPromise(answer)) {
      this.settle(task, answer);
      return;
    }
    Promise.resolve(answer)
      .catch((error: unknown) => this.refuseBy(task, error))
      .then((late) => {
        this.settle(task, late);
        this.run();
      });
  }

  private settle(task: UseTask, answer: SharedObjectAnswer): void {
    const { objects } = this.options;
    if (answer === false) objects.refuse(task);
    else objects.admit(task, typeof answer === "object" ? answer : everything);
  }

  private async load(task: LoadTask): Promise<void> {
    const { objects, storage } = this.options;
    const { app, name } = task.object;
    if (storage === null) {
      objects.loadFailed(task);
      return;
    }
    let snapshot: Uint8Array | null = null;
    try {
      snapshot = await storage.load(app, name);
    } catch (error) {
      objects.loadFailed(task);
      this.blame(task, error);
      this.run();
      return;
    }
    this.blame(task, objects.loaded(task, snapshot));
    this.run();
  }

  private async store(task: StoreTask): Promise<void> {
    const { objects, storage } = this.options;
    const { app, name } = task.object;
    try {
      if (storage === null) throw new TypeError("There is no storage for shared objects.");
      await storage.store(app, name, task.snapshot);
    } catch (error) {
      objects.storeFailed(task);
      this.blame(task, error);
      this.run();
      return;
    }
    objects.stored(task);
    this.run();
  }

  private refuseBy(task: UseTask, error: unknown): false {
    this.blame(task, error);
    return false;
  }

  private blame(task: UseTask | LoadTask | StoreTask, error: unknown): void {
    if (error !== null) this.options.onFault?.(task, error);
  }
}

/** Also those of other libraries. */
function isPromise<T>(answer: T | Promise<T>): answer is Promise<T> {
  return typeof answer === "object" && answer !== null && "then" in answer;
}
