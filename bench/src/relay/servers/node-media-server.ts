import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { isInstalled } from "../../peers/installed.ts";
import type { Server } from "./server.ts";
import { ServerProcess, TRACING_GC } from "./server-process.ts";

const app = fileURLToPath(new URL("../../../peers/node_modules/node-media-server/bin/app.js", import.meta.url));

/** Its own program with RTMP alone: no HTTP, no console, no recording. Its chunk size is 65535 and cannot be set. */
export const nodeMediaServer: Server = {
  name: "node-media-server",
  obstacle: () => (isInstalled("node-media-server") ? null : "it is not installed (npm run bench -- --install-peers)"),
  start: () =>
    ServerProcess.start((port, folder) => {
      const config = join(folder, "config.json");
      const options = { bind: "127.0.0.1", rtmp: { port }, store: { path: "./data" }, webadmin: { enable: false } };
      writeFileSync(config, JSON.stringify(options));
      return [execPath, ...TRACING_GC, app, "--config", config];
    }),
};
