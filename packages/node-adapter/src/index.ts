export {
  type Abortable,
  type Client,
  ClientError,
  type ClientErrorKind,
  type CloseOptions,
  type Message,
  type PlayerOptions,
  type Publisher,
  type PublisherOptions,
} from "@millrace/client";
export type { StreamInfo } from "@millrace/core";
export { type ClientOptions, connect } from "./client/index.ts";
export type { Answer, Hooks, Peer, Refusal, ServerEvent } from "./hooks.ts";
export { createServer, type Server, type ServerOptions } from "./server.ts";
export type { ServerTls } from "./tls.ts";
export { runWorker, startWorkers, type Workers, type WorkersEvent, type WorkersOptions } from "./workers/index.ts";
