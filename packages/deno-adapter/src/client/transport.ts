import { type Endpoint, orAbort } from "@millrace/client";
import { ConnTransport } from "./conn-transport.ts";
import type { ClientTls } from "./options.ts";

/** Opens a connection of Deno's. */
export async function openTransport(to: Endpoint, tls: ClientTls, signal: AbortSignal): Promise<ConnTransport> {
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
