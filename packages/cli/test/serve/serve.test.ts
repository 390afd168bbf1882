import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { connect as connectClient } from "@millrace/node-adapter";
import { afterEach, describe, expect, it } from "vitest";
import { makeCertificate } from "../../../node-adapter/test/certificate.ts";

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

/** Waits for an event that has these properties. */
async function expectEvent(lines: AsyncIterator<string>, expected: object): Promise<void> {
  for (;;) {
    const event = await next(lines);
    if (Object.entries(expected).every(([name, value]) => event[name] === value)) return;
  }
}

async function dial(port: unknown): Promise<Socket> {
  const socket = connect(Number(port), "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

function isAlive(pid: unknown): boolean {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
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

  it("refuses workers that are none", async () => {
    const { child, errors } = serve("--workers", "0");
    expect((await errors.next()).value).toContain('It is a number from 1 on, or "auto".');
    expect(await once(child, "exit")).toEqual([1, null]);
  });
});

describe("millrace serve with a folder of recordings", () => {
  it("records what is live where all is to be recorded, says so, and plays it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-serve-"));
    const { child, lines } = serve(
      ...["--port", "0", "--host", "127.0.0.1", "--json", "--record-to", join(folder, "recordings"), "--record-all"],
    );
    const { port } = await next(lines);
    const url = `rtmp://127.0.0.1:${port}/live`;
    const client = await connectClient(url);
    const publisher = await client.publish("show");
    await expectEvent(lines, { event: "record", path: "live/show", mode: "record" });
    for (let number = 0; number < 3; number++) {
      await publisher.send({
        messageType: 9,
        timestamp: number * 40,
        payload: Uint8Array.of(0x17, 1, 0, 0, 0, number),
      });
    }
    await client.close();
    await expectEvent(lines, { event: "record-end", path: "live/show", milliseconds: 80, tags: 3 });
    expect(readdirSync(join(folder, "recordings", "live"))).toEqual(["show.flv"]);
    const other = await connectClient(url);
    const payloads: Uint8Array[] = [];
    for await (const { messageType, payload } of other.play("show", { start: 0 })) {
      if (messageType === 9) payloads.push(payload);
      if (payloads.length === 3) break;
    }
    expect(payloads.map((payload) => payload[5])).toEqual([0, 1, 2]);
    await other.close();
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
    rmSync(folder, { recursive: true });
  });

  it("refuses to record all to nowhere", async () => {
    const { errors } = serve("--record-all");
    expect((await errors.next()).value).toBe("error: --record-all needs --record-to.");
  });
});

describe("millrace serve with other servers", () => {
  it.each([
    ["a push of all streams to one", ["--push", "rtmp://host/app/name"], "Say which stream is to go there"],
    ["a pull of an app", ["--pull", "rtmp://host/app"], "It names no stream"],
    ["what is no URL", ["--push", "host/app"], "is no URL"],
    ["a certificate without a key", ["--tls-cert", "file"], "--tls-cert and --tls-key belong together."],
    [
      "a pull by workers",
      ["--pull", "rtmp://host/app/name", "--workers", "2"],
      "cannot be used with option '--workers",
    ],
  ])("refuses %s", async (_, options, text) => {
    const { child, errors } = serve(...options);
    expect((await errors.next()).value).toContain(text);
    expect(await once(child, "exit")).toEqual([1, null]);
  });

  it.each([["1"], ["2"]])("pushes over TLS to one that has %s processes, and back by another pull", async (workers) => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-test-"));
    const { certFile, keyFile } = makeCertificate(folder, "first");
    const any = ["--host", "127.0.0.1", "--port", "0", "--json"];
    const far = serve(...any, "--tls-cert", certFile, "--tls-key", keyFile, "--workers", workers);
    let started = await next(far.lines);
    while (started["event"] !== "listening") started = await next(far.lines);
    expect(started["scheme"]).toBe("rtmps");
    process.env["NODE_EXTRA_CA_CERTS"] = certFile;
    const url = `rtmps://127.0.0.1:${started["port"]}/app/key`;
    const near = serve(...any, "--push", `live/show=${url}`, "--pull", `live/copy=${url}`);
    delete process.env["NODE_EXTRA_CA_CERTS"];
    const { port } = await next(near.lines);
    const client = await connectClient(`rtmp://127.0.0.1:${port}/live`);
    const publisher = await client.publish("show");
    await expectEvent(near.lines, { event: "push", path: "live/show" });
    const sent = Uint8Array.of(0x17, 1, 0, 0, 0, 42);
    await publisher.send({ messageType: 9, timestamp: 0, payload: sent });
    for await (const { messageType, payload } of client.play("copy")) {
      if (messageType !== 9) continue;
      expect(payload).toEqual(sent);
      break;
    }
    await client.close();
    rmSync(folder, { recursive: true });
  });
});

