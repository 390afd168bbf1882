import type { Socket } from "node:net";
import {
  type AmfValue,
  type Carrier,
  type Peer,
  PeerStep,
  RelayPeer,
  type RelayPeerHost,
  type RelaySession,
} from "@millrace/core";
import { readShared } from "./shared-read.ts";
import { SocketWriter } from "./socket-writer.ts";

/** How long a connection that is over may take to read what it is told last, in milliseconds. */
const FAREWELL = 1_000;

/** What a session needs of its server. */
export interface SessionHost extends RelayPeerHost {
  /** Where the bytes of every socket are read: memory[start, …), and the same as Node wants it. */
  readonly memory: Uint8Array;
  readonly readStart: number;
  readonly readBuffer: Buffer;
  /** Players of some stream may have something to be sent. */
  wakePlayers(): void;
  closed(session: NodeSession): void;
}

/** Carries the bytes of one socket to and from a relay session. */
export class NodeSession implements Carrier {
  readonly relaySession: RelaySession;
  private readonly host: SessionHost;
  private readonly socket: Socket;
  private readonly writer: SocketWriter;
  private readonly relayPeer: RelayPeer;
  private isOver = false;
  /** False when the socket is closed, or about to be. */
  private isWritable = true;
  /** When a connection that is over is cut, whatever the peer does; Infinity while it is not over. */
  private farewellDeadline = Number.POSITIVE_INFINITY;

  /** @param accepted - paused: it is read from here on. */
  constructor(host: SessionHost, accepted: Socket, relaySession: RelaySession, peer: Peer) {
    this.host = host;
    const socket = readShared(accepted, host.readBuffer, (length) => this.receive(length));
    this.socket = socket;
    this.writer = new SocketWriter(socket, () => this.written());
    this.relaySession = relaySession;
    relaySession.carrier = this;
    this.relayPeer = new RelayPeer(
      host,
      relaySession,
      peer,
      () => this.goOn(),
      () => this.flush(),
    );
    socket.setNoDelay(true);
    // A peer that sends nothing more is gone: it could not even answer a ping.
    socket.on("end", () => {
      this.finish();
      this.flush();
    });
    // What went wrong is of no interest beside the fact that it is over, which "close" tells as well.
    socket.on("error", () => {});
    socket.on("close", () => this.close());
    socket.resume();
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
    if (this.writer.isWriting || !this.isWritable) return;
    const { output } = this.relaySession.connection;
    while (output.lend()) {
      if (!this.writer.write(output.bytes, output.start, output.end)) return;
      output.release();
    }
    if (!this.isOver) return;
    this.isWritable = false;
    this.socket.end();
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

  /** Ends the connection at once. */
  destroy(): void {
    this.isWritable = false;
    this.socket.destroy();
  }

  private receive(length: number): void {
    if (this.isOver) return;
    const { connection } = this.relaySession;
    const { memory, readStart } = this.host;
    connection.tick(this.host.now());
    connection.feed(memory, readStart, readStart + length);
    this.pump();
  }

  /** Does all that can be done with what was received, and with what the application decided. */
  pump(): void {
    while (!this.isOver && this.step());
    this.host.wakePlayers();
    this.flush();
  }

  /** @returns whether there may be more to do at once. */
  private step(): boolean {
    const { connection } = this.relaySession;
    switch (this.relayPeer.step()) {
      case PeerStep.Done:
        return false;
      case PeerStep.More:
        return true;
      case PeerStep.Waiting:
        this.socket.pause();
        // The next socket to be read overwrites what this one has not looked at yet.
        connection.keepUnread();
        return connection.error !== null;
      case PeerStep.Over:
        this.finish();
        return false;
    }
  }

  /** The application has decided. */
  private goOn(): void {
    this.socket.resume();
    this.pump();
  }

  /** The connection is over: what waits to be told is sent, then the socket is closed. */
  private finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.relayPeer.finish();
    // What still comes in is thrown away: a socket that is closed with unread bytes resets, and the farewell is lost.
    this.socket.resume();
    this.farewellDeadline = this.host.now() + FAREWELL;
  }

  /** The socket is closed. */
  private close(): void {
    this.isOver = true;
    this.isWritable = false;
    this.relayPeer.finish();
    this.relaySession.close();
    this.host.closed(this);
    this.host.wakePlayers();
  }

  /** The piece that was under way is written. */
  private written(): void {
    this.relaySession.connection.output.release();
    this.flush();
  }
}
