import type {
  BufferPool,
  ChunkTolerances,
  ConnectOptions,
  Limits,
  Methods,
  PlayOptions,
  PublishType,
  Status,
} from "@millrace/core";
import type { Client } from "./client.ts";

/** Something that can be given up: then its promise rejects with the signal's reason. */
export interface Abortable {
  readonly signal?: AbortSignal;
}

/**
 * What all runtimes have in common; adapters add what they need for TLS. The signal of `connect` gives up connecting; what
 * comes later has signals of its own.
 */
export interface ClientOptions extends Abortable {
  /** Until the server has let the client in, redirects and all, in milliseconds. Default 30,000. */
  readonly timeout?: number;
  /** A Unix socket to connect to; host and port of the URL are then only said to the server. */
  readonly path?: string;
  /** What the client says of itself, where the URL does not tell it. */
  readonly connect?: Omit<ConnectOptions, "app" | "tcUrl" | "query">;
  /** For servers that ask for them (Adobe, Limelight). Default: those of the URL, if it has some. */
  readonly credentials?: { readonly user: string; readonly password: string };
  /** How many redirects are followed. Default 3. Never from TLS to none. */
  readonly redirects?: number;
  /** Begin with a handshake that has a digest, as Adobe's servers want it for H.264. Default false. */
  readonly digest?: boolean;
  readonly limits?: Partial<Limits>;
  readonly tolerances?: Readonly<ChunkTolerances>;
  /** The chunk size that is sent. Default 4096. */
  readonly chunkSize?: number;
  /** Memory for all that waits to be sent or is half received. Default: 64 MiB of its own, of which it uses what it needs. */
  readonly pool?: BufferPool;
  /** How many bytes may wait before the sender, or the server of a slow player, has to wait. Default 1 MiB. */
  readonly highWaterMark?: number;
  /** What the server may call, by name. A method that throws, other than a `CallFailure`, is told to `onMethodFault`. */
  readonly methods?: Methods<Client>;
  /** Told what a method threw. It must not throw. */
  readonly onMethodFault?: (error: unknown) => void;
  /** Told of all that the server says (onStatus). It must not throw. */
  readonly onStatus?: (status: Status) => void;
  /**
   * The server asks to connect again, to this URL of an app, when it suits (E-RTMP v2, "Reconnect Request"); it serves on
   * until then. Servers are told that the client understands this only when it is given. It must not throw.
   */
  readonly onReconnectRequest?: (url: string, status: Status) => void;
}

export interface PublisherOptions extends Abortable {
  /** Default "live". */
  readonly type?: PublishType;
}

/** The signal of `close` cuts the connection at once. */
export interface CloseOptions extends Abortable {
  /** When the connection is cut, whatever still waits to be sent, in milliseconds. Default 2,000. */
  readonly deadline?: number;
}

/** The signal of `play` holds until the iteration ends. */
export interface PlayerOptions extends Abortable, PlayOptions {}

/** A message of a stream: audio, video or data, as in an FLV tag. */
export interface Message {
  /** 8 audio, 9 video, 18 data (AMF0), 15 data (AMF3), 22 several at once. */
  readonly messageType: number;
  /** Milliseconds, modulo 2^32. */
  readonly timestamp: number;
  readonly payload: Uint8Array;
}
