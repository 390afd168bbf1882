import { type StreamUrl, splitStreamUrl } from "../connection/index.ts";
import { Remote, type RemoteHost } from "./remote.ts";

/** All streams that go to one app of another server. */
interface PushOfAll {
  readonly url: StreamUrl;
  /** By the path of the stream. */
  readonly remotes: Map<string, Remote>;
}

/**
 * The streams that a relay exchanges with other servers. It opens no sockets: who does asks {@link due} from time to
 * time, and when a stream is published.
 */
export class Remotes {
  private readonly host: RemoteHost;
  private readonly pushes: PushOfAll[] = [];
  private readonly single: Remote[] = [];

  constructor(host: RemoteHost) {
    this.host = host;
  }

  /**
   * Publishes to another server what is published here.
   *
   * @param url - of an app there, in which each stream has the name that it has in its app here; with a path, of a stream
   * @param path - of the one stream that goes there; by default all of them do
   * @throws TypeError when it is no such URL, or names a stream where all are to go, or none where one is.
   */
  push(url: string, path: string | null = null): void {
    const target = splitStreamUrl(url);
    if (path !== null) this.single.push(new Remote(this.host, "push", checkNamed(url, target), path));
    else if (target.name === "") this.pushes.push({ url: target, remotes: new Map() });
    else throw new TypeError(`${url} names a stream: say which one is to go there.`);
  }

  /**
   * Plays a stream of another server, and publishes it here, unless somebody else does.
   *
   * @param path - of the stream here; by default as in the URL
   * @throws TypeError when it is no such URL.
   */
  pull(url: string, path: string | null = null): void {
    const source = checkNamed(url, splitStreamUrl(url));
    const usualPath = `${source.app}/${source.name.replace(/\?.*/, "")}`;
    this.single.push(new Remote(this.host, "pull", source, path ?? usualPath));
  }

  /** Those to which a connection is to be opened now. */
  due(): Remote[] {
    for (const push of this.pushes) this.review(push);
    const pushes = this.pushes.flatMap(({ remotes }) => [...remotes.values()]);
    return [...this.single, ...pushes].filter(({ isDue }) => isDue);
  }

  private review({ url, remotes }: PushOfAll): void {
    for (const [path, remote] of remotes) if (remote.isIdle) remotes.delete(path);
    for (const path of this.host.relay.streams.keys()) {
      if (remotes.has(path)) continue;
      const remote = new Remote(this.host, "push", { ...url, name: path.slice(path.indexOf("/") + 1) }, path);
      if (remote.isWanted) remotes.set(path, remote);
    }
  }
}

function checkNamed(url: string, stream: StreamUrl): StreamUrl {
  if (stream.name === "") throw new TypeError(`${url} names no stream: rtmp://host/app/name does.`);
  return stream;
}
