/** What an `rtmp://` URL says. */
export interface RtmpUrl {
  readonly scheme: "rtmp" | "rtmps";
  /** A name or an address; one of IPv6 without its brackets. */
  readonly host: string;
  /** 1935, or 443 with TLS, where the URL has none. */
  readonly port: number;
  /** As they stand in the URL, like everything else; empty when they do not. */
  readonly user: string;
  readonly password: string;
  /** What lies between the host and the query, without slashes around it. */
  readonly path: string;
  /** What follows the `?`. */
  readonly query: string;
  /** Scheme, host and port as written, such as `rtmp://[::1]:1935`. */
  readonly origin: string;
}

/** A URL of a stream, taken apart for who connects first and then plays or publishes. */
export interface StreamUrl {
  /** Without a query. */
  readonly app: string;
  /** Where to connect: the URL of the app, with the user and password, if there are some. */
  readonly url: string;
  /** The stream's name, with its query; empty when the URL has none. */
  readonly name: string;
}

const DEFAULT_PORT = 1935;
const DEFAULT_TLS_PORT = 443;
const pattern =
  /^(rtmps?):\/\/(?:([^/?#]*)@)?(\[[^\]/?#]*\]|[^:/?#[\]]*)(?::(\d{1,5}))?(\/[^?#]*)?(?:\?([^#]*))?(?:#.*)?$/is;

/**
 * Reads an `rtmp://` or `rtmps://` URL. Nothing is decoded or encoded: servers compare what they are sent.
 *
 * @throws TypeError when it is no such URL.
 */
export function parseRtmpUrl(url: string): RtmpUrl {
  const parts = pattern.exec(url);
  const port = parts?.[4] === undefined ? null : Number(parts[4]);
  const authority = parts?.[3] ?? "";
  if (parts === null || authority === "" || authority === "[]" || (port !== null && (port < 1 || port > 65_535))) {
    throw new TypeError(`"${url}" is no URL such as rtmp://host:1935/app or rtmps://host/app.`);
  }
  const scheme = parts[1]?.toLowerCase() === "rtmps" ? "rtmps" : "rtmp";
  const [user = "", ...rest] = (parts[2] ?? "").split(":");
  return {
    scheme,
    host: authority.replace(/^\[|\]$/g, ""),
    port: port ?? (scheme === "rtmps" ? DEFAULT_TLS_PORT : DEFAULT_PORT),
    user,
    password: rest.join(":"),
    path: (parts[5] ?? "").replace(/^\/+|\/+$/g, ""),
    query: parts[6] ?? "",
    origin: `${scheme}://${authority}${port === null ? "" : `:${port}`}`,
  };
}

/** Completes what a server says instead of a whole URL: a path from the root, or one beside the app's own. */
export function resolveRtmpUrl(text: string, { scheme, origin, path }: RtmpUrl): string {
  if (/^[a-z]+:\/\//i.test(text)) return text;
  if (text.startsWith("//")) return `${scheme}:${text}`;
  if (text.startsWith("/")) return `${origin}${text}`;
  return `${origin}/${path.slice(0, path.lastIndexOf("/") + 1)}${text}`;
}

/**
 * Takes a URL apart that names a stream behind its app, as FFmpeg does: the app is the first part of the path, and the
 * second as well when there is a third (an instance), unless a colon shows that the name has begun (`mp4:a/b`). Names
 * that end in .flv lose this, those in .mp4 and .f4v get "mp4:" in front. In what FFmpeg reads behind `slist=` the name
 * stands by itself. Slashes in a query do not count here, though they do for FFmpeg: keys may have some.
 *
 * @example
 * splitStreamUrl("rtmp://host/live/show?key=1"); // { app: "live", url: "rtmp://host/live", name: "show?key=1" }
 * @throws TypeError when it is no rtmp:// or rtmps:// URL.
 */
export function splitStreamUrl(url: string): StreamUrl {
  const { user, password, path, query, origin } = parseRtmpUrl(url);
  const at = password === "" ? user : `${user}:${password}`;
  const base = at === "" ? origin : origin.replace("://", `://${at}@`);
  const listed = /(?:^|&)slist=([^&]*)/.exec(query)?.[1];
  const [app, name] = listed === undefined ? splitPath(path) : [path, listed];
  const isNamed = listed === undefined && name !== "";
  // The query goes with the name; without one it is the app's.
  const withQuery = (text: string): string => (query === "" ? text : `${text}?${query}`);
  return {
    app,
    url: `${base}/${isNamed ? app : withQuery(app)}`,
    name: nameOf(isNamed ? withQuery(name) : name),
  };
}

function splitPath(path: string): readonly [app: string, name: string] {
  const first = path.indexOf("/");
  if (first === -1) return [path, ""];
  const second = path.indexOf("/", first + 1);
  const colon = path.indexOf(":", first + 1);
  const isInstance = second !== -1 && !(colon !== -1 && colon < second) && !path.startsWith("ondemand/");
  const end = isInstance ? second : first;
  return [path.slice(0, end), path.slice(end + 1)];
}

function nameOf(name: string): string {
  if (!name.includes(":") && /\.(f4v|mp4)$/.test(name)) return `mp4:${name}`;
  return name.replace(/\.flv$/, "");
}
