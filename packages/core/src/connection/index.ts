export { FlowControl } from "./flow-control.ts";
export { MessageStream } from "./message-stream.ts";
export { Output } from "./output.ts";
export { Playback } from "./playback.ts";
export type { ConnectRequest, PlayRequest, PublishRequest, Request } from "./requests.ts";
export type { EndedStream } from "./server-commands.ts";
export {
  ConnectionEvent,
  type ReceivedMessage,
  ServerConnection,
  type ServerConnectionOptions,
} from "./server-connection.ts";
