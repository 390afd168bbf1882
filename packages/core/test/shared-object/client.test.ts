import { describe, expect, it } from "vitest";
import { AmfObject } from "../../src/amf/index.ts";
import { ErrorCode } from "../../src/errors.ts";
import { limitsWith } from "../../src/limits.ts";
import {
  encodeValue,
  type RemoteSharedObject,
  RemoteState,
  readSharedObjectMessage,
  SharedObjectClient,
  type SharedObjectEvent,
  writeSharedObjectMessage,
} from "../../src/shared-object/index.ts";
import { eventLine } from "./shared-object-log.ts";
import { call } from "./talk.ts";

const useSuccess: SharedObjectEvent = { type: 11 };
const clear: SharedObjectEvent = { type: 8 };
const success = (name: string): SharedObjectEvent => ({ type: 5, name });
const removed = (name: string): SharedObjectEvent => ({ type: 9, name });
const changed = (name: string, value: number): SharedObjectEvent => ({ type: 4, name, value: encodeValue(value) });
const status = (code: string, level = "error"): SharedObjectEvent => ({ type: 7, code, level });
const noWriteAccess = status("SharedObject.NoWriteAccess");

/** A client of one object, and what a server says to it. */
class Session {
  readonly client: SharedObjectClient = new SharedObjectClient(limitsWith({ sharedObjectProperties: 10 }));
  readonly object: RemoteSharedObject;

  constructor(isShared = true) {
    this.client.connected();
    this.object = this.client.open("so");
    if (!isShared) return;
    this.said;
    this.hear(useSuccess, clear);
    this.noticed;
  }

  /** What goes to the server, a message a line. */
  get said(): string[] {
    return this.client.takeMessages().map(({ payload }) => {
      const message = readSharedObjectMessage(payload, 0, payload.length, false, limitsWith({}));
      if ("code" in message) throw new Error(message.message);
      return message.events.map(eventLine).join(", ");
    });
  }

  hear(...events: SharedObjectEvent[]): ErrorCode | null {
    const payload = writeSharedObjectMessage({ name: "so", version: 5, isPersistent: false, events }, false);
    return this.client.receive(19, payload, 0, payload.length)?.code ?? null;
  }

  get noticed(): string[] {
    const lines: string[] = [];
    for (let notice = this.object.poll(); notice !== null; notice = this.object.poll()) {
      lines.push(Object.values(notice).map(String).join(" "));
    }
    return lines;
  }
}

