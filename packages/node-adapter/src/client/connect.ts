import { isIP, connect as netConnect, type Socket } from "node:net";
import { type ConnectionOptions as TlsOptions, connect as tlsConnect } from "node:tls";
import { type Client, connectThrough, type Endpoint } from "@millrace/client";
import type { ClientOptions } from "./options.ts";
import { SocketTransport } from "./socket-transport.ts";

/**
 * Connects to an RTMP server.
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

/** @returns when it is connected, and with TLS when the server has shown a certificate that is trusted. */
function openTransport(to: Endpoint, tls: TlsOptions, signal: AbortSignal): Promise<SocketTransport> {
  const socket = openSocket(to, tls);
  return new Promise((resolve, reject) => {
    let failure = new Error("The server closed the connection before it began.");
    const abort = (): void => {
      socket.destroy();
    };
    const failed = (error: Error): void => {
      failure = error;
    };
    const closed = (): void => {
      signal.removeEventListener("abort", abort);
      reject(failure);
    };
    signal.addEventListener("abort", abort, { once: true });
    socket.on("error", failed).on("close", closed);
    socket.once(to.isSecure ? "secureConnect" : "connect", () => {
      signal.removeEventListener("abort", abort);
      const transport = new SocketTransport(socket);
      socket.off("error", failed).off("close", closed);
      resolve(transport);
    });
    if (signal.aborted) abort();
  });
}

/** It keeps its own end open when the server closes the other one: the client ends it, once all is written. */
function openSocket({ host, port, path, isSecure }: Endpoint, tls: TlsOptions): Socket {
  const where = { ...(path === null ? { host, port } : { path }), allowHalfOpen: true };
  if (!isSecure) return netConnect(where);
  // An address is no name that a server could have a certificate by (RFC 6066 3).
  const servername = isIP(host) === 0 ? { servername: host } : {};
  return tlsConnect({ ...servername, ...tls, ...where });
}