describe("millrace serve --workers", () => {
  it("replaces a worker that died, tells machines so, and stops them all when asked", async () => {
    const { child, lines } = serve("--port", "0", "--host", "127.0.0.1", "--json", "--workers", "2");
    const started = [await next(lines), await next(lines)];
    expect(started.map(({ event, worker, replaces }) => [event, worker, replaces]).sort()).toEqual([
      ["worker-started", 1, null],
      ["worker-started", 2, null],
    ]);
    const listening = await next(lines);
    expect(listening).toMatchObject({ event: "listening", host: "127.0.0.1" });

    const dead = started.find(({ worker }) => worker === 2)?.["pid"];
    process.kill(Number(dead), "SIGKILL");
    expect(await next(lines)).toMatchObject({ event: "worker-died", worker: 2, pid: dead, reason: "SIGKILL" });
    const replacement = await next(lines);
    expect(replacement).toMatchObject({ event: "worker-started", worker: 3, replaces: 2 });

    const served = new Set<unknown>();
    while (served.size < 2) {
      const socket = await dial(listening["port"]);
      const peer = `127.0.0.1:${socket.localPort}`;
      socket.write("GET / HTTP/1.1\r\n\r\n");
      socket.resume();
      const failed = await next(lines);
      expect(failed).toMatchObject({ event: "failed", peer });
      served.add(failed["worker"]);
    }
    expect([...served].sort()).toEqual([1, 3]);

    child.kill("SIGTERM");
    expect(await next(lines)).toMatchObject({ event: "closing" });
    expect(await once(child, "exit")).toEqual([0, null]);
    expect([...started, replacement].map(({ pid }) => isAlive(pid))).toEqual([false, false, false]);
  });

  it("ends with its first process, even one that is killed, and leaves nothing behind", async () => {
    const temporary = mkdtempSync(join(tmpdir(), "millrace-test-"));
    process.env["TMPDIR"] = temporary;
    const { child, lines } = serve("--port", "0", "--host", "127.0.0.1", "--json", "--workers", "2");
    delete process.env["TMPDIR"];
    const pids = [(await next(lines))["pid"], (await next(lines))["pid"]];
    expect(await next(lines)).toMatchObject({ event: "listening" });
    expect(readdirSync(temporary)).toHaveLength(1);
    child.kill("SIGKILL");
    while (pids.some(isAlive)) await new Promise((resolve) => setImmediate(resolve));
    expect(readdirSync(temporary)).toEqual([]);
    rmSync(temporary, { recursive: true });
  });

  it("says in one line why it cannot listen", async () => {
    const first = serve("--port", "0", "--host", "127.0.0.1", "--json");
    const { port } = await next(first.lines);
    const second = serve("--port", String(port), "--host", "127.0.0.1", "--workers", "2");
    expect((await second.errors.next()).value).toBe(
      `millrace: port ${port} is in use; choose another one with --port.`,
    );
    expect(await once(second.child, "exit")).toEqual([1, null]);
  });
});
