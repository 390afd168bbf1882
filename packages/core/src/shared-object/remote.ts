import type { AmfValue } from "../amf/index.ts";
import { ErrorCode, ProtocolError } from "../errors.ts";
import { defaultLimits, type Limits } from "../limits.ts";
import {
  type SharedObjectEvent,
  SharedObjectEventType,
  type SharedObjectMessage,
  SharedObjectStatus,
} from "./event.ts";
import type { SharedObjectNotice } from "./notice.ts";
import { Properties } from "./properties.ts";
import { decodeValue, decodeValues, encodeValue, encodeValues } from "./value.ts";
import { type OutgoingSharedObjectMessage, sharedObjectMessages } from "./writer.ts";

/** What the server says of the use of an object, and not of a change. */
const refusesUse: ReadonlySet<string> = new Set([
  SharedObjectStatus.BadPersistence,
  SharedObjectStatus.NoReadAccess,
  SharedObjectStatus.ObjectCreationFailed,
]);

/** How far a client is with a shared object. */
export const RemoteState = {
  /** It does not use it: there is no connection, or it was closed. */
  Idle: 0,
  /** It asked to, and was not answered yet. */
  Asking: 1,
  Sharing: 2,
  /** It may not. */
  Refused: 3,
} as const;
export type RemoteState = (typeof RemoteState)[keyof typeof RemoteState];

/** What an own change makes of a property: null removes it. */
type Wish = Uint8Array | null;

/** The code of changes that were under way when the connection, or the use of the object, ended. */
const CLOSED = "NetConnection.Connect.Closed";

/**
 * A shared object at a client.
 *
 * An own change shows at once, as in Flash; the server then says that it was made (`success`) or that it was not
 * (`reject`: the property is again as the server has it). Changes of others to the same property stay hidden until then:
 * the server, which puts all changes into one order, made them before. Of several own changes to one property only one is
 * under way at a time, and only the last of those that wait is sent.
 *
 * After a connection was lost, what was under way counts as rejected, whether it was made or not; with the next one the
 * server tells the whole content anew.
 */
export class RemoteSharedObject {
  readonly name: string;
  readonly isPersistent: boolean;
  state: RemoteState = RemoteState.Idle;
  /** That the server told last; 0 to 2^32 - 1. */
  version = 0;
  /** Whether {@link close} was called, and `connect` not since. */
  isClosed = false;

  private readonly limits: Readonly<Limits>;
  /** What the server said. */
  private readonly confirmed: Properties;
  /** Own changes that the server has not answered, in the order in which they were sent. */
  private readonly underWay = new Map<string, Wish>();
  /** Own changes that are still to be sent. */
  private readonly wishes = new Map<string, Wish>();
  /** What is to be sent before and after the wishes. */
  private readonly calls: SharedObjectEvent[] = [];
  private parting: SharedObjectEvent[] = [];
  private mustAsk = false;
  /** Whether it asked for the content once more. Nothing else is sent meanwhile. */
  private isRenewing = false;
  private readonly notices: SharedObjectNotice[] = [];
  private noticeBytes = 0;

  constructor(name: string, isPersistent: boolean, limits: Readonly<Limits> = defaultLimits) {
    this.name = name;
    this.isPersistent = isPersistent;
    this.limits = limits;
    this.confirmed = new Properties(limits);
  }

  /** The names of all properties, own changes included. */
  get names(): string[] {
    const names = new Set(this.confirmed.content.keys());
    for (const wishes of [this.underWay, this.wishes]) {
      for (const [name, wish] of wishes) {
        if (wish === null) names.delete(name);
        else names.add(name);
      }
    }
    return [...names];
  }

  /** Whether the server has answered all that was asked of it. */
  get isSettled(): boolean {
    const isWaiting = this.state === RemoteState.Asking || this.isRenewing;
    return this.underWay.size === 0 && this.wishes.size === 0 && !isWaiting;
  }

  /** The value of a property, own changes included; undefined when there is none. Changing it changes nothing here. */
  get(name: string): AmfValue {
    const wish = this.wishFor(name);
    return decoded(wish === undefined ? this.confirmed.get(name) : wish);
  }

  /**
   * Gives a property a value: here at once, at the server as soon as it allows.
   *
   * @param value - null and undefined remove the property, as in Flash
   * @throws TypeError when the object is not in use, or the value is none of AMF's.
   * @throws RangeError when the name or the value is too long.
   */
  set(name: string, value: AmfValue): void {
    this.demandUse();
    if (name.length > this.limits.nameLength) throw new RangeError("The name of the property is too long.");
    const wish = value === null || value === undefined ? null : encodeValue(value, this.limits);
    this.wishes.delete(name); // so that it stands last
    this.wishes.set(name, wish);
  }

