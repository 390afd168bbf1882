import type { Request } from "../connection/index.ts";
import { ErrorCode } from "../errors.ts";
import type { HookAnswer, HookRefusal, Hooks, Peer, ServerEvent } from "./hooks.ts";
import { pathOf, type RelaySession } from "./session.ts";

/** What an admission needs of its server. */
export interface AdmissionHost {
  readonly hooks: Hooks;
  readonly decisionTimeout: number;
  /** Milliseconds of a monotonic clock. */
  now(): number;
  emit(event: ServerEvent): void;
}

/** Lets the application decide what one peer may do, and tells it what became of that. The adapters share it. */
export class Admission {
  private readonly host: AdmissionHost;
  private readonly relaySession: RelaySession;
  private readonly peer: Peer;
  private readonly onDecided: () => void;
  /** When the application must have decided; Infinity when nothing is to be decided. */
  private deadline: number = Number.POSITIVE_INFINITY;
  private isOver = false;

  /** @param onDecided - called after a late answer: there is more to poll. */
  constructor(host: AdmissionHost, relaySession: RelaySession, peer: Peer, onDecided: () => void) {
    this.host = host;
    this.relaySession = relaySession;
    this.peer = peer;
    this.onDecided = onDecided;
  }

  /** Asks the hook for the connection's request. Where it answers at once, so does this. */
  ask(): void {
    this.reportEnds();
    const { request } = this.relaySession.connection;
    if (request === null) return;
    let answer: HookAnswer | Promise<HookAnswer>;
    try {
      answer = this.callHook(request);
    } catch (error) {
      answer = this.blameHook(error);
    }
    if (!isPromise(answer)) {
      this.settle(request, answer);
      return;
    }
    this.deadline = this.host.now() + this.host.decisionTimeout;
    Promise.resolve(answer)
      .catch((error: unknown) => this.blameHook(error))
      .then((value) => {
        // Unless it was refused in the meantime, because this took too long; then another request may wait.
        const isOpen = !this.isOver && this.relaySession.connection.request === request;
        if (isOpen) this.decide(request, value);
      });
  }

  /** Refuses what was not decided in time. @returns whether something was. */
  expire(now: number): boolean {
    const { request } = this.relaySession.connection;
    if (this.isOver || request === null || now < this.deadline) return false;
    this.decide(request, { reason: "The server could not decide in time." });
    return true;
  }

  /** Tells what ended since the last time. */
  reportEnds(): void {
    for (const { path, role } of this.relaySession.takeEnded()) {
      this.host.emit({ type: role === "publisher" ? "unpublish" : "stop", peer: this.peer, path });
    }
  }

  /** The connection is over, by an error or not: nothing is decided any more. */
  finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    const { error } = this.relaySession.connection;
    if (error !== null && error.code !== ErrorCode.Refused) {
      this.host.emit({ type: "failed", peer: this.peer, code: error.code, message: error.message });
    }
    this.relaySession.leave();
    this.reportEnds();
  }

  private callHook(request: Request): HookAnswer | Promise<HookAnswer> {
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

  private blameHook(error: unknown): HookAnswer {
    this.host.emit({ type: "hook-failed", peer: this.peer, error });
    return { reason: "The server could not decide." };
  }

  /** The application's late answer. */
  private decide(request: Request, answer: HookAnswer): void {
    this.deadline = Number.POSITIVE_INFINITY;
    // The peer was not read meanwhile: that is not its silence.
    this.relaySession.connection.tick(this.host.now());
    this.settle(request, answer);
    this.onDecided();
  }

  private settle(request: Request, answer: HookAnswer): void {
    const { relaySession, peer, host } = this;
    // A hook may have ended the connection, by shutting the server down for instance.
    if (relaySession.connection.request !== request) return;
    if (answer === undefined || answer === true) {
      this.grant(request);
      return;
    }
    // A hook in JavaScript may answer anything: what says neither yes nor why not is a no.
    const { reason = "This is not allowed.", code } = Object(answer) as Partial<HookRefusal>;
    relaySession.connection.refuse(reason, code);
    const what = request.kind === "connect" ? `connect ${request.app}` : `${request.kind} ${pathOf(request)}`;
    host.emit({ type: "refused", peer, what, reason });
  }

  /** The application has nothing against it. */
  private grant(request: Request): void {
    const { relaySession, host } = this;
    const lookUp = relaySession.lookUp();
    if (lookUp === null) {
      this.accept(request);
      return;
    }
    this.deadline = host.now() + host.decisionTimeout;
    lookUp.then(() => {
      if (this.isOver || relaySession.connection.request !== request) return;
      this.deadline = Number.POSITIVE_INFINITY;
      relaySession.connection.tick(host.now());
      this.accept(request);
      this.onDecided();
    });
  }

  private accept(request: Request): void {
    const { relaySession, peer, host } = this;
    const path = request.kind === "connect" ? request.app : pathOf(request);
    if (!relaySession.accept(host.now())) {
      host.emit({ type: "refused", peer, what: `${request.kind} ${path}`, reason: relaySession.refusal });
    } else if (request.kind !== "connect") {
      host.emit({ type: request.kind, peer, path });
    }
  }
}

/** Also those of other libraries. */
function isPromise(answer: HookAnswer | Promise<HookAnswer>): answer is Promise<HookAnswer> {
  return typeof answer === "object" && "then" in answer;
}
