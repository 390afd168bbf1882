import { describe, expect, it } from "vitest";
import { AmfObject } from "../../src/amf/index.ts";
import { ErrorCode } from "../../src/errors.ts";
import { SharedObjectStatus } from "../../src/shared-object/index.ts";
import { call, change, release, remove, Server, use } from "./talk.ts";

describe("clients of one object", () => {
  it("learn its content when they begin to use it", () => {
    const server = new Server();
    const [first, second] = [server.connect(), server.connect()];
    first.say("so", use);
    expect(first.heard).toEqual(["so use-success, clear"]);
    first.say("so", change("a", 1), change("b", AmfObject.of({ c: "d" })));
    first.heard;
    second.say("so", use);
    expect(second.heard).toEqual(['so use-success, clear, change "a" 1, change "b" {c: "d"}']);
  });

  it("are told of changes: the author that it was made, all others what it was", () => {
    const server = new Server();
    const clients = [server.connect(), server.connect(), server.connect()] as const;
    for (const client of clients) {
      client.say("so", use);
      client.heard;
    }
    clients[0].say("so", change("a", 1), remove("a"), remove("b"), call("hi", "there"));
    expect(clients[0].heard).toEqual(['so success "a", remove "a", remove "b", send "hi" "there"']);
    for (const other of [clients[1], clients[2]]) {
      expect(other.heard).toEqual(['so change "a" 1, remove "a", send "hi" "there"']);
    }
  });

  it("remove a property by giving it null or undefined", () => {
    const server = new Server();
    const [author, other] = [server.connect(), server.connect()];
    for (const client of [author, other]) client.say("so", use);
    author.say("so", change("a", 1), change("b", 2));
    author.heard;
    other.heard;
    author.say("so", change("a", null), change("b", undefined));
    expect(author.heard).toEqual(['so success "a", success "b"']);
    expect(other.heard).toEqual(['so remove "a", remove "b"']);
    expect(server.objects.find("app", "so")?.names).toEqual([]);
  });

  it("are told the version, which goes up with each change", () => {
    const server = new Server();
    const client = server.connect();
    client.say("so", use);
    const before = server.objects.find("app", "so")?.version ?? 0;
    client.say("so", change("a", 1), change("a", 1), remove("none"), call("hi"));
    expect(server.objects.find("app", "so")?.version).toBe(before + 2);
    const versions = client.peer.takeMessages().map(({ payload }) => payload[7]);
    expect(versions).toEqual([before, before + 2]);
  });

  it("get the whole content again when they ask again", () => {
    const server = new Server();
    const client = server.connect();
    client.say("so", use, change("a", 1));
    client.heard;
    client.say("so", use, change("a", 2), use);
    expect(client.heard).toEqual(['so success "a", use-success, clear, change "a" 2']);
  });

  it("hear nothing more after Release, nor after their connection", () => {
    const server = new Server();
    const [author, first, second] = [server.connect(), server.connect(), server.connect()];
    for (const client of [author, first, second]) client.say("so", use);
    first.heard;
    second.heard;
    first.say("so", release);
    second.peer.leave();
    author.say("so", change("a", 1));
    first.say("so", change("a", 2), call("hi"));
    expect(first.heard).toEqual([]);
    expect(second.heard).toEqual([]);
    expect(server.objects.find("app", "so")?.get("a")).toBe(1);
  });

  it("are answered in messages of the type that they use", () => {
    const server = new Server();
    const [old, young] = [server.connect(), server.connect()];
    old.say("so", use);
    young.sayOf({ name: "so", isPersistent: false, kind: 16 }, use, change("a", 1));
    expect(old.heard).toEqual(["so use-success, clear", 'so change "a" 1']);
    expect(young.heard).toEqual(["of type 16: so use-success, clear", 'of type 16: so success "a"']);
  });

  it("get much content in several messages", () => {
    const server = new Server();
    const [author, other] = [server.connect(), server.connect()];
    author.say("so", use, ...Array.from({ length: 200 }, (_, index) => change(`k${index}`, index)));
    other.say("so", use);
    const messages = other.peer.takeMessages();
    expect(messages.map(({ payload }) => payload.length).every((length) => length < 2_000)).toBe(true);
    expect(messages).toHaveLength(4);
    author.say("so", ...Array.from({ length: 5 }, (_, index) => change(`k${index}`, "x".repeat(50_000))));
    expect(other.peer.takeMessages().map(({ payload }) => payload.length)).toEqual(
      Array.from({ length: 5 }, () => 16 + 5 + 4 + 3 + 50_000),
    );
  });
});

