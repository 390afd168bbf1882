import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { cases, type RawSocket, type Runtime } from "@millrace/conformance";
import { describe, it } from "vitest";
import { createServer } from "../src/index.ts";

const runtime: Runtime = {
  createServer,
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
