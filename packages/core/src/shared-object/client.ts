import { MessageType } from "../chunk/index.ts";
import { ProtocolError } from "../errors.ts";
import { defaultLimits, type Limits } from "../limits.ts";
import { readSharedObjectMessage } from "./reader.ts";
import { RemoteSharedObject } from "./remote.ts";
import type { OutgoingSharedObjectMessage } from "./writer.ts";

/** The shared objects of one client, over one connection or several one after the other. */
export class SharedObjectClient {
  private readonly limits: Readonly<Limits>;
  private readonly objects = new Map<string, RemoteSharedObject>();
  private isConnected = false;

  constructor(limits: Readonly<Limits> = defaultLimits) {
    this.limits = limits;
  }

  /**
   * The object of this name, which is asked for as soon as there is a connection.
   *
   * @throws TypeError when it is open with another persistence.
   */
  open(name: string, isPersistent = false): RemoteSharedObject {
    let object = this.objects.get(name);
    if (object === undefined) {
      object = new RemoteSharedObject(name, isPersistent, this.limits);
      this.objects.set(name, object);
    } else if (object.isPersistent !== isPersistent) {
      throw new TypeError(`The shared object is open already, as a ${isPersistent ? "temporary" : "persistent"} one.`);
    }
    if (this.isConnected) object.connect();
    return object;
  }

  /** The server let the client in: all objects are asked for. */
  connected(): void {
    this.isConnected = true;
    for (const object of this.objects.values()) if (!object.isClosed) object.connect();
  }

  /** The connection is over. The objects stay, for the next one. */
  disconnected(): void {
    this.isConnected = false;
    for (const object of this.objects.values()) object.disconnected();
  }

  /** A message of type 19 or 16. @returns what the server did wrong, for which the connection is to be ended; or null. */
  receive(messageType: number, bytes: Uint8Array, start: number, end: number): ProtocolError | null {
    const isAmf3Kind = messageType === MessageType.SharedObjectAmf3;
    const message = readSharedObjectMessage(bytes, start, end, isAmf3Kind, this.limits);
    if (message instanceof ProtocolError) return message;
    return this.objects.get(message.name)?.receive(message, end - start) ?? null;
  }

  /** What is to be sent to the server, in this order, on message stream 0. Objects that were closed are forgotten. */
  takeMessages(): OutgoingSharedObjectMessage[] {
    const messages: OutgoingSharedObjectMessage[] = [];
    for (const [name, object] of this.objects) {
      messages.push(...object.takeMessages());
      if (object.isClosed) this.objects.delete(name);
    }
    return messages;
  }
}
