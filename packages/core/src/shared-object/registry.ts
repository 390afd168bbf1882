import { ErrorCode, type ProtocolError } from "../errors.ts";
import { defaultLimits, type Limits } from "../limits.ts";
import { refusalStatus } from "./answer.ts";
import { type SharedObjectEvent, SharedObjectEventType, type SharedObjectMessage } from "./event.ts";
import type { SharedObjectAccess } from "./member.ts";
import { SharedObject, type SharedObjectHost } from "./object.ts";
import { SharedObjectPeer } from "./peer.ts";
import type { LoadTask, SharedObjectTask, StoreTask, UseTask } from "./task.ts";

/**
 * All shared objects of a server. It opens no file and reads no clock:
 *
 * ```ts
 * const peer = objects.join(id, app);                   // a connection was let in
 * peer.receive(messageType, bytes, start, end);         // a message of type 19 or 16
 * for (let task = objects.poll(); task !== null; task = objects.poll()) // do it, now or later
 * for (const peer of objects.takeChanged())             // send peer.takeMessages(), or end it for peer.error
 * peer.leave();                                         // the connection is over
 * ```
 *
 * After each call that takes something in, there may be tasks and changed peers. An object belongs to its app: two apps
 * may each have one of the same name. It exists while somebody uses it; a persistent one is stored beyond that.
 */
export class SharedObjects {
  readonly limits: Readonly<Limits>;
  private readonly objects = new Map<string, SharedObject>();
  private readonly tasks: SharedObjectTask[] = [];
  private changed = new Set<SharedObjectPeer>();
  private readonly host: SharedObjectHost;

  constructor(limits: Readonly<Limits> = defaultLimits) {
    this.limits = limits;
    this.host = {
      limits: this.limits,
      add: (task) => this.tasks.push(task),
      forget: ({ app, name }) => this.objects.delete(keyOf(app, name)),
    };
  }

  /** A new connection. @param id - by which the caller knows it again */
  join(id: number, app: string): SharedObjectPeer {
    return new SharedObjectPeer(this, id, app);
  }

  /** The object of this name, while somebody uses it. */
  find(app: string, name: string): SharedObject | undefined {
    return this.objects.get(keyOf(app, name));
  }

  /** All objects that somebody uses. */
  list(): SharedObject[] {
    return [...this.objects.values()];
  }

  /** The next thing to be done; null when there is none. */
  poll(): SharedObjectTask | null {
    return this.tasks.shift() ?? null;
  }

  /** The clients for which there are messages, or which are to be ended, since this was asked last. */
  takeChanged(): ReadonlySet<SharedObjectPeer> {
    const { changed } = this;
    if (changed.size > 0) this.changed = new Set();
    return changed;
  }

  /** Lets a client use an object. Does nothing when it does not want to any more. */
  admit(task: UseTask, access: SharedObjectAccess): void {
    task.object.decide(task, access);
  }

  /** Does not let it. */
  refuse(task: UseTask): void {
    task.object.decide(task, null);
  }

  /**
   * What is stored of an object: the bytes of the last snapshot, or null when there never was one.
   *
   * @returns what is wrong with them: then who waits for the object is refused, and nothing of it is stored.
   */
  loaded({ object }: LoadTask, snapshot: Uint8Array | null): ProtocolError | null {
    return object.loaded(snapshot);
  }

  /** It cannot be had now. Who waits for the object is refused. */
  loadFailed({ object }: LoadTask): void {
    object.loadFailed();
  }

  /** A snapshot would survive the end of the process. */
  stored(task: StoreTask): void {
    task.object.storeDone(task);
  }

  /** It would not, and that is not tried again: what is not stored is undone. */
  storeFailed(task: StoreTask): void {
    task.object.storeFailed(task);
  }

  // What follows is called by SharedObjectPeer only.

  noteChanged(peer: SharedObjectPeer): void {
    this.changed.add(peer);
  }

  /** What a client says about one object. */
  take(peer: SharedObjectPeer, message: SharedObjectMessage, cost: number): void {
    const { name, isPersistent, events } = message;
    let object = this.objects.get(keyOf(peer.app, name));
    let batch: SharedObjectEvent[] = [];
    for (const event of events) {
      if (event.type === SharedObjectEventType.Use && !object?.has(peer)) {
        object = this.use(peer, name, isPersistent, object);
      } else if (event.type === SharedObjectEventType.Release) {
        object?.receive(peer, batch, cost);
        object?.leave(peer);
        object = this.objects.get(keyOf(peer.app, name));
        batch = [];
      } else if (object?.has(peer)) {
        batch.push(event);
      }
    }
    object?.receive(peer, batch, cost);
  }

  /** A client wants to use an object: that is to be decided, if there is room. @returns the object, if there is one. */
  private use(
    peer: SharedObjectPeer,
    name: string,
    isPersistent: boolean,
    existing: SharedObject | undefined,
  ): SharedObject | undefined {
    const refusal = this.refusalOf(peer, isPersistent, existing);
    if (refusal !== null) {
      const level = "error";
      this.tasks.push({ kind: "refused", peer, app: peer.app, name, code: refusal });
      const status = { type: SharedObjectEventType.Status, code: refusalStatus(refusal), level } as const;
      peer.send({ name, version: existing?.version ?? 0, isPersistent }, [status]);
      return existing;
    }
    const object = existing ?? new SharedObject(this.host, peer.app, name, isPersistent);
    this.objects.set(keyOf(peer.app, name), object);
    object.join(peer);
    return object;
  }

  private refusalOf(
    peer: SharedObjectPeer,
    isPersistent: boolean,
    existing: SharedObject | undefined,
  ): ErrorCode | null {
    const { limits } = this;
    if (peer.used.size >= limits.sharedObjectsPerConnection) return ErrorCode.SharedObjectUseLimit;
    if (existing === undefined) {
      return this.objects.size >= limits.sharedObjects ? ErrorCode.SharedObjectLimit : null;
    }
    if (existing.isPersistent !== isPersistent) return ErrorCode.SharedObjectPersistence;
    return existing.clients >= limits.sharedObjectClients ? ErrorCode.SharedObjectClientLimit : null;
  }
}

/** No two pairs have the same key, whatever they are made of. */
function keyOf(app: string, name: string): string {
  return `${app.length} ${app}${name}`;
}
