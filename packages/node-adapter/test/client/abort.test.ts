// An AbortSignal gives up whatever can hang, and nothing is left behind.
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { BufferPool } from "@millrace/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Client, connect } from "../../src/index.ts";
import { frames, Stand } from "./stand.ts";

const REASON = new Error("enough");

/** Waits for the promise to be given up. */
async function givenUp(promise: Promise<unknown>, controller: AbortController): Promise<void> {
  controller.abort(REASON);
  await expect(promise).rejects.toBe(REASON);
}

/** Handles of sockets that keep the process alive. */
function handles(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /TCPSocketWrap|TCPConnectWrap|TLS|GetAddrInfo/.test(name));
}

describe("connect", () => {
  let mute: Server;
  const sockets: Socket[] = [];
  /** Resolves with the next connection. */
  let met: Promise<Socket>;
  let before: string[];

  beforeEach(async () => {
    before = handles();
    mute = createServer({ allowHalfOpen: true });
    met = new Promise((resolve) => {
      mute.on("connection", (socket) => {
        sockets.push(socket.on("error", () => {}));
        resolve(socket);
      });
    });
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await new Promise((resolve) => mute.close(resolve));
    // a handle is gone a little later than its socket is closed
    while (handles().length > before.length) await new Promise((resolve) => setImmediate(resolve));
  });
  // listen() has given it one
  const url = (scheme: string): string => `${scheme}://127.0.0.1:${(mute.address() as AddressInfo).port}/live`;

  it.each(["rtmp", "rtmps"])("is given up before it begins (%s)", async (scheme) => {
    const pool = new BufferPool(2 ** 20);
    await expect(connect(url(scheme), { pool, signal: AbortSignal.abort(REASON) })).rejects.toBe(REASON);
    expect(pool.lentBlocks).toBe(0);
  });

  it.each(["rtmp", "rtmps"])("is given up while the socket connects (%s)", async (scheme) => {
    const pool = new BufferPool(2 ** 20);
    const controller = new AbortController();
    await givenUp(connect(url(scheme), { pool, signal: controller.signal }), controller);
    expect(pool.lentBlocks).toBe(0);
  });

  it.each(["rtmp", "rtmps"])("is given up while the server says nothing (%s)", async (scheme) => {
    const pool = new BufferPool(2 ** 20);
    const controller = new AbortController();
    const connecting = connect(url(scheme), { pool, signal: controller.signal });
    const socket = await met;
    await new Promise((resolve) => socket.once("data", resolve));
    await givenUp(connecting, controller);
    expect(pool.lentBlocks).toBe(0);
    // The server's end stays open: that does not keep the client's.
    while (handles().length > before.length + 1) await new Promise((resolve) => setImmediate(resolve));
  });

  it("has a timeout of its own", async () => {
    const pool = new BufferPool(2 ** 20);
    await expect(connect(url("rtmp"), { pool, timeout: 50 })).rejects.toMatchObject({ kind: "timeout" });
    expect(pool.lentBlocks).toBe(0);
  });

  it("fails when the server closes at once", async () => {
    const connecting = connect(url("rtmp"));
    (await met).end();
    await expect(connecting).rejects.toMatchObject({ kind: "lost" });
  });
});

describe("streams", () => {
  let stand: Stand;
  let client: Client;
  let controller: AbortController;
  /** Lets the server go on that waits for its application. */
  let decide: () => void;
  /** Resolves once it waits. */
  let asked: Promise<void>;

  beforeEach(async () => {
    let tellAsked = (): void => {};
    asked = new Promise((resolve) => (tellAsked = resolve));
    const wait = (): Promise<undefined> =>
      new Promise((resolve) => {
        decide = () => resolve(undefined);
        tellAsked();
      });
    stand = await Stand.open({
      onPublish: ({ name }) => (name === "undecided" ? wait() : undefined),
      onPlay: ({ name }) => (name === "undecided" ? wait() : undefined),
    });
    controller = new AbortController();
    client = await stand.connect({ highWaterMark: 50_000 });
  });
  afterEach(() => stand.close());

  it("are given up while publishing is asked for", async () => {
    const publishing = client.publish("undecided", controller);
    await asked;
    await givenUp(publishing, controller);
    decide();
    await stand.reported("unpublish");
    await (await client.publish("show")).end();
  });

  it("are given up while playing is asked for", async () => {
    const first = client.play("undecided", controller).next();
    await asked;
    await givenUp(first, controller);
    decide();
    await stand.reported("stop");
    await (await client.publish("show")).end();
  });

  it("are given up while the next message is waited for", async () => {
    const next = client.play("show", controller).next();
    await stand.reported("play");
    await givenUp(next, controller);
    await stand.reported("stop");
    await (await client.publish("show")).end();
  });

  it("are given up while there is no room, and only the message that waits is lost", async () => {
    const publication = await client.publish("show");
    // The server reads nothing until it has decided about this.
    const played = client.play("undecided");
    const first = played.next();
    await asked;
    const lost = expect(first).rejects.toMatchObject({ kind: "lost" });
    // 40 MB are more than the sockets take
    const messages = frames(40, 1_000_000);
    const sendings = messages.map((message, index) => publication.send(message, index === 30 ? controller : {}));
    const ending = publication.end();
    await givenUp(sendings[30] ?? Promise.resolve(), controller);
    decide();
    await ending;
    const sent = (await Promise.allSettled(sendings)).filter(({ status }) => status === "fulfilled");
    expect(sent).toHaveLength(messages.length - 1);
    await stand.reported("unpublish");
    expect(stand.server.receivedBytes).toBeGreaterThan(39_000_000);
    expect(stand.server.receivedBytes).toBeLessThan(40_000_000);
    await stand.server.close(0);
    await lost;
  });

  it("are given up while their end waits for a server that does not read", async () => {
    const publication = await client.publish("show");
    const closed = expect(client.play("undecided").next()).rejects.toMatchObject({ kind: "closed" });
    await asked;
    const sendings = frames(30, 1_000_000).map((message) => publication.send(message).catch(() => {}));
    const ending = publication.end(controller);
    await givenUp(ending, controller);
    await Promise.all(sendings);
    // what remains can be cut as well
    await client.close({ signal: AbortSignal.abort(), deadline: 60_000 });
    await closed;
  });
});
