import type { AmfValue } from "../amf/index.ts";

/** What happened to a shared object, as its client learns it. The first five are those of Flash (SyncEvent.changeList). */
export type SharedObjectNotice =
  /** Somebody else gave a property another value, or it became known. `oldValue` is undefined where there was none. */
  | { readonly kind: "change"; readonly name: string; readonly oldValue: AmfValue }
  /** Somebody else removed a property. */
  | { readonly kind: "delete"; readonly name: string; readonly oldValue: AmfValue }
  /** An own change, or removal, was made. */
  | { readonly kind: "success"; readonly name: string }
  /** An own change was not made: the property is again as it is at the server. `oldValue` is what it should have become. */
  | { readonly kind: "reject"; readonly name: string; readonly oldValue: AmfValue; readonly code: string }
  /** All properties are gone; what there is now follows. */
  | { readonly kind: "clear" }
  /** The object is shared from now on. */
  | { readonly kind: "connect" }
  /** The server does not let this client use the object. */
  | { readonly kind: "refused"; readonly code: string }
  /** Somebody, perhaps this client, called a method on all clients. */
  | { readonly kind: "message"; readonly handler: string; readonly values: readonly AmfValue[] }
  /** Something else that the server says. */
  | { readonly kind: "status"; readonly code: string; readonly level: string };
