import type { Hooks, ObjectRoom } from "@millrace/core";
import type { Server } from "../server.ts";
import type { NodeSession, SessionHost } from "../session.ts";

/** Stands between a server and the connections of other workers: neither hooks nor events hear of these. */
export class LinkHost implements SessionHost {
  readonly hooks: Hooks = {};
  readonly decisionTimeout: number;
  readonly objects: ObjectRoom;
  readonly memory: Uint8Array;
  readonly readStart: number;
  readonly readBuffer: Buffer;
  private readonly server: Server;

  constructor(server: Server) {
    this.server = server;
    this.decisionTimeout = server.decisionTimeout;
    this.objects = server.objects;
    this.memory = server.memory;
    this.readStart = server.readStart;
    this.readBuffer = server.readBuffer;
  }

  now(): number {
    return this.server.now();
  }

  emit(): void {}

  wakePlayers(): void {
    this.server.wakePlayers();
  }

  closed(session: NodeSession): void {
    this.server.closed(session);
  }
}
