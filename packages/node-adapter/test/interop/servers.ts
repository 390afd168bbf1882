/** Servers of others, for our client. */
import { writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Client, ClientError, connect as connectClient } from "@millrace/node-adapter";
import { NGINX_MODULE } from "./peers.ts";
import type { Stage } from "./stage.ts";

/** How often is looked whether a server listens, in milliseconds, and how many times. */
const GLANCE = 20;
const GLANCES = 500;

/** nginx-rtmp with its usual settings. @returns the URL of its app. */
export async function startNginx(stage: Stage, folder: string): Promise<string> {
  const port = await freePort();
  const config = join(folder, "nginx.conf");
  writeFileSync(
    config,
    `load_module ${NGINX_MODULE};
daemon off;
master_process off;
pid ${folder}/pid;
error_log ${folder}/error.log;
events {}
rtmp { access_log off; server { listen 127.0.0.1:${port}; application live { live on; idle_streams off; } } }
`,
  );
  stage.run(["nginx", "-p", folder, "-c", config, "-e", join(folder, "error.log")]);
  for (let glance = 0; glance < GLANCES && !(await accepts(port)); glance++) await delay(GLANCE);
  return `rtmp://127.0.0.1:${port}/live`;
}

/** Connects as soon as there is a server: some serve one connection only, so that looking before is no way. */
export async function connectSoon(url: string): Promise<Client> {
  for (let glance = 0; ; glance++) {
    try {
      return await connectClient(url);
    } catch (error) {
      const isEarly = error instanceof ClientError && error.kind === "unreachable";
      if (!isEarly || glance === GLANCES) throw error;
      await delay(GLANCE);
    }
  }
}

/** A port on which nobody listens now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
    socket.on("close", (hadError) => resolve(!hadError));
  });
}
