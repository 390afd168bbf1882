import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import type { RelayPull } from "@millrace/core";
import type { Server } from "../server.ts";

const RANDOM_BYTES = 1528;
const WRITE_BYTES = 4096;

/** Carries the bytes of one stream that is pulled from another worker. */
export class PullSocket {
  /** The worker that it comes from. */
  readonly owner: number;
  private readonly server: Server;
  private readonly pull: RelayPull;
  private readonly socket: Socket;
  private readonly onLoss: () => void;
  private readonly outgoing = new Uint8Array(WRITE_BYTES);
  private isOver = false;

  /**
   * @param onLoss - told when it ends without {@link end}
   * @returns null when somebody publishes the path here.
   */
  static open(server: Server, path: string, owner: number, address: string, onLoss: () => void): PullSocket | null {
    const pull = server.relay.pull(path, randomBytes(RANDOM_BYTES), server.now());
    return pull && new PullSocket(server, pull, owner, address, onLoss);
  }

  private constructor(server: Server, pull: RelayPull, owner: number, address: string, onLoss: () => void) {
    this.server = server;
    this.pull = pull;
    this.owner = owner;
    this.onLoss = onLoss;
    const callback = (length: number): boolean => {
      this.receive(length);
      return true;
    };
    this.socket = connect({ path: address, onread: { buffer: server.readBuffer, callback } });
    // What went wrong is of no interest beside the fact that it is over, which "close" tells as well.
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      if (this.leave()) this.onLoss();
      this.pull.close();
    });
    this.flush();
  }

  tick(): void {
    this.pull.connection.tick(this.server.now());
    this.pump();
  }

  /** It is not wanted any more. */
  end(): void {
    this.leave();
    this.socket.destroy();
  }

  private receive(length: number): void {
    if (this.isOver) return;
    const { server, pull } = this;
    pull.connection.tick(server.now());
    pull.connection.feed(server.memory, server.readStart, server.readStart + length);
    this.pump();
  }

  private pump(): void {
    if (!this.pull.poll()) this.socket.destroy();
    this.server.wakePlayers();
    this.flush();
  }

  /** Few bytes go out: what is asked for, and acknowledgements. */
  private flush(): void {
    const { outgoing, pull, socket } = this;
    if (socket.destroyed) return;
    for (;;) {
      const length = pull.connection.output.transmit(outgoing, 0, WRITE_BYTES);
      if (length === 0) return;
      socket.write(outgoing.slice(0, length));
    }
  }

  /** @returns whether it was not over before. */
  private leave(): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    this.pull.leave();
    this.server.wakePlayers();
    return true;
  }
}
