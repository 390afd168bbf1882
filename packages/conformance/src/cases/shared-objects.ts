import type { ClientSharedObject } from "@millrace/client";
import type { SharedObjectNotice, SharedObjectStorage } from "@millrace/core";
import type { Case } from "../case.ts";
import { expectEqual, expectTrue } from "../expect.ts";
import { range } from "../frame.ts";
import { House } from "../house.ts";
import type { Runtime } from "../runtime.ts";
import { Stand } from "../stand.ts";

/** A shared object of a client's, and what it was told of it. */
class Sharing {
  readonly notices: SharedObjectNotice[] = [];
  object: ClientSharedObject | null = null;
  private readonly runtime: Runtime;

  constructor(runtime: Runtime) {
    this.runtime = runtime;
  }

  readonly onNotice = (notice: SharedObjectNotice): void => void this.notices.push(notice);

  get it(): ClientSharedObject {
    if (this.object === null) throw new Error("The object is not open.");
    return this.object;
  }

  async told(kind: SharedObjectNotice["kind"]): Promise<SharedObjectNotice> {
    return this.find(({ kind: each }) => each === kind);
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.runtime.turn();
  }

  private async find(wanted: (notice: SharedObjectNotice) => boolean): Promise<SharedObjectNotice> {
    for (;;) {
      const found = this.notices.find(wanted);
      if (found !== undefined) return found;
      await this.runtime.turn();
    }
  }
}

async function open(stand: Stand, runtime: Runtime, name: string, persistent = false): Promise<Sharing> {
  const client = await stand.connect();
  const sharing = new Sharing(runtime);
  sharing.object = client.sharedObject(name, { persistent, onNotice: sharing.onNotice });
  return sharing;
}

/** Keeps snapshots in memory; what it is given to store waits as long as it is told to. */
class MemoryStorage implements SharedObjectStorage {
  readonly snapshots = new Map<string, Uint8Array>();

  async load(app: string, name: string): Promise<Uint8Array | null> {
    return this.snapshots.get(`${app}/${name}`) ?? null;
  }

  async store(app: string, name: string, snapshot: Uint8Array): Promise<void> {
    if (name === "broken") throw new Error("disk full");
    this.snapshots.set(`${app}/${name}`, snapshot);
  }
}

/** Shared objects, from client to client through the server. */
export const sharedObjects: readonly Case[] = [
  {
    name: "five clients that change one object agree in the end, and call each other",
    async run(runtime): Promise<void> {
      const stand = await Stand.open(runtime);
      const all = await Promise.all(range(0, 5).map(() => open(stand, runtime, "room")));
      await Promise.all(all.map((each) => each.told("connect")));
      for (const round of range(0, 40)) {
        for (const [index, { it }] of all.entries()) {
          if ((round + index) % 7 === 3) it.remove(`key ${(round * 3 + index) % 6}`);
          else it.set(`key ${(round + 2 * index) % 6}`, [round, index]);
        }
      }
      const contents = (): string[] =>
        all.map(({ it }) => JSON.stringify([...it.names].sort().map((name) => [name, it.get(name)])));
      for (const each of all) await each.until(() => each.it.isSettled);
      await all[0]?.until(() => new Set(contents()).size === 1);
      expectEqual(
        stand.house.server.sharedObjects.map(({ name, clients }) => [name, clients]),
        [["room", 5]],
        "figures",
      );
      all[0]?.it.send("hello", "all", 1);
      for (const each of all) {
        const notice = await each.told("message");
        expectEqual(notice, { kind: "message", handler: "hello", values: ["all", 1] }, "the message");
      }
      for (const { it } of all) it.close();
      await all[0]?.until(() => stand.house.server.sharedObjects.length === 0);
      await stand.close();
    },
  },
  {
    name: "the application says who may use an object and who may change it, also later or never",
    async run(runtime): Promise<void> {
      const stand = await Stand.open(runtime, {
        decisionTimeout: 300,
        onSharedObject: ({ name }) => {
          if (name === "secret") return false;
          if (name === "read") return Promise.resolve({ canWrite: false, canSend: false });
          return name === "stuck" ? new Promise(() => {}) : true;
        },
      });
      for (const name of ["secret", "stuck"]) {
        const notice = await (await open(stand, runtime, name)).told("refused");
        expectEqual(notice, { kind: "refused", code: "SharedObject.NoReadAccess" }, name);
      }
      const reader = await open(stand, runtime, "read");
      await reader.told("connect");
      reader.it.set("a", 1);
      const { kind, ...rejection } = await reader.told("reject");
      expectEqual(
        [kind, "code" in rejection && rejection.code],
        ["reject", "SharedObject.NoWriteAccess"],
        "the change",
      );
      expectEqual(reader.it.get("a"), undefined, "the property");
      await stand.close();
    },
  },
  {
    name: "persistent objects outlive their clients and their server; without a storage there are none",
    async run(runtime): Promise<void> {
      const storage = new MemoryStorage();
      for (const round of range(0, 3)) {
        const stand = await Stand.open(runtime, { sharedObjects: storage });
        const sharing = await open(stand, runtime, "kept", true);
        await sharing.told("connect");
        await sharing.until(() => round === 0 || sharing.it.get("round") === round - 1);
        sharing.it.set("round", round);
        await sharing.told("success");
        const broken = await open(stand, runtime, "broken", true);
        await broken.told("connect");
        broken.it.set("a", 1);
        await broken.told("reject");
        expectTrue(stand.house.reports.includes("storage-failed disk full"), "it is said that the storage failed");
        await stand.close();
      }
      const stand = new Stand(runtime, await House.open(runtime));
      await (await open(stand, runtime, "kept", true)).told("refused");
      await stand.close();
    },
  },
];
