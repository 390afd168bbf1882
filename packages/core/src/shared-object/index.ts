export { SharedObjectClient } from "./client.ts";
export {
  type SharedObjectEvent,
  SharedObjectEventType,
  type SharedObjectMessage,
  SharedObjectStatus,
} from "./event.ts";
export {
  type SharedObjectAnswer,
  SharedObjectKeeper,
  type SharedObjectKeeperOptions,
  type SharedObjectStorage,
} from "./keeper.ts";
export type { SharedObjectAccess } from "./member.ts";
export type { SharedObjectNotice } from "./notice.ts";
export { SharedObject } from "./object.ts";
export { SharedObjectPeer } from "./peer.ts";
export { readSharedObjectMessage } from "./reader.ts";
export { SharedObjects } from "./registry.ts";
export { RemoteSharedObject, RemoteState } from "./remote.ts";
export { readSnapshot, type SharedObjectSnapshot, writeSnapshot } from "./snapshot.ts";
export type { LoadTask, RefusedReport, SharedObjectTask, StoreTask, UseTask } from "./task.ts";
export { decodeValue, decodeValues, encodeValue } from "./value.ts";
export { type OutgoingSharedObjectMessage, sharedObjectMessages, writeSharedObjectMessage } from "./writer.ts";