  /** Removes a property. @throws TypeError when the object is not in use. */
  remove(name: string): void {
    this.set(name, null);
  }

  /** Removes all properties that are known here. @throws TypeError when the object is not in use. */
  clear(): void {
    this.demandUse();
    for (const name of this.names) this.remove(name);
  }

  /**
   * Calls a method on all clients, this one included.
   *
   * @throws TypeError when the object is not in use, or a value is none of AMF's.
   * @throws RangeError when it is too long.
   */
  send(handler: string, ...values: AmfValue[]): void {
    this.demandUse();
    const encoded = encodeValues(values, this.limits.sharedObjectBytes, this.limits.amfDepth);
    if (encoded === null || handler.length > this.limits.nameLength) throw new RangeError("The message is too long.");
    this.calls.push({ type: SharedObjectEventType.SendMessage, handler, values: encoded });
  }

  /** Asks the server to share the object. There is a connection, and it lets the client do so. */
  connect(): void {
    this.isClosed = false;
    if (this.state === RemoteState.Asking || this.state === RemoteState.Sharing) return;
    this.state = RemoteState.Asking;
    this.mustAsk = true;
  }

  /** Does not use the object any more. Changes that wait are sent before, if it was shared. What was known stays readable. */
  close(): void {
    if (this.state === RemoteState.Sharing) this.parting.push(...this.takeWishes(true), ...this.calls);
    if (this.state === RemoteState.Sharing || (this.state === RemoteState.Asking && !this.mustAsk)) {
      this.parting.push({ type: SharedObjectEventType.Release });
    }
    this.isClosed = true;
    this.abandon(RemoteState.Idle, CLOSED);
  }

  /** The connection is over: nothing more comes, and nothing can be sent. */
  disconnected(): void {
    this.parting = [];
    this.abandon(RemoteState.Idle, CLOSED);
  }

  /** What is to be sent to the server, in this order, on message stream 0. */
  takeMessages(): OutgoingSharedObjectMessage[] {
    const events = this.parting;
    this.parting = [];
    if (this.mustAsk) events.push({ type: SharedObjectEventType.Use });
    this.mustAsk = false;
    if (this.state === RemoteState.Sharing && !this.isRenewing) {
      events.push(...this.takeWishes(false), ...this.calls.splice(0));
    }
    const { name, version, isPersistent } = this;
    return [...sharedObjectMessages({ name, version, isPersistent, events }, false)];
  }

  /** The next thing that happened; null when there is none. To be called until then after each message. */
  poll(): SharedObjectNotice | null {
    const notice = this.notices.shift() ?? null;
    if (notice === null) this.noticeBytes = 0;
    return notice;
  }

  /**
   * A message about this object.
   *
   * @param bytes - its length
   * @returns what the server did wrong, for which its connection is to be ended; or null.
   */
  receive(message: SharedObjectMessage, bytes: number): ProtocolError | null {
    const { events, version } = message;
    if (this.state === RemoteState.Idle) return null; // what was still under way
    if (this.notices.length > 0 && this.noticeBytes > this.limits.sharedObjectWaitingBytes) {
      return new ProtocolError(ErrorCode.SharedObjectWaitingLimit, "Nobody asks what happened to a shared object.", 0);
    }
    this.noticeBytes += bytes;
    this.version = version;
    for (const [index, event] of events.entries()) {
      if (!this.isAbout(event, index)) continue;
      const passed = this.take(event, events[index - 1], events[index + 1]);
      if (passed !== null) return new ProtocolError(passed, "The server shares more than is allowed for.", 0);
    }
    return null;
  }

  /** Before the object is shared nothing counts but whether it is: the rest is from an earlier use of it. */
  private isAbout(event: SharedObjectEvent, index: number): boolean {
    if (this.state === RemoteState.Sharing || event.type === SharedObjectEventType.UseSuccess) return true;
    const isAnswer = event.type === SharedObjectEventType.Status && index === 0;
    return isAnswer && this.state === RemoteState.Asking;
  }

