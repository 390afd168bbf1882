/**
 * A connected stream of bytes between a client and its server, such as a TCP connection. Whoever has one calls
 * {@link start} once, and in the end {@link end} or {@link destroy}.
 */
export interface Transport {
  /** Begins to read. The listener is told of nothing before this returns. */
  start(listener: TransportListener): void;
  /** Nothing is read any more until {@link resume}: so the server has to wait. */
  pause(): void;
  resume(): void;
  /** Sends these bytes, which stay as they are until `handleWritten`. Only then may more be written, or the end. */
  write(bytes: Uint8Array): void;
  /** Sends nothing more; what comes in is read on until the server ends as well. */
  end(): void;
  /** Cuts the connection: what is under way is given up. */
  destroy(): void;
}

/** Who is told of what happens to a {@link Transport}. */
export interface TransportListener {
  /** Bytes have come: bytes[start, end), which are lent until this returns. Not while reading is paused. */
  handleBytes(bytes: Uint8Array, start: number, end: number): void;
  /** What was to be written is handed to the operating system. */
  handleWritten(): void;
  /** The server sends nothing more. */
  handleEnd(): void;
  /**
   * The connection is closed: nothing follows. It comes once both have ended, after `destroy`, and when it breaks.
   *
   * @param error - how it broke; null when it did not
   */
  handleClose(error: Error | null): void;
}

/** Where a transport is to lead. */
export interface Endpoint {
  /** A name or an address; one of IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** A Unix socket, instead of host and port; null for none. */
  readonly path: string | null;
  /** Whether to speak TLS there. The server's certificate is to be one of `host`. */
  readonly isSecure: boolean;
}

/**
 * Opens a transport. When the signal aborts, it rejects at once, with whatever it likes, and keeps nothing open.
 *
 * @throws TypeError when that cannot be had; what the runtime says when the server cannot be reached.
 */
export type OpenTransport = (to: Endpoint, signal: AbortSignal) => Promise<Transport>;
