import { execPath } from "node:process";
import type { Server } from "./server.ts";
import { ServerProcess, TRACING_GC } from "./server-process.ts";

/** A server that reads and forgets: what a connection takes in Node when nothing is known of it. */
const SOURCE = `require("node:net").createServer((socket) => {
  socket.on("data", () => {});
  socket.on("error", () => {});
}).listen(Number(process.argv[1]), "127.0.0.1")`;

export const bareSockets: Server = {
  name: "bare sockets",
  obstacle: () => null,
  start: () => ServerProcess.start((port) => [execPath, ...TRACING_GC, "--eval", SOURCE, "--", `${port}`]),
};
