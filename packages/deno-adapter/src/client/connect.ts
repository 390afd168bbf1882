import { type Client, connectThrough, type Endpoint, orAbort } from "@millrace/client";
import { ConnTransport } from "./conn-transport.ts";
import type { ClientOptions, ClientTls } from "./options.ts";

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

async function openTransport(to: Endpoint, tls: ClientTls, signal: AbortSignal): Promise<ConnTransport> {
  const { host: hostname, port, path, isSecure } = to;
  if (path !== null && isSecure) throw new TypeError("Deno has no TLS on Unix sockets: connect to a port.");
  if (path !== null) return new ConnTransport(await orClose(Deno.connect({ transport: "unix", path }), signal));
  if (isSecure) return new ConnTransport(await openTls(hostname, port, tls, signal));
  const conn = await Deno.connect({ hostname, port, signal });
  conn.setNoDelay(true);
  return new ConnTransport(conn);
}

/**
 * Deno 2.9 keeps the socket of a handshake that is given up until the server closes it.
 *
 * @returns when the server has shown a certificate that is trusted.
 */
async function openTls(hostname: string, port: number, tls: ClientTls, signal: AbortSignal): Promise<Deno.TlsConn> {
  const { caCerts = [], alpnProtocols, cert, key, ...others } = tls;
  const options = {
    ...others,
    hostname,
    caCerts: [...caCerts],
    ...(alpnProtocols === undefined ? {} : { alpnProtocols: [...alpnProtocols] }),
  };
  let conn: Deno.TlsConn;
  if (cert === undefined || key === undefined) {
    conn = await orClose(Deno.startTls(await Deno.connect({ hostname, port, signal }), options), signal);
  } else {
    // Only this one takes a certificate of the client's; but it knows no signal.
    conn = await orClose(Deno.connectTls({ ...options, port, cert, key }), signal);
  }
  try {
    await orAbort(conn.handshake(), signal, () => {});
    return conn;
  } catch (error) {
    conn.close();
    throw error;
  }
}

/** Waits for a connection no longer than until the signal aborts; one that comes later is closed. */
function orClose<Conn extends Deno.Conn>(opening: Promise<Conn>, signal: AbortSignal): Promise<Conn> {
  return orAbort(opening, signal, () => {
    opening.then((conn) => conn.close()).catch(() => {});
  });
}
