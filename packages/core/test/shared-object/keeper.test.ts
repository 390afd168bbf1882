import { describe, expect, it } from "vitest";
import {
  type SharedObjectAnswer,
  SharedObjectKeeper,
  type SharedObjectKeeperOptions,
  type SharedObjectStorage,
} from "../../src/shared-object/index.ts";
import { type Connection, change, Server, use } from "./talk.ts";

const persistent = { name: "so", isPersistent: true };

/** A keeper, what it was told of, and a storage whose promises the test settles. */
class House {
  readonly server = new Server();
  readonly keeper: SharedObjectKeeper;
  readonly faults: string[] = [];
  readonly files = new Map<string, Uint8Array>();
  readonly waiting: (() => void)[] = [];
  isBroken = false;

  constructor(options: Partial<SharedObjectKeeperOptions> = {}) {
    const storage: SharedObjectStorage = {
      load: async (app, name) => {
        await this.wait();
        return this.files.get(`${app}:${name}`) ?? null;
      },
      store: async (app, name, snapshot) => {
        await this.wait();
        this.files.set(`${app}:${name}`, snapshot);
      },
    };
    this.keeper = new SharedObjectKeeper({
      objects: this.server.objects,
      storage,
      onChanged: () => {},
      onFault: ({ kind }, error) => this.faults.push(`${kind}: ${error instanceof Error ? error.message : error}`),
      ...options,
    });
    // Whoever says something has the keeper run.
    this.server.run = () => this.keeper.run();
  }

  /** Lets what is under way at the storage be done, or fail. */
  async go(): Promise<void> {
    for (const done of this.waiting.splice(0)) done();
    await later();
  }

  private wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push(() => (this.isBroken ? reject(new Error("The disk is full.")) : resolve()));
    });
  }
}

/** All that promises have to say was said. */
async function later(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

async function sharing(house: House): Promise<Connection> {
  const client = house.server.connect();
  client.sayOf(persistent, use);
  await house.go();
  client.heard;
  return client;
}

describe("the keeper", () => {
  it("loads, stores, and has clients told afterwards", async () => {
    const house = new House();
    const client = house.server.connect();
    client.sayOf(persistent, use, change("a", 1));
    expect(client.heard).toEqual([]);
    await house.go();
    expect(client.heard).toEqual(["so use-success, clear"]);
    expect(house.files.size).toBe(0);
    await house.go();
    expect(house.files.size).toBe(1);
    expect(client.heard).toEqual(['so success "a"']);
    client.peer.leave();
    expect(house.server.objects.list()).toEqual([]);

    const next = house.server.connect();
    next.sayOf(persistent, use);
    await house.go();
    expect(next.heard).toEqual(['so use-success, clear, change "a" 1']);
    expect(house.faults).toEqual([]);
  });

  it("says who is to be sent something", async () => {
    const changed: number[] = [];
    const house = new House({ onChanged: ({ id }) => changed.push(id) });
    house.server.connect().sayOf(persistent, use);
    expect(changed).toEqual([]);
    await house.go();
    expect(changed).toEqual([1]);
  });

  it("undoes what cannot be stored", async () => {
    const house = new House();
    const client = await sharing(house);
    client.sayOf(persistent, change("a", 1));
    house.isBroken = true;
    await house.go();
    expect(client.heard).toEqual(['so remove "a", status SharedObject.Flush.Failed error']);
    expect(house.faults).toEqual(["store: The disk is full."]);
  });

  it("lets nobody use what cannot be loaded, or is damaged", async () => {
    const house = new House();
    const client = house.server.connect();
    house.isBroken = true;
    client.sayOf(persistent, use);
    await house.go();
    house.isBroken = false;
    house.files.set("app:so", new Uint8Array(5));
    client.sayOf(persistent, use);
    await house.go();
    const failed = "so status SharedObject.ObjectCreationFailed error";
    expect(client.heard).toEqual([failed, failed]);
    expect(house.faults[0]).toBe("load: The disk is full.");
    expect(house.faults).toHaveLength(2);
  });

  it("without a storage has no persistent objects", () => {
    const house = new House({ storage: null });
    const client = house.server.connect();
    client.sayOf(persistent, use);
    client.say("temporary", use);
    expect(client.heard).toEqual(["so status SharedObject.ObjectCreationFailed error", "temporary use-success, clear"]);
  });

  it.each<[string, () => SharedObjectAnswer | Promise<SharedObjectAnswer>, string]>([
    ["nothing", () => undefined, 'success "a"'],
    ["yes", () => true, 'success "a"'],
    ["no", () => false, ""],
    ["rights", () => ({ canWrite: false, canSend: false }), 'remove "a", status SharedObject.NoWriteAccess error'],
    ["yes, later", async () => true, 'success "a"'],
    ["no, later", async () => false, ""],
    ["a rejection", () => Promise.reject(new Error("no database")), ""],
  ])("asks the application, which answers %s", async (_, onUse, expected) => {
    const house = new House({ onUse });
    const client = house.server.connect();
    client.say("so", use, change("a", 1));
    await later();
    expect(client.heard).toEqual(
      expected === "" ? ["so status SharedObject.NoReadAccess error"] : ["so use-success, clear", `so ${expected}`],
    );
  });

  it("takes a throw of the application for a no", () => {
    const house = new House({
      onUse: ({ peer, object }) => {
        throw new Error(`${peer.id} ${object.name}`);
      },
    });
    const client = house.server.connect();
    client.say("so", use);
    expect(client.heard).toEqual(["so status SharedObject.NoReadAccess error"]);
    expect(house.faults).toEqual(["use: 1 so"]);
  });
});
