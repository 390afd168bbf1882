import type { AmfValue, RemoteSharedObject, SharedObjectNotice } from "@millrace/core";

export interface SharedObjectOptions {
  /** Whether the server keeps it when nobody uses it. Default false. */
  readonly persistent?: boolean;
  /** Told of all that happens to it. It must not throw. */
  readonly onNotice?: (notice: SharedObjectNotice) => void;
}

/**
 * Properties that all clients of an object share, and the server keeps in one order. An own change shows at once; a notice
 * says whether the server made it (`success`) or not (`reject`). It lasts as long as the client's connection.
 */
export interface ClientSharedObject {
  readonly name: string;
  /** Of all properties, own changes included. */
  readonly names: readonly string[];
  /** Whether the server has answered all that was asked of it. */
  readonly isSettled: boolean;
  /** The value of a property; undefined when there is none. */
  get(name: string): AmfValue;
  /**
   * Gives a property a value; null and undefined remove it.
   *
   * @throws TypeError when the object is not in use any more, or the value is none of AMF's; RangeError when it is too long.
   */
  set(name: string, value: AmfValue): void;
  remove(name: string): void;
  /** Removes all properties that are known here. */
  clear(): void;
  /** Calls a method on all clients, this one included: they get it as a notice. */
  send(handler: string, ...values: readonly AmfValue[]): void;
  /** Does not use it any more; changes that wait are sent before. */
  close(): void;
}

/** An object of core's, whose messages are sent as soon as there are some. */
export class OpenSharedObject implements ClientSharedObject {
  private readonly object: RemoteSharedObject;
  private readonly onNotice: (notice: SharedObjectNotice) => void;
  private readonly flush: () => void;

  constructor(object: RemoteSharedObject, onNotice: (notice: SharedObjectNotice) => void, flush: () => void) {
    this.object = object;
    this.onNotice = onNotice;
    this.flush = flush;
  }

  get name(): string {
    return this.object.name;
  }
  get names(): readonly string[] {
    return this.object.names;
  }
  get isSettled(): boolean {
    return this.object.isSettled;
  }

  get(name: string): AmfValue {
    return this.object.get(name);
  }

  set(name: string, value: AmfValue): void {
    this.object.set(name, value);
    this.flush();
  }

  remove(name: string): void {
    this.object.remove(name);
    this.flush();
  }

  clear(): void {
    this.object.clear();
    this.flush();
  }

  send(handler: string, ...values: readonly AmfValue[]): void {
    this.object.send(handler, ...values);
    this.flush();
  }

  close(): void {
    this.object.close();
    this.flush();
    this.tell();
  }

  /** Tells what has happened. */
  tell(): void {
    for (let notice = this.object.poll(); notice !== null; notice = this.object.poll()) this.onNotice(notice);
  }
}
