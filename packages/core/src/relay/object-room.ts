import { RateLimit } from "../connection/index.ts";
import { ErrorCode, errorName, ProtocolError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import {
  type SharedObjectAccess,
  SharedObjectKeeper,
  type SharedObjectPeer,
  type SharedObjectStorage,
  SharedObjects,
  type UseTask,
} from "../shared-object/index.ts";
import type { HookAnswer, Hooks, Peer, ServerEvent } from "./hooks.ts";
import type { RelaySession } from "./session.ts";

/** Refusals that are told of. */
const REPORTS_PER_SECOND = 20;

/** What the room needs of its server. */
export interface ObjectRoomHost {
  readonly hooks: Hooks;
  readonly decisionTimeout: number;
  /** Milliseconds of a monotonic clock. */
  now(): number;
  emit(event: ServerEvent): void;
}

/** A shared object that somebody uses, in figures. */
export interface SharedObjectInfo {
  readonly app: string;
  readonly name: string;
  readonly isPersistent: boolean;
  readonly clients: number;
  readonly version: number;
}

/** A client that uses shared objects. */
interface Member {
  readonly session: RelaySession;
  readonly peer: Peer;
}

/** A decision of the application's that is waited for. */
interface Decision {
  readonly deadline: number;
  readonly giveUp: () => void;
}

/** Where the clients of a server share objects: it brings together the objects, the connections, the application and a storage. */
export class ObjectRoom {
  private readonly host: ObjectRoomHost;
  private readonly objects: SharedObjects;
  private readonly keeper: SharedObjectKeeper;
  private readonly members = new Map<SharedObjectPeer, Member>();
  private readonly decisions = new Set<Decision>();
  private readonly reports = new RateLimit(REPORTS_PER_SECOND);

  /** @param storage - for persistent objects; null for none: nobody may use any then */
  constructor(host: ObjectRoomHost, limits: Readonly<Limits>, storage: SharedObjectStorage | null) {
    this.host = host;
    this.objects = new SharedObjects(limits);
    this.keeper = new SharedObjectKeeper({
      objects: this.objects,
      storage,
      onUse: (task) => this.decide(task),
      onChanged: (sharer) => this.send(sharer),
      onRefused: ({ peer: sharer, app, name, code }) => this.tellRefused(sharer, `${app}/${name}`, code),
      onFault: (task, error) => this.blame(task.kind === "use" ? task.peer : null, error),
    });
  }

  /** All that somebody uses. */
  describe(): SharedObjectInfo[] {
    return this.objects.list().map(({ app, name, isPersistent, clients, version }) => {
      return { app, name, isPersistent, clients, version };
    });
  }

  /** A client that was let in uses its first object. */
  enter(session: RelaySession, peer: Peer): SharedObjectPeer {
    const sharer = this.objects.join(peer.id, session.connection.connected?.app ?? "");
    this.members.set(sharer, { session, peer });
    return sharer;
  }

  /** A message of type 19 or 16 of its. */
  receive(sharer: SharedObjectPeer, messageType: number, bytes: Uint8Array, start: number, end: number): void {
    const error = sharer.receive(messageType, bytes, start, end);
    if (error !== null) this.members.get(sharer)?.session.connection.breakOff(error);
    this.keeper.run();
  }

  leave(sharer: SharedObjectPeer): void {
    this.members.delete(sharer);
    sharer.leave();
    this.keeper.run();
  }

  /** Refuses what was not decided in time. */
  tick(now: number): void {
    for (const decision of this.decisions) if (now >= decision.deadline) decision.giveUp();
  }

  private decide({ peer: sharer, object }: UseTask): boolean | Promise<SharedObjectAccess | boolean> {
    const { hooks } = this.host;
    const member = this.members.get(sharer);
    if (member === undefined) return false;
    const { app, name, isPersistent } = object;
    const answer = hooks.onSharedObject?.({ app, name, isPersistent }, member.peer);
    if (answer === undefined || typeof answer === "boolean") return answer ?? true;
    return this.inTime(Promise.resolve(answer).then(accessOf));
  }

  /** The answer, or a no when it does not come in time. */
  private inTime(answer: Promise<SharedObjectAccess | boolean>): Promise<SharedObjectAccess | boolean> {
    return new Promise((resolve, reject) => {
      const decision = {
        deadline: this.host.now() + this.host.decisionTimeout,
        giveUp: (): void => {
          this.decisions.delete(decision);
          resolve(false);
        },
      };
      this.decisions.add(decision);
      answer.then(resolve, reject).finally(() => this.decisions.delete(decision));
    });
  }

  private send(sharer: SharedObjectPeer): void {
    const session = this.members.get(sharer)?.session;
    if (session === undefined) return;
    const { connection, carrier } = session;
    for (const { messageType, payload } of sharer.takeMessages()) connection.sendSharedObject(messageType, payload);
    if (sharer.error !== null) connection.breakOff(sharer.error);
    if (connection.error === null) carrier?.flush();
    else carrier?.pump();
  }

  private tellRefused(sharer: SharedObjectPeer, what: string, code: ErrorCode): void {
    const member = this.members.get(sharer);
    // Whoever asks again and again does not fill the logs.
    if (member === undefined || !this.reports.allows(this.host.now())) return;
    const reason = code === ErrorCode.Refused ? "This client may not use it." : errorName(code);
    this.host.emit({ type: "refused", peer: member.peer, what: `object ${what}`, reason });
  }

  private blame(sharer: SharedObjectPeer | null, error: unknown): void {
    const member = sharer === null ? undefined : this.members.get(sharer);
    const text = error instanceof ProtocolError ? new Error(error.message) : error;
    if (member === undefined) this.host.emit({ type: "storage-failed", error: text });
    else this.host.emit({ type: "hook-failed", peer: member.peer, error: text });
  }
}

/** A hook in JavaScript may answer anything: what says neither yes nor what is allowed is a no. */
function accessOf(answer: HookAnswer | SharedObjectAccess): SharedObjectAccess | boolean {
  if (answer === undefined || answer === true) return true;
  const { canWrite, canSend } = Object(answer) as Partial<SharedObjectAccess>;
  return typeof canWrite === "boolean" && typeof canSend === "boolean" ? { canWrite, canSend } : false;
}
