import type { Server, ServerEvent } from "@millrace/node-adapter";

/** How the relay tells what it does. */
export interface Report {
  /** @param host - null for all addresses of this machine */
  listening(server: Server, host: string | null, port: number): void;
  readonly event: (event: ServerEvent) => void;
  /** The relay stops. */
  closing(): void;
}
