import type { Case } from "../../case.ts";
import { expectClientError, expectEqual, expectRejection, expectTrue } from "../../expect.ts";
import { House } from "../../house.ts";
import { encryptedKey, type Identity, identity, otherIdentity } from "../../identity.ts";
import type { Runtime } from "../../runtime.ts";
import { Stand } from "../../stand.ts";

function secure(stand: Stand): string {
  return stand.url.replace("rtmp:", "rtmps:");
}

/** The files of a certificate. */
class Files {
  readonly certFile: string;
  readonly keyFile: string;
  private readonly runtime: Runtime;

  private constructor(runtime: Runtime, name: string) {
    this.runtime = runtime;
    this.certFile = `${runtime.folder}/${name}.crt`;
    this.keyFile = `${runtime.folder}/${name}.key`;
  }

  static async open(runtime: Runtime, name: string): Promise<Files> {
    const files = new Files(runtime, name);
    await files.write("certFile", identity);
    await files.write("keyFile", identity);
    return files;
  }

  write(which: "certFile" | "keyFile", { cert, key }: Identity): Promise<void> {
    return this.runtime.writeFile(this[which], which === "certFile" ? cert : key);
  }

  async close(): Promise<void> {
    await this.runtime.removeFile(this.certFile);
    await this.runtime.removeFile(this.keyFile);
  }
}

/** Connects until the server shows this certificate. */
async function untilShown(stand: Stand, { cert }: Identity): Promise<void> {
  while (
    !(await stand.connect({}, secure(stand), cert).then(
      () => true,
      () => false,
    ))
  );
}

export const transports: readonly Case[] = [
  {
    name: "client: meets the server on a Unix socket",
    async run(runtime): Promise<void> {
      const stand = new Stand(runtime, new House(runtime));
      const path = `${runtime.folder}/socket`;
      const nobody = runtime.connectClient("rtmp://anything/live", { path });
      await expectClientError(nobody, { kind: "unreachable" }, "to connect to nobody");
      await stand.house.server.listen({ path });
      await stand.carries("rtmp://anything/live", { path });
      expectEqual(stand.house.server.address, null, "the address");
      const [event] = stand.house.events;
      expectEqual(event !== undefined && "peer" in event && event.peer.address, "unix", "the client's address");
      await stand.close();
    },
  },
  {
    name: "client: meets the server on IPv6",
    async run(runtime): Promise<void> {
      const stand = new Stand(runtime, new House(runtime));
      const hasIpv6 = await stand.house.server.listen(0, "::1").then(
        () => true,
        () => false,
      );
      if (!hasIpv6) return stand.house.server.close();
      await stand.carries(`rtmp://[::1]:${stand.house.port}/live`);
      const [event] = stand.house.events;
      const address = event !== undefined && "peer" in event ? event.peer.address : "";
      expectTrue(/^\[::1\]:\d+$/.test(address), `The client's address is ${address}.`);
      await stand.close();
    },
  },
  {
    name: "client: meets the server over TLS, by name and by address",
    async run(runtime): Promise<void> {
      const stand = await Stand.open(runtime, { tls: identity });
      await stand.carries(secure(stand), {}, identity.cert);
      await stand.carries(secure(stand).replace("127.0.0.1", "localhost"), {}, identity.cert);
      await stand.leave();
      await stand.house.undisturbed();
      await stand.close();
    },
  },
  {
    name: "client: does not talk to a server whose certificate it does not trust, nor without TLS to one that wants it",
    async run(runtime): Promise<void> {
      const stand = await Stand.open(runtime, { tls: identity });
      await expectClientError(stand.connect({}, secure(stand)), { kind: "unreachable" }, "to trust anybody");
      const other = stand.connect({}, secure(stand), otherIdentity.cert);
      await expectClientError(other, { kind: "unreachable" }, "to trust another");
      const plain = await expectRejection(stand.connect({ timeout: 5_000 }), "to connect without TLS");
      expectEqual(Object(plain).name, "ClientError", "the error");
      await stand.house.undisturbed();
      await stand.close();
    },
  },
  {
    name: "shows the certificate of files that have changed; open connections stay",
    async run(runtime): Promise<void> {
      const files = await Files.open(runtime, "changed");
      const { certFile, keyFile } = files;
      const reloads: string[] = [];
      const onReload = (error: Error | null): void => {
        reloads.push(error === null ? "loaded" : error.message);
      };
      const house = new House(runtime, { tls: { certFile, keyFile, onReload } });
      const stand = new Stand(runtime, house);
      await house.server.listen(0, "127.0.0.1");
      const { port } = house;
      const client = await stand.connect({}, secure(stand), identity.cert);
      await files.write("certFile", otherIdentity);
      // The key does not fit yet: what was there stays.
      while (reloads.length === 0) await untilShown(stand, identity);
      expectTrue(/mismatch/.test(reloads[0] ?? ""), `It says ${reloads[0]}.`);
      await files.write("keyFile", otherIdentity);
      await untilShown(stand, otherIdentity);
      expectEqual(reloads.slice(1), ["loaded"], "what was told behind that");
      expectEqual(house.port, port, "the port");
      await untilShown(stand, otherIdentity);
      expectEqual(reloads.length, 2, "how often it was told");
      await (await client.publish("show")).end();
      await stand.close();
      await files.close();
    },
  },
  {
    name: "takes an encrypted key, and no certificate that does not fit its key or is not there",
    async run(runtime): Promise<void> {
      const { cert } = otherIdentity;
      const stand = new Stand(runtime, new House(runtime, { tls: { cert, ...encryptedKey } }));
      await stand.house.server.listen(0, "127.0.0.1");
      await stand.connect({}, secure(stand), cert);
      await stand.close();
      for (const tls of [
        { cert, key: identity.key },
        { cert, key: encryptedKey.key, passphrase: "wrong" },
        { certFile: `${runtime.folder}/none.crt`, keyFile: `${runtime.folder}/none.key` },
      ]) {
        const creating = Promise.resolve().then(() => runtime.createServer({ tls }));
        await expectRejection(creating, "to create a server by what is no use");
      }
    },
  },
];
