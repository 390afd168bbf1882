import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect as netConnect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer, type TLSSocket, connect as tlsConnect } from "node:tls";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { ClientError, connect, createServer } from "../../src/index.ts";
import { readShared } from "../../src/shared-read.ts";
import { SocketWriter } from "../../src/socket-writer.ts";
import { type Certificate, makeCertificate } from "../certificate.ts";
import { Stand } from "./stand.ts";

let folder: string;
let first: Certificate;
let second: Certificate;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-tls-"));
  first = makeCertificate(folder, "first");
  second = makeCertificate(folder, "second");
});
afterAll(() => rmSync(folder, { recursive: true }));

it("carries streams through a Unix socket", async () => {
  const stand = new Stand();
  const path = join(folder, "socket");
  await stand.server.listen({ path });
  await stand.carries("rtmp://anything/live", { path });
  expect(stand.events.map((event) => ("peer" in event ? `${event.type} ${event.peer.address}` : event.type))).toContain(
    "publish unix",
  );
  expect(stand.server.address).toBe(null);
  await stand.close();
});

it("carries streams through IPv6", async () => {
  const stand = new Stand();
  await stand.server.listen(0, "::1");
  await stand.carries(`rtmp://[::1]:${stand.server.address?.port}/live`);
  expect(stand.events[0]).toMatchObject({ peer: { address: expect.stringMatching(/^\[::1\]:\d+$/) } });
  await stand.close();
});

describe("TLS", () => {
  let stand: Stand;
  beforeEach(async () => {
    stand = new Stand({ tls: first });
    await stand.server.listen(0);
  });
  afterEach(() => stand.close());
  const secure = (): string => stand.url.replace("rtmp:", "rtmps:");

  it("carries streams", async () => {
    await stand.carries(secure(), { tls: { ca: first.cert } }, 500);
  });

  it("names the server that is wanted", async () => {
    await stand.carries(secure().replace("127.0.0.1", "localhost"), { tls: { ca: first.cert } });
  });

  it("is refused by a client that does not trust the certificate", async () => {
    await expect(stand.connect({}, secure())).rejects.toMatchObject({
      kind: "unreachable",
      cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
    });
    await stand.connect({ tls: { rejectUnauthorized: false } }, secure());
  });

  it("leaves clients without it outside", async () => {
    await expect(stand.connect()).rejects.toMatchObject({ name: "ClientError" });
    await stand.carries(secure(), { tls: { ca: first.cert } });
  });

  it("names the server by its name, but not by an address", async () => {
    const names: unknown[] = [];
    const server = createTlsServer(first, (socket) => {
      names.push(socket.servername);
      socket.on("error", () => {}).destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    // listen() has given it one
    const { port } = server.address() as AddressInfo;
    const tls = { ca: first.cert };
    await expect(connect(`rtmps://localhost:${port}/live`, { tls })).rejects.toThrow(ClientError);
    await expect(connect(`rtmps://127.0.0.1:${port}/live`, { tls })).rejects.toThrow(ClientError);
    expect(names).toEqual(["localhost", false]);
    await new Promise((resolve) => server.close(resolve));
  });

  it("is read and written by Node's streams, not past them", async () => {
    const accepted = new Promise<TLSSocket>((resolve) => {
      const server = createTlsServer({ ...first, allowHalfOpen: true }, (socket) => {
        server.close();
        resolve(socket);
      });
      server.listen(0, () => {
        // listen() has given it one
        const { port } = server.address() as AddressInfo;
        tlsConnect({ port, host: "127.0.0.1", ca: first.cert }).on("error", () => {});
      });
    });
    const socket = await accepted;
    const write = vi.spyOn(socket, "write");
    expect(readShared(socket, Buffer.alloc(10), () => {})).toBe(socket);
    await new Promise<void>((resolve) => {
      const writer = new SocketWriter(socket, resolve);
      expect(writer.write(Uint8Array.of(1, 2, 3), 0, 3)).toBe(false);
    });
    expect(write).toHaveBeenCalledOnce();
    await new Promise((resolve) => socket.on("close", resolve).destroy());
  });

  it("that is not agreed upon does not hold up the end", async () => {
    const socket = netConnect({ port: stand.server.address?.port ?? 0, host: "127.0.0.1" });
    const closed = new Promise((resolve) => socket.on("error", () => {}).on("close", resolve));
    await new Promise((resolve) => socket.once("connect", resolve));
    // the server has accepted it as well once a later connection is served
    await stand.connect({ tls: { ca: first.cert } }, secure());
    await stand.close();
    await closed;
  });
});

describe("the files of a certificate", () => {
  const reloads: string[] = [];
  let files: { certFile: string; keyFile: string };
  let stand: Stand;
  beforeEach(async () => {
    reloads.length = 0;
    files = { certFile: join(folder, "used.crt"), keyFile: join(folder, "used.key") };
    put("certFile", first.cert);
    put("keyFile", first.key);
    stand = new Stand({ tls: { ...files, onReload: (error) => reloads.push(error?.message ?? "loaded") } });
    await stand.server.listen(0);
  });
  afterEach(() => stand.close());

  /** Replaces a file in one go. */
  function put(which: "certFile" | "keyFile", text: string): void {
    writeFileSync(join(folder, "new"), text);
    renameSync(join(folder, "new"), files[which]);
  }

  /** What a new connection is shown. */
  function shown(): Promise<string> {
    return new Promise((resolve, reject) => {
      const port = stand.server.address?.port;
      const socket = tlsConnect({ port, host: "127.0.0.1", rejectUnauthorized: false });
      socket.on("error", reject).on("secureConnect", () => {
        const { CN } = socket.getPeerCertificate().subject;
        const name = String(CN);
        socket.on("close", () => resolve(name)).destroy();
      });
    });
  }

  it("are read again when they change, and open connections stay", async () => {
    const client = await stand.connect({ tls: { ca: first.cert } }, stand.url.replace("rtmp:", "rtmps:"));
    expect(await shown()).toBe("first");
    put("certFile", second.cert);
    put("keyFile", second.key);
    expect(await shown()).toBe("second");
    expect(await shown()).toBe("second");
    expect(reloads).toEqual(["loaded"]);
    const publication = await client.publish("show");
    await publication.end();
  });

  it("are kept while the new ones do not fit together, or are not there", async () => {
    put("certFile", second.cert);
    expect(await shown()).toBe("first");
    expect(await shown()).toBe("first");
    expect(reloads).toEqual([expect.stringContaining("key values mismatch")]);
    rmSync(files.keyFile);
    expect(await shown()).toBe("first");
    expect(reloads[1]).toContain("ENOENT");
    put("keyFile", second.key);
    expect(await shown()).toBe("second");
    expect(reloads.slice(2)).toEqual(["loaded"]);
  });

  it("must fit together from the start", () => {
    expect(() => createServer({ tls: { certFile: first.certFile, keyFile: second.keyFile } })).toThrow("mismatch");
    expect(() => createServer({ tls: { certFile: "/nowhere", keyFile: second.keyFile } })).toThrow("ENOENT");
  });
});
