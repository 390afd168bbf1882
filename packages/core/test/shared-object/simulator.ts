// A server and its clients in memory. Each connection is ordered; between them anything may overtake anything.
import { expect } from "vitest";
import type { AmfValue } from "../../src/amf/index.ts";
import { limitsWith } from "../../src/limits.ts";
import {
  decodeValue,
  type LoadTask,
  type OutgoingSharedObjectMessage,
  type RemoteSharedObject,
  RemoteState,
  readSharedObjectMessage,
  readSnapshot,
  type SharedObject,
  SharedObjectClient,
  SharedObjectEventType,
  type SharedObjectMessage,
  type SharedObjectNotice,
  type SharedObjectPeer,
  SharedObjects,
  type StoreTask,
  type UseTask,
} from "../../src/shared-object/index.ts";

const APP = "app";
const NAME = "object";
const FREE_KEYS = ["a", "b", "c", "d", "e"];
export const everything = { canWrite: true, canSend: true };

/** One step: which client, what, and a number that chooses among what is possible. */
export interface Step {
  readonly client: number;
  readonly action: number;
  readonly choice: number;
}

export interface WorldOptions {
  readonly isPersistent: boolean;
  /** Whether the server may die, and no client may remove what another one wrote. */
  readonly hasCrashes?: boolean;
  readonly clients?: number;
}

class Client {
  readonly index: number;
  readonly objects: SharedObjectClient;
  object: RemoteSharedObject | null = null;
  peer: SharedObjectPeer | null = null;
  toServer: OutgoingSharedObjectMessage[] = [];
  toClient: OutgoingSharedObjectMessage[] = [];
  /** The value of its own property that is under way. */
  sent = 0;
  notices: SharedObjectNotice[] = [];

  constructor(index: number, objects: SharedObjectClient) {
    this.index = index;
    this.objects = objects;
  }

  get ownKey(): string {
    return `own${this.index}`;
  }
}

/** Few properties fit, so that this limit is met as well. */
const limits = limitsWith({ sharedObjectProperties: 6, sharedObjectWaitingBytes: 3_000 });

export class World {
  server: SharedObjects = new SharedObjects(limits);
  readonly clients: readonly Client[];
  /** What would survive the end of the server. */
  durable: Uint8Array | null = null;
  /** By property: the greatest number that anyone was told to be at the server. Of own keys only. */
  readonly told = new Map<string, number>();
  /** What happened, so that a test can see that it happens. */
  readonly seen = new Set<string>();

  private readonly options: WorldOptions;
  private uses: UseTask[] = [];
  private loads: LoadTask[] = [];
  private stores: StoreTask[] = [];
  private counter = 0;

  constructor(options: WorldOptions) {
    this.options = options;
    const { clients = 5 } = options;
    this.clients = Array.from({ length: clients }, (_, index) => new Client(index, new SharedObjectClient(limits)));
  }

  get shared(): SharedObject | undefined {
    return this.server.find(APP, NAME);
  }

  /** Does one thing, if it can be done. */
  step({ client: index, action, choice }: Step): void {
    const client = this.clients[index % this.clients.length] as Client; // there are some
    switch (action) {
      case 0:
      case 1:
        this.write(client, choice);
        break;
      case 2:
        this.remove(client, choice);
        break;
      case 3:
        if (isInUse(client)) client.object?.send("hello", index, choice);
        break;
      case 4:
      case 5:
        this.flush(client);
        break;
      case 6:
      case 7:
        this.deliverToServer(client);
        break;
      case 8:
      case 9:
        this.deliverToClient(client);
        break;
      case 10:
        this.connect(client);
        break;
      case 11:
        if (choice % 3 === 0) this.disconnect(client);
        break;
      case 12:
        if (client.object === null || client.object.isClosed) {
          client.object = client.objects.open(NAME, this.options.isPersistent);
        } else if (choice % 4 === 0) client.object.close();
        break;
      case 13:
        this.decide(choice);
        break;
      case 14:
        this.store(choice % 5 !== 0);
        break;
      case 15:
        this.load(choice % 6 !== 0);
        break;
      case 16:
        this.application(choice);
        break;
      case 17:
        if (this.options.hasCrashes && choice % 2 === 0) this.crash(choice % 4 === 0);
        break;
    }
    this.pump();
  }

