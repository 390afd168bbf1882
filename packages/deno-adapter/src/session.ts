import {
  type AmfValue,
  type BufferPool,
  type Carrier,
  type Peer,
  PeerStep,
  RelayPeer,
  type RelayPeerHost,
  type RelaySession,
} from "@millrace/core";

/** How long a connection that is over may take to read what it is told last, in milliseconds. */
const FAREWELL = 1_000;

// What one connection reads into. Deno reads all connections at once, each into memory of its own, also those that say
// next to nothing: players. So a connection begins with a small block, and gets a larger one when it fills what it has.
const SMALLEST_READ = 2_048;
const LARGEST_READ = 65_536;
const NO_BLOCK = -1;

/** What a session needs of its server. */
export interface SessionHost extends RelayPeerHost {
  /** Players of some stream may have something to be sent. */
  wakePlayers(): void;
  closed(session: DenoSession): void;
}

/** Carries the bytes of one connection to and from a relay session. */
export class DenoSession implements Carrier {
  readonly relaySession: RelaySession;
  private readonly host: SessionHost;
  private readonly conn: Deno.Conn;
  private readonly pool: BufferPool;
  private readonly relayPeer: RelayPeer;
  private isOver = false;
  /** False when our end of the connection is closed, or about to be. */
  private isWritable = true;
  private isWriting = false;
  /** Settles, without an error, when nothing is being written. */
  private writing: Promise<void> = Promise.resolve();
  /** Whether a decision is waited for: what was read is not used up, and nothing more is read. */
  private isWaiting = false;
  private stopWaiting: (() => void) | null = null;
  /** When a connection that is over is cut, whatever the peer does; Infinity while it is not over. */
  private farewellDeadline: number = Number.POSITIVE_INFINITY;

  constructor(host: SessionHost, conn: Deno.Conn, pool: BufferPool, relaySession: RelaySession, peer: Peer) {
    this.host = host;
    this.conn = conn;
    this.pool = pool;
    this.relaySession = relaySession;
    this.relayPeer = new RelayPeer(
      host,
      relaySession,
      peer,
      () => this.goOn(),
      () => this.flush(),
    );
    relaySession.carrier = this;
  }

  /** Serves the peer. @returns when the connection is closed. */
  async run(): Promise<void> {
    await this.read();
    // A peer that sends nothing more is gone: it could not even answer a ping.
    this.finish();
    this.flush();
    // Memory that is being written must not be lent to others.
    await this.writing;
    this.destroy();
    this.relaySession.close();
    this.host.closed(this);
    this.host.wakePlayers();
  }

  /** Looks at the clock: see `ServerConnection.tick`. */
  tick(now: number): void {
    if (now >= this.farewellDeadline) this.destroy();
    if (this.isOver || this.relayPeer.expire(now)) return;
    this.relaySession.connection.tick(now);
    if (this.relaySession.connection.error !== null) this.pump();
    else this.flush();
  }

  /** Writes what waits, unless a write is under way, whose end will do it. */
  flush(): void {
    if (this.isWriting || !this.isWritable) return;
    const hasMore = this.relaySession.connection.output.lend();
    if (!hasMore && !this.isOver) return;
    this.isWriting = true;
    this.writing = this.write(hasMore);
  }

  get peer(): Peer {
    return this.relayPeer.peer;
  }

  /** Calls a method of the peer's. */
  call(name: string, values: readonly AmfValue[]): Promise<AmfValue> {
    const answer = this.relayPeer.call(name, values);
    this.flush();
    return answer;
  }

  /** Asks the peer to connect again. @returns whether it understands that. */
  requestReconnect(url: string | null): boolean {
    const isAsked = this.relaySession.requestReconnect(url);
    this.flush();
    return isAsked;
  }

  /** Ends the connection: the peer is told why. */
  dismiss(code: string, description: string): void {
    this.relaySession.connection.dismiss(code, description);
    this.pump();
  }

  /** Ends the connection at once: what is being read or written is given up. */
  destroy(): void {
    this.isWritable = false;
    this.resume();
    try {
      this.conn.close();
    } catch {
      // It was closed already.
    }
  }

  /** Does all that can be done with what was received, and with what the application decided. */
  pump(): void {
    while (!this.isOver && this.step());
    this.host.wakePlayers();
    this.flush();
  }

  /** Reads until the connection ends, however it does. */
  private async read(): Promise<void> {
    const { conn, pool } = this;
    let size = SMALLEST_READ;
    let block = pool.take(size);
    if (block === NO_BLOCK) return;
    let memory = pool.memory.subarray(block, block + size);
    try {
      for (;;) {
        const length = await conn.read(memory);
        if (length === null) return;
        this.receive(block, length);
        while (this.isWaiting) await new Promise<void>((resolve) => (this.stopWaiting = resolve));
        if (length < size || size === LARGEST_READ) continue;
        const larger = pool.take(2 * size);
        if (larger === NO_BLOCK) continue;
        pool.give(block);
        block = larger;
        size *= 2;
        memory = pool.memory.subarray(block, block + size);
      }
    } catch {
      // What went wrong is of no interest beside the fact that it is over.
    } finally {
      pool.give(block);
    }
  }

  private receive(block: number, length: number): void {
    // What still comes in is thrown away: a socket that is closed with unread bytes resets, and the farewell is lost.
    if (this.isOver) return;
    const { connection } = this.relaySession;
    connection.tick(this.host.now());
    connection.feed(this.pool.memory, block, block + length);
    this.pump();
  }

  /** @returns whether there may be more to do at once. */
  private step(): boolean {
    switch (this.relayPeer.step()) {
      case PeerStep.Done:
        return false;
      case PeerStep.More:
        return true;
      case PeerStep.Waiting:
        this.isWaiting = true;
        return false;
      case PeerStep.Over:
        this.finish();
        return false;
    }
  }

  /** The application has decided. */
  private goOn(): void {
    this.isWaiting = false;
    this.pump();
    if (!this.isWaiting) this.resume();
  }

  private resume(): void {
    this.isWaiting = false;
    this.stopWaiting?.();
    this.stopWaiting = null;
  }

  /** The connection is over: what waits to be told is sent, then it is closed. */
  private finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.farewellDeadline = this.host.now() + FAREWELL;
    this.relayPeer.finish();
    this.resume();
  }

  /** Writes what was lent, and all that follows; at the connection's end it says that nothing more comes. */
  private async write(hasMore: boolean): Promise<void> {
    const { conn } = this;
    const { output } = this.relaySession.connection;
    try {
      while (hasMore) {
        const { bytes, end } = output;
        for (let at = output.start; at < end; ) at += await conn.write(bytes.subarray(at, end));
        output.release();
        hasMore = this.isWritable && output.lend();
      }
      if (this.isOver && this.isWritable) {
        this.isWritable = false;
        await conn.closeWrite();
      }
    } catch {
      this.destroy();
    }
    this.isWriting = false;
  }
}