describe("a client of a shared object", () => {
  it("asks for it, and learns its content", () => {
    const session = new Session(false);
    expect(session.object.state).toBe(RemoteState.Asking);
    expect(session.said).toEqual(["use"]);
    expect(session.said).toEqual([]);
    session.hear(useSuccess, clear, changed("a", 1));
    expect(session.noticed).toEqual(["connect", "clear", "change a undefined"]);
    expect(session.object.state).toBe(RemoteState.Sharing);
    expect(session.object.version).toBe(5);
    expect(session.object.get("a")).toBe(1);
  });

  it("shows an own change at once, and says when it was made", () => {
    const session = new Session();
    session.object.set("a", 1);
    expect(session.object.get("a")).toBe(1);
    expect(session.object.isSettled).toBe(false);
    expect(session.said).toEqual(['request-change "a" 1']);
    session.hear(success("a"));
    expect(session.noticed).toEqual(["success a"]);
    expect(session.object.isSettled).toBe(true);
    expect(session.object.get("a")).toBe(1);
  });

  it("takes a change back that was refused", () => {
    const session = new Session();
    session.hear(changed("a", 1));
    session.noticed;
    session.object.set("a", 2);
    session.object.remove("b");
    session.said;
    session.hear(changed("a", 1), noWriteAccess, removed("b"), noWriteAccess);
    expect(session.noticed).toEqual([
      "reject a 2 SharedObject.NoWriteAccess",
      "reject b undefined SharedObject.NoWriteAccess",
    ]);
    expect(session.object.get("a")).toBe(1);
    expect(session.object.names).toEqual(["a"]);
  });

  it("learns of the changes of others", () => {
    const session = new Session();
    session.hear(changed("a", 1), changed("b", 2));
    session.hear(changed("a", 3), removed("b"), removed("never there"));
    session.hear(clear);
    expect(session.noticed).toEqual(["change a undefined", "change b undefined", "change a 1", "delete b 2", "clear"]);
    expect(session.object.names).toEqual([]);
  });

  it("hides the changes of others behind an own one: the server made them before", () => {
    const session = new Session();
    session.object.set("a", 1);
    session.said;
    session.hear(changed("a", 2));
    session.hear(removed("a"));
    session.hear(clear, changed("a", 3));
    expect(session.object.get("a")).toBe(1);
    session.hear(success("a"));
    expect(session.object.get("a")).toBe(1);
    expect(session.noticed).toEqual(["clear", "success a"]);
  });

  it("sends the last of several changes once the first is answered", () => {
    const session = new Session();
    session.object.set("a", 1);
    expect(session.said).toEqual(['request-change "a" 1']);
    session.object.set("a", 2);
    session.object.set("a", 3);
    session.object.set("b", 4);
    expect(session.said).toEqual(['request-change "b" 4']);
    session.hear(success("a"));
    expect(session.object.get("a")).toBe(3);
    expect(session.said).toEqual(['request-change "a" 3']);
  });

  it("removes all that it knows", () => {
    const session = new Session();
    session.hear(changed("a", 1), changed("b", 2));
    session.object.set("c", 3);
    session.object.remove("a");
    session.object.clear();
    expect(session.object.names).toEqual([]);
    expect(session.said).toEqual(['request-remove "a", request-remove "b", request-remove "c"']);
  });

  it("keeps what was set before it was let in", () => {
    const session = new Session(false);
    session.object.set("a", 1);
    session.object.send("hi", "there");
    expect(session.said).toEqual(["use"]);
    session.hear(useSuccess, clear, changed("a", 9));
    expect(session.object.get("a")).toBe(1);
    expect(session.said).toEqual(['request-change "a" 1, send "hi" "there"']);
  });

  it("hears the methods that are called on all", () => {
    const session = new Session();
    session.hear(call("hi", 1, "two"));
    expect(session.object.poll()).toEqual({ kind: "message", handler: "hi", values: [1, "two"] });
  });

  it("hears what else the server says", () => {
    const session = new Session();
    session.hear(status("Something.Happened", "status"));
    session.hear(noWriteAccess);
    expect(session.noticed).toEqual(["status Something.Happened status", "status SharedObject.NoWriteAccess error"]);
  });

  it("takes the value that was set, whatever becomes of the object that held it", () => {
    const session = new Session();
    const value = AmfObject.of({ a: 1 });
    session.object.set("a", value);
    value.properties.set("a", 2);
    expect(session.object.get("a")).toEqual(AmfObject.of({ a: 1 }));
    expect(session.said).toEqual(['request-change "a" {a: 1}']);
  });
});

describe("the use of a shared object ends", () => {
  it("by the server's refusal", () => {
    const session = new Session(false);
    session.object.set("a", 1);
    session.said;
    session.hear(status("SharedObject.NoReadAccess"));
    expect(session.object.state).toBe(RemoteState.Refused);
    expect(session.noticed).toEqual(["reject a 1 SharedObject.NoReadAccess", "refused SharedObject.NoReadAccess"]);
    expect(() => session.object.set("a", 1)).toThrow(TypeError);
  });

  it("by closing it: what waits is sent before", () => {
    const session = new Session();
    session.object.set("a", 1);
    session.said;
    session.object.set("a", 2);
    session.object.send("bye");
    session.object.close();
    expect(session.said).toEqual(['request-change "a" 2, send "bye", release']);
    session.hear(changed("a", 5));
    expect(session.object.names).toEqual([]);
    expect(() => session.object.remove("a")).toThrow(TypeError);
  });

  it("by closing it before it was asked for: then it is not", () => {
    const session = new Session(false);
    session.object.close();
    expect(session.said).toEqual([]);
  });

  it("and begins again: what is still under way from before does not count", () => {
    const session = new Session();
    session.object.close();
    expect(session.client.open("so")).toBe(session.object);
    expect(session.said).toEqual(["release, use"]);
    session.hear(changed("a", 1), noWriteAccess);
    session.hear(success("b"));
    expect(session.object.state).toBe(RemoteState.Asking);
    expect(session.object.names).toEqual([]);
    session.hear(useSuccess, clear, changed("c", 1));
    expect(session.object.names).toEqual(["c"]);
  });

  it("by the server's refusal, though the answer to an earlier use of it was taken for that to this one", () => {
    const session = new Session(false);
    session.said;
    session.object.close();
    session.client.open("so");
    session.said;
    session.hear(useSuccess, clear);
    expect(session.object.state).toBe(RemoteState.Sharing);
    session.object.set("a", 1);
    session.said;
    session.hear(status("SharedObject.NoReadAccess"));
    expect(session.object.state).toBe(RemoteState.Refused);
    expect(session.object.isSettled).toBe(true);
  });

  it("with the connection: what was under way counts as rejected, and the next one tells all anew", () => {
    const session = new Session();
    session.hear(changed("a", 1), changed("b", 1));
    session.noticed;
    session.object.set("a", 2);
    session.said;
    session.object.set("c", 3);
    session.client.disconnected();
    expect(session.noticed).toEqual([
      "reject a 2 NetConnection.Connect.Closed",
      "reject c 3 NetConnection.Connect.Closed",
    ]);
    expect(session.object.get("a")).toBe(1);
    session.client.connected();
    expect(session.said).toEqual(["use"]);
    session.hear(useSuccess, clear, changed("a", 2));
    expect(session.object.names).toEqual(["a"]);
    expect(session.object.get("a")).toBe(2);
  });

  it("for good: a closed object is not asked for by the next connection", () => {
    const session = new Session();
    session.object.close();
    session.client.disconnected();
    session.client.connected();
    expect(session.said).toEqual([]);
  });
});

