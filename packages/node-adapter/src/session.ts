import type { Socket } from "node:net";
import { type Carrier, ConnectionEvent, ErrorCode, pathOf, type RelaySession, type Request } from "@millrace/core";
import type { Answer, Hooks, Peer, Refusal, ServerEvent } from "./hooks.ts";
import { readShared } from "./shared-read.ts";
import { SocketWriter } from "./socket-writer.ts";

/** How long a connection that is over may take to read what it is told last, in milliseconds. */
const FAREWELL = 1_000;

/** What a session needs of its server. */
export interface SessionHost {
  readonly hooks: Hooks;
  readonly decisionTimeout: number;
  /** Where the bytes of every socket are read: memory[start, …), and the same as Node wants it. */
  readonly memory: Uint8Array;
  readonly readStart: number;
  readonly readBuffer: Buffer;
  now(): number;
  emit(event: ServerEvent): void;
  /** Players of some stream may have something to be sent. */
  wakePlayers(): void;
  closed(session: NodeSession): void;
}

/** Carries the bytes of one socket to and from a relay session. */
export class NodeSession implements Carrier {
  readonly relaySession: RelaySession;
  readonly peer: Peer;
  private readonly host: SessionHost;
  private readonly socket: Socket;
  private readonly writer: SocketWriter;
  private isOver = false;
  /** False when the socket is closed, or about to be. */
  private isWritable = true;
  /** When the application must have decided; Infinity when nothing is to be decided. */
  private decisionDeadline = Number.POSITIVE_INFINITY;
  /** Counts decisions, so that a late answer does not decide the next request. */
  private decisions = 0;
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
    this.peer = peer;
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
    if (this.isOver) return;
    if (now >= this.decisionDeadline) {
      this.decide({ reason: "The server could not decide in time." });
      return;
    }
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
    const { relaySession } = this;
    switch (relaySession.poll()) {
      case ConnectionEvent.NeedData:
        return false;
      case ConnectionEvent.Waiting:
        this.socket.pause();
        // The next socket to be read overwrites what this one has not looked at yet.
        relaySession.connection.keepUnread();
        return relaySession.connection.error !== null;
      case ConnectionEvent.Request:
        this.reportEnds();
        if (relaySession.connection.request !== null) this.ask(relaySession.connection.request);
        return true;
      case ConnectionEvent.StreamEnded:
        this.reportEnds();
        return true;
      case ConnectionEvent.Message:
      case ConnectionEvent.Command:
        // No hook takes these: the next poll answers a command that it failed.
        return true;
      case ConnectionEvent.Failed:
      case ConnectionEvent.Closed:
        this.finish();
        return false;
    }
  }

  /** Lets the application decide. Where it answers at once, so does this. */
  private ask(request: Request): void {
    let answer: Answer | Promise<Answer>;
    try {
      answer = this.callHook(request);
    } catch (error) {
      answer = this.blameHook(error);
    }
    if (!isPromise(answer)) {
      this.settle(request, answer);
      return;
    }
    const decision = ++this.decisions;
    this.decisionDeadline = this.host.now() + this.host.decisionTimeout;
    Promise.resolve(answer)
      .catch((error: unknown) => this.blameHook(error))
      .then((value) => {
        if (!this.isOver && decision === this.decisions) this.decide(value);
      });
  }

  private callHook(request: Request): Answer | Promise<Answer> {
    const { hooks } = this.host;
    switch (request.kind) {
      case "connect":
        return hooks.onConnect?.(request, this.peer);
      case "publish":
        return hooks.onPublish?.(request, this.peer);
      case "play":
        return hooks.onPlay?.(request, this.peer);
    }
  }

  private blameHook(error: unknown): Answer {
    this.host.emit({ type: "hook-failed", peer: this.peer, error });
    return { reason: "The server could not decide." };
  }

  /** The application's late answer. */
  private decide(answer: Answer): void {
    this.decisions++;
    this.decisionDeadline = Number.POSITIVE_INFINITY;
    const { connection } = this.relaySession;
    // The peer was not read meanwhile: that is not its silence.
    connection.tick(this.host.now());
    if (connection.request !== null) this.settle(connection.request, answer);
    this.socket.resume();
    this.pump();
  }

  private settle(request: Request, answer: Answer): void {
    const { relaySession, peer, host } = this;
    // A hook may have ended the connection, by shutting the server down for instance.
    if (relaySession.connection.request !== request) return;
    if (answer === undefined || answer === true) {
      const path = request.kind === "connect" ? request.app : pathOf(request);
      if (!relaySession.accept(host.now())) {
        host.emit({ type: "refused", peer, what: `${request.kind} ${path}`, reason: relaySession.refusal });
      } else if (request.kind !== "connect") {
        host.emit({ type: request.kind, peer, path });
      }
      return;
    }
    // A hook in JavaScript may answer anything: what says neither yes nor why not is a no.
    const { reason = "This is not allowed.", code } = Object(answer) as Partial<Refusal>;
    relaySession.connection.refuse(reason, code);
    const what = request.kind === "connect" ? `connect ${request.app}` : `${request.kind} ${pathOf(request)}`;
    host.emit({ type: "refused", peer, what, reason });
  }

  private reportEnds(): void {
    for (const { path, role } of this.relaySession.takeEnded()) {
      this.host.emit({ type: role === "publisher" ? "unpublish" : "stop", peer: this.peer, path });
    }
  }

  /** The connection is over: what waits to be told is sent, then the socket is closed. */
  private finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    const { error } = this.relaySession.connection;
    if (error !== null && error.code !== ErrorCode.Refused) {
      this.host.emit({ type: "failed", peer: this.peer, code: error.code, message: error.message });
    }
    this.relaySession.leave();
    this.reportEnds();
    // What still comes in is thrown away: a socket that is closed with unread bytes resets, and the farewell is lost.
    this.socket.resume();
    this.farewellDeadline = this.host.now() + FAREWELL;
  }

  /** The socket is closed. */
  private close(): void {
    this.isOver = true;
    this.isWritable = false;
    this.relaySession.leave();
    this.reportEnds();
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

/** Also those of other libraries. */
function isPromise(answer: Answer | Promise<Answer>): answer is Promise<Answer> {
  return typeof answer === "object" && "then" in answer;
}
