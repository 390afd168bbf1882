import { REMOTE_RANDOM_BYTES, type Remote, type RemoteHost, Remotes } from "@millrace/core";
import type { ClientTls } from "./client/index.ts";
import { openTransport } from "./client/transport.ts";
import { type RelayHost, RelayTransport } from "./relay-transport.ts";

/** Connects a server to others, to which streams go and from which they come. */
export class RemoteTransports {
  readonly remotes: Remotes;
  private readonly host: RemoteHost & RelayHost;
  private readonly tls: ClientTls;
  private readonly transports: Set<RelayTransport> = new Set();
  private isClosed = false;
  /** Set while `close` waits for the last one. */
  private drained: (() => void) | null = null;

  /** @param tls - for those that have TLS */
  constructor(host: RemoteHost & RelayHost, tls: ClientTls) {
    this.host = host;
    this.tls = tls;
    this.remotes = new Remotes(host);
  }

  /** Opens what is due. */
  open(): void {
    if (this.isClosed) return;
    for (const remote of this.remotes.due()) this.connect(remote);
  }

  tick(now: number): void {
    for (const transport of this.transports) transport.tick(now);
    this.open();
  }

  /** Ends all of them. What waits is sent. */
  async close(): Promise<void> {
    this.isClosed = true;
    for (const transport of this.transports) transport.end();
    if (this.transports.size > 0) await new Promise<void>((resolve) => (this.drained = resolve));
  }

  /** Cuts what is left. */
  destroy(): void {
    for (const transport of this.transports) transport.destroy();
  }

  private connect(remote: Remote): void {
    const { host, port, scheme } = remote.address;
    const to = { host, port, path: null, isSecure: scheme === "rtmps" };
    const client = remote.open(crypto.getRandomValues(new Uint8Array(REMOTE_RANDOM_BYTES)));
    const open = (signal: AbortSignal) => openTransport(to, this.tls, signal);
    const transport = new RelayTransport(this.host, client, open, () => {
      this.transports.delete(transport);
      if (this.transports.size === 0) this.drained?.();
    });
    this.transports.add(transport);
  }
}
