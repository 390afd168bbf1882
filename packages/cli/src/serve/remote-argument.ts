import { splitStreamUrl } from "@millrace/core";
import { InvalidArgumentError } from "commander";

/** A stream of this server and a URL elsewhere, as `--push` and `--pull` have them: `[path=]url`. */
export interface RemoteArgument {
  /** null where none was given. */
  readonly path: string | null;
  readonly url: string;
}

/** Where streams are published to: one of them to a stream, or all to an app. */
export function pushArgument(text: string, previous: readonly RemoteArgument[] = []): RemoteArgument[] {
  const { path, url, name } = parse(text);
  if (path === null && name !== "") {
    throw new InvalidArgumentError(
      `Say which stream is to go there: live/show=${url}. An app gets all: rtmp://host/app.`,
    );
  }
  if (path !== null && name === "") throw new InvalidArgumentError("It names no stream: rtmp://host/app/name does.");
  return [...previous, { path, url }];
}

/** Which stream is played and published here. */
export function pullArgument(text: string, previous: readonly RemoteArgument[] = []): RemoteArgument[] {
  const { path, url, name } = parse(text);
  if (name === "") throw new InvalidArgumentError("It names no stream: rtmp://host/app/name does.");
  return [...previous, { path, url }];
}

function parse(text: string): RemoteArgument & { readonly name: string } {
  const [, path = null, url = text] = /^([^=:]+)=(\w+:.*)$/s.exec(text) ?? [];
  try {
    return { path, url, name: splitStreamUrl(url).name };
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}
