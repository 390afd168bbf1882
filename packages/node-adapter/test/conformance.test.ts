import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer as createNetServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { cases, type RawSocket, type Runtime } from "@millrace/conformance";
import { afterAll, describe, it } from "vitest";
import { connect as connectClient, createServer } from "../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-"));
afterAll(() => rmSync(folder, { recursive: true }));

const runtime: Runtime = {
  createServer,
  connectClient: (url, options, certificate) =>
    connectClient(url, { ...options, ...(certificate === undefined ? {} : { tls: { ca: certificate } }) }),
  connect: async (port) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    await once(socket, "connect");
    socket.setNoDelay(true);
    return rawSocket(socket, socket);
  },
  connectTls: async (port, certificate) => {
    const carrier = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const socket = connectTls({ socket: carrier, servername: "localhost", ca: certificate });
    await once(socket, "secureConnect");
    return rawSocket(socket, carrier);
  },
  listen: async (onSocket) => {
    const server = createNetServer({ allowHalfOpen: true }, (socket) => onSocket(rawSocket(socket, socket)));
    await once(server.listen(0, "127.0.0.1"), "listening");
    // listen() has given it one
    const { port } = server.address() as AddressInfo;
    return { port, close: async () => void server.close() };
  },
  folder,
  writeFile: async (path, text) => {
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  },
  removeFile: (path) => rm(path),
  now: () => performance.now(),
  turn: () => new Promise((resolve) => setImmediate(resolve)),
};

/** @param carrier - the TCP socket, which is another one under TLS */
function rawSocket(socket: Socket, carrier: Socket): RawSocket {
  const nothing = (): void => {};
  let look = nothing;
  for (const event of ["readable", "end", "close"]) socket.on(event, () => look());
  // A read sees it; writes are told.
  socket.on("error", nothing);
  return {
    read: () =>
      new Promise((resolve, reject) => {
        look = (): void => {
          const bytes: Buffer | null = socket.read();
          if (bytes === null && !socket.readableEnded && !socket.destroyed) return;
          look = nothing;
          if (bytes !== null || socket.readableEnded) resolve(bytes);
          else reject(socket.errored ?? new Error("The socket is closed."));
        };
        look();
      }),
    write: (bytes) =>
      new Promise((resolve, reject) => {
        socket.write(bytes, (error) => (error ? reject(error) : resolve()));
      }),
    closeWrite: () => new Promise((resolve) => socket.end(() => resolve())),
    destroy: () => void carrier.resetAndDestroy(),
  };
}

describe("conformance", () => {
  for (const { name, run } of cases) it(name, () => run(runtime));
});