describe("an object", () => {
  it("is gone with its last client when it is temporary", () => {
    const server = new Server();
    const [first, second] = [server.connect(), server.connect()];
    for (const client of [first, second]) client.say("so", use);
    first.say("so", change("a", 1));
    first.peer.leave();
    expect(server.objects.find("app", "so")?.get("a")).toBe(1);
    second.say("so", release);
    expect(server.objects.list()).toEqual([]);
    second.say("so", use);
    expect(second.heard.at(-1)).toBe("so use-success, clear");
  });

  it("belongs to its app, whatever apps and names are made of", () => {
    const server = new Server();
    const clients = [
      server.connect("a"),
      server.connect("a/b"),
      server.connect("a b"),
      server.connect("1 a"),
      server.connect(""),
    ];
    const names = ["b/c", "c", "", " ", "1 a1 "];
    for (const [index, client] of clients.entries()) client.say(names[index] ?? "", use, change("mine", index));
    expect(server.objects.list().map((object) => object.get("mine"))).toEqual([0, 1, 2, 3, 4]);
  });

  it("is not both temporary and persistent", () => {
    const server = new Server();
    const [first, second] = [server.connect(), server.connect()];
    first.say("so", use);
    second.sayOf({ name: "so", isPersistent: true }, use, change("a", 1));
    expect(second.heard).toEqual(["so status SharedObject.BadPersistence error"]);
    expect(server.refused).toEqual(["SharedObjectPersistence"]);
    expect(first.heard).toEqual(["so use-success, clear"]);
  });

  it("is changed by the application", () => {
    const server = new Server();
    const client = server.connect();
    client.say("so", use, change("a", 1));
    client.heard;
    const object = server.objects.find("app", "so");
    object?.set("b", "c");
    object?.set("a", null);
    object?.remove("none");
    object?.send("hi", 1);
    object?.clear();
    expect(client.heard).toEqual(['so change "b" "c"', 'so remove "a"', 'so send "hi" 1', "so clear"]);
    expect(object?.names).toEqual([]);
    client.peer.leave();
    expect(() => object?.set("a", 1)).toThrow(TypeError);
  });

  it("is given to the application as copies", () => {
    const server = new Server();
    server.connect().say("so", use, change("a", AmfObject.of({ b: 1 })));
    const object = server.objects.find("app", "so");
    const value = object?.get("a");
    if (value instanceof AmfObject) value.properties.set("b", 2);
    expect(object?.get("a")).toEqual(AmfObject.of({ b: 1 }));
  });
});

describe("the application decides", () => {
  it("who may use an object; until then what a client says waits", () => {
    const server = new Server();
    server.grant = null;
    const [first, second] = [server.connect(), server.connect()];
    first.say("so", use, change("a", 1));
    first.say("so", change("b", 2));
    second.say("so", use);
    expect(first.heard).toEqual([]);
    const tasks = [server.take("use"), server.take("use")] as const;
    expect(tasks[0].peer).toBe(first.peer);
    server.objects.refuse(tasks[1]);
    server.objects.admit(tasks[0], { canWrite: true, canSend: true });
    expect(first.heard).toEqual(["so use-success, clear", 'so success "a"', 'so success "b"']);
    expect(second.heard).toEqual(["so status SharedObject.NoReadAccess error"]);
    expect(server.refused).toEqual(["Refused"]);
    expect(first.peer.waitingBytes).toBe(0);
  });

  it("who may change it: others learn what the property has instead", () => {
    const server = new Server();
    const [author, reader] = [server.connect(), server.connect()];
    author.say("so", use, change("a", 1));
    server.grant = (task) => server.objects.admit(task, { canWrite: false, canSend: true });
    reader.say("so", use);
    reader.heard;
    author.heard;
    reader.say("so", change("a", 2), change("b", 2), remove("a"), call("hi"));
    expect(reader.heard).toEqual([
      `so ${['change "a" 1', 'remove "b"', 'change "a" 1'].map((line) => `${line}, status SharedObject.NoWriteAccess error`).join(", ")}, send "hi"`,
    ]);
    expect(author.heard).toEqual(['so send "hi"']);
  });

  it("who may call methods: nobody hears the others, and they are not told", () => {
    const server = new Server();
    server.grant = (task) => server.objects.admit(task, { canWrite: true, canSend: false });
    const client = server.connect();
    client.say("so", use);
    client.heard;
    client.say("so", call("hi"));
    expect(client.heard).toEqual([]);
    expect(server.refused).toEqual(["Refused"]);
  });

  it("and changes its mind", () => {
    const server = new Server();
    const client = server.connect();
    client.say("so", use);
    client.heard;
    server.objects.find("app", "so")?.setAccess(client.peer, { canWrite: false, canSend: false });
    client.say("so", change("a", 1));
    expect(client.heard).toEqual(['so remove "a", status SharedObject.NoWriteAccess error']);
  });

  it("too late: a client that left is not let in, and one that came again is decided upon again", () => {
    const server = new Server();
    server.grant = null;
    const client = server.connect();
    client.say("so", use);
    const late = server.take("use");
    client.say("so", release, use);
    server.objects.admit(late, { canWrite: true, canSend: true });
    expect(client.heard).toEqual([]);
    server.objects.refuse(server.take("use"));
    expect(client.heard).toEqual(["so status SharedObject.NoReadAccess error"]);
    expect(server.objects.list()).toEqual([]);
  });
});

