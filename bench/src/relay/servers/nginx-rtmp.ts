import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CHUNK_SIZE } from "../load/wire.ts";
import type { Server } from "./server.ts";
import { ServerProcess } from "./server-process.ts";

const MODULE = "/usr/lib/nginx/modules/ngx_rtmp_module.so";

/** nginx with its RTMP module, one process. It has no cache of a GOP: a player waits for the next keyframe. */
export const nginxRtmp: Server = {
  name: "nginx-rtmp",
  obstacle: () =>
    spawnSync("nginx", ["-v"]).status === 0 && existsSync(MODULE)
      ? null
      : `there is no nginx with ${MODULE} (apt-get install nginx libnginx-mod-rtmp)`,
  start: () =>
    ServerProcess.start((port, folder) => {
      const config = join(folder, "nginx.conf");
      writeFileSync(
        config,
        `load_module ${MODULE};
daemon off;
master_process off;
worker_processes 1;
pid ${folder}/pid;
error_log stderr warn;
events { worker_connections 4096; }
rtmp {
  access_log off;
  server {
    listen 127.0.0.1:${port};
    chunk_size ${CHUNK_SIZE};
    application live { live on; wait_key on; }
  }
}
`,
      );
      return ["nginx", "-p", folder, "-c", config, "-e", "stderr"];
    }),
};
