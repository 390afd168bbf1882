import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import type { Server } from "./server.ts";
import { ServerProcess, TRACING_GC } from "./server-process.ts";

const bin = fileURLToPath(new URL("../../../../packages/cli/bin/millrace.js", import.meta.url));

/** The relay of this repository, as its users start it. Its chunk size is 4096. */
export const millrace: Server = {
  name: "millrace",
  obstacle: () => null,
  start: () =>
    ServerProcess.start((port) => [
      execPath,
      ...TRACING_GC,
      bin,
      ...["serve", "--port", `${port}`, "--host", "127.0.0.1", "--json"],
    ]),
};
