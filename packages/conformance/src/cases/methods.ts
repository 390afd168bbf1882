import { CallError, CallFailure, type Peer } from "@millrace/core";
import type { Case } from "../case.ts";
import { expectClientError, expectEqual } from "../expect.ts";
import { Stand } from "../stand.ts";

/** Calls of methods, in both directions. */
export const methods: readonly Case[] = [
  {
    name: "clients call methods of the server, which answer at once, later, or not",
    async run(runtime): Promise<void> {
      const stand = await Stand.open(runtime, {
        methods: {
          add: ([a, b]) => Number(a) + Number(b),
          later: async ([value]) => value,
          forbidden: () => {
            throw new CallFailure("Not for you.");
          },
          broken: () => Promise.reject(new Error("no database")),
        },
      });
      const client = await stand.connect();
      const answers = await Promise.all([client.call("add", [2, 3]), client.call("later", ["value"])]);
      expectEqual(answers, [5, "value"], "the answers");
      for (const [name, text] of [
        ["forbidden", "Not for you."],
        ["broken", "The method failed."],
        ["toString", "There is no method toString."],
      ] as const) {
        const { description } = await expectClientError(client.call(name), { kind: "refused" }, `a call of ${name}`);
        expectEqual(description, text, `the answer of ${name}`);
      }
      expectEqual(stand.house.reports, ["hook-failed no database"], "the reports");
      await stand.close();
    },
  },
  {
    name: "the server calls methods of a client, until the client is gone",
    async run(runtime): Promise<void> {
      const peers: Peer[] = [];
      const stand = await Stand.open(runtime, { onConnect: (_, peer) => void peers.push(peer) });
      const faults: unknown[] = [];
      const client = await stand.connect({
        methods: {
          greet: ([name]) => `Hello, ${String(name)}.`,
          broken: () => {
            throw new Error("no voice");
          },
        },
        onMethodFault: (error) => faults.push(error instanceof Error ? error.message : error),
      });
      const id = peers.at(-1)?.id ?? 0;
      expectEqual(await stand.house.server.call(id, "greet", ["client"]), "Hello, client.", "the answer");
      const failure = await stand.house.server.call(id, "broken").catch((error: unknown) => error);
      expectEqual(failure instanceof CallError && failure.outcome, "error", "the answer of broken");
      expectEqual(faults, ["no voice"], "what the method threw");
      await client.close();
      await stand.house.left(2);
      const lost = await stand.house.server.call(id, "greet").catch((error: unknown) => error);
      expectEqual(lost instanceof CallError && lost.outcome, "lost", "the answer of nobody");
      await stand.close();
    },
  },
];
