import type { SharedObjectEvent } from "./event.ts";
import type { SharedObjectPeer } from "./peer.ts";
import type { UseTask } from "./task.ts";

/** What a client of a shared object may do beside reading it. */
export interface SharedObjectAccess {
  /** To change and remove properties. */
  readonly canWrite: boolean;
  /** To call methods on all clients. What is sent without this goes nowhere, and nobody is told. */
  readonly canSend: boolean;
}

/** Events of one message, and about how much memory they take. */
export interface Batch {
  readonly events: readonly SharedObjectEvent[];
  readonly cost: number;
}

/** One client of one object. */
export class Member {
  readonly peer: SharedObjectPeer;
  readonly use: UseTask;
  /** null until it was decided. */
  access: SharedObjectAccess | null = null;
  /** Whether it was let in: what it asks for is done from now on. */
  isAdmitted = false;
  /** Whether it was told the content: changes go to it from now on. */
  isSharing = false;
  private waiting: Batch[] = [];

  constructor(peer: SharedObjectPeer, use: UseTask) {
    this.peer = peer;
    this.use = use;
  }

  /** Whether something waits until it, or the object, is ready. */
  get isWaiting(): boolean {
    return this.waiting.length > 0;
  }

  wait(batch: Batch): void {
    this.waiting.push(batch);
    this.peer.waitingBytes += batch.cost;
  }

  /** What came first of what waits. */
  take(): Batch | undefined {
    const batch = this.waiting.shift();
    this.peer.waitingBytes -= batch?.cost ?? 0;
    return batch;
  }

  forget(): void {
    while (this.isWaiting) this.take();
  }
}
