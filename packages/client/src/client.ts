import type { AmfValue, Welcome } from "@millrace/core";
import type { ClientError } from "./client-error.ts";
import type { Abortable, CloseOptions, Message, PlayerOptions, PublisherOptions } from "./options.ts";
import type { Publisher } from "./publisher.ts";
import type { ClientSharedObject, SharedObjectOptions } from "./shared-object.ts";

/** A connection to a server: see `connect`. Several streams may be published and played on it. */
export interface Client {
  /** What the server said of itself. */
  readonly welcome: Welcome | null;
  /** Settles when the connection is over; it never rejects. See {@link error}. */
  readonly closed: Promise<void>;
  /** Why the connection is over; null while it is not. */
  readonly error: ClientError | null;
  /**
   * Publishes a stream.
   *
   * @param name - may have a query, such as a key
   * @returns when the server has taken it.
   * @throws ClientError when it does not.
   */
  publish(name: string, options?: PublisherOptions): Promise<Publisher>;
  /**
   * Plays a stream, from the first iteration on until the server says that it ends; a publisher may still be to come.
   * Leaving the loop closes the stream. Where the messages are not fetched, the connection is not read: that holds up
   * everything else on this connection.
   *
   * @throws ClientError when the server refuses it, or when the connection ends before the stream does.
   */
  play(name: string, options?: PlayerOptions): AsyncGenerator<Message, void, void>;
  /**
   * Calls a method of the server's application.
   *
   * @returns what it answers.
   * @throws ClientError when it answers that this failed, or does not answer within the limit `callTimeout`.
   */
  call(name: string, values?: readonly AmfValue[], options?: Abortable): Promise<AmfValue>;
  /**
   * Uses a shared object of the server's app, as one of any number of clients. Where the server does not allow it, a notice says
   * so (`refused`).
   *
   * @throws TypeError when it is open already; ClientError when the connection is over.
   */
  sharedObject(name: string, options?: SharedObjectOptions): ClientSharedObject;
  /**
   * Ends all streams and the connection; what is queued is sent before.
   *
   * @returns when it is closed, which it is also after a signal.
   */
  close(options?: CloseOptions): Promise<void>;
}
