import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BufferPool } from "../../../src/bytes/index.ts";
import { MessageType } from "../../../src/chunk/index.ts";
import { StreamState } from "../../../src/connection/index.ts";
import { mediaOf } from "../media-log.ts";
import { mediaLine } from "../message-log.ts";
import { liveStream, Pair, type PairOptions } from "./pair.ts";

const { Audio, Video } = MessageType;

interface Sent {
  readonly messageType: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

const messages = fc.array(
  fc.record({
    messageType: fc.constantFrom(Audio, Video),
    timestamp: fc.oneof(fc.nat(100_000), fc.integer({ min: 0xfffff0, max: 0x1000010 })),
    payload: fc.oneof(
      { weight: 3, arbitrary: fc.uint8Array({ maxLength: 300 }) },
      fc.integer({ min: 4090, max: 9000 }).map((length) => Uint8Array.from({ length }, (_, index) => index * 7)),
    ),
  }),
  { minLength: 1, maxLength: 12 },
);
const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 41, max: 5000 })), {
  minLength: 1,
  maxLength: 8,
});

const lineOf = ({ messageType, timestamp, payload }: Sent) =>
  mediaLine(messageType, timestamp, payload, 0, payload.length);

/** Of a client that can read whatever bytes come as media. */
const everything = { app: "live", tcUrl: "rtmp://host/live", capsEx: 6 };

