import { Approach, BufferPool, limitsWith, parseRtmpUrl, type RtmpUrl } from "@millrace/core";
import type { Client } from "./client.ts";
import { ClientError } from "./client-error.ts";
import type { ClientOptions } from "./options.ts";
import { ClientSession } from "./session.ts";
import type { Endpoint, OpenTransport, Transport } from "./transport.ts";

const RANDOM_BYTES = 1528;
const TIMEOUT = 30_000;
/** The bit of `capsEx` for reconnect requests (E-RTMP v2). */
const RECONNECT = 1;

/**
 * Connects to an RTMP server through transports that somebody else opens.
 *
 * @param url - of an app: `rtmp://host[:port]/app[/instance][?query]`, or `rtmps://`
 * @returns when the server has let the client in.
 * @throws ClientError when it does not, or cannot be reached; the reason of the signal; TypeError for no such URL.
 */
export async function connectThrough(
  open: OpenTransport,
  url: string | URL,
  options: ClientOptions = {},
): Promise<Client> {
  const target = parseRtmpUrl(String(url));
  options.signal?.throwIfAborted();
  const { timeout = TIMEOUT } = options;
  const late = new AbortController();
  const text = `${target.origin} did not let us in within ${timeout} ms.`;
  const timer = setTimeout(() => late.abort(new ClientError("timeout", text)), timeout);
  const signal = options.signal === undefined ? late.signal : AbortSignal.any([options.signal, late.signal]);
  try {
    return await attempt(open, target, options, signal);
  } finally {
    clearTimeout(timer);
  }
}

/** Connects again as often as redirects and credentials demand it. */
async function attempt(
  open: OpenTransport,
  first: RtmpUrl,
  options: ClientOptions,
  signal: AbortSignal,
): Promise<Client> {
  const pool = options.pool ?? new BufferPool();
  const approach = new Approach(first, options);
  for (;;) {
    const { url } = approach;
    // The Unix socket stands for the URL's own host.
    const path = (url === first ? options.path : undefined) ?? null;
    const { host, port, scheme } = url;
    const transport = await reach(open, { host, port, path, isSecure: scheme === "rtmps" }, signal);
    const session = new ClientSession(transport, options, connectionOptions(approach, pool, options));
    try {
      await session.opened(signal);
      return session;
    } catch (error) {
      const refusal = error instanceof ClientError ? error.refusal : null;
      if (refusal === null || !approach.goOn(refusal)) throw error;
    }
  }
}

async function reach(open: OpenTransport, to: Endpoint, signal: AbortSignal): Promise<Transport> {
  try {
    return await open(to, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TypeError) throw error;
    const at = to.path ?? `${to.host} port ${to.port}`;
    throw new ClientError("unreachable", `${at} cannot be reached: ${messageOf(error)}`, { cause: error });
  }
}

/** Where several addresses were tried, what went wrong with each of them. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(messageOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}

function connectionOptions(approach: Approach, pool: BufferPool, options: ClientOptions) {
  const { connect = {}, onReconnectRequest, limits, tolerances, chunkSize, digest } = options;
  const capsEx = onReconnectRequest === undefined ? connect.capsEx : (connect.capsEx ?? 0) | RECONNECT;
  const target = approach.target(randomNumber());
  return {
    pool,
    random: crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)),
    ...target,
    connect: { ...connect, ...target.connect, ...(capsEx === undefined ? {} : { capsEx }) },
    ...(limits === undefined ? {} : { limits: limitsWith(limits) }),
    ...(tolerances === undefined ? {} : { tolerances }),
    ...(chunkSize === undefined ? {} : { chunkSize }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function randomNumber(): number {
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1));
  return number;
}