describe("servers that answer otherwise", () => {
  it("a refusal that names no property is about the oldest request", () => {
    const session = new Session();
    session.object.set("a", 1);
    session.object.set("b", 2);
    session.said;
    session.hear(noWriteAccess);
    session.hear(success("b"));
    expect(session.noticed).toEqual(["reject a 1 SharedObject.NoWriteAccess", "success b"]);
    expect(session.object.names).toEqual(["b"]);
  });

  it("a removal may be answered by Success", () => {
    const session = new Session();
    session.hear(changed("a", 1));
    session.object.remove("a");
    session.said;
    session.hear(success("a"));
    expect(session.object.names).toEqual([]);
    expect(session.object.isSettled).toBe(true);
  });

  it("an answer to nothing that is known: the content is asked for once more", () => {
    const session = new Session();
    session.hear(success("a"));
    session.hear(success("b"));
    session.object.set("c", 1);
    expect(session.object.isSettled).toBe(false);
    expect(session.said).toEqual(["use"]);
    expect(session.said).toEqual([]);
    session.hear(useSuccess, clear, changed("a", 1));
    expect(session.said).toEqual(['request-change "c" 1']);
    expect(session.object.get("a")).toBe(1);
  });
});

describe("requests that are under way at the same time", () => {
  it("are refused by name, in any order", () => {
    const session = new Session();
    session.object.set("a", 1);
    session.object.set("b", 2);
    session.said;
    session.hear(changed("b", 5), noWriteAccess);
    expect(session.noticed).toEqual(["reject b 2 SharedObject.NoWriteAccess"]);
    session.hear(success("a"));
    expect([session.object.get("a"), session.object.get("b")]).toEqual([1, 5]);
  });

  it("are all answered when the content comes that was asked for after them", () => {
    const session = new Session();
    session.object.set("a", 1);
    session.said;
    session.hear(success("b"));
    expect(session.said).toEqual(["use"]);
    session.hear(useSuccess, clear, changed("a", 2));
    expect(session.object.get("a")).toBe(2);
    expect(session.object.isSettled).toBe(true);
  });
});

describe("limits of the client", () => {
  it("what a server may share", () => {
    const session = new Session();
    const names = Array.from({ length: 11 }, (_, index) => `k${index}`);
    expect(session.hear(...names.slice(0, 10).map((name) => changed(name, 1)))).toBeNull();
    expect(session.hear(changed("k10", 1))).toBe(ErrorCode.SharedObjectPropertyLimit);
  });

  it("what may happen without anybody asking", () => {
    const session = new Session();
    const much = call("hi", "x".repeat(300_000));
    expect([session.hear(much), session.hear(much), session.hear(much), session.hear(much)]).toEqual([
      null,
      null,
      null,
      null,
    ]);
    expect(session.hear(much)).toBe(ErrorCode.SharedObjectWaitingLimit);
    while (session.object.poll() !== null);
    expect(session.hear(much)).toBeNull();
  });

  it("what the application sets", () => {
    const session = new Session();
    expect(() => session.object.set("a", "x".repeat(300_000))).toThrow(RangeError);
    expect(() => session.object.set("x".repeat(1_025), 1)).toThrow(RangeError);
    expect(() => session.object.send("hi", "x".repeat(2 ** 20))).toThrow(RangeError);
    expect(session.said).toEqual([]);
    expect(() => new SharedObjectClient().open("so").set("a", 1)).toThrow(TypeError);
  });

  it("one persistence for one object", () => {
    const session = new Session();
    expect(() => session.client.open("so", true)).toThrow(TypeError);
  });
});
