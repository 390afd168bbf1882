export {
  type Abortable,
  type Client,
  ClientError,
  type ClientErrorKind,
  type ClientSharedObject,
  type CloseOptions,
  type Message,
  type PlayerOptions,
  type Publisher,
  type PublisherOptions,
  type SharedObjectOptions,
} from "@millrace/client";
export {
  CallError,
  CallFailure,
  type HookAnswer as Answer,
  type HookRefusal as Refusal,
  type Hooks,
  type Method,
  type Methods,
  type Peer,
  type RecordingMode,
  type RecordingStorage,
  type ServerEvent,
  type SharedObjectAccess,
  type SharedObjectInfo,
  type SharedObjectNotice,
  type SharedObjectRequest,
  type SharedObjectStorage,
  type StoredRecording,
  type StreamInfo,
  type TrackInfo,
  type UnfinishedRecording,
} from "@millrace/core";
export { type ClientOptions, connect } from "./client/index.ts";
export { folderStorage } from "./folder-storage.ts";
export { objectFolder } from "./object-folder.ts";
export { createServer, type Server, type ServerOptions } from "./server.ts";
export type { ServerTls } from "./tls.ts";
export { runWorker, startWorkers, type Workers, type WorkersEvent, type WorkersOptions } from "./workers/index.ts";
