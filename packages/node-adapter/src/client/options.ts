import type { ConnectionOptions as TlsOptions } from "node:tls";
import type { ClientOptions as CommonOptions } from "@millrace/client";

/** The signal of `connect` gives up connecting; what comes later has signals of its own. */
export interface ClientOptions extends CommonOptions {
  /** For `rtmps:`, such as `ca`, `servername`, `rejectUnauthorized`. */
  readonly tls?: TlsOptions;
}
