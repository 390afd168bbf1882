import { describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/errors.ts";
import {
  decodeValue,
  encodeValue,
  readSnapshot,
  type SharedObjectEvent,
  writeSnapshot,
} from "../../src/shared-object/index.ts";
import { type Connection, call, change, release, remove, Server, use } from "./talk.ts";

const persistent = { name: "so", isPersistent: true };

function stored(snapshot: Uint8Array): Record<string, unknown> {
  const read = readSnapshot(snapshot);
  if ("code" in read) throw new Error(read.message);
  return Object.fromEntries([...read.properties].map(([name, value]) => [name, decodeValue(value)]));
}

/** Connections that share a persistent object with nothing in it. */
function sharing(server: Server, count: number): Connection[] {
  const connections = Array.from({ length: count }, () => server.connect());
  for (const connection of connections) connection.sayOf(persistent, use);
  server.objects.loaded(server.take("load"), null);
  for (const connection of connections) connection.heard;
  return connections;
}

describe("a persistent object", () => {
  it("is loaded once; until then all that use it wait", () => {
    const server = new Server();
    const [first, second] = [server.connect(), server.connect()];
    first.sayOf(persistent, use, change("b", 2));
    second.sayOf(persistent, use);
    expect([first.heard, second.heard]).toEqual([[], []]);
    const properties = new Map([["a", encodeValue(1)]]);
    const error = server.objects.loaded(server.take("load"), writeSnapshot({ name: "so", version: 41, properties }));
    expect(error).toBeNull();
    expect(first.heard).toEqual(['so use-success, clear, change "a" 1']);
    const task = server.take("store");
    expect(stored(task.snapshot)).toEqual({ a: 1, b: 2 });
    server.objects.stored(task);
    expect(first.heard).toEqual(['so success "b"']);
    expect(second.heard).toEqual(['so use-success, clear, change "a" 1, change "b" 2']);
    expect(server.objects.find("app", "so")?.version).toBe(42);
    expect(server.tasks).toEqual([]);
  });

  it("tells nobody of a change that is not stored", () => {
    const server = new Server();
    const [author, other] = sharing(server, 2) as [Connection, Connection];
    author.sayOf(persistent, change("a", 1), call("hi"));
    expect([author.heard, other.heard]).toEqual([[], []]);
    server.objects.stored(server.take("store"));
    expect(author.heard).toEqual(['so success "a", send "hi"']);
    expect(other.heard).toEqual(['so change "a" 1, send "hi"']);
  });

  it("stores what comes while it is stored in one piece afterwards", () => {
    const server = new Server();
    const [author, other] = sharing(server, 2) as [Connection, Connection];
    author.sayOf(persistent, change("a", 1));
    author.sayOf(persistent, change("a", 2));
    other.sayOf(persistent, change("b", 3));
    const first = server.take("store");
    expect(stored(first.snapshot)).toEqual({ a: 1 });
    expect(server.tasks).toEqual([]);
    server.objects.stored(first);
    expect([author.heard, other.heard]).toEqual([['so success "a"'], ['so change "a" 1']]);
    const second = server.take("store");
    expect(stored(second.snapshot)).toEqual({ a: 2, b: 3 });
    server.objects.stored(second);
    expect(author.heard).toEqual(['so success "a"', 'so change "b" 3']);
    expect(other.heard).toEqual(['so change "a" 2', 'so success "b"']);
    expect(server.objects.find("app", "so")?.isStored).toBe(true);
  });

  it("undoes what cannot be stored, and tells only its author", () => {
    const server = new Server();
    const [author, other] = sharing(server, 2) as [Connection, Connection];
    author.sayOf(persistent, change("a", 1));
    server.objects.stored(server.take("store"));
    author.heard;
    other.heard;
    author.sayOf(persistent, change("a", 2), change("b", 2));
    other.sayOf(persistent, remove("a"), call("hi"));
    server.objects.storeFailed(server.take("store"));
    expect(author.heard).toEqual([
      'so change "a" 1, status SharedObject.Flush.Failed error, remove "b", status SharedObject.Flush.Failed error',
      'so send "hi"',
    ]);
    expect(other.heard).toEqual(['so change "a" 1, status SharedObject.Flush.Failed error, send "hi"']);
    expect(server.refused).toEqual(Array.from({ length: 3 }, () => "SharedObjectNotStored"));
    expect(server.tasks).toEqual([]);
    author.sayOf(persistent, change("c", 3));
    expect(stored(server.take("store").snapshot)).toEqual({ a: 1, c: 3 });
  });

  it("shows whoever joins meanwhile only what is stored", () => {
    const server = new Server();
    const [author] = sharing(server, 1) as [Connection];
    const late = server.connect();
    author.sayOf(persistent, change("a", 1));
    late.sayOf(persistent, use);
    expect(late.heard).toEqual([]);
    server.objects.storeFailed(server.take("store"));
    expect(late.heard).toEqual(["so use-success, clear"]);
  });

  it("is told as it was when somebody joined, and then what happened since, although all is stored by now", () => {
    const server = new Server();
    const [author] = sharing(server, 1) as [Connection];
    const late = server.connect();
    author.sayOf(persistent, change("a", 1));
    author.sayOf(persistent, change("b", 2));
    late.sayOf(persistent, use);
    author.sayOf(persistent, remove("a"), change("b", 3));
    server.objects.stored(server.take("store"));
    const second = server.take("store");
    expect(stored(second.snapshot)).toEqual({ b: 3 });
    server.objects.stored(second);
    expect(late.heard).toEqual(['so use-success, clear, change "a" 1, change "b" 2', 'so remove "a", change "b" 3']);
  });

  it("stays until all of it is stored, and is loaded again afterwards", () => {
    const server = new Server();
    const [author] = sharing(server, 1) as [Connection];
    author.sayOf(persistent, change("a", 1));
    author.sayOf(persistent, change("a", 2), release);
    const first = server.take("store");
    author.sayOf(persistent, use);
    author.peer.leave();
    server.objects.stored(first);
    expect(server.objects.list()).toHaveLength(1);
    const second = server.take("store");
    expect(stored(second.snapshot)).toEqual({ a: 2 });
    server.objects.stored(second);
    expect(server.objects.list()).toEqual([]);
    const next = server.connect();
    next.sayOf(persistent, use);
    server.objects.loaded(server.take("load"), second.snapshot);
    expect(next.heard).toEqual(['so use-success, clear, change "a" 2']);
  });

  it("cannot be used when it cannot be loaded; whoever comes next has it loaded again", () => {
    const server = new Server();
    const client = server.connect();
    client.sayOf(persistent, use, change("a", 1));
    server.objects.loadFailed(server.take("load"));
    expect(client.heard).toEqual(["so status SharedObject.ObjectCreationFailed error"]);
    expect(server.refused).toEqual(["SharedObjectNotLoaded"]);
    expect(server.objects.list()).toEqual([]);
    client.sayOf(persistent, use);
    server.objects.loaded(server.take("load"), null);
    expect(client.heard).toEqual(["so use-success, clear"]);
  });

  it("is not begun anew over a snapshot that is damaged, or another object's", () => {
    const whole = writeSnapshot({ name: "so", version: 1, properties: new Map() });
    const others = writeSnapshot({ name: "os", version: 1, properties: new Map() });
    for (const snapshot of [whole.subarray(0, 20), others]) {
      const server = new Server();
      const client = server.connect();
      client.sayOf(persistent, use, change("a", 1));
      const error = server.objects.loaded(server.take("load"), snapshot);
      expect(error?.code).toBe(ErrorCode.SharedObjectSnapshotDamaged);
      expect(client.heard).toEqual(["so status SharedObject.ObjectCreationFailed error"]);
      expect(server.tasks).toEqual([]);
    }
  });

  it("is not loaded for whom the application refuses, nor while it has not decided", () => {
    const server = new Server();
    server.grant = null;
    const client = server.connect();
    client.sayOf(persistent, use);
    const task = server.take("use");
    expect(server.tasks).toEqual([]);
    server.objects.refuse(task);
    server.run();
    expect(server.tasks).toEqual([]);
    expect(server.objects.list()).toEqual([]);
  });

  it("makes clients wait, and not grow, while its storage does not answer", () => {
    const server = new Server({ sharedObjectWaitingBytes: 10_000 });
    const [author, other] = sharing(server, 2) as [Connection, Connection];
    let heldBack = 0;
    for (let count = 0; count < 100; count++) {
      const event: SharedObjectEvent = change("a", "x".repeat(1_000));
      if (author.sayOf(persistent, event) !== null) break;
      heldBack++;
    }
    expect(author.peer.error?.code).toBe(ErrorCode.SharedObjectWaitingLimit);
    expect(heldBack).toBeLessThan(20);
    expect(other.sayOf(persistent, call("hi"))).toBeNull();
    author.peer.leave();
    server.objects.stored(server.take("store"));
    server.objects.stored(server.take("store"));
    expect(other.heard.at(-1)).toBe('so send "hi"');
  });

  it("throws at answers that nobody waits for", () => {
    const server = new Server();
    const [author] = sharing(server, 1) as [Connection];
    author.sayOf(persistent, change("a", 1));
    const task = server.take("store");
    server.objects.stored(task);
    expect(() => server.objects.stored(task)).toThrow(TypeError);
    expect(() => server.objects.storeFailed(task)).toThrow(TypeError);
    expect(() => server.objects.loadFailed({ kind: "load", object: task.object })).toThrow(TypeError);
  });
});
