import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { BufferPool } from "../../src/bytes/index.ts";
import { ConnectionEvent, ServerConnection } from "../../src/connection/index.ts";
import { LiveStream } from "../../src/live/index.ts";
import { randomBytes } from "../handshake/reference.ts";
import { mediaOf } from "./media-log.ts";

const root = new URL("../../../../fixtures/captures/", import.meta.url);
const captures = readdirSync(root)
  .filter((name) => /publish.*\.c2s\.bin$/.test(name))
  .sort();

const pool = new BufferPool(2 ** 25);
const random = randomBytes(1528, 3);

interface Outcome {
  readonly events: readonly string[];
  readonly media: readonly string[];
  readonly headers: number;
  /** What was said, as one piece. */
  readonly sent: string;
}

/** What a server that lets everyone in makes of a publisher's bytes, in pieces that end at these places. */
function outcomeOf(bytes: Uint8Array, ends: Iterable<number>): Outcome {
  const connection = new ServerConnection({ pool, random, now: 0 });
  const live = new LiveStream(pool, { maximumTime: 2 ** 30 });
  live.subscribe(); // so that all is kept
  const events: string[] = [];
  const sent: Buffer[] = [];
  let media: string[] = [];
  let headers = 0;
  const take = (): void => {
    for (;;) {
      const event = connection.poll();
      if (event === ConnectionEvent.NeedData) return;
      if (event === ConnectionEvent.Failed) throw new Error(connection.error?.message);
      if (event === ConnectionEvent.Message) events.push(`message ${connection.message.messageType}`);
      else if (event === ConnectionEvent.Command) events.push(`command ${connection.command?.name}`);
      else if (event === ConnectionEvent.StreamEnded) {
        events.push(`ended ${connection.ended?.name}`);
        [media, headers] = [mediaOf(live), live.headers.length];
        live.endPublication();
      } else if (event === ConnectionEvent.Request) {
        const { request } = connection;
        events.push(`${request?.kind}`);
        if (request?.kind === "connect") connection.acceptConnect();
        else {
          live.beginPublication();
          connection.acceptPublish(live);
        }
      }
    }
  };
  const write = (): void => {
    const { output } = connection;
    while (output.lend()) {
      sent.push(Buffer.from(output.bytes.slice(output.start, output.end)));
      output.release();
    }
  };
  let start = 0;
  for (const end of ends) {
    connection.feed(bytes, start, end);
    take();
    start = end;
  }
  write();
  if (media.length === 0) [media, headers] = [mediaOf(live), live.headers.length];
  connection.close();
  live.close();
  if (pool.lentBlocks !== 0) throw new Error(`${pool.lentBlocks} blocks were not given back.`);
  return { events, media, headers, sent: Buffer.concat(sent).toString("latin1") };
}

function* every(size: number, length: number): Generator<number> {
  for (let end = size; end < length; end += size) yield end;
  yield length;
}

describe.each(captures)("%s", (name) => {
  const bytes = readFileSync(new URL(name, root));
  const { length } = bytes;
  const whole = outcomeOf(bytes, [length]);

  it("is published whole, as an independent dissector says", () => {
    expect(whole.events.slice(0, 2)).toEqual(["connect", "publish"]);
    const dissected = readFileSync(new URL(name.replace(".bin", ".tshark.ndjson"), root), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: number; timestamp: number });
    const kept = whole.media.map((line) => Number(/@(\d+)/.exec(line)?.[1]));
    expect(kept).toEqual(dissected.filter(({ type }) => [8, 9, 18].includes(type)).map(({ timestamp }) => timestamp));
    expect(whole.headers).toBeGreaterThan(0);
  });

  it("says and does the same in pieces of 1 byte", () => {
    expect(outcomeOf(bytes, every(1, length))).toEqual(whole);
  });

  it.each([2, 7, 1_024, 1_460, 65_536])("says and does the same in pieces of %i bytes", (size) => {
    expect(outcomeOf(bytes, every(size, length))).toEqual(whole);
  });

  it("says and does the same cut in two anywhere", () => {
    // Around the handshake's packets, at many places where the commands are, and at some behind.
    const places = [0, 1, 2, 1_536, 1_537, 1_538, 3_072, 3_073];
    for (let at = 3_074; at < 3_800; at += 11) places.push(at);
    for (const cut of [...places, ...every(Math.ceil(length / 20), length)]) {
      const outcome = outcomeOf(bytes, [cut, length]);
      if (JSON.stringify(outcome) !== JSON.stringify(whole)) expect(outcome, `cut at ${cut}`).toEqual(whole);
    }
  });
});
