import type { ServerEvent, WorkersEvent } from "@millrace/node-adapter";
import type { LoadSource } from "./load.ts";

/** Where the relay listens. */
export interface Place {
  readonly scheme: "rtmp" | "rtmps";
  /** null for all addresses of this machine. */
  readonly host: string | null;
  readonly port: number;
}

/** How the relay tells what it does. */
export interface Report {
  listening(source: LoadSource, place: Place): void;
  readonly event: (event: ServerEvent | WorkersEvent) => void;
  /** The relay stops. */
  closing(): void;
}
