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
export { type ClientOptions, type ClientTls, connect } from "./client/index.ts";
export { objectFolder } from "./object-folder.ts";
export { createServer, type Server, type ServerAddress, type ServerOptions } from "./server.ts";
export type { ServerTls } from "./tls.ts";
