// Runs the conformance suite on Deno, and writes a line of JSON for each case: its name, and the error of one that failed.
// Its argument is a folder that is empty.
import { cases, type RawSocket, type Runtime } from "@millrace/conformance";
import { connect, createServer } from "../src/index.ts";

/** How long one case may take, in milliseconds. */
const LONGEST = 30_000;

const encoder = new TextEncoder();

const runtime: Runtime = {
  createServer,
  connectClient: (url, options, certificate) =>
    connect(url, { ...options, ...(certificate === undefined ? {} : { tls: { caCerts: [certificate] } }) }),
  connect: async (port) => {
    const conn = await Deno.connect({ port, hostname: "127.0.0.1" });
    conn.setNoDelay(true);
    return rawSocket(conn);
  },
  connectTls: async (port, certificate) =>
    rawSocket(await Deno.connectTls({ port, hostname: "localhost", caCerts: [certificate] })),
  listen: (onSocket) => {
    const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const accepting = (async (): Promise<void> => {
      for await (const conn of listener) onSocket(rawSocket(conn));
    })();
    const close = (): Promise<void> => {
      listener.close();
      return accepting;
    };
    return Promise.resolve({ port: listener.addr.port, close });
  },
  folder: Deno.args[0] ?? ".",
  writeFile: async (path, text) => {
    await Deno.writeTextFile(`${path}.new`, text);
    await Deno.rename(`${path}.new`, path);
  },
  removeFile: (path) => Deno.remove(path),
  now: () => performance.now(),
  turn: () => new Promise((resolve) => setTimeout(resolve)),
};

function rawSocket(conn: Deno.Conn): RawSocket {
  const memory = new Uint8Array(65_536);
  return {
    read: async () => {
      const length = await conn.read(memory);
      return length === null ? null : memory.slice(0, length);
    },
    write: async (bytes) => {
      for (let at = 0; at < bytes.length; ) at += await conn.write(bytes.subarray(at));
    },
    closeWrite: () => conn.closeWrite(),
    destroy: () => {
      try {
        conn.close();
      } catch {
        // It was closed already.
      }
    },
  };
}

for (const { name, run } of cases) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`This takes longer than ${LONGEST} ms.`)), LONGEST);
  });
  const error = await Promise.race([run(runtime), tooLate]).then(
    () => null,
    (reason: unknown) => (reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)),
  );
  clearTimeout(timer);
  Deno.stdout.writeSync(encoder.encode(`${JSON.stringify({ name, error })}\n`));
}
// A case that failed may have left something open.
Deno.exit();
