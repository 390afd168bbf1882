import type { AmfValue } from "../amf/index.ts";
import { MessageType } from "../chunk/index.ts";
import { ConnectionEvent, MethodCalls } from "../connection/index.ts";
import type { SharedObjectPeer } from "../shared-object/index.ts";
import { Admission, type AdmissionHost } from "./admission.ts";
import type { Peer } from "./hooks.ts";
import type { ObjectRoom } from "./object-room.ts";
import type { RelaySession } from "./session.ts";

/** What {@link RelayPeer.step} found. */
export const PeerStep = {
  /** All that was read is used up. */
  Done: 0,
  /** There may be more to do at once. */
  More: 1,
  /** The application decides: nothing more is read until then. */
  Waiting: 2,
  /** The connection is over. */
  Over: 3,
} as const;
export type PeerStep = (typeof PeerStep)[keyof typeof PeerStep];

/** What a peer needs of its server. */
export interface RelayPeerHost extends AdmissionHost {
  readonly objects: ObjectRoom;
}

/** One peer as the application sees it: hooks decide what it may do, methods are called, events are told. */
export class RelayPeer {
  readonly peer: Peer;
  private readonly relaySession: RelaySession;
  private readonly admission: Admission;
  private readonly host: RelayPeerHost;
  private readonly calls: MethodCalls<Peer>;
  /** Since it used its first shared object. */
  private sharer: SharedObjectPeer | null = null;

  /**
   * @param onDecided - called after a late answer of a hook: there is more to poll
   * @param onAnswered - called after one of a method: there is something to be sent
   */
  constructor(
    host: RelayPeerHost,
    relaySession: RelaySession,
    peer: Peer,
    onDecided: () => void,
    onAnswered: () => void,
  ) {
    this.host = host;
    this.peer = peer;
    this.relaySession = relaySession;
    this.admission = new Admission(host, relaySession, peer, onDecided);
    const { methods = {} } = host.hooks;
    const onFault = (error: unknown): void => host.emit({ type: "hook-failed", peer, error });
    const most = relaySession.mostCalls;
    this.calls = new MethodCalls(relaySession.connection, { methods, caller: peer, most, onAnswered, onFault });
  }

  /** Does the next thing that there is to do. */
  step(): PeerStep {
    switch (this.relaySession.poll()) {
      case ConnectionEvent.NeedData:
        return PeerStep.Done;
      case ConnectionEvent.Waiting:
        return PeerStep.Waiting;
      case ConnectionEvent.Request:
        this.admission.ask();
        return PeerStep.More;
      case ConnectionEvent.StreamEnded:
        this.admission.reportEnds();
        return PeerStep.More;
      case ConnectionEvent.Command:
        this.calls.takeCommand();
        return PeerStep.More;
      case ConnectionEvent.Answer:
        this.calls.takeAnswer();
        return PeerStep.More;
      case ConnectionEvent.Message:
        this.takeMessage();
        return PeerStep.More;
      case ConnectionEvent.Failed:
      case ConnectionEvent.Closed:
        return PeerStep.Over;
    }
  }

  /** Refuses what was not decided in time. @returns whether something was. */
  expire(now: number): boolean {
    return this.admission.expire(now);
  }

  /** Calls a method of the peer's. @returns what it answers; rejects with a `CallError`. */
  call(name: string, values: readonly AmfValue[]): Promise<AmfValue> {
    return this.calls.call(name, values);
  }

  /** The connection is over, by an error or not. */
  finish(): void {
    this.admission.finish();
    this.calls.close();
    if (this.sharer !== null) this.host.objects.leave(this.sharer);
    this.sharer = null;
  }

  /** No hook takes any but those of shared objects. */
  private takeMessage(): void {
    const { connection } = this.relaySession;
    const { messageType, bytes, start, end } = connection.message;
    if (messageType !== MessageType.SharedObjectAmf0 && messageType !== MessageType.SharedObjectAmf3) return;
    const { objects } = this.host;
    this.sharer ??= objects.enter(this.relaySession, this.peer);
    objects.receive(this.sharer, messageType, bytes, start, end);
  }
}
