/**
 * What a shared object message may say, by the numbers of the wire. RTMP 7.1.3 defines types 19 and 16 but not their
 * content; names and bodies follow the figure of RTMP 7.1.3 and what Red5 and crtmpserver read and write.
 */
export const SharedObjectEventType = {
  /** To the server: the client wants to share the object. */
  Use: 1,
  /** To the server: it does not any more. */
  Release: 2,
  /** To the server: a property shall have a value. */
  RequestChange: 3,
  /** To clients: properties have values, by the doing of somebody else. */
  Change: 4,
  /** To the client that asked: its change was made. */
  Success: 5,
  /** Both ways: a method is called on all clients, the one that called it included. */
  SendMessage: 6,
  /** To a client: something was refused. */
  Status: 7,
  /** To clients: all properties are gone. */
  Clear: 8,
  /** To clients, and to the one that asked: a property is gone. */
  Remove: 9,
  /** To the server: a property shall go. */
  RequestRemove: 10,
  /** To the client that asked: it shares the object from now on. */
  UseSuccess: 11,
} as const;
export type SharedObjectEventType = (typeof SharedObjectEventType)[keyof typeof SharedObjectEventType];

/** Codes in {@link SharedObjectEventType.Status} (ActionScript 3, NetStatusEvent.info; the last three from Red5). */
export const SharedObjectStatus = {
  /** The object is there already, with another persistence. */
  BadPersistence: "SharedObject.BadPersistence",
  /** What was changed could not be stored: it is undone. */
  FlushFailed: "SharedObject.Flush.Failed",
  NoReadAccess: "SharedObject.NoReadAccess",
  NoWriteAccess: "SharedObject.NoWriteAccess",
  /** There is no room for the object, or for one more client of it, or its content could not be loaded. */
  ObjectCreationFailed: "SharedObject.ObjectCreationFailed",
} as const;
export type SharedObjectStatus = (typeof SharedObjectStatus)[keyof typeof SharedObjectStatus];

/**
 * One event. It owns its bytes. A value is kept as it goes over the wire, in AMF0: one value with nothing around it, which
 * refers to nothing outside itself. Read it with `decodeValue`, make it with `encodeValue`.
 */
export type SharedObjectEvent =
  | { readonly type: 1 | 2 | 8 | 11 }
  | PropertyRequest
  | { readonly type: 4; readonly name: string; readonly value: Uint8Array }
  | { readonly type: 5 | 9; readonly name: string }
  /** `values`: the arguments, one AMF0 value after the other. References go from one to another. */
  | { readonly type: 6; readonly handler: string; readonly values: Uint8Array }
  | { readonly type: 7; readonly code: string; readonly level: string };

/** A client asks for a property to have a value, or to go. */
export type PropertyRequest =
  | { readonly type: 3; readonly name: string; readonly value: Uint8Array }
  | { readonly type: 10; readonly name: string };

/** A whole message. */
export interface SharedObjectMessage {
  /** Of the object, within the app. */
  readonly name: string;
  /** Of the object at the server, where the server sends it; where a client does, the last that it saw. 0 to 2^32 - 1. */
  readonly version: number;
  readonly isPersistent: boolean;
  readonly events: readonly SharedObjectEvent[];
}
