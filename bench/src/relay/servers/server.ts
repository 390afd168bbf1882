import type { ServerProcess } from "./server-process.ts";

/** What the load is put on. */
export interface Server {
  readonly name: string;
  /** Why it cannot be started here, or null when it can. */
  obstacle(): string | null;
  start(): Promise<ServerProcess>;
}
