import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClientError, connect, createServer, type Server } from "@millrace/node-adapter";
import { afterAll, afterEach, expect, it } from "vitest";
import { type AuthoritySettings, hooksOf, keyOf } from "../../src/serve/authority.ts";

const open: { close(): unknown }[] = [];
const folder = mkdtempSync(join(tmpdir(), "millrace-authority-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function serve(settings: AuthoritySettings): Promise<{ server: Server; url: string; reports: string[] }> {
  const reports: string[] = [];
  const server = createServer({ ...hooksOf(settings), onEvent: (event) => reports.push(JSON.stringify(event)) });
  open.push({ close: () => server.close(0) });
  await server.listen(0, "127.0.0.1");
  return { server, url: `rtmp://127.0.0.1:${server.address?.port}/live`, reports };
}

/** Whether it may be published. */
async function mayPublish(url: string, name: string): Promise<boolean> {
  const client = await connect(url);
  try {
    await client.publish(name);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(ClientError);
    return false;
  } finally {
    await client.close();
  }
}

it("one key for all publishers", async () => {
  const { url, reports } = await serve({ publishKey: "open sesame" });
  const tried = ["show?key=open%20sesame", "show?a=1&key=open+sesame", "show", "show?key=open", "show?key="];
  const answers: boolean[] = [];
  for (const name of tried) answers.push(await mayPublish(url, name));
  expect(answers).toEqual([true, true, false, false, false]);
  expect(reports.join("\n")).not.toContain("sesame");
});

it("a key for each stream, from a file that may change", async () => {
  const keysFile = join(folder, "keys");
  writeFileSync(keysFile, "# who may what\nlive/one  first\n\nlive/two\tsecond\n");
  const { url } = await serve({ keysFile });
  const ask = async (...names: string[]): Promise<boolean[]> => {
    const answers: boolean[] = [];
    for (const name of names) answers.push(await mayPublish(url, name));
    return answers;
  };
  expect(await ask("one?key=first", "two?key=first", "two?key=second", "three?key=", "three")).toEqual([
    ...[true, false, true, false, false],
  ]);
  writeFileSync(keysFile, "live/one other\n* rest\n");
  expect(await ask("one?key=first", "one?key=other", "three?key=rest")).toEqual([false, true, true]);
  rmSync(keysFile);
  expect(await ask("one?key=other")).toEqual([false]);
});

it("a line of a keys file that is none gives no key", () => {
  expect(["live/a", "live/a ", "#live/a b", "live/a b c", ""].map((line) => keyOf(line, "live/a"))).toEqual(
    Array.from({ length: 5 }, () => null),
  );
  expect(keyOf("  live/a b\r\n", "live/a")).toBe("b");
});

it("an HTTP hook is asked, and who does not answer says no", async () => {
  const asked: Record<string, string>[] = [];
  const http: HttpServer = createHttpServer((request, response) => {
    let body = "";
    request.on("data", (bytes) => (body += bytes));
    request.on("end", () => {
      const fields = Object.fromEntries(new URLSearchParams(body));
      asked.push(fields);
      response.writeHead({ yes: 204, moved: 302 }[fields["name"] ?? ""] ?? 403, { location: "/" }).end("because");
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo; // it listens to a port
  open.push({ close: () => http.close() });
  const hook = `http://127.0.0.1:${port}/`;
  const { url } = await serve({ hook });
  expect([await mayPublish(url, "yes?key=1"), await mayPublish(url, "no"), await mayPublish(url, "moved")]).toEqual([
    ...[true, false, false],
  ]);
  expect(asked[0]).toMatchObject({ call: "publish", app: "live", name: "yes", key: "1" });
  expect(asked[0]?.["addr"]).toMatch(/^127\.0\.0\.1:\d+$/);
  const client = await connect(url);
  await expect(client.play("no").next()).rejects.toMatchObject({ kind: "refused" });
  expect(asked.at(-1)).toMatchObject({ call: "play", name: "no" });
  await client.close();

  const deaf = await serve({ hook: "http://127.0.0.1:1/" });
  expect(await mayPublish(deaf.url, "yes")).toBe(false);
});
