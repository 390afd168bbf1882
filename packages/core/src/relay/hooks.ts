import type { ConnectRequest, Methods, PlayRequest, PublishRequest } from "../connection/index.ts";
import type { ErrorCode } from "../errors.ts";
import type { RecordingMode } from "../recording/index.ts";
import type { SharedObjectAccess } from "../shared-object/index.ts";
import type { TrackInfo } from "./tracks.ts";

/** The other end of a connection, as hooks and events name it. */
export interface Peer {
  /** Counts connections of this server, from 1; those of workers from where no other worker counts. */
  readonly id: number;
  /** Address and port, such as `127.0.0.1:50312`. */
  readonly address: string;
}

/** What a hook answers: nothing or true lets the peer do what it asks for; false or a reason refuses it. */
export type HookAnswer = undefined | boolean | HookRefusal;

/** Why the peer may not do what it asks for. */
export interface HookRefusal {
  /** For the peer's user. */
  readonly reason: string;
  /** A status code, where the usual one does not fit. */
  readonly code?: string;
}

/**
 * The application's say in what peers may do. Each may answer later, by a promise; until then nothing more of that peer
 * is read. A hook that throws, or that takes longer than `decisionTimeout`, refuses.
 */
export interface Hooks {
  onConnect?: (request: ConnectRequest, peer: Peer) => HookAnswer | Promise<HookAnswer>;
  onPublish?: (request: PublishRequest, peer: Peer) => HookAnswer | Promise<HookAnswer>;
  onPlay?: (request: PlayRequest, peer: Peer) => HookAnswer | Promise<HookAnswer>;
  /** May the peer use this shared object? Other than the hooks above, it holds up nothing else of that peer. */
  onSharedObject?: (
    request: SharedObjectRequest,
    peer: Peer,
  ) => boolean | undefined | Promise<boolean | undefined | SharedObjectAccess>;
  /** What peers may call, by name. */
  methods?: Methods<Peer>;
}

/** A peer asks to use a shared object. */
export interface SharedObjectRequest {
  readonly app: string;
  readonly name: string;
  readonly isPersistent: boolean;
}

/** What became of a recording. */
export type RecordingEvent =
  /** A recording began. */
  | { readonly type: "record"; readonly path: string; readonly mode: RecordingMode }
  /** It is whole: what it lasts, and how long its file is. */
  | {
      readonly type: "record-end";
      readonly path: string;
      readonly milliseconds: number;
      readonly bytes: number;
      readonly tags: number;
    }
  /** It could not begin, or ended before its stream did; what was recorded stays. */
  | { readonly type: "record-failed"; readonly path: string; readonly reason: string }
  /** One that a crash had left half-written is whole again. */
  | { readonly type: "record-recovered"; readonly path: string };

/** What happened, for logs and figures. */
export type ServerEvent =
  | RecordingEvent
  /** A publisher or a player began or ended. */
  | { readonly type: "publish" | "unpublish" | "play" | "stop"; readonly peer: Peer; readonly path: string }
  /** A peer was not allowed to do what it asked for. */
  | { readonly type: "refused"; readonly peer: Peer; readonly what: string; readonly reason: string }
  /** A peer broke the protocol, or went silent; its connection is closed. */
  | { readonly type: "failed"; readonly peer: Peer; readonly code: ErrorCode; readonly message: string }
  /** What a stream consists of is known, or has changed. */
  | { readonly type: "tracks"; readonly path: string; readonly tracks: readonly TrackInfo[] }
  /** A stream goes to another server now, or comes from it; or it is not wanted any more. */
  | { readonly type: "push" | "push-end" | "pull" | "pull-end"; readonly path: string; readonly place: string }
  /** The same could not begin, or broke off, and is tried again in so many milliseconds. */
  | {
      readonly type: "push-lost" | "pull-lost";
      readonly path: string;
      readonly place: string;
      readonly reason: string;
      readonly retryIn: number;
    }
  /** So many connections were not taken within a second, or closed to make room; why and from where the last one was. */
  | { readonly type: "turned-away"; readonly count: number; readonly reason: string; readonly address: string }
  /** The storage of shared objects failed: what was not stored is undone. */
  | { readonly type: "storage-failed"; readonly error: unknown }
  /** A hook threw: the application's own fault. */
  | { readonly type: "hook-failed"; readonly peer: Peer; readonly error: unknown };
