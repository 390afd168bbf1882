import type { RtmpUrl } from "../connection/index.ts";
import type { RelayClient } from "./client.ts";
import type { RemoteHost } from "./remote.ts";
import { Remotes } from "./remotes.ts";

/** What carries the bytes of one connection to another server: an adapter's part. */
export interface RemoteLink {
  tick(now: number): void;
  /** It is not wanted any more: what waits is sent. */
  end(): void;
  /** Ends it at once. */
  destroy(): void;
}

/** How an adapter opens connections to other servers. */
export interface RemoteDialer {
  /** `REMOTE_RANDOM_BYTES` of them. */
  randomBytes(): Uint8Array;
  /** @param onClose - to be called once, when the connection is over, whoever ended it; not before this returns */
  dial(url: RtmpUrl, client: RelayClient, onClose: () => void): RemoteLink;
}

/** The connections of a server to others, to which streams go and from which they come. */
export class RemoteLinks {
  readonly remotes: Remotes;
  private readonly dialer: RemoteDialer;
  private readonly links: Set<RemoteLink> = new Set();
  private isClosed = false;
  /** Set while `close` waits for the last one. */
  private drained: (() => void) | null = null;

  constructor(host: RemoteHost, dialer: RemoteDialer) {
    this.remotes = new Remotes(host);
    this.dialer = dialer;
  }

  /** Opens what is due. */
  open(): void {
    if (this.isClosed) return;
    for (const remote of this.remotes.due()) {
      const { address } = remote;
      const link = this.dialer.dial(address, remote.open(this.dialer.randomBytes()), () => {
        this.links.delete(link);
        if (this.links.size === 0) this.drained?.();
      });
      this.links.add(link);
    }
  }

  tick(now: number): void {
    for (const link of this.links) link.tick(now);
    this.open();
  }

  /** Ends all of them. What waits is sent. */
  async close(): Promise<void> {
    this.isClosed = true;
    for (const link of this.links) link.end();
    if (this.links.size > 0) await new Promise<void>((resolve) => (this.drained = resolve));
  }

  /** Cuts what is left. */
  destroy(): void {
    for (const link of this.links) link.destroy();
  }
}
