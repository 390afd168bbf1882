// A server and the raw messages of its clients, in words.
import type { AmfValue } from "../../src/amf/index.ts";
import { errorName, type ProtocolError } from "../../src/errors.ts";
import { type Limits, limitsWith } from "../../src/limits.ts";
import { encodeValues } from "../../src/message/index.ts";
import {
  encodeValue,
  readSharedObjectMessage,
  type SharedObjectEvent,
  type SharedObjectPeer,
  SharedObjects,
  type SharedObjectTask,
  type UseTask,
  writeSharedObjectMessage,
} from "../../src/shared-object/index.ts";
import { eventLine } from "./shared-object-log.ts";

export const use: SharedObjectEvent = { type: 1 };
export const release: SharedObjectEvent = { type: 2 };
export const change = (name: string, value: AmfValue): SharedObjectEvent => ({
  type: 3,
  name,
  value: encodeValue(value, limitsWith({ sharedObjectPropertyBytes: 2 ** 24 })),
});
export const remove = (name: string): SharedObjectEvent => ({ type: 10, name });
export const call = (handler: string, ...values: AmfValue[]): SharedObjectEvent => ({
  type: 6,
  handler,
  values: encodeValues(...values),
});

export const everything = { canWrite: true, canSend: true };

/** A server that lets everybody do everything, unless told otherwise. */
export class Server {
  readonly objects: SharedObjects;
  /** What is to be done and was not yet: stores and loads; and requests, where these are not granted at once. */
  readonly tasks: Exclude<SharedObjectTask, { kind: "refused" }>[] = [];
  /** What was refused, by the names of its error codes. */
  readonly refused: string[] = [];
  grant: ((use: UseTask) => void) | null = (task) => this.objects.admit(task, everything);
  private connections = 0;

  constructor(limits: Partial<Limits> = {}) {
    this.objects = new SharedObjects(limitsWith(limits));
  }

  connect(app = "app"): Connection {
    return new Connection(this, this.objects.join(++this.connections, app));
  }

  /** The next task, which must be of this kind. */
  take<Kind extends "use" | "load" | "store">(kind: Kind): Extract<SharedObjectTask, { kind: Kind }> {
    this.run();
    const task = this.tasks.shift();
    if (task?.kind !== kind) throw new Error(`There is ${task?.kind ?? "nothing"} to be done, not ${kind}.`);
    return task as Extract<SharedObjectTask, { kind: Kind }>; // its kind was compared
  }

  run(): void {
    for (let task = this.objects.poll(); task !== null; task = this.objects.poll()) {
      if (task.kind === "refused") this.refused.push(errorName(task.code));
      else if (task.kind === "use" && this.grant !== null) this.grant(task);
      else this.tasks.push(task);
    }
  }
}

/** One client, by its bytes. */
export class Connection {
  readonly peer: SharedObjectPeer;
  private readonly server: Server;

  constructor(server: Server, peer: SharedObjectPeer) {
    this.server = server;
    this.peer = peer;
  }

  say(name: string, ...events: SharedObjectEvent[]): ProtocolError | null {
    return this.sayOf({ name, isPersistent: false }, ...events);
  }

  sayOf(
    head: { name: string; isPersistent: boolean; kind?: 16 | 19 },
    ...events: SharedObjectEvent[]
  ): ProtocolError | null {
    const { kind = 19, ...rest } = head;
    const payload = writeSharedObjectMessage({ ...rest, version: 0, events }, kind === 16);
    const error = this.peer.receive(kind, payload, 0, payload.length);
    this.server.run();
    return error;
  }

  /** What came since, an event a line; a message of several events in one line. */
  get heard(): string[] {
    this.server.run();
    return this.peer.takeMessages().map(({ messageType, payload }) => {
      const message = readSharedObjectMessage(payload, 0, payload.length, messageType === 16, limitsWith({}));
      if ("code" in message) throw new Error(message.message);
      const kind = messageType === 16 ? "of type 16: " : "";
      return `${kind}${message.name} ${message.events.map(eventLine).join(", ")}`;
    });
  }
}
