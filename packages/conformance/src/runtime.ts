import type { Hooks, Relay, RelayOptions, ServerEvent } from "@millrace/core";

/** What the suite needs of a runtime and its adapter. */
export interface Runtime {
  createServer(options: ServerOptions): Server;
  /** Opens a connection to this machine, 127.0.0.1. */
  connect(port: number): Promise<RawSocket>;
  /** The same with TLS, for the name localhost; trusts this certificate. */
  connectTls(port: number, certificate: string): Promise<RawSocket>;
  /** Milliseconds of a monotonic clock. */
  now(): number;
  /** Resolves in a later turn of the event loop. */
  turn(): Promise<void>;
}

/** A connection without a protocol. */
export interface RawSocket {
  /** The next bytes; null when the other end sends nothing more. Reads nothing ahead without end. Rejects on a reset. */
  read(): Promise<Uint8Array | null>;
  /** Resolves when the operating system has the bytes, which it takes only while the other end reads. */
  write(bytes: Uint8Array): Promise<void>;
  /** Sends nothing more, but reads on. */
  closeWrite(): Promise<void>;
  /** Goes without a word: by a reset, where the runtime can send one. */
  destroy(): void;
}

/** The options that all adapters have. */
export interface ServerOptions extends RelayOptions, Hooks {
  decisionTimeout?: number;
  peersFrom?: number;
  onEvent?: (event: ServerEvent) => void;
  tls?: { readonly cert: string; readonly key: string };
}

/** The server that all adapters have. */
export interface Server {
  readonly relay: Relay;
  readonly streams: readonly { readonly path: string; readonly isPublished: boolean; readonly players: number }[];
  readonly connectionCount: number;
  readonly receivedBytes: number;
  readonly address: { readonly address: string; readonly family: string; readonly port: number } | null;
  listen(port?: number, host?: string): Promise<void>;
  close(deadline?: number): Promise<void>;
}
