import type { AmfValue } from "../amf/index.ts";
import { ErrorCode, ProtocolError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { type Answer, answerEvents, answerUnstored, refusalStatus } from "./answer.ts";
import { type PropertyRequest, type SharedObjectEvent, SharedObjectEventType, SharedObjectStatus } from "./event.ts";
import { type Batch, Member, type SharedObjectAccess } from "./member.ts";
import { type SharedObjectPeer, sendToAll } from "./peer.ts";
import { Properties } from "./properties.ts";
import { readSnapshot, type SharedObjectSnapshot, writeSnapshot } from "./snapshot.ts";
import type { SharedObjectTask, StoreTask, UseTask } from "./task.ts";
import { decodeValue, encodeValue, encodeValues, isNothing } from "./value.ts";

/** What an object needs of where it lives. */
export interface SharedObjectHost {
  readonly limits: Readonly<Limits>;
  add(task: SharedObjectTask): void;
  /** Nobody uses the object any more, and nothing of it waits to be stored. */
  forget(object: SharedObject): void;
}

/** What goes out once all changes up to number `change` are stored. */
interface Held {
  readonly change: number;
  /** What a client is answered; and what all others are told. */
  readonly member: Member | null;
  readonly answers: readonly Answer[];
  readonly broadcast: readonly SharedObjectEvent[];
  readonly cost: number;
}

/** About what a property costs in a copy of the content, its value not counted. */
const ENTRY_COST = 64;

const LoadState = { NotLoaded: 0, Loading: 1, Ready: 2 } as const;
type LoadState = (typeof LoadState)[keyof typeof LoadState];

/**
 * One object at the server. It puts the changes of all clients into one order, that in which they came; of two that change
 * the same property the later one wins. All clients are told in that order, so all of them end with the same content.
 *
 * Nobody hears of a change of a persistent object before it is stored: neither its author that it was made, nor anyone
 * else. So what could not be stored is undone without a trace, and what a client was told survives the server. While one
 * state is being stored others may come about: these are stored together afterwards.
 */
export class SharedObject {
  readonly app: string;
  readonly name: string;
  readonly isPersistent: boolean;
  /** Goes up with every change; 0 to 2^32 - 1. */
  version = 1;

  private readonly host: SharedObjectHost;
  private readonly members = new Map<SharedObjectPeer, Member>();
  private state: LoadState;
  private readonly properties: Properties;
  /** Counts changes, as `version` does, but never begins anew. */
  private changes = 0;
  /** What is stored, and with which change it ends. */
  private stored: ReadonlyMap<string, Uint8Array> = new Map();
  private storedChanges = 0;
  private storing: StoreTask | null = null;
  private copied: { readonly change: number; readonly content: ReadonlyMap<string, Uint8Array> };
  private readonly held: Held[] = [];
  private heldCost = 0;

  constructor(host: SharedObjectHost, app: string, name: string, isPersistent: boolean) {
    this.host = host;
    this.app = app;
    this.name = name;
    this.isPersistent = isPersistent;
    this.properties = new Properties(host.limits);
    this.copied = { change: -1, content: this.stored };
    this.state = isPersistent ? LoadState.NotLoaded : LoadState.Ready;
  }

  /** Whether its content is there. A temporary object begins empty, and loaded. */
  get isLoaded(): boolean {
    return this.state === LoadState.Ready;
  }
  /** Whether all changes are stored, or need not be. */
  get isStored(): boolean {
    return !this.isPersistent || this.storedChanges === this.changes;
  }
  /** Connections that use it, or asked to. */
  get clients(): number {
    return this.members.size;
  }
  /** The names of its properties, in the order in which they came. */
  get names(): string[] {
    return [...this.properties.content.keys()];
  }

  /** The value of a property; undefined when there is none. Changing it changes nothing here: see {@link set}. */
  get(name: string): AmfValue {
    const value = this.properties.get(name);
    return value === undefined ? undefined : decodeValue(value);
  }

  /**
   * A change by the application.
   *
   * @param value - null and undefined remove the property
   * @throws TypeError when the object is not loaded, or the value is none of AMF's.
   * @throws RangeError when a limit is passed.
   */
  set(name: string, value: AmfValue): void {
    this.demandLoaded();
    if (value === null || value === undefined) {
      this.remove(name);
      return;
    }
    if (name.length > this.host.limits.nameLength) throw new RangeError("The name of the property is too long.");
    const encoded = encodeValue(value, this.host.limits);
    const refusal = this.put(name, encoded);
    if (refusal !== null) throw new RangeError("The shared object has no room for the property: remove others.");
    this.commit(null, [], [{ type: SharedObjectEventType.Change, name, value: encoded }]);
  }

  /** A removal by the application. @throws TypeError when the object is not loaded. */
  remove(name: string): void {
    this.demandLoaded();
    if (this.delete(name)) this.commit(null, [], [{ type: SharedObjectEventType.Remove, name }]);
  }

  /** Removes all properties. @throws TypeError when the object is not loaded. */
  clear(): void {
    this.demandLoaded();
    this.properties.replace(new Map());
    this.noteChange();
    this.commit(null, [], [{ type: SharedObjectEventType.Clear }]);
  }

  /**
   * Calls a method on all clients.
   *
   * @throws RangeError when the values take more than the limit `sharedObjectBytes`.
   */
  send(handler: string, ...values: AmfValue[]): void {
    const { limits } = this.host;
    const encoded = encodeValues(values, limits.sharedObjectBytes, limits.amfDepth);
    if (encoded === null || handler.length > limits.nameLength) throw new RangeError("The message is too long.");
    this.commit(null, [], [{ type: SharedObjectEventType.SendMessage, handler, values: encoded }]);
  }

  /** Changes what a client may do from now on; one that does not use the object, or was not decided upon, stays as it is. */
  setAccess(peer: SharedObjectPeer, access: SharedObjectAccess): void {
    const member = this.members.get(peer);
    if (member !== undefined && member.access !== null) member.access = access;
  }

  // What follows is called by SharedObjects only.

  /** A client asks to use the object. */
  join(peer: SharedObjectPeer): void {
    const use: UseTask = { kind: "use", peer, object: this };
    this.members.set(peer, new Member(peer, use));
    peer.used.add(this);
    this.host.add(use);
  }

  has(peer: SharedObjectPeer): boolean {
    return this.members.has(peer);
  }

  leave(peer: SharedObjectPeer): void {
    const member = this.members.get(peer);
    if (member === undefined) return;
    this.drop(member);
    this.tidy();
  }

  /** What the application decided; null refuses. Does nothing when the client has left. */
  decide(use: UseTask, access: SharedObjectAccess | null): void {
    const member = this.members.get(use.peer);
    if (member?.use !== use || member.access !== null) return;
    if (access === null) {
      this.expel(member, ErrorCode.Refused, SharedObjectStatus.NoReadAccess);
      this.tidy();
      return;
    }
    member.access = access;
    if (this.state === LoadState.Ready) this.admit(member);
    else if (this.state === LoadState.NotLoaded) {
      this.state = LoadState.Loading;
      this.host.add({ kind: "load", object: this });
    }
  }

  /** Events of a client, in the order of one message. Those that cannot be handled yet wait. */
  receive(peer: SharedObjectPeer, events: readonly SharedObjectEvent[], cost: number): void {
    const member = this.members.get(peer);
    if (member === undefined || events.length === 0) return;
    if (member.isAdmitted && !member.isWaiting && !this.isCongested) this.handle(member, { events, cost });
    else member.wait({ events, cost });
  }

  /** What was stored; null when there is nothing. @returns what is wrong with it: then nobody may use the object. */
  loaded(snapshot: Uint8Array | null): ProtocolError | null {
    if (this.state !== LoadState.Loading) throw new TypeError("The shared object is not being loaded.");
    const read = snapshot === null ? null : this.readOwn(snapshot);
    if (read instanceof ProtocolError) {
      this.loadFailed();
      return read;
    }
    if (read !== null) {
      this.version = read.version;
      this.properties.replace(read.properties);
      this.stored = read.properties;
    }
    this.state = LoadState.Ready;
    for (const member of this.members.values()) if (member.access !== null) this.admit(member);
    this.tidy();
    return null;
  }

  /** What was stored cannot be had. Who uses the object next has it loaded again. */
  loadFailed(): void {
    if (this.state !== LoadState.Loading) throw new TypeError("The shared object is not being loaded.");
    this.state = LoadState.NotLoaded;
    for (const member of this.members.values()) {
      if (member.access === null) continue;
      this.expel(member, ErrorCode.SharedObjectNotLoaded, SharedObjectStatus.ObjectCreationFailed);
    }
    this.tidy();
  }

  /** A state is stored: whatever led to it is told. */
  storeDone(task: StoreTask): void {
    this.endStoring(task);
    this.stored = task.properties;
    this.storedChanges = task.change;
    while (this.held[0] !== undefined && this.held[0].change <= this.storedChanges) this.release(this.takeHeld());
    this.goOn();
  }

  /** A state cannot be stored: all that is not stored is undone, and who asked for it is told so. */
  storeFailed(task: StoreTask): void {
    this.endStoring(task);
    this.properties.replace(this.stored);
    this.noteChange();
    this.storedChanges = this.changes;
    while (this.held.length > 0) {
      const { member, answers, broadcast, ...rest } = this.takeHeld();
      for (const answer of answers) {
        if (answer.kind === "accepted") this.report(member, ErrorCode.SharedObjectNotStored);
      }
      this.release({
        ...rest,
        member,
        answers: answers.map((answer) => answerUnstored(answer, this.stored)),
        broadcast: broadcast.filter(({ type }) => type === SharedObjectEventType.SendMessage),
      });
    }
    this.goOn();
  }

  /** Whether so much waits to be stored that no more is handled. */
  private get isCongested(): boolean {
    return this.heldCost > this.host.limits.sharedObjectWaitingBytes;
  }

  private endStoring(task: StoreTask): void {
    if (this.storing !== task) throw new TypeError("This state of the shared object is not being stored.");
    this.storing = null;
  }

  private goOn(): void {
    this.store();
    for (const member of this.members.values()) this.catchUp(member);
    this.tidy();
  }

  /** The client shares the object from now on; what it asked for meanwhile is done. */
  private admit(member: Member): void {
    member.isAdmitted = true;
    this.commit(member, [this.tellState()], []);
    this.catchUp(member);
  }

  private catchUp(member: Member): void {
    while (member.isAdmitted && !this.isCongested) {
      const batch = member.take();
      if (batch === undefined) return;
      this.handle(member, batch);
    }
  }

  private handle(member: Member, { events, cost }: Batch): void {
    const answers: Answer[] = [];
    const broadcast: SharedObjectEvent[] = [];
    let wantsState = false;
    for (const event of events) {
      switch (event.type) {
        case SharedObjectEventType.RequestChange:
        case SharedObjectEventType.RequestRemove:
          answers.push(this.change(member, event, broadcast));
          break;
        case SharedObjectEventType.SendMessage:
          if (member.access?.canSend) {
            answers.push({ kind: "message", event });
            broadcast.push(event);
          } else {
            this.report(member, ErrorCode.Refused);
          }
          break;
        case SharedObjectEventType.Use:
          wantsState = true; // once more: the client lost track
          break;
      }
    }
    if (wantsState) answers.push(this.tellState());
    this.commit(member, answers, broadcast, cost);
  }

  /** Does what a client asks for, if it may. @returns its answer; what others are told is added to `broadcast`. */
  private change(member: Member, event: PropertyRequest, broadcast: SharedObjectEvent[]): Answer {
    const { name } = event;
    const value = event.type === SharedObjectEventType.RequestChange && !isNothing(event.value) ? event.value : null;
    const refusal = this.attempt(member, name, value, broadcast);
    if (refusal === null) return { kind: "accepted", event };
    this.report(member, refusal);
    return { kind: "refused", name, value: this.properties.get(name), code: refusalStatus(refusal) };
  }

  private attempt(
    member: Member,
    name: string,
    value: Uint8Array | null,
    broadcast: SharedObjectEvent[],
  ): ErrorCode | null {
    if (!member.access?.canWrite) return ErrorCode.Refused;
    if (value === null) {
      if (this.delete(name)) broadcast.push({ type: SharedObjectEventType.Remove, name });
      return null;
    }
    const refusal = this.put(name, value);
    if (refusal === null) broadcast.push({ type: SharedObjectEventType.Change, name, value });
    return refusal;
  }

  private put(name: string, value: Uint8Array): ErrorCode | null {
    const refusal = this.properties.put(name, value);
    if (refusal === null) this.noteChange();
    return refusal;
  }

  private delete(name: string): boolean {
    const isGone = this.properties.delete(name);
    if (isGone) this.noteChange();
    return isGone;
  }

  private noteChange(): void {
    this.version = (this.version + 1) >>> 0;
    this.changes++;
  }

  /** Tells what came of one message, once its changes and all before them are stored. */
  private commit(member: Member | null, answers: Answer[], broadcast: SharedObjectEvent[], cost = 0): void {
    const state = answers.some(({ kind }) => kind === "state") ? ENTRY_COST * this.properties.content.size : 0;
    const held: Held = { change: this.changes, member, answers, broadcast, cost: cost + state };
    if (this.held.length === 0 && this.isStored) {
      this.release(held);
      return;
    }
    this.held.push(held);
    this.heldCost += held.cost;
    this.store();
  }

  /** The content is that of now, whenever it goes out: what happens until then is told after it. */
  private tellState(): Answer {
    return { kind: "state", content: this.isPersistent ? this.contentNow() : this.properties.content };
  }

  /** One and the same copy until something changes, for all who join meanwhile. */
  private contentNow(): ReadonlyMap<string, Uint8Array> {
    if (this.copied.change !== this.changes) {
      this.copied = { change: this.changes, content: new Map(this.properties.content) };
    }
    return this.copied.content;
  }

  private takeHeld(): Held {
    const held = this.held.shift() as Held; // the caller looked
    this.heldCost -= held.cost;
    return held;
  }

  private store(): void {
    if (this.storing !== null || this.isStored) return;
    const properties = this.contentNow();
    const snapshot = writeSnapshot({ name: this.name, version: this.version, properties });
    this.storing = { kind: "store", object: this, snapshot, change: this.changes, properties };
    this.host.add(this.storing);
  }

  private release({ member, answers, broadcast }: Held): void {
    if (member !== null && this.members.get(member.peer) === member && answers.length > 0) {
      if (answers.some(({ kind }) => kind === "state")) member.isSharing = true;
      member.peer.send(this, answers.flatMap(answerEvents));
    }
    if (broadcast.length === 0) return;
    const audience: SharedObjectPeer[] = [];
    for (const other of this.members.values()) if (other.isSharing && other !== member) audience.push(other.peer);
    sendToAll(this, broadcast, audience);
  }

  private expel(member: Member, code: ErrorCode, status: SharedObjectStatus): void {
    this.drop(member);
    this.report(member, code);
    member.peer.send(this, [{ type: SharedObjectEventType.Status, code: status, level: "error" }]);
  }

  private drop(member: Member): void {
    member.forget();
    this.members.delete(member.peer);
    member.peer.used.delete(this);
  }

  private report(member: Member | null, code: ErrorCode): void {
    if (member !== null) this.host.add({ kind: "refused", peer: member.peer, app: this.app, name: this.name, code });
  }

  private tidy(): void {
    const isBusy = this.storing !== null || this.state === LoadState.Loading;
    if (this.members.size > 0 || isBusy) return;
    this.state = LoadState.NotLoaded;
    this.host.forget(this);
  }

  private demandLoaded(): void {
    if (!this.isLoaded) throw new TypeError("The shared object is not loaded, or nobody uses it any more.");
  }

  private readOwn(bytes: Uint8Array): SharedObjectSnapshot | ProtocolError {
    const snapshot = readSnapshot(bytes);
    if (snapshot instanceof ProtocolError || snapshot.name === this.name) return snapshot;
    const text = "A stored shared object is another one's.";
    return new ProtocolError(ErrorCode.SharedObjectSnapshotDamaged, text, 0);
  }
}
