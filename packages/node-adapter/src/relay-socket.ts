import { isIP, connect as netConnect, type Socket } from "node:net";
import { type ConnectionOptions as TlsOptions, connect as tlsConnect } from "node:tls";
import type { Carrier, RelayClient } from "@millrace/core";
import type { Server } from "./server.ts";
import { SocketWriter } from "./socket-writer.ts";

/** How long a connection that is over may take to send what waits, in milliseconds. */
const FAREWELL = 1_000;

/** Where a relay connects to: another worker's Unix socket, or another server. */
export type RelayAddress =
  | { readonly path: string }
  | { readonly host: string; readonly port: number; readonly tls?: TlsOptions };

/** Carries the bytes of one connection to another relay or server. */
export class RelaySocket implements Carrier {
  private readonly server: Server;
  private readonly client: RelayClient;
  private readonly socket: Socket;
  /** null until the socket is connected. */
  private writer: SocketWriter | null = null;
  private readonly onClose: () => void;
  private isOver = false;
  private farewellDeadline = Number.POSITIVE_INFINITY;
  private failure: string | null = null;

  /** @param onClose - told when it is over, whoever ended it. */
  constructor(server: Server, client: RelayClient, address: RelayAddress, onClose: () => void) {
    this.server = server;
    this.client = client;
    this.onClose = onClose;
    this.socket = this.connect(address);
    client.carrier = this;
    this.socket.setNoDelay(true);
    this.socket.once("tls" in address ? "secureConnect" : "connect", () => {
      this.writer = new SocketWriter(this.socket, () => this.written());
      this.flush();
    });
    this.socket.on("end", () => this.finish());
    this.socket.on("error", ({ message }) => (this.failure = message));
    this.socket.on("close", () => this.close());
  }

  tick(now: number): void {
    if (now >= this.farewellDeadline) this.socket.destroy();
    if (this.isOver) return;
    this.client.connection.tick(now);
    this.pump();
  }

  /** It is not wanted any more: what waits is sent. */
  end(): void {
    this.client.leave();
    this.finish();
  }

  /** Ends it at once. */
  destroy(): void {
    this.socket.destroy();
  }

  flush(): void {
    const { writer } = this;
    if (writer === null || writer.isWriting || this.socket.destroyed) return;
    const { output } = this.client.connection;
    while (output.lend()) {
      if (!writer.write(output.bytes, output.start, output.end)) return;
      output.release();
    }
    if (this.isOver) this.socket.end();
  }

  pump(): void {
    if (this.isOver) return;
    if (!this.client.poll()) this.finish();
    this.server.wakePlayers();
    this.flush();
  }

  private connect(address: RelayAddress): Socket {
    const { readBuffer } = this.server;
    const callback = (length: number): boolean => {
      this.receive(length);
      return true;
    };
    const onread = { buffer: readBuffer, callback };
    if (!("tls" in address)) return netConnect({ ...address, onread });
    const { host, port, tls } = address;
    // An address is no name that a server could have a certificate by (RFC 6066 3).
    const socket = tlsConnect({ ...(isIP(host) === 0 ? { servername: host } : {}), ...tls, host, port });
    return socket.on("data", (bytes: Buffer) => {
      for (let at = 0; at < bytes.length; at += readBuffer.length) this.receive(bytes.copy(readBuffer, 0, at));
    });
  }

  private receive(length: number): void {
    if (this.isOver) return;
    const { server } = this;
    const { connection } = this.client;
    connection.tick(server.now());
    connection.feed(server.memory, server.readStart, server.readStart + length);
    this.pump();
  }

  private finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.farewellDeadline = this.server.now() + FAREWELL;
    if (this.writer === null) this.socket.destroy();
    else this.flush();
  }

  private written(): void {
    this.client.connection.output.release();
    this.flush();
  }

  private close(): void {
    this.isOver = true;
    this.client.close(this.failure);
    this.server.wakePlayers();
    this.onClose();
  }
}
