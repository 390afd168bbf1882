import { folderStorage, objectFolder, type Server, type ServerOptions } from "@millrace/node-adapter";
import { type AuthoritySettings, hooksOf } from "./authority.ts";
import type { RemoteArgument } from "./remote-argument.ts";

/** What every process of the server is told, as JSON where it is another one. */
export interface ServerSettings extends AuthoritySettings {
  readonly takeoverAfter: number;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly pushes: readonly RemoteArgument[];
  /** The folder of persistent shared objects. */
  readonly objects?: string;
  /** The folder of recordings. */
  readonly recordTo?: string;
  readonly recordAll: boolean;
}

export function optionsOf(settings: ServerSettings): ServerOptions {
  const { takeoverAfter, certFile, keyFile, recordTo, recordAll, objects } = settings;
  const recording = recordTo === undefined ? {} : { recordings: folderStorage(recordTo), recordAll };
  const sharing = objects === undefined ? {} : { sharedObjects: objectFolder(objects) };
  const options = { takeoverAfter, ...recording, ...sharing, ...hooksOf(settings) };
  if (certFile === undefined || keyFile === undefined) return options;
  return { ...options, tls: { certFile, keyFile, onReload: tellReload } };
}

export function pushAll(server: Server, { pushes }: ServerSettings): void {
  for (const { url, path } of pushes) server.push(url, path ?? undefined);
}

function tellReload(error: Error | null): void {
  if (error !== null) process.stderr.write(`millrace: the new certificate is no use: ${error.message}\n`);
}