describe("a client and a server", () => {
  it("what is published is received whole and in order, however it is cut", () => {
    fc.assert(
      fc.property(messages, cuts, fc.boolean(), (sent, cuts, digest) => {
        const pair = Pair.connected({ cuts, client: { digest } });
        const stream = pair.client.publish("key");
        pair.run();
        expect(stream.state).toBe(StreamState.Active);
        for (const { messageType, timestamp, payload } of sent) {
          const memory = payload.slice();
          expect(stream.send(messageType, timestamp, memory, 0, memory.length)).toBe(true);
          memory.fill(0xdd);
        }
        stream.close();
        pair.run();
        expect(mediaOf(pair.live)).toEqual(sent.map(lineOf));
        expect(pair.clientEvents).toEqual([
          "status key NetStream.Publish.Start",
          expect.stringMatching(/^status - NetStream.Unp/),
        ]);
        expect(pair.serverEvents).toEqual(["request publish key", "ended publishing key"]);
        pair.close();
      }),
      { numRuns: 60 },
    );
  });

  it("what is played arrives whole and in order, however it is cut", () => {
    fc.assert(
      fc.property(messages, cuts, fc.boolean(), (sent, cuts, hasSink) => {
        const pair = Pair.connected({ cuts, client: { connect: everything } });
        const sink = hasSink ? liveStream() : null;
        pair.client.play("key", sink);
        pair.run();
        pair.forget();
        pair.live.beginPublication();
        // Players without a keyframe get it all the same when there is no video before.
        const heard = sent.map((message) => ({ ...message, messageType: Audio }));
        for (const { timestamp, payload } of heard) pair.live.push(Audio, timestamp, payload, 0, payload.length);
        pair.run();
        const expected = heard.map(lineOf);
        if (sink === null) {
          expect(pair.clientEvents).toEqual([
            "status key NetStream.Play.PublishNotify",
            ...expected.map((line) => `message 1: ${line}`),
          ]);
        } else {
          expect(mediaOf(sink)).toEqual(expected);
        }
        sink?.close();
        pair.close();
      }),
      { numRuns: 60 },
    );
  });

  it("either end may die at any byte: all memory is given back, and the other end runs into its time limit only", () => {
    const whole = session({});
    expect(whole.clientEvents.at(-1)).toBe("closed");
    const lengths = { toServer: whole.toServer, toClient: whole.toClient };
    fc.assert(
      fc.property(
        fc.constantFrom("toServer", "toClient"),
        fc.double({ min: 0, max: 1, noNaN: true }),
        cuts,
        (way, share, cuts) => {
          const cut = Math.floor(share * lengths[way as keyof typeof lengths]);
          const pool = new BufferPool(2 ** 22);
          const pair = session(
            { cuts, client: { pool } },
            way === "toServer" ? cut : undefined,
            way === "toClient" ? cut : undefined,
          );
          for (const limit of [10_000, 30_000, 60_000, 60_000]) pair.wait(limit);
          for (const events of [pair.clientEvents, pair.serverEvents]) {
            expect(events.filter((event) => event.startsWith("failed")).length).toBeLessThan(2);
            expect(events.filter((event) => /^failed (?!\w+Timeout$)/.test(event))).toEqual([]);
          }
          pair.close();
          expect(pool.lentBlocks).toBe(0);
        },
      ),
      { numRuns: 80 },
    );
  }, 30_000);

  it("bytes that are no RTMP end the connection with one error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), fc.nat(2), (noise, stage) => {
        const pool = new BufferPool(2 ** 20);
        const pair = stage === 0 ? new Pair({ client: { pool } }) : Pair.connected({ client: { pool } });
        if (stage === 2) {
          pair.client.play("key", null);
          pair.run();
        }
        pair.client.feed(noise, 0, noise.length);
        pair.pollClient();
        const ends = pair.clientEvents.filter((event) => /^(failed|closed)/.test(event));
        expect(ends.length).toBeLessThan(2);
        expect(ends.length === 1).toBe(pair.client.error !== null);
        pair.close();
        expect(pool.lentBlocks).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it("a refusal says why", () => {
    const pair = new Pair({ connect: "Not you." });
    pair.run();
    expect(pair.clientEvents).toEqual(["failed ConnectRefused"]);
    expect(pair.client.refusal).toMatchObject({ code: "NetConnection.Connect.Rejected", description: "Not you." });
    expect(pair.client.error?.message).toBe("connect was refused: Not you.");
  });

  it.each([
    ["play", "NetStream.Play.Failed"],
    ["publish", "NetStream.Publish.Denied"],
  ] as const)("a refused %s is a status", (command, code) => {
    const pair = Pair.connected({ [command]: "Not you." });
    const stream = command === "play" ? pair.client.play("key", null) : pair.client.publish("key");
    pair.run();
    expect(pair.clientEvents).toEqual([`status key ${code}`]);
    expect(stream.state).toBe(StreamState.Ended);
  });

  it("several streams at once, in both directions", () => {
    const pair = Pair.connected();
    const sink = liveStream();
    pair.client.play("key", sink);
    const published = pair.client.publish("key");
    pair.run();
    const payload = Uint8Array.of(0xaf, 1, 2, 3);
    published.send(Audio, 7, payload, 0, payload.length);
    pair.run();
    expect(mediaOf(sink)).toEqual(["Audio @7 af010203"]);
    published.close();
    pair.run();
    expect([...pair.client.streams.values()].map((stream) => stream.name)).toEqual(["key"]);
    sink.close();
    pair.close();
  });
});

/** A client publishes, plays what it publishes, calls, and leaves. */
function session(options: PairOptions, cutToServer?: number, cutToClient?: number): Pair {
  const pair = new Pair(options);
  if (cutToServer !== undefined) pair.cutToServer = cutToServer;
  if (cutToClient !== undefined) pair.cutToClient = cutToClient;
  pair.run();
  if (pair.client.welcome === null) return pair;
  const stream = pair.client.publish("key");
  pair.client.play("key", null);
  pair.client.call("method", 1);
  pair.run();
  const payload = Uint8Array.from({ length: 6000 }, (_, index) => index);
  for (const timestamp of [0, 40, 80]) stream.send(Audio, timestamp, payload, 0, payload.length);
  pair.run();
  pair.client.leave();
  pair.run();
  pair.pollClient();
  return pair;
}