  /** Lets everything arrive, and lets everybody in. */
  settle(): void {
    for (let round = 0; ; round++) {
      if (round === 200) throw new Error("It does not become quiet.");
      for (const client of this.clients) this.flush(client);
      let isQuiet = true;
      for (const client of this.clients) {
        while (this.deliverToServer(client)) isQuiet = false;
        while (this.deliverToClient(client)) isQuiet = false;
      }
      while (this.uses.length > 0) {
        isQuiet = false;
        this.decide(0);
      }
      while (this.loads.length > 0) {
        isQuiet = false;
        this.load(true);
      }
      while (this.stores.length > 0) {
        isQuiet = false;
        this.store(true);
      }
      if (isQuiet) return;
    }
  }

  /** All that are connected have what the server has, and wait for nothing. */
  checkAgreement(): void {
    const { shared } = this;
    const content = shared === undefined ? "" : contentOf(shared);
    for (const { object, peer, index } of this.clients) {
      if (object === null || object.isClosed || peer === null) continue;
      if (!object.isSettled) throw new Error(`Client ${index} waits for ever.`);
      if (object.state === RemoteState.Refused) continue;
      if (contentOf(object) !== content) expect(contentOf(object), `client ${index}`).toBe(content);
      this.seen.add("agreement");
    }
    if (shared?.isPersistent) {
      const stored = this.stored();
      for (const name of shared.names) expect(stored.get(name)).toEqual(shared.get(name));
      expect(stored.size).toBe(shared.names.length);
    }
  }

  /** Whatever anyone was told would survive. */
  checkNothingIsLost(): void {
    if (!this.options.isPersistent) return;
    const stored = this.stored();
    for (const [name, number] of this.told) {
      const survives = Number(stored.get(name) ?? 0);
      if (survives < number) expect(survives, `${name} was told to be ${number}`).toBeGreaterThanOrEqual(number);
    }
  }

  private stored(): Map<string, AmfValue> {
    if (this.durable === null) return new Map();
    const snapshot = readSnapshot(this.durable);
    if (!("properties" in snapshot)) throw new Error(snapshot.message);
    return new Map([...snapshot.properties].map(([name, value]) => [name, decodeValue(value)]));
  }

  private write(client: Client, choice: number): void {
    if (!isInUse(client)) return;
    const name = choice % 3 === 0 ? client.ownKey : (FREE_KEYS[choice % FREE_KEYS.length] ?? "");
    client.object?.set(name, ++this.counter);
  }

  private remove(client: Client, choice: number): void {
    if (!isInUse(client)) return;
    if (choice % 4 === 0 && !this.options.hasCrashes) client.object?.clear();
    else client.object?.remove(FREE_KEYS[choice % FREE_KEYS.length] ?? "");
  }

  private connect(client: Client): void {
    if (client.peer !== null) return;
    client.peer = this.server.join(client.index, APP);
    client.objects.connected();
  }

  private disconnect(client: Client): void {
    client.peer?.leave();
    client.peer = null;
    client.toServer = [];
    client.toClient = [];
    client.objects.disconnected();
    client.object?.poll();
  }

  private flush(client: Client): void {
    if (client.peer === null) return;
    const messages = client.objects.takeMessages();
    for (const { events } of this.options.hasCrashes ? messages.map(read) : []) {
      for (const event of events) {
        if (event.type === SharedObjectEventType.RequestChange && event.name === client.ownKey) {
          client.sent = Number(decodeValue(event.value));
        }
      }
    }
    client.toServer.push(...messages);
  }

  private deliverToServer(client: Client): boolean {
    const message = client.toServer.shift();
    if (message === undefined || client.peer === null) return false;
    const { messageType, payload } = client.index % 2 === 0 ? message : ofAmf3Kind(message);
    const error = client.peer.receive(messageType, payload, 0, payload.length);
    this.pump();
    if (error !== null) {
      this.seen.add(`error ${error.code}`);
      this.disconnect(client);
    }
    return true;
  }

  private deliverToClient(client: Client): boolean {
    const message = client.toClient.shift();
    if (message === undefined) return false;
    const { messageType, payload } = message;
    const error = client.objects.receive(messageType, payload, 0, payload.length);
    if (error !== null) throw new Error(error.message);
    for (let notice = client.object?.poll() ?? null; notice !== null; notice = client.object?.poll() ?? null) {
      this.seen.add(notice.kind);
    }
    return true;
  }

