import type { Socket } from "node:net";
import type { Transport, TransportListener } from "@millrace/client";

/** One of Node's sockets, for a client. */
export class SocketTransport implements Transport {
  private readonly socket: Socket;
  private listener: TransportListener | null = null;

  /** @param socket - connected */
  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    // The socket keeps its error until "close" comes.
    socket.on("error", () => {});
  }

  start(listener: TransportListener): void {
    const { socket } = this;
    this.listener = listener;
    // Not as a Buffer, whose slices are no copies.
    socket.on("data", ({ buffer, byteOffset, length }: Buffer) =>
      listener.handleBytes(new Uint8Array(buffer, byteOffset, length), 0, length),
    );
    socket.on("end", () => listener.handleEnd());
    const closed = (): void => listener.handleClose(socket.errored);
    if (socket.closed) queueMicrotask(closed);
    else socket.on("close", closed);
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  write(bytes: Uint8Array): void {
    // After an error the socket is about to be closed.
    this.socket.write(bytes, (error) => error || this.listener?.handleWritten());
  }

  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }
}
