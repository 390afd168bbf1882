// Who gives up connecting leaves nothing behind that keeps the process alive.
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { BufferPool } from "@millrace/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect } from "../../src/index.ts";

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

describe("connecting", () => {
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
});
