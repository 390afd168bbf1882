import { randomBytes } from "node:crypto";
import { isIP, connect as netConnect, type Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { BufferPool, limitsWith, parseRtmpUrl, type RtmpUrl } from "@millrace/core";
import type { Client } from "./client.ts";
import { ClientError } from "./client-error.ts";
import type { ClientOptions } from "./options.ts";
import { ClientSession } from "./session.ts";

const RANDOM_BYTES = 1528;
const TIMEOUT = 30_000;
const REDIRECTS = 3;
/** How often a server may ask for credentials: first whether there are any, then for the answer to its challenge. */
const AUTHENTICATION_ROUNDS = 2;
/** The bit of `capsEx` for reconnect requests (E-RTMP v2). */
const RECONNECT = 1;

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
export async function connect(url: string | URL, options: ClientOptions = {}): Promise<Client> {
  const target = parseRtmpUrl(String(url));
  options.signal?.throwIfAborted();
  const { timeout = TIMEOUT } = options;
  const late = new AbortController();
  const text = `${target.origin} did not let us in within ${timeout} ms.`;
  const timer = setTimeout(() => late.abort(new ClientError("timeout", text)), timeout);
  const signal = options.signal === undefined ? late.signal : AbortSignal.any([options.signal, late.signal]);
  try {
    return await attempt(target, options, signal);
  } finally {
    clearTimeout(timer);
  }
}

/** Connects again as often as redirects and credentials demand it. */
async function attempt(first: RtmpUrl, options: ClientOptions, signal: AbortSignal): Promise<Client> {
  const pool = options.pool ?? new BufferPool();
  let target = first;
  let redirects = options.redirects ?? REDIRECTS;
  let rounds = AUTHENTICATION_ROUNDS;
  let query = "";
  for (;;) {
    // The Unix socket stands for the URL's own host.
    const path = target === first ? options.path : undefined;
    const connection = { ...connectionOptions(target, query, options), pool };
    const begin = (socket: Socket): ClientSession => new ClientSession(socket, options, connection);
    const session = await openSocket(target, path, options, signal, begin);
    try {
      await session.opened(signal);
      return session;
    } catch (error) {
      const refusal = error instanceof ClientError ? error.refusal : null;
      if (refusal === null) throw error;
      if (refusal.query !== null && rounds > 0) {
        rounds--;
        query = refusal.query;
      } else if (refusal.redirect !== null && redirects > 0) {
        redirects--;
        target = redirected(target, refusal.redirect, error);
        rounds = AUTHENTICATION_ROUNDS;
        query = "";
      } else {
        throw error;
      }
    }
  }
}

function connectionOptions(target: RtmpUrl, authentication: string, options: ClientOptions) {
  const { credentials = ownCredentials(target), connect = {}, onReconnectRequest } = options;
  const { limits, tolerances, chunkSize, digest } = options;
  const query = [target.query, authentication].filter((part) => part !== "").join("&");
  const capsEx = onReconnectRequest === undefined ? connect.capsEx : (connect.capsEx ?? 0) | RECONNECT;
  return {
    random: randomBytes(RANDOM_BYTES),
    connect: {
      ...connect,
      app: target.path,
      tcUrl: `${target.origin}/${target.path}`,
      query,
      ...(capsEx === undefined ? {} : { capsEx }),
    },
    ...(credentials === null ? {} : { credentials: { ...credentials, random: randomBytes(4).readUInt32BE() } }),
    ...(limits === undefined ? {} : { limits: limitsWith(limits) }),
    ...(tolerances === undefined ? {} : { tolerances }),
    ...(chunkSize === undefined ? {} : { chunkSize }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function ownCredentials({ user, password }: RtmpUrl): { user: string; password: string } | null {
  return user === "" ? null : { user, password };
}

/** @throws the refusal when the redirect leads nowhere, or out of TLS. */
function redirected(from: RtmpUrl, redirect: string, refusal: unknown): RtmpUrl {
  try {
    const to = parseRtmpUrl(new URL(redirect, `${from.origin}/${from.path}`).href);
    if (from.scheme === "rtmp" || to.scheme === "rtmps") return to;
  } catch {
    // no URL
  }
  throw refusal;
}

/**
 * @param begin - takes the socket over at once, when it is connected, and with TLS when the server has shown a
 *   certificate that is trusted
 */
function openSocket<Session>(
  { scheme, host, port }: RtmpUrl,
  path: string | undefined,
  options: ClientOptions,
  signal: AbortSignal,
  begin: (socket: Socket) => Session,
): Promise<Session> {
  const where = path === undefined ? { host, port } : { path };
  const isSecure = scheme === "rtmps";
  // An address is no name that a server could have a certificate by (RFC 6066 3).
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const socket = isSecure ? tlsConnect({ ...servername, ...options.tls, ...where }) : netConnect(where);
  return new Promise((resolve, reject) => {
    let failure: unknown = null;
    const abort = (): void => {
      failure = signal.reason;
      socket.destroy();
    };
    const failed = (error: Error): void => {
      const at = path ?? `${host} port ${port}`;
      failure ??= new ClientError("unreachable", `${at} cannot be reached: ${error.message}`, { cause: error });
    };
    const closed = (): void => {
      signal.removeEventListener("abort", abort);
      reject(failure ?? new ClientError("unreachable", "The server closed the connection before it began."));
    };
    signal.addEventListener("abort", abort, { once: true });
    socket.on("error", failed).on("close", closed);
    socket.once(isSecure ? "secureConnect" : "connect", () => {
      signal.removeEventListener("abort", abort);
      socket.off("error", failed).off("close", closed);
      resolve(begin(socket));
    });
    if (signal.aborted) abort();
  });
}
