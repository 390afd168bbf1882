import type { ServerEvent, WorkersEvent } from "@millrace/node-adapter";
import type { LoadSource } from "./load.ts";

/** How the relay tells what it does. */
export interface Report {
  /** @param host - null for all addresses of this machine */
  listening(source: LoadSource, host: string | null, port: number): void;
  readonly event: (event: ServerEvent | WorkersEvent) => void;
  /** The relay stops. */
  closing(): void;
}
