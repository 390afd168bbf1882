export { Capability, EVERY_CAPABILITY } from "./abilities.ts";
export type { Answer } from "./calls.ts";
export { Approach, type ApproachOptions, type ApproachTarget } from "./client-approach.ts";
export { authenticationQuery, type Credentials } from "./client-authentication.ts";
export type { Status, Welcome } from "./client-commands.ts";
export type { ConnectOptions } from "./client-connect.ts";
export {
  ClientConnection,
  type ClientConnectionOptions,
  ClientEvent,
  type Refusal,
  redirectOf,
} from "./client-connection.ts";
export { PlayedStream, type PlayOptions } from "./client-played-stream.ts";
export { PublishedStream, type PublishType } from "./client-published-stream.ts";
export { ClientStream, StreamState } from "./client-stream.ts";
export { Connection, type ConnectionOptions, type ReceivedMessage, SharedEvent } from "./connection.ts";
export { FlowControl } from "./flow-control.ts";
export { MessageStream } from "./message-stream.ts";
export {
  CallError,
  CallFailure,
  type Method,
  MethodCalls,
  type MethodCallsOptions,
  type Methods,
} from "./method-calls.ts";
export { Output } from "./output.ts";
export { Playback } from "./playback.ts";
export type { PlaylistItem } from "./playlist-item.ts";
export { Program } from "./program.ts";
export { RateLimit } from "./rate-limit.ts";
export { RecordedPlayback, type RecordingTarget } from "./recorded-playback.ts";
export {
  type ConnectRequest,
  type PlayRequest,
  type PlayStart,
  type PublishRequest,
  playStart,
  type Request,
} from "./requests.ts";
export type { EndedStream } from "./server-commands.ts";
export { ConnectionEvent, ServerConnection } from "./server-connection.ts";
export { parseRtmpUrl, type RtmpUrl, resolveRtmpUrl, type StreamUrl, splitStreamUrl } from "./stream-url.ts";
