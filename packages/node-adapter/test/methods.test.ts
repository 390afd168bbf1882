import type { AmfValue } from "@millrace/core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CallFailure, type Peer } from "../src/index.ts";
import { RawClient } from "./client.ts";
import { House } from "./house.ts";

let house: House;
let peers: Peer[] = [];
let later: ((value: string) => void)[] = [];

beforeAll(async () => {
  house = await House.open({
    onConnect: (_, peer) => void peers.push(peer),
    methods: {
      add: ([a, b]) => Number(a) + Number(b),
      whoAmI: (_, { address }) => address,
      later: () => new Promise<string>((resolve) => later.push(resolve)),
      forbidden: () => {
        throw new CallFailure("Not for you.");
      },
      broken: () => Promise.reject(new Error("no database")),
    },
  });
});
afterAll(() => house.close());

async function connected(): Promise<RawClient> {
  [peers, later] = [[], []];
  house.events.length = 0;
  return RawClient.connected(house.port);
}

/** What is answered to a call: the command, and the value or what the error says. */
async function answer(client: RawClient, transactionId: number): Promise<AmfValue[]> {
  const { values } = await client.message(({ values }) => values[1] === transactionId, "an answer");
  const [name, , , value] = values;
  const description = typeof value === "object" && value !== null && "get" in value ? value.get("description") : value;
  return [name, description];
}

async function ask(client: RawClient, name: string, ...values: AmfValue[]): Promise<AmfValue[]> {
  client.call(name, 10, null, ...values);
  return answer(client, 10);
}

it.each([
  ["add", [2, 3], ["_result", 5]],
  ["forbidden", [], ["_error", "Not for you."]],
  ["broken", [], ["_error", "The method failed."]],
  ["nobody", [], ["_error", "There is no method nobody."]],
  ["toString", [], ["_error", "There is no method toString."]],
  ["__proto__", [], ["_error", "There is no method __proto__."]],
] as const)("a client calls %s", async (name, values, expected) => {
  const client = await connected();
  expect(await ask(client, name, ...values)).toEqual(expected);
  expect(house.reports).toEqual(name === "broken" ? ["hook-failed no database"] : []);
  await client.close();
  await house.left(2);
});

it("a method knows who calls", async () => {
  const client = await connected();
  expect(await ask(client, "whoAmI")).toEqual(["_result", `127.0.0.1:${client.socket.localPort}`]);
  await client.close();
  await house.left(2);
});

it("a method may answer late: others are answered meanwhile, and who is gone misses it", async () => {
  const [client, gone] = [await connected(), await RawClient.connected(house.port)];
  client.call("later", 20, null);
  gone.call("later", 20, null);
  expect(await ask(client, "add", 1, 1)).toEqual(["_result", 2]);
  await gone.reset();
  await house.left(3);
  for (const resolve of later) resolve("done");
  expect(await answer(client, 20)).toEqual(["_result", "done"]);
  await client.close();
  await house.left(2);
  await house.undisturbed();
});

it("calls that are not answered do not pile up", async () => {
  const client = await connected();
  for (let id = 100; id < 357; id++) client.call("later", id, null);
  expect(await answer(client, 356)).toEqual(["_error", "Too many calls wait for an answer already."]);
  expect(later).toHaveLength(256);
  await client.close();
  await house.left(2);
});

it("the server calls a method of a client's, and of none that is gone", async () => {
  const client = await connected();
  const [peer] = peers;
  const call = house.server.call(peer?.id ?? 0, "sing", ["a song"]);
  const { values } = await client.message(({ values }) => values[0] === "sing", "the call");
  expect(values[3]).toBe("a song");
  client.call("_result", Number(values[1]), null, "la");
  expect(await call).toBe("la");

  const [failing, lost] = [house.server.call(peer?.id ?? 0, "dance"), house.server.call(peer?.id ?? 0, "rest")];
  const dance = await client.message(({ values }) => values[0] === "dance", "the call");
  client.call("_error", Number(dance.values[1]), null, "never");
  await expect(failing).rejects.toMatchObject({ outcome: "error", message: "dance failed: never" });
  await Promise.all([client.close(), expect(lost).rejects.toMatchObject({ outcome: "lost" })]);
  await house.left(2);
  await expect(house.server.call(peer?.id ?? 0, "sing")).rejects.toMatchObject({ outcome: "lost" });
});
