import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { connect } from "@millrace/node-adapter";
import { afterEach, expect, it } from "vitest";

const millrace = fileURLToPath(new URL("../../bin/millrace.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "millrace-objects-"));
const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

async function serve(): Promise<{ child: ChildProcess; url: string }> {
  const options = ["serve", "--host", "127.0.0.1", "--port", "0", "--json", "--objects", folder];
  const child = spawn(process.execPath, [millrace, ...options], { stdio: ["ignore", "pipe", "inherit"] });
  running.push(child);
  const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  const { port } = JSON.parse(String(value)) as { port: number };
  return { child, url: `rtmp://127.0.0.1:${port}/app` };
}

/** Five clients set one property after the other until the server is killed. @returns what was acknowledged, by name */
async function writeUntilKilled(round: number): Promise<Map<string, number>> {
  const { child, url } = await serve();
  const acknowledged = new Map<string, number>();
  const clients = await Promise.all(Array.from({ length: 5 }, () => connect(url)));
  for (const [index, client] of clients.entries()) {
    const name = `of ${index}`;
    let value = round * 1_000_000;
    const object = client.sharedObject("state", {
      persistent: true,
      onNotice: ({ kind }) => {
        if (kind === "success") acknowledged.set(name, value);
        if (kind === "success" || kind === "connect") {
          value++;
          object.set(name, value);
        }
        // Somewhere in the middle of all the writing.
        if (acknowledged.size === 5 && value % 1_000_000 > 20 + 7 * round) child.kill("SIGKILL");
      },
    });
  }
  await once(child, "exit");
  await Promise.all(clients.map(({ closed }) => closed));
  return acknowledged;
}

it("loses no change that it has acknowledged when it is killed", async () => {
  for (let round = 1; round <= 5; round++) {
    const acknowledged = await writeUntilKilled(round);
    expect(acknowledged.size).toBe(5);
    const { child, url } = await serve();
    const client = await connect(url);
    const values = await new Promise<Map<string, number>>((resolve) => {
      const object = client.sharedObject("state", {
        persistent: true,
        onNotice: () => {
          if (object.names.length < 5) return;
          resolve(new Map(object.names.map((name) => [name, Number(object.get(name))])));
        },
      });
    });
    for (const [name, value] of acknowledged) {
      // What was under way when it was killed may have been made as well, though nobody was told.
      expect([value, value + 1], `round ${round}, ${name}`).toContain(values.get(name));
    }
    await client.close();
    child.kill("SIGKILL");
    await once(child, "exit");
  }
});
