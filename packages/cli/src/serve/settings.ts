import { folderStorage, type Server, type ServerOptions } from "@millrace/node-adapter";
import type { RemoteArgument } from "./remote-argument.ts";

/** What every process of the server is told, as JSON where it is another one. */
export interface ServerSettings {
  readonly takeoverAfter: number;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly pushes: readonly RemoteArgument[];
  /** The folder of recordings. */
  readonly recordTo?: string;
  readonly recordAll: boolean;
}

export function optionsOf({ takeoverAfter, certFile, keyFile, recordTo, recordAll }: ServerSettings): ServerOptions {
  const recording = recordTo === undefined ? {} : { recordings: folderStorage(recordTo), recordAll };
  if (certFile === undefined || keyFile === undefined) return { takeoverAfter, ...recording };
  return { takeoverAfter, ...recording, tls: { certFile, keyFile, onReload: tellReload } };
}

export function pushAll(server: Server, { pushes }: ServerSettings): void {
  for (const { url, path } of pushes) server.push(url, path ?? undefined);
}

function tellReload(error: Error | null): void {
  if (error !== null) process.stderr.write(`millrace: the new certificate is no use: ${error.message}\n`);
}
