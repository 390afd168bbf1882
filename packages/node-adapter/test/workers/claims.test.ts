import { BufferPool, Relay, RelaySession } from "@millrace/core";
import { beforeEach, expect, it } from "vitest";
import { Claims } from "../../src/workers/claims.ts";
import type { ToPrimary } from "../../src/workers/messages.ts";

const random = new Uint8Array(1528);
let told: ToPrimary[];
let relay: Relay;
let claims: Claims;

beforeEach(() => {
  told = [];
  relay = new Relay({ pool: new BufferPool(2 ** 22), takeoverAfter: 1000 });
  claims = new Claims(relay, (message) => told.push(message));
});

/** Grants what was asked for first, or does not. */
async function claim(path: string, isGranted: boolean): Promise<boolean> {
  const answer = claims.claim(path);
  const question = told.at(-1);
  if (question?.type !== "claim") throw new Error("The primary was not asked.");
  claims.answer(question.question, isGranted);
  return await answer;
}

/** Until the session has acted on the answer. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

it("keeps a path as long as it is published here, then releases it once", async () => {
  const publisher = new RelaySession(relay, random, 0);
  expect(await claim("live/a", true)).toBe(true);
  const stream = relay.claim("live/a", publisher, 0);
  await settled();
  claims.review("live/a");
  expect(told).toEqual([{ type: "claim", path: "live/a", question: 1 }]);
  if (stream !== null) relay.unpublish(stream);
  claims.review("live/a");
  claims.review("live/a");
  expect(told.slice(1)).toEqual([{ type: "release", path: "live/a" }]);
});

it("releases a path whose publisher went away while the primary was asked", async () => {
  expect(await claim("live/a", true)).toBe(true);
  await settled();
  expect(told.slice(1)).toEqual([{ type: "release", path: "live/a" }]);
});

it("releases nothing that was not granted", async () => {
  expect(await claim("live/a", false)).toBe(false);
  await settled();
  expect(told).toHaveLength(1);
});

it("gives a path away when its publisher gives way, and not while another one here waits for it", async () => {
  const publisher = new RelaySession(relay, random, 0);
  await claim("live/a", true);
  relay.claim("live/a", publisher, 0);
  await settled();
  expect(claims.yields("live/a", 999)).toBe(false);
  const waiting = claims.claim("live/a");
  expect(claims.yields("live/a", 1000)).toBe(false);
  claims.answer(2, false);
  await waiting;
  await settled();
  expect(claims.yields("live/a", 1000)).toBe(true);
  expect([...relay.displaced]).toEqual([publisher]);
  // The primary knows: it is not told.
  claims.review("live/a");
  expect(told.map(({ type }) => type)).toEqual(["claim", "claim"]);
});
