// Runs the conformance suite on Deno, and writes a line of JSON for each case: its name, and the error of one that failed.
import { cases, type RawSocket, type Runtime } from "@millrace/conformance";
import { createServer } from "../src/index.ts";

/** How long one case may take, in milliseconds. */
const LONGEST = 30_000;

const encoder = new TextEncoder();

const runtime: Runtime = {
  createServer,
  connect: async (port) => {
    const conn = await Deno.connect({ port, hostname: "127.0.0.1" });
    conn.setNoDelay(true);
    return rawSocket(conn);
  },
  connectTls: async (port, certificate) =>
    rawSocket(await Deno.connectTls({ port, hostname: "localhost", caCerts: [certificate] })),
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
