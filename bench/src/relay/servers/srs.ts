import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CHUNK_SIZE } from "../load/wire.ts";
import type { Server } from "./server.ts";
import { ServerProcess } from "./server-process.ts";

/** SRS, from 4 on, with its settings for low latency; its cache of a GOP is on, as it is by default. */
export function srs(path: string): Server {
  return {
    name: "srs",
    obstacle: () => (existsSync(path) ? null : `there is no ${path}`),
    start: () =>
      ServerProcess.start((port, folder) => {
        const config = join(folder, "srs.conf");
        writeFileSync(
          config,
          `listen 127.0.0.1:${port};
max_connections 4096;
daemon off;
srs_log_tank console;
srs_log_level warn;
pid ${folder}/srs.pid;
vhost __defaultVhost__ {
  chunk_size ${CHUNK_SIZE};
  tcp_nodelay on;
  min_latency on;
  publish { mr off; }
}
`,
        );
        return [path, "-c", config];
      }),
  };
}
