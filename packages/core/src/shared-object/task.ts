import type { ErrorCode } from "../errors.ts";
import type { SharedObject } from "./object.ts";
import type { SharedObjectPeer } from "./peer.ts";

/** May this client use this object? Answered by `SharedObjects.admit` or `refuse`, now or later. */
export interface UseTask {
  readonly kind: "use";
  readonly peer: SharedObjectPeer;
  readonly object: SharedObject;
}

/** What is stored of this object? Answered by `SharedObjects.loaded` or `loadFailed`, now or later. */
export interface LoadTask {
  readonly kind: "load";
  readonly object: SharedObject;
}

/**
 * This is to be stored, in place of what is stored of the object. Answered by `SharedObjects.stored` once it would survive
 * the end of the process, or by `storeFailed` when it will not be. One at a time for each object.
 */
export interface StoreTask {
  readonly kind: "store";
  readonly object: SharedObject;
  readonly snapshot: Uint8Array;
  /** The number of the last change in it, and the content itself: for the object. */
  readonly change: number;
  readonly properties: ReadonlyMap<string, Uint8Array>;
}

/** Something was refused. Wants no answer: it is for logs and figures. */
export interface RefusedReport {
  readonly kind: "refused";
  readonly peer: SharedObjectPeer;
  readonly app: string;
  readonly name: string;
  /** `Refused` when the application did; otherwise the limit, or what else was the reason. */
  readonly code: ErrorCode;
}

/** What the objects want done. */
export type SharedObjectTask = UseTask | LoadTask | StoreTask | RefusedReport;
