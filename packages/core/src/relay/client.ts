import {
  type ApproachTarget,
  Capability,
  ClientConnection,
  ClientEvent,
  EVERY_CAPABILITY,
  type Status,
} from "../connection/index.ts";
import type { Relay, RelayStream } from "./relay.ts";
import type { Carrier } from "./session.ts";

/** What one connection to another server is for. */
export interface RelayClientOptions extends ApproachTarget {
  /** Of the stream there. */
  readonly name: string;
  /** At least 1528 random bytes for the handshake; copied. */
  readonly random: Uint8Array;
  /** Milliseconds of a monotonic clock. */
  readonly now: number;
  /** Told when the other server has taken the stream, or gives it. */
  readonly onStart?: () => void;
  /** Told when the connection is over, and why. */
  readonly onEnd?: (reason: string) => void;
}

/**
 * A connection of the relay to another server, which carries one stream. Drive its `connection` as
 * {@link ClientConnection} says, but poll it here.
 */
export abstract class RelayClient {
  readonly connection: ClientConnection;
  /** Set by who carries the bytes. */
  carrier: Carrier | null = null;
  /** Whether the other server has taken the stream, or gives it. */
  isStarted = false;
  protected readonly relay: Relay;
  protected readonly stream: RelayStream;
  protected readonly options: RelayClientOptions;
  /** What the server said last against the stream. */
  private complaint: string | null = null;

  constructor(relay: Relay, stream: RelayStream, options: RelayClientOptions) {
    this.relay = relay;
    this.stream = stream;
    this.options = options;
    const { pool, limits, tolerances, chunkSize } = relay;
    const optional = tolerances === undefined ? {} : { tolerances };
    // All that comes is passed on as it is.
    const connect = { ...options.connect, capsEx: EVERY_CAPABILITY & ~Capability.Reconnect };
    this.connection = new ClientConnection({ ...options, connect, pool, limits, chunkSize, ...optional });
  }

  /** Does all that can be done with what was fed. @returns false when it is over: the connection is to be closed. */
  poll(): boolean {
    const { connection } = this;
    let event = connection.poll();
    while (event !== ClientEvent.NeedData) {
      if (event === ClientEvent.Failed || event === ClientEvent.Closed) return false;
      if (event === ClientEvent.Connected) this.begin();
      if (event === ClientEvent.Status && connection.status !== null && !this.goesOn(connection.status)) return false;
      event = connection.poll();
    }
    return true;
  }

  /** The stream is not wanted any more, or the connection is over. What waits to be sent may still be sent. */
  leave(): void {
    this.connection.leave();
  }

  /** Gives all memory back, after the socket was closed. @param reason - what the system says, if it was that */
  close(reason: string | null = null): void {
    this.leave();
    this.connection.close();
    const { error } = this.connection;
    this.options.onEnd?.(error?.message ?? this.complaint ?? reason ?? "The connection was closed.");
  }

  /** The server let us in. */
  protected abstract begin(): void;
  /** How far the stream is. */
  protected abstract readonly isActive: boolean;
  protected abstract readonly hasEnded: boolean;

  private goesOn({ description, code }: Status): boolean {
    if (this.hasEnded) {
      this.complaint = description || code;
      return false;
    }
    if (!this.isActive || this.isStarted) return true;
    this.isStarted = true;
    this.options.onStart?.();
    return true;
  }
}
