import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/errors.ts";
import { SharedObjectClient, type SharedObjectEvent, writeSharedObjectMessage } from "../../src/shared-object/index.ts";
import { call, change, release, remove, Server, use } from "./talk.ts";

const limits = {
  sharedObjects: 3,
  sharedObjectsPerConnection: 2,
  sharedObjectClients: 3,
  sharedObjectProperties: 4,
  sharedObjectBytes: 300,
  sharedObjectPropertyBytes: 100,
  sharedObjectEvents: 20,
  sharedObjectWaitingBytes: 10_000,
  nameLength: 20,
  outgoingBytes: 50_000,
};

const names = fc.constantFrom("so", "other", "third", "fourth", "");
const keys = fc.constantFrom("a", "b", "c", "d", "e", "__proto__", "constructor", "");
const event: fc.Arbitrary<SharedObjectEvent> = fc.oneof(
  fc.constantFrom(use, release, use),
  fc.tuple(keys, fc.nat(150)).map(([key, length]) => change(key, "x".repeat(length))),
  keys.map(remove),
  fc.string({ maxLength: 5 }).map((text) => call(text, text)),
  // What only servers say.
  fc.constantFrom<SharedObjectEvent>(
    { type: 8 },
    { type: 11 },
    { type: 5, name: "a" },
    { type: 9, name: "a" },
    { type: 7, code: "a", level: "error" },
  ),
);

/** Messages that are right, with bytes changed in some of them; and bytes of any kind. */
const message: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        names,
        fc.boolean(),
        fc.array(event, { maxLength: 6 }),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 1 }),
      )
      .map(([name, isPersistent, events, changes]) => {
        const bytes = writeSharedObjectMessage({ name, version: 0, isPersistent, events }, false);
        for (const [at, byte] of changes) if (at % 3 === 0) bytes[at % bytes.length] = byte;
        return bytes;
      }),
  },
);

/** Loads and stores. */
function keep(server: Server): void {
  for (const task of server.tasks.splice(0)) {
    if (task.kind === "load") server.objects.loaded(task, null);
    else if (task.kind === "store") server.objects.stored(task);
  }
  server.run();
}

/** As `expect`, for what is asked a million times. */
function demand(isTrue: boolean): void {
  if (!isTrue) expect(isTrue).toBe(true);
}

describe("clients that say anything", () => {
  it("end their own connection at most; what others share stays within its limits and the same for all", () => {
    const seen = new Set<number | null>();
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), message, fc.nat(9)), { maxLength: 40, size: "max" }), (path) => {
        const server = new Server(limits);
        const honest = new SharedObjectClient(server.objects.limits);
        const peer = server.objects.join(1_000, "app");
        honest.connected();
        const object = honest.open("so");
        const hostile = Array.from({ length: 4 }, () => server.connect());
        const talk = (): void => {
          for (const { messageType, payload } of honest.takeMessages()) {
            demand(peer.receive(messageType, payload, 0, payload.length) === null);
          }
          server.run();
          for (const { messageType, payload } of peer.takeMessages()) {
            demand(honest.receive(messageType, payload, 0, payload.length) === null);
          }
          while (object.poll() !== null);
        };
        talk();
        for (const [index, bytes, choice] of path) {
          const client = hostile[index];
          const error = client?.peer.receive(choice === 0 ? 16 : 19, bytes, 0, bytes.length) ?? null;
          seen.add(error?.code ?? null);
          server.run();
          if (choice < 3) object.set("mine", choice);
          if (choice !== 9) talk();
          if (error !== null || choice === 8) {
            client?.peer.leave();
            hostile[index] = server.connect();
          }
          keep(server);
          demand(server.objects.list().length <= limits.sharedObjects);
          for (const { clients, names } of server.objects.list()) {
            demand(clients <= limits.sharedObjectClients && names.length <= limits.sharedObjectProperties);
          }
        }
        talk();
        talk();
        expect(object.isSettled).toBe(true);
        const shared = server.objects.find("app", "so");
        expect(object.names.sort()).toEqual(shared?.names.sort());
        for (const name of object.names) expect(object.get(name)).toBe(shared?.get(name));
        for (const { peer } of hostile) peer.leave();
        while (server.tasks.length > 0) keep(server);
        expect(server.objects.list().map(({ name }) => name)).toEqual(["so"]);
      }),
      { numRuns: 1_000 },
    );
    for (const code of [null, ErrorCode.SharedObjectTruncated]) expect(seen).toContain(code);
  });

  it("cost what they send: many tiny events, each with much content, do not multiply", () => {
    const server = new Server();
    const author = server.connect();
    author.say("so", use, ...Array.from({ length: 1_000 }, (_, index) => change(`k${index}`, index)));
    const reader = server.connect();
    reader.say("so", ...Array.from({ length: 1_000 }, () => use));
    // The content once, and once more for all that asked again.
    expect(reader.peer.takeMessages().reduce((sum, { payload }) => sum + payload.length, 0)).toBeLessThan(60_000);
  });
});
