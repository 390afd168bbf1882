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
export type {
  HookAnswer as Answer,
  HookRefusal as Refusal,
  Hooks,
  Peer,
  ServerEvent,
  StreamInfo,
} from "@millrace/core";
export { type ClientOptions, type ClientTls, connect } from "./client/index.ts";
export { createServer, type Server, type ServerAddress, type ServerOptions } from "./server.ts";
export type { ServerTls } from "./tls.ts";
