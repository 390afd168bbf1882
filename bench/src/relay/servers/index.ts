import { bareSockets } from "./bare-sockets.ts";
import { millrace } from "./millrace.ts";
import { nginxRtmp } from "./nginx-rtmp.ts";
import { nodeMediaServer } from "./node-media-server.ts";
import type { Server } from "./server.ts";
import { srs } from "./srs.ts";

/** Millrace first, since the others are what it is compared with. */
export function allServers(srsPath: string | null): Server[] {
  const known = [millrace, nginxRtmp, nodeMediaServer, bareSockets];
  return srsPath === null ? known : [...known, srs(srsPath)];
}

export { bareSockets, millrace };
