import { createHash, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Answer, Hooks, Peer } from "@millrace/node-adapter";

/** Who may publish and play, as the command line says it. All that is said has to agree. */
export interface AuthoritySettings {
  /** Has to stand in the query of whatever is published: `name?key=…`. */
  readonly publishKey?: string;
  /** The same by stream: see {@link keyOf}. */
  readonly keysFile?: string;
  /** Is asked before anything is published or played. */
  readonly hook?: string;
}

type PublishRequest = Parameters<NonNullable<Hooks["onPublish"]>>[0];
type PlayRequest = Parameters<NonNullable<Hooks["onPlay"]>>[0];
type StreamRequest = PublishRequest | PlayRequest;

/** How long the HTTP hook may take, in milliseconds. Less than the server waits for a hook. */
const HOOK_TIMEOUT = 5_000;

/** The hooks of a server that follows these settings. */
export function hooksOf(settings: AuthoritySettings): Hooks {
  const { publishKey, keysFile, hook } = settings;
  const onPublish = async (request: PublishRequest, peer: Peer): Promise<Answer> => {
    const key = new URLSearchParams(request.query).get("key") ?? "";
    if (publishKey !== undefined && !isSame(key, publishKey)) return { reason: "The key is missing or wrong." };
    if (keysFile !== undefined) {
      const expected = keyOf(await readFile(keysFile, "utf8"), pathOf(request));
      if (expected === null || !isSame(key, expected)) return { reason: "The key is missing or wrong." };
    }
    return hook === undefined ? true : ask(hook, request, peer);
  };
  const onPlay = (request: PlayRequest, peer: Peer): Promise<Answer> | true =>
    hook === undefined ? true : ask(hook, request, peer);
  return { onPublish, onPlay };
}

/**
 * The key of a stream in a file of keys: a line for each stream, its path, white space, its key; `*` for all that have no
 * line of their own. What follows a `#` at the beginning of a line is a comment.
 *
 * @returns null when the stream has none.
 */
export function keyOf(file: string, path: string): string | null {
  const keys = new Map<string, string>();
  for (const line of file.split("\n")) {
    const [, stream, key] = /^\s*([^\s#]\S*)\s+(\S+)\s*$/.exec(line) ?? [];
    if (stream !== undefined && key !== undefined) keys.set(stream, key);
  }
  return keys.get(path) ?? keys.get("*") ?? null;
}

/** Takes the same time whatever the keys have in common. */
function isSame(one: string, other: string): boolean {
  return timingSafeEqual(digestOf(one), digestOf(other));
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Asks as nginx-rtmp does (on_publish, on_play): a form with the query's own fields. An answer of 2xx is a yes; no answer is a no. */
async function ask(hook: string, request: StreamRequest, { address, id }: Peer): Promise<Answer> {
  const form = new URLSearchParams(request.query);
  const { kind, app, name } = request;
  for (const [field, value] of Object.entries({ call: kind, app, name, addr: address, clientid: String(id) })) {
    form.set(field, value);
  }
  const signal = AbortSignal.timeout(HOOK_TIMEOUT);
  const answer = await fetch(hook, { method: "POST", body: form, signal, redirect: "manual" });
  await answer.body?.cancel();
  return answer.ok ? true : { reason: `The server was told not to allow it (${answer.status}).` };
}

function pathOf({ app, name }: StreamRequest): string {
  return [app, name].filter((part) => part !== "").join("/");
}
