export type {
  HookAnswer as Answer,
  HookRefusal as Refusal,
  Hooks,
  Peer,
  ServerEvent,
  StreamInfo,
} from "@millrace/core";
export { createServer, type Server, type ServerAddress, type ServerOptions, type ServerTls } from "./server.ts";
