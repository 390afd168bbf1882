import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";

const millrace = fileURLToPath(new URL("../../bin/millrace.js", import.meta.url));

type Served = ChildProcessByStdio<null, Readable, Readable>;
const running: Served[] = [];

function serve(...options: string[]): { child: Served; lines: AsyncIterator<string>; errors: AsyncIterator<string> } {
  const child = spawn(process.execPath, [millrace, "serve", ...options], { stdio: ["ignore", "pipe", "pipe"] });
  running.push(child);
  const linesOf = (stream: Readable) => createInterface({ input: stream })[Symbol.asyncIterator]();
  return { child, lines: linesOf(child.stdout), errors: linesOf(child.stderr) };
}

/** The next line, as JSON. */
async function next(lines: AsyncIterator<string>): Promise<{ [name: string]: unknown }> {
  return JSON.parse((await lines.next()).value) as { [name: string]: unknown };
}

async function dial(port: unknown): Promise<Socket> {
  const socket = connect(Number(port), "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

describe("millrace serve", () => {
  it("tells machines where it listens and what happens, and stops when asked", async () => {
    const { child, lines } = serve("--port", "0", "--host", "127.0.0.1", "--json");
    const listening = await next(lines);
    expect(listening).toMatchObject({ event: "listening", host: "127.0.0.1" });

    const socket = await dial(listening["port"]);
    socket.write("GET / HTTP/1.1\r\n\r\n");
    socket.resume();
    const failed = await next(lines);
    expect(failed).toMatchObject({ event: "failed", code: "HandshakeForeignProtocol" });
    expect(failed["peer"]).toBe(`127.0.0.1:${socket.localPort}`);
    await once(socket, "close");

    child.kill("SIGTERM");
    expect(await next(lines)).toMatchObject({ event: "closing" });
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it("tells people where to publish and where to play, without colours where nobody sees them", async () => {
    const { lines } = serve("--port", "0", "--host", "127.0.0.1");
    const first = (await lines.next()).value as string;
    const port = /^Millrace listens on 127\.0\.0\.1, port (\d+)\.$/.exec(first)?.[1];
    const shown: string[] = [];
    while (!shown.at(-1)?.includes("ffplay")) shown.push((await lines.next()).value);
    expect(shown.join("\n")).toContain(`-f flv rtmp://127.0.0.1:${port}/live/test`);
    expect(shown.at(-1)).toBe(`  Play      ffplay rtmp://127.0.0.1:${port}/live/test`);

    const socket = await dial(port);
    socket.end(Uint8Array.of(0x16, 3, 1));
    await lines.next(); // an empty one
    expect((await lines.next()).value).toMatch(
      /^\d\d:\d\d:\d\d {2}! closed {5}HandshakeForeignProtocol: .* from 127\.0\.0\.1:\d+$/,
    );
  });

  it("says in one line why it cannot listen", async () => {
    const first = serve("--port", "0", "--host", "127.0.0.1", "--json");
    const { port } = await next(first.lines);
    const second = serve("--port", String(port), "--host", "127.0.0.1");
    expect((await second.errors.next()).value).toBe(
      `millrace: port ${port} is in use; choose another one with --port.`,
    );
    expect(await once(second.child, "exit")).toEqual([1, null]);
  });

  it("refuses a port that is none", async () => {
    const { child, errors } = serve("--port", "70000");
    expect((await errors.next()).value).toContain("A port is a number from 0 to 65535.");
    expect(await once(child, "exit")).toEqual([1, null]);
  });
});