  /** @returns the limit that was passed. */
  private take(
    event: SharedObjectEvent,
    before: SharedObjectEvent | undefined,
    after: SharedObjectEvent | undefined,
  ): ErrorCode | null {
    switch (event.type) {
      case SharedObjectEventType.UseSuccess:
        this.state = RemoteState.Sharing;
        // Nothing is sent while the client asks: whatever was, is answered by the content that follows.
        this.isRenewing = false;
        this.underWay.clear();
        this.notices.push({ kind: "connect" });
        return null;
      case SharedObjectEventType.Clear:
        this.confirmed.replace(new Map());
        this.notices.push({ kind: "clear" });
        return null;
      case SharedObjectEventType.Change:
        return this.takeChange(event.name, event.value);
      case SharedObjectEventType.Remove:
        this.takeRemoval(event.name, after?.type === SharedObjectEventType.Status);
        return null;
      case SharedObjectEventType.Success:
        return this.takeSuccess(event.name);
      case SharedObjectEventType.Status:
        this.takeStatus(event.code, event.level, before);
        return null;
      case SharedObjectEventType.SendMessage:
        this.notices.push({ kind: "message", handler: event.handler, values: decodeValues(event.values) });
        return null;
      default:
        return null;
    }
  }

  private takeChange(name: string, value: Uint8Array): ErrorCode | null {
    const oldValue = this.get(name);
    const passed = this.confirmed.put(name, value);
    if (passed === null && !this.isHidden(name)) this.notices.push({ kind: "change", name, oldValue });
    return passed;
  }

  /** @param isCorrection - whether it says how a property stands whose change is refused */
  private takeRemoval(name: string, isCorrection: boolean): void {
    const oldValue = this.get(name);
    const wasThere = this.confirmed.delete(name);
    if (this.underWay.get(name) === null && !isCorrection) {
      // The answer; or somebody else removed it as well, and the answer will say the same.
      this.underWay.delete(name);
      this.notices.push({ kind: "success", name });
    } else if (wasThere && !this.isHidden(name)) {
      this.notices.push({ kind: "delete", name, oldValue });
    }
  }

  private takeSuccess(name: string): ErrorCode | null {
    const wish = this.underWay.get(name);
    if (wish === undefined) {
      // An earlier answer was taken for that of another request, as its like cannot always be told apart.
      this.askAgain();
      return null;
    }
    this.underWay.delete(name);
    this.notices.push({ kind: "success", name });
    if (wish !== null) return this.confirmed.put(name, wish);
    this.confirmed.delete(name);
    return null;
  }

  private takeStatus(code: string, level: string, before: SharedObjectEvent | undefined): void {
    // Also where it shares the object already: by the answer to an earlier use of it, which was ended since.
    if (before === undefined && (this.state === RemoteState.Asking || this.isRenewing || refusesUse.has(code))) {
      this.abandon(RemoteState.Refused, code);
      this.notices.push({ kind: "refused", code });
      return;
    }
    const name = this.refusedName(before) ?? "";
    const wish = this.underWay.get(name);
    if (level !== "error" || wish === undefined) {
      this.notices.push({ kind: "status", code, level });
      return;
    }
    this.underWay.delete(name);
    this.notices.push({ kind: "reject", name, oldValue: decoded(wish), code });
  }

  /** The property that a refusal is about: that of the event before, or else of the oldest request. */
  private refusedName(before: SharedObjectEvent | undefined): string | undefined {
    const isNamed = before?.type === SharedObjectEventType.Change || before?.type === SharedObjectEventType.Remove;
    return isNamed ? before.name : this.underWay.keys().next().value;
  }

  private askAgain(): void {
    if (this.isRenewing) return;
    this.isRenewing = true;
    this.mustAsk = true;
  }

  /** @param isLast - whether answers are of no interest any more */
  private takeWishes(isLast: boolean): SharedObjectEvent[] {
    const events: SharedObjectEvent[] = [];
    for (const [name, value] of this.wishes) {
      if (this.underWay.has(name) && !isLast) continue;
      this.wishes.delete(name);
      this.underWay.set(name, value);
      events.push(
        value === null
          ? { type: SharedObjectEventType.RequestRemove, name }
          : { type: SharedObjectEventType.RequestChange, name, value },
      );
    }
    return events;
  }

  /** The use of the object ends: what was asked for is given up. */
  private abandon(state: RemoteState, code: string): void {
    this.state = state;
    this.mustAsk = false;
    this.isRenewing = false;
    this.calls.length = 0;
    for (const wishes of [this.underWay, this.wishes]) {
      for (const [name, wish] of wishes) this.notices.push({ kind: "reject", name, oldValue: decoded(wish), code });
      wishes.clear();
    }
  }

  private wishFor(name: string): Wish | undefined {
    const wish = this.wishes.get(name);
    return wish === undefined ? this.underWay.get(name) : wish;
  }

  private isHidden(name: string): boolean {
    return this.wishes.has(name) || this.underWay.has(name);
  }

  private demandUse(): void {
    if (this.state === RemoteState.Asking || this.state === RemoteState.Sharing) return;
    throw new TypeError("The shared object is not in use: call connect first.");
  }
}

function decoded(value: Wish | undefined): AmfValue {
  return value === null || value === undefined ? undefined : decodeValue(value);
}
