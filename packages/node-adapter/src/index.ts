export type {
  RecordingMode,
  RecordingStorage,
  StoredRecording,
  StreamInfo,
  UnfinishedRecording,
} from "@millrace/core";
export {
  type Abortable,
  type Client,
  ClientError,
  type ClientErrorKind,
  type ClientOptions,
  type CloseOptions,
  connect,
  type Message,
  type PlayerOptions,
  type Publisher,
  type PublisherOptions,
} from "./client/index.ts";
export { folderStorage } from "./folder-storage.ts";
export type { Answer, Hooks, Peer, Refusal, ServerEvent } from "./hooks.ts";
export { createServer, type Server, type ServerOptions } from "./server.ts";
export type { ServerTls } from "./tls.ts";
export { runWorker, startWorkers, type Workers, type WorkersEvent, type WorkersOptions } from "./workers/index.ts";
