import type { Client, ClientOptions } from "@millrace/client";
import type { AmfValue, Hooks, Relay, RelayOptions, ServerEvent, SharedObjectInfo } from "@millrace/core";
import type { Identity } from "./identity.ts";

/** What the suite needs of a runtime and its adapter. */
export interface Runtime {
  createServer(options: ServerOptions): Server;
  /** The `connect` of the adapter. With a certificate, it trusts that one as well. */
  connectClient(url: string, options?: ClientOptions, certificate?: string): Promise<Client>;
  /** Opens a connection to this machine, 127.0.0.1. */
  connect(port: number): Promise<RawSocket>;
  /** The same with TLS, for the name localhost; trusts this certificate. */
  connectTls(port: number, certificate: string): Promise<RawSocket>;
  /** Listens for connections from this machine to 127.0.0.1. */
  listen(onSocket: (socket: RawSocket) => void): Promise<RawListener>;
  /** A folder for files and Unix sockets, which is empty at first. */
  readonly folder: string;
  /** Writes a file, or replaces it in one go. */
  writeFile(path: string, text: string): Promise<void>;
  removeFile(path: string): Promise<void>;
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

export interface RawListener {
  readonly port: number;
  /** Connections stay open. */
  close(): Promise<void>;
}

/** The options that all adapters have. */
export interface ServerOptions extends RelayOptions, Hooks {
  decisionTimeout?: number;
  peersFrom?: number;
  onEvent?: (event: ServerEvent) => void;
  tls?: ServerTls;
}

/** The options for TLS that all adapters have. */
export type ServerTls = (Identity | { readonly certFile: string; readonly keyFile: string }) & {
  readonly passphrase?: string;
  readonly onReload?: (error: Error | null) => void;
};

/** The server that all adapters have. */
export interface Server {
  readonly relay: Relay;
  readonly streams: readonly { readonly path: string; readonly isPublished: boolean; readonly players: number }[];
  readonly connectionCount: number;
  readonly sharedObjects: readonly SharedObjectInfo[];
  readonly receivedBytes: number;
  readonly address: { readonly address: string; readonly family: string; readonly port: number } | null;
  listen(where?: number | { readonly path: string }, host?: string): Promise<void>;
  push(url: string, path?: string): void;
  pull(url: string, path?: string): void;
  call(peerId: number, name: string, values?: readonly AmfValue[]): Promise<AmfValue>;
  close(deadline?: number): Promise<void>;
}
