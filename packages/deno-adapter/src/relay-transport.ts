import type { Transport, TransportListener } from "@millrace/client";
import type { Carrier, RelayClient } from "@millrace/core";

/** How long a connection that is over may take to send what waits, in milliseconds. */
const FAREWELL = 1_000;

/** What the connection to another server needs of this one. */
export interface RelayHost {
  now(): number;
  wakePlayers(): void;
}

/** Carries the bytes of one connection to another server. */
export class RelayTransport implements Carrier, TransportListener {
  private readonly host: RelayHost;
  private readonly client: RelayClient;
  private readonly onClose: () => void;
  /** null until it is open. */
  private transport: Transport | null = null;
  /** Gives up opening it. */
  private readonly opening: AbortController = new AbortController();
  private isWriting = false;
  private isOver = false;
  private hasEnded = false;
  private farewellDeadline: number = Number.POSITIVE_INFINITY;

  /**
   * @param open - given up when the signal aborts
   * @param onClose - told when it is over, whoever ended it
   */
  constructor(
    host: RelayHost,
    client: RelayClient,
    open: (signal: AbortSignal) => Promise<Transport>,
    onClose: () => void,
  ) {
    this.host = host;
    this.client = client;
    this.onClose = onClose;
    client.carrier = this;
    open(this.opening.signal).then(
      (transport) => {
        this.transport = transport;
        transport.start(this);
        this.flush();
      },
      (error: unknown) => this.handleClose(error instanceof Error ? error : new Error(String(error))),
    );
  }

  tick(now: number): void {
    if (now >= this.farewellDeadline) this.destroy();
    if (this.isOver) return;
    this.client.connection.tick(now);
    this.pump();
  }

  /** It is not wanted any more: what waits is sent. */
  end(): void {
    this.client.leave();
    this.finish();
  }

  destroy(): void {
    this.opening.abort();
    this.transport?.destroy();
  }

  flush(): void {
    const { transport } = this;
    if (transport === null || this.isWriting || this.hasEnded) return;
    const { output } = this.client.connection;
    if (output.lend()) {
      this.isWriting = true;
      transport.write(output.bytes.subarray(output.start, output.end));
    } else if (this.isOver) {
      this.hasEnded = true;
      transport.end();
    }
  }

  pump(): void {
    if (this.isOver) return;
    if (!this.client.poll()) this.finish();
    this.host.wakePlayers();
    this.flush();
  }

  handleBytes(bytes: Uint8Array, start: number, end: number): void {
    if (this.isOver) return;
    const { connection } = this.client;
    connection.tick(this.host.now());
    connection.feed(bytes, start, end);
    this.pump();
  }

  handleWritten(): void {
    this.isWriting = false;
    this.client.connection.output.release();
    this.flush();
  }

  handleEnd(): void {
    this.finish();
  }

  handleClose(error: Error | null): void {
    this.isOver = true;
    this.hasEnded = true;
    this.client.close(error?.message ?? null);
    this.host.wakePlayers();
    this.onClose();
  }

  private finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.farewellDeadline = this.host.now() + FAREWELL;
    if (this.transport === null) this.opening.abort();
    this.flush();
  }
}
