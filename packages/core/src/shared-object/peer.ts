import { MessageType } from "../chunk/index.ts";
import { ErrorCode, ProtocolError } from "../errors.ts";
import type { SharedObjectEvent, SharedObjectMessage } from "./event.ts";
import type { SharedObject } from "./object.ts";
import { readSharedObjectMessage } from "./reader.ts";
import type { SharedObjects } from "./registry.ts";
import { type OutgoingSharedObjectMessage, sharedObjectMessages } from "./writer.ts";

/** The object that events are about, as the head of a message names it. */
export type SharedObjectHead = Omit<SharedObjectMessage, "events">;

/** About what an event costs beside its bytes while it waits. */
const EVENT_COST = 256;

/** One connection to the server, with all the objects that it uses. */
export class SharedObjectPeer {
  /** As whoever joined it names it. */
  readonly id: number;
  readonly app: string;
  /** Why the connection is to be ended. It takes and sends nothing more. */
  error: ProtocolError | null = null;
  /** Of its messages that wait for a decision, for loading or for storing. Counted by the objects. */
  waitingBytes = 0;
  /** The objects that it uses, or asked to use. Kept by the objects. */
  readonly used: Set<SharedObject> = new Set();

  private readonly objects: SharedObjects;
  private isAmf3Kind = false;
  private outgoing: OutgoingSharedObjectMessage[] = [];
  private outgoingBytes = 0;

  /** Made by {@link SharedObjects.join}. */
  constructor(objects: SharedObjects, id: number, app: string) {
    this.objects = objects;
    this.id = id;
    this.app = app;
  }

  /**
   * A message of type 19 or 16 of the client. The bytes are not needed any more afterwards. There may be tasks then, and
   * messages for any client: see {@link SharedObjects.poll} and {@link SharedObjects.takeChanged}.
   *
   * @returns what the client did wrong, for which its connection is to be ended; or null.
   */
  receive(messageType: number, bytes: Uint8Array, start: number, end: number): ProtocolError | null {
    if (this.error !== null) return this.error;
    const { limits } = this.objects;
    const isAmf3Kind = messageType === MessageType.SharedObjectAmf3;
    const message = readSharedObjectMessage(bytes, start, end, isAmf3Kind, limits);
    if (message instanceof ProtocolError) {
      this.error = message;
    } else {
      this.isAmf3Kind = isAmf3Kind;
      this.objects.take(this, message, end - start + EVENT_COST * message.events.length);
      if (this.waitingBytes > limits.sharedObjectWaitingBytes) {
        this.fail(ErrorCode.SharedObjectWaitingLimit, "Too much waits for shared objects to be ready.");
      }
    }
    return this.error;
  }

  /** What is to be sent to the client, in this order, on message stream 0. */
  takeMessages(): readonly OutgoingSharedObjectMessage[] {
    const { outgoing } = this;
    this.outgoing = [];
    this.outgoingBytes = 0;
    return outgoing;
  }

  /** The connection is over: it uses no object any more. */
  leave(): void {
    for (const object of [...this.used]) object.leave(this);
    this.takeMessages();
  }

  /** Called by the objects. */
  send(head: SharedObjectHead, events: readonly SharedObjectEvent[]): void {
    sendToAll(head, events, [this]);
  }

  /** Puts a message behind what waits. */
  enqueue(message: OutgoingSharedObjectMessage): void {
    if (this.error !== null) return;
    this.outgoing.push(message);
    this.outgoingBytes += message.payload.length;
    this.objects.noteChanged(this);
    if (this.outgoingBytes > this.objects.limits.outgoingBytes) {
      this.fail(ErrorCode.OutgoingBytesLimit, "The peer does not read what it asked for.");
    }
  }

  /** Whether it is spoken to in messages of type 16: as it spoke itself. */
  get speaksAmf3Kind(): boolean {
    return this.isAmf3Kind;
  }

  private fail(code: ErrorCode, text: string): void {
    this.error = new ProtocolError(code, text, 0);
    this.objects.noteChanged(this);
  }
}

/** Sends events to several clients. They are written once for all that speak the same kind of message. */
export function sendToAll(
  { name, version, isPersistent }: SharedObjectHead,
  events: readonly SharedObjectEvent[],
  peers: readonly SharedObjectPeer[],
): void {
  for (const isAmf3Kind of [false, true]) {
    const audience = peers.filter((peer) => peer.speaksAmf3Kind === isAmf3Kind && peer.error === null);
    if (audience.length === 0) continue;
    for (const message of sharedObjectMessages({ name, version, isPersistent, events }, isAmf3Kind)) {
      for (const peer of audience) peer.enqueue(message);
      // A refusal, or the content, may be far longer than what asked for it.
      if (audience.every((peer) => peer.error !== null)) break;
    }
  }
}
