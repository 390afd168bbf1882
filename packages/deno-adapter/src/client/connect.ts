import { type Client, connectThrough } from "@millrace/client";
import type { ClientOptions } from "./options.ts";
import { openTransport } from "./transport.ts";

/**
 * Connects to an RTMP server. It needs the permission `--allow-net`; for a Unix socket `--allow-read` and `--allow-write`
 * of its path.
 *
 * @param url - of an app: `rtmp://host[:port]/app[/instance][?query]`, or `rtmps://`. See `splitStreamUrl` for URLs that
 *   name a stream as well.
 * @returns when the server has let the client in.
 * @throws ClientError when it does not, or cannot be reached; the reason of the signal; TypeError for no such URL.
 * @example
 * const client = await connect("rtmp://localhost/live");
 * for await (const { messageType, timestamp, payload } of client.play("show")) …
 */
export function connect(url: string | URL, options: ClientOptions = {}): Promise<Client> {
  const { tls = {} } = options;
  return connectThrough((to, signal) => openTransport(to, tls, signal), url, options);
}
