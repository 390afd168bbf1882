import type { Credentials } from "./client-authentication.ts";
import type { ConnectOptions } from "./client-connect.ts";
import type { Refusal } from "./client-connection.ts";
import { parseRtmpUrl, type RtmpUrl, resolveRtmpUrl } from "./stream-url.ts";

const REDIRECTS = 3;
/** How often a server may ask for credentials: first whether there are any, then for the answer to its challenge. */
const ROUNDS = 2;

export interface ApproachOptions {
  /** How many redirects are followed. Default 3. Never from TLS to none. */
  readonly redirects?: number;
  /** For servers that ask for them. Default: those of the URL, if it has some. */
  readonly credentials?: { readonly user: string; readonly password: string };
}

/** What a connection is to be made with, besides a socket. */
export interface ApproachTarget {
  readonly connect: Pick<ConnectOptions, "app" | "tcUrl" | "query">;
  readonly credentials?: Credentials;
}

/**
 * The way to a server that lets the client in: it may lead over other servers, by redirects, and twice to the same one,
 * by its asking for credentials. Each step is a connection of its own.
 */
export class Approach {
  /** Where to connect to now. */
  url: RtmpUrl;
  private readonly options: ApproachOptions;
  private redirects: number;
  private rounds = ROUNDS;
  private authentication = "";

  constructor(url: RtmpUrl, options: ApproachOptions = {}) {
    this.url = url;
    this.options = options;
    this.redirects = options.redirects ?? REDIRECTS;
  }

  /** @param random - 32 random bits, others for each step */
  target(random: number): ApproachTarget {
    const { user, password, path, origin } = this.url;
    const query = [this.url.query, this.authentication].filter((part) => part !== "").join("&");
    const credentials = this.options.credentials ?? (user === "" ? null : { user, password });
    const connect = { app: path, tcUrl: `${origin}/${path}`, query };
    return credentials === null ? { connect } : { connect, credentials: { ...credentials, random } };
  }

  /** The connection was refused. @returns whether there is another one to be made. */
  goOn({ query, redirect }: Refusal): boolean {
    if (query !== null && this.rounds > 0) {
      this.rounds--;
      this.authentication = query;
      return true;
    }
    const next = redirect === null || this.redirects === 0 ? null : this.follow(redirect);
    if (next === null) return false;
    this.redirects--;
    this.url = next;
    this.rounds = ROUNDS;
    this.authentication = "";
    return true;
  }

  /** @returns null when it leads nowhere, or out of TLS. */
  private follow(redirect: string): RtmpUrl | null {
    try {
      const next = parseRtmpUrl(resolveRtmpUrl(redirect, this.url));
      return this.url.scheme === "rtmps" && next.scheme === "rtmp" ? null : next;
    } catch {
      return null; // no URL
    }
  }
}