describe("limits of the server", () => {
  const creationFailed = `status ${SharedObjectStatus.ObjectCreationFailed} error`;

  it("shared objects", () => {
    const server = new Server({ sharedObjects: 1 });
    const client = server.connect();
    client.say("a", use);
    client.say("b", use, change("x", 1));
    expect(client.heard).toEqual(["a use-success, clear", `b ${creationFailed}`]);
    expect(server.refused).toEqual(["SharedObjectLimit"]);
    client.say("a", release);
    client.say("b", use);
    expect(client.heard).toEqual(["b use-success, clear"]);
  });

  it("shared objects of one connection", () => {
    const server = new Server({ sharedObjectsPerConnection: 1 });
    const [first, second] = [server.connect(), server.connect()];
    first.say("a", use);
    first.say("b", use);
    second.say("b", use);
    expect(first.heard).toEqual(["a use-success, clear", `b ${creationFailed}`]);
    expect(second.heard).toEqual(["b use-success, clear"]);
    expect(server.refused).toEqual(["SharedObjectUseLimit"]);
  });

  it("clients of one object", () => {
    const server = new Server({ sharedObjectClients: 1 });
    const [first, second] = [server.connect(), server.connect()];
    first.say("a", use);
    second.say("a", use);
    expect(second.heard).toEqual([`a ${creationFailed}`]);
    expect(server.refused).toEqual(["SharedObjectClientLimit"]);
    first.peer.leave();
    second.say("a", use);
    expect(second.heard).toEqual(["a use-success, clear"]);
  });

  const noWriteAccess = `status ${SharedObjectStatus.NoWriteAccess} error`;

  it.each([
    ["SharedObjectPropertyLimit", { sharedObjectProperties: 1 }, change("b", 1)],
    ["SharedObjectPropertyBytesLimit", { sharedObjectPropertyBytes: 9 }, change("b", "x".repeat(7))],
    ["SharedObjectBytesLimit", { sharedObjectBytes: 23 }, change("b", 2)],
  ])("%s", (code, limits, tooMuch) => {
    const server = new Server(limits);
    const client = server.connect();
    client.say("so", use, change("a", 1));
    client.heard;
    client.say("so", tooMuch, change("a", 2), remove("a"), change("b", 1));
    expect(client.heard).toEqual([`so remove "b", ${noWriteAccess}, success "a", remove "a", success "b"`]);
    expect(server.refused).toEqual([code]);
    expect(() => server.objects.find("app", "so")?.set("c", "x".repeat(30))).toThrow(RangeError);
  });

  it("what waits until an object is ready", () => {
    const server = new Server({ sharedObjectWaitingBytes: 2_500 });
    server.grant = null;
    const client = server.connect();
    expect(client.say("so", use, change("a", "x".repeat(500)))).toBeNull();
    expect(client.say("other", use, change("a", "x".repeat(500)))).toBeNull();
    expect(client.say("so", change("a", "x".repeat(500)))?.code).toBe(ErrorCode.SharedObjectWaitingLimit);
    expect(client.say("so", release)?.code).toBe(ErrorCode.SharedObjectWaitingLimit);
    client.peer.leave();
    expect(client.peer.waitingBytes).toBe(0);
    expect(server.objects.list()).toEqual([]);
  });

  it("what waits to be sent: a few bytes that ask for many end their connection", () => {
    const server = new Server({ outgoingBytes: 500_000 });
    const [author, reader] = [server.connect(), server.connect()];
    author.say("so", use, change("a", "x".repeat(100_000)));
    server.grant = (task) => server.objects.admit(task, { canWrite: false, canSend: false });
    reader.say("so", use);
    reader.heard;
    const error = reader.say("so", ...Array.from({ length: 1_000 }, () => change("a", 1)));
    expect(error?.code).toBe(ErrorCode.OutgoingBytesLimit);
    expect(reader.heard.length).toBeLessThan(10);
    expect(server.objects.takeChanged()).toContain(reader.peer);
    author.say("so", change("a", 2));
    expect(author.heard.at(-1)).toBe('so success "a"');
  });
});
