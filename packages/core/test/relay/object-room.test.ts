import { expect, it } from "vitest";
import { ErrorCode } from "../../src/errors.ts";
import { limitsWith } from "../../src/limits.ts";
import { ObjectRoom } from "../../src/relay/index.ts";
import {
  encodeValue,
  type SharedObjectEvent,
  SharedObjectEventType,
  sharedObjectMessages,
} from "../../src/shared-object/index.ts";
import { type Peer, World } from "./client.ts";

it("a client that does not read what it shares is ended; others are not", () => {
  const limits = limitsWith({ outgoingBytes: 100_000 });
  const world = new World({ limits });
  const hooks = {};
  const room = new ObjectRoom({ hooks, decisionTimeout: 1_000, now: () => world.now, emit: () => {} }, limits, null);
  const join = (id: number): { peer: Peer; say: (event: SharedObjectEvent) => void } => {
    const peer = world.open();
    peer.connect();
    peer.hear();
    const sharer = room.enter(peer.session, { id, address: "" });
    const say = (event: SharedObjectEvent): void => {
      const head = { name: "room", version: 0, isPersistent: false };
      for (const { messageType, payload } of sharedObjectMessages({ ...head, events: [event] }, false)) {
        room.receive(sharer, messageType, payload, 0, payload.length);
      }
    };
    say({ type: SharedObjectEventType.Use });
    return { peer, say };
  };
  const [deaf, talker] = [join(1), join(2)];
  const value = encodeValue("x".repeat(1_000));
  for (let count = 0; count < 200; count++) {
    talker.say({ type: SharedObjectEventType.RequestChange, name: `key ${count % 10}`, value });
    talker.peer.hear();
    expect(deaf.peer.session.connection.output.waitingBytes).toBeLessThan(110_000);
  }
  expect(deaf.peer.session.connection.error?.code).toBe(ErrorCode.OutgoingBytesLimit);
  expect(talker.peer.session.connection.error).toBeNull();
});
