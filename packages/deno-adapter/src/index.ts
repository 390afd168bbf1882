export {
  CallError,
  CallFailure,
  type HookAnswer as Answer,
  type HookRefusal as Refusal,
  type Hooks,
  type Method,
  type Methods,
  type Peer,
  type ServerEvent,
  type StreamInfo,
} from "@millrace/core";
export { createServer, type Server, type ServerAddress, type ServerOptions, type ServerTls } from "./server.ts";