  private decide(choice: number): void {
    const use = this.uses.shift();
    if (use === undefined) {
      // Or changes its mind.
      const { peer } = this.clients[choice % this.clients.length] as Client; // there are some
      if (peer !== null) this.shared?.setAccess(peer, { canWrite: choice % 3 !== 0, canSend: choice % 2 === 0 });
      return;
    }
    if (choice % 10 === 9) this.server.refuse(use);
    else this.server.admit(use, choice % 10 === 8 ? { canWrite: false, canSend: true } : everything);
    this.pump();
  }

  private store(isDone: boolean): void {
    const task = this.stores.shift();
    if (task === undefined) return;
    if (isDone) {
      this.durable = task.snapshot;
      this.server.stored(task);
    } else {
      this.seen.add("not stored");
      this.server.storeFailed(task);
    }
    this.pump();
  }

  private load(isDone: boolean): void {
    const task = this.loads.shift();
    if (task === undefined) return;
    if (isDone) expect(this.server.loaded(task, this.durable)).toBeNull();
    else this.server.loadFailed(task);
    this.pump();
  }

  private application(choice: number): void {
    const { shared } = this;
    if (!shared?.isLoaded) return;
    if (choice % 8 === 0 && !this.options.hasCrashes) shared.clear();
    else if (choice % 8 < 3) shared.remove(FREE_KEYS[choice % FREE_KEYS.length] ?? "");
    else if (choice % 8 < 4) shared.send("from the server", choice);
    else if (shared.names.length < limits.sharedObjectProperties)
      shared.set(FREE_KEYS[choice % FREE_KEYS.length] ?? "", ++this.counter);
  }

  /** The server's process ends. What it was storing is stored, or not. */
  private crash(isStored: boolean): void {
    this.seen.add("crash");
    const task = this.stores[0];
    if (isStored && task !== undefined) this.durable = task.snapshot;
    this.uses = [];
    this.loads = [];
    this.stores = [];
    this.server = new SharedObjects(limits);
    for (const client of this.clients) {
      client.peer = null;
      this.disconnect(client);
    }
  }

  private pump(): void {
    for (let task = this.server.poll(); task !== null; task = this.server.poll()) {
      if (task.kind === "use") this.uses.push(task);
      else if (task.kind === "load") this.loads.push(task);
      else if (task.kind === "store") this.stores.push(task);
      else this.seen.add(`refused ${task.code}`);
    }
    for (const peer of this.server.takeChanged()) {
      const client = this.clients[peer.id];
      const messages = peer.takeMessages();
      if (client?.peer !== peer) continue;
      client.toClient.push(...messages);
      if (this.options.hasCrashes) for (const message of messages) this.note(client, read(message));
    }
    if (this.options.hasCrashes) this.checkNothingIsLost();
  }

  /** What a client is told of own keys, its own or another's. */
  private note(client: Client, { events }: SharedObjectMessage): void {
    for (const event of events) {
      if (event.type === SharedObjectEventType.Success && event.name === client.ownKey) {
        this.tell(event.name, client.sent);
      } else if (event.type === SharedObjectEventType.Change && event.name.startsWith("own")) {
        this.tell(event.name, Number(decodeValue(event.value)));
      }
    }
  }

  private tell(name: string, number: number): void {
    this.told.set(name, Math.max(number, this.told.get(name) ?? 0));
  }
}

function isInUse({ object }: Client): boolean {
  return object !== null && (object.state === RemoteState.Asking || object.state === RemoteState.Sharing);
}

function contentOf(object: RemoteSharedObject | SharedObject): string {
  const lines = object.names.map((name) => `${name}=${String(object.get(name))}`);
  return lines.sort().join(" ");
}

/** The same as a client that speaks AMF3 otherwise would send it. */
function ofAmf3Kind({ payload }: OutgoingSharedObjectMessage): OutgoingSharedObjectMessage {
  return { messageType: 16, payload: Uint8Array.of(0, ...payload) };
}

function read({ messageType, payload }: OutgoingSharedObjectMessage): SharedObjectMessage {
  const message = readSharedObjectMessage(payload, 0, payload.length, messageType === 16, limits);
  if ("code" in message) throw new Error(message.message);
  return message;
}
