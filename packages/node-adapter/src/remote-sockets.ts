import { randomBytes } from "node:crypto";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import { REMOTE_RANDOM_BYTES, type Remote, Remotes } from "@millrace/core";
import { RelaySocket } from "./relay-socket.ts";
import type { Server } from "./server.ts";

/** Connects a server to others, to which streams go and from which they come. */
export class RemoteSockets {
  readonly remotes: Remotes;
  private readonly server: Server;
  private readonly tls: TlsOptions;
  private readonly sockets = new Set<RelaySocket>();
  private isClosed = false;
  /** Set while `close` waits for the last socket. */
  private drained: (() => void) | null = null;

  /** @param tls - for those that have TLS */
  constructor(server: Server, tls: TlsOptions) {
    this.server = server;
    this.tls = tls;
    this.remotes = new Remotes(server);
  }

  /** Opens what is due. */
  open(): void {
    if (this.isClosed) return;
    for (const remote of this.remotes.due()) this.connect(remote);
  }

  tick(now: number): void {
    for (const socket of this.sockets) socket.tick(now);
    this.open();
  }

  /** Ends all of them. What waits is sent. */
  async close(): Promise<void> {
    this.isClosed = true;
    for (const socket of this.sockets) socket.end();
    if (this.sockets.size > 0) await new Promise<void>((resolve) => (this.drained = resolve));
  }

  /** Cuts what is left. */
  destroy(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private connect(remote: Remote): void {
    const { host, port, scheme } = remote.address;
    const client = remote.open(randomBytes(REMOTE_RANDOM_BYTES));
    const address = scheme === "rtmps" ? { host, port, tls: this.tls } : { host, port };
    const socket = new RelaySocket(this.server, client, address, () => {
      this.sockets.delete(socket);
      if (this.sockets.size === 0) this.drained?.();
    });
    this.sockets.add(socket);
  }
}
