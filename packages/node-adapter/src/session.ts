import type { Socket } from "node:net";
import { ConnectionEvent, type EndedRole, ErrorCode, pathOf, type RelaySession, type Request } from "@millrace/core";
import type { Answer, Hooks, Peer, ServerEvent } from "./hooks.ts";

/** How long a connection that is over may take to read what it is told last, in milliseconds. */
const FAREWELL = 1_000;

/** What a session needs of its server. */
export interface SessionHost {
  readonly hooks: Hooks;
  readonly decisionTimeout: number;
  now(): number;
  emit(event: ServerEvent): void;
  /** Players of some stream may have something to be sent. */
  wakePlayers(): void;
  closed(session: NodeSession): void;
}

/** Carries the bytes of one socket to and from a relay session. */
export class NodeSession {
  readonly relaySession: RelaySession;
  readonly peer: Peer;
  private readonly host: SessionHost;
  private readonly socket: Socket;
  private isWriting = false;
  private isOver = false;
  /** When the application must have decided; Infinity when nothing is to be decided. */
  private decisionDeadline = Number.POSITIVE_INFINITY;
  /** Counts decisions, so that a late answer does not decide the next request. */
  private decisions = 0;

  constructor(host: SessionHost, socket: Socket, relaySession: RelaySession, peer: Peer) {
    this.host = host;
    this.socket = socket;
    this.relaySession = relaySession;
    this.peer = peer;
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => this.receive(bytes));
    socket.on("end", () => socket.end());
    // What went wrong is of no interest beside the fact that it is over, which "close" tells as well.
    socket.on("error", () => {});
    socket.on("close", () => this.close());
  }

  /** Looks at the clock: see `ServerConnection.tick`. */
  tick(now: number): void {
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
    if (this.isWriting || this.socket.destroyed) return;
    const { output } = this.relaySession.connection;
    if (output.lend()) {
      this.isWriting = true;
      const { bytes, start, end } = output;
      this.socket.write(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start), this.written);
    } else if (this.isOver) {
      this.socket.end();
    }
  }

  /** Ends the connection: the peer is told why. */
  dismiss(code: string, description: string): void {
    this.relaySession.connection.dismiss(code, description);
    this.pump();
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.socket.destroy();
  }

  private receive(bytes: Buffer): void {
    if (this.isOver) return;
    const { connection } = this.relaySession;
    connection.tick(this.host.now());
    connection.feed(bytes, 0, bytes.length);
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
        return false;
      case ConnectionEvent.Request:
        if (relaySession.connection.request !== null) this.ask(relaySession.connection.request);
        return true;
      case ConnectionEvent.StreamEnded:
        if (relaySession.ended !== null) this.reportEnd(relaySession.ended);
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
    if (!(answer instanceof Promise)) {
      this.settle(request, answer);
      return;
    }
    const decision = ++this.decisions;
    this.decisionDeadline = this.host.now() + this.host.decisionTimeout;
    answer
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
    const { request } = this.relaySession.connection;
    if (request !== null) this.settle(request, answer);
    this.socket.resume();
    this.pump();
  }

  private settle(request: Request, answer: Answer): void {
    const { relaySession, peer, host } = this;
    if (answer === undefined || answer === true) {
      const path = request.kind === "connect" ? request.app : pathOf(request);
      if (!relaySession.accept(host.now())) {
        host.emit({ type: "refused", peer, what: `publish ${path}`, reason: "it is published by somebody else" });
      } else if (request.kind !== "connect") {
        host.emit({ type: request.kind, peer, path });
      }
      return;
    }
    const { reason, code } = answer === false ? { reason: "This is not allowed.", code: undefined } : answer;
    relaySession.connection.refuse(reason, code);
    const what = request.kind === "connect" ? `connect ${request.app}` : `${request.kind} ${pathOf(request)}`;
    host.emit({ type: "refused", peer, what, reason });
  }

  private reportEnd({ path, role }: EndedRole): void {
    this.host.emit({ type: role === "publisher" ? "unpublish" : "stop", peer: this.peer, path });
  }

  /** The connection is over: what waits to be told is sent, then the socket is closed. */
  private finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    const { error } = this.relaySession.connection;
    if (error !== null && error.code !== ErrorCode.Refused) {
      this.host.emit({ type: "failed", peer: this.peer, code: error.code, message: error.message });
    }
    for (const role of this.relaySession.leave()) this.reportEnd(role);
    // What still comes in is thrown away: a socket that is closed with unread bytes resets, and the farewell is lost.
    this.socket.resume();
    this.socket.setTimeout(FAREWELL, () => this.socket.destroy());
  }

  /** The socket is closed. */
  private close(): void {
    this.isOver = true;
    for (const role of this.relaySession.leave()) this.reportEnd(role);
    this.relaySession.close();
    this.host.closed(this);
    this.host.wakePlayers();
  }

  private readonly written = (): void => {
    this.isWriting = false;
    if (this.socket.destroyed) return;
    this.relaySession.connection.output.release();
    this.flush();
  };
}
