import type { ClientOptions as CommonOptions } from "@millrace/client";

/** The signal of `connect` gives up connecting; what comes later has signals of its own. */
export interface ClientOptions extends CommonOptions {
  /** For `rtmps:`. */
  readonly tls?: ClientTls;
}

/**
 * What Deno lets a client say of TLS; all in PEM. A server whose certificate nobody vouches for is taken only where Deno
 * itself is started so: `--unsafely-ignore-certificate-errors=localhost`.
 */
export interface ClientTls {
  /** Certificates that are trusted, beside those that Deno trusts anyway. */
  readonly caCerts?: readonly string[];
  readonly alpnProtocols?: readonly string[];
  /** Take the certificate of another name than that of the URL, if it is trusted otherwise. */
  readonly unsafelyDisableHostnameVerification?: boolean;
  /** The client's own certificate, for servers that ask for one; only together with {@link key}. */
  readonly cert?: string;
  readonly key?: string;
}
