import type { Transport, TransportListener } from "@millrace/client";

const READ_BYTES = 65_536;

/** One of Deno's connections, for a client. */
export class ConnTransport implements Transport {
  private readonly conn: Deno.Conn;
  /** What is read lies here, until the next read. */
  private readonly memory: Uint8Array = new Uint8Array(READ_BYTES);
  private listener: TransportListener | null = null;
  private isPaused = false;
  /** Goes on reading, if that waits. */
  private goOn: () => void = () => {};
  /** Settles when our own end is closed. */
  private readonly ended: Promise<void>;
  private tellEnded: () => void = () => {};
  private isDestroyed = false;
  private error: Error | null = null;

  constructor(conn: Deno.Conn) {
    this.conn = conn;
    this.ended = new Promise((resolve) => {
      this.tellEnded = resolve;
    });
  }

  start(listener: TransportListener): void {
    this.listener = listener;
    this.read(listener);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.goOn();
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length; ) at += await this.conn.write(bytes.subarray(at));
    } catch (error) {
      this.fail(error);
    }
    if (!this.isDestroyed) this.listener?.handleWritten();
  }

  end(): void {
    // If that fails, the connection is broken: the read says so.
    this.conn.closeWrite().then(this.tellEnded, this.tellEnded);
  }

  destroy(): void {
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    this.conn.close();
    this.tellEnded();
    this.resume();
  }

  /** Reads until the connection is over, then closes it. */
  private async read(listener: TransportListener): Promise<void> {
    const { memory } = this;
    for (let length = await this.readOnce(); length !== null; length = await this.readOnce()) {
      listener.handleBytes(memory, 0, length);
    }
    if (!this.isDestroyed) {
      listener.handleEnd();
      await this.ended;
      this.destroy();
    }
    listener.handleClose(this.error);
  }

  /** @returns how many bytes came; null when none will. */
  private async readOnce(): Promise<number | null> {
    if (this.isPaused) {
      await new Promise<void>((resolve) => {
        this.goOn = resolve;
      });
    }
    if (this.isDestroyed) return null;
    try {
      return await this.conn.read(this.memory);
    } catch (error) {
      this.fail(error);
      return null;
    }
  }

  private fail(error: unknown): void {
    // What was under way when it was cut fails as well.
    if (!this.isDestroyed) this.error = error instanceof Error ? error : new Error(String(error));
    this.destroy();
  }
}
