import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BufferPool } from "../../src/bytes/index.ts";
import { ChunkWriter, MessageEvent, MessageReader, MessageType } from "../../src/chunk/index.ts";
import { ErrorCode, ProtocolError } from "../../src/errors.ts";
import { defaultLimits } from "../../src/limits.ts";
import {
  encodeValue,
  readSharedObjectMessage,
  type SharedObjectEvent,
  type SharedObjectMessage,
  sharedObjectMessages,
  writeSharedObjectMessage,
} from "../../src/shared-object/index.ts";
import { hexBytes } from "../vector-file.ts";
import { sharedObjectLog } from "./shared-object-log.ts";

function read(bytes: Uint8Array, isAmf3Kind = false): SharedObjectMessage | ProtocolError {
  return readSharedObjectMessage(bytes, 0, bytes.length, isAmf3Kind, defaultLimits);
}

const name = fc.string({ unit: "binary", maxLength: 20 });
const value = fc
  .oneof(fc.double(), fc.string(), fc.boolean(), fc.constantFrom(null, undefined))
  .map((v) => encodeValue(v));
const event: fc.Arbitrary<SharedObjectEvent> = fc.oneof(
  fc.constantFrom<1 | 2 | 8 | 11>(1, 2, 8, 11).map((type) => ({ type })),
  fc.record({ type: fc.constantFrom<3 | 4>(3, 4), name, value }),
  fc.record({ type: fc.constantFrom<5 | 9 | 10>(5, 9, 10), name }),
  fc.record({ type: fc.constant<6>(6), handler: name, values: value }),
  fc.record({ type: fc.constant<7>(7), code: name, level: name }),
);
const message: fc.Arbitrary<SharedObjectMessage> = fc.record({
  name,
  version: fc.nat(2 ** 32 - 1),
  isPersistent: fc.boolean(),
  events: fc.array(event, { maxLength: 100 }),
});

/** Lone surrogates are written as U+FFFD. */
function wellFormed(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}

function normalised({ name, events, ...rest }: SharedObjectMessage): SharedObjectMessage {
  const texts = events.map((event) => {
    const entries = Object.entries(event).map(([key, field]) => [
      key,
      typeof field === "string" ? wellFormed(field) : field,
    ]);
    return Object.fromEntries(entries) as SharedObjectEvent; // the same fields, of the same types
  });
  return { ...rest, name: wellFormed(name), events: texts };
}

describe("shared object messages", () => {
  it("are read as they were written", () => {
    fc.assert(
      fc.property(message, fc.boolean(), (written, isAmf3Kind) => {
        expect(read(writeSharedObjectMessage(written, isAmf3Kind), isAmf3Kind)).toEqual(normalised(written));
      }),
      { numRuns: 2_000 },
    );
  });

  it("are written as several that say the same, none of them long, and no Status without what it is about", () => {
    fc.assert(
      fc.property(message, fc.boolean(), (whole, isAmf3Kind) => {
        const parts = [...sharedObjectMessages(whole, isAmf3Kind)].map(({ messageType, payload }) => {
          expect(messageType).toBe(isAmf3Kind ? MessageType.SharedObjectAmf3 : MessageType.SharedObjectAmf0);
          const part = read(payload, isAmf3Kind);
          if (part instanceof ProtocolError) throw new Error(part.message);
          return part;
        });
        expect(parts.flatMap(({ events }) => events)).toEqual(normalised(whole).events);
        for (const { events } of parts.slice(1)) expect(events[0]?.type).not.toBe(7);
        for (const { events } of parts) expect(events.length).toBeLessThanOrEqual(65);
      }),
      { numRuns: 1_000 },
    );
  });

  it("of any bytes are read without a throw, and what is read can be written and read again", () => {
    const anyBytes = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.tuple(message, fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 4 })).map(([written, changes]) => {
        const bytes = writeSharedObjectMessage(written, false);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        return bytes;
      }),
    );
    const seen = new Set<number>();
    fc.assert(
      fc.property(anyBytes, fc.boolean(), (bytes, isAmf3Kind) => {
        const first = read(bytes, isAmf3Kind);
        if (first instanceof ProtocolError) {
          seen.add(first.code);
          expect(first.offset).toBeGreaterThanOrEqual(0);
          expect(first.offset).toBeLessThanOrEqual(bytes.length);
        } else {
          expect(read(writeSharedObjectMessage(first, isAmf3Kind), isAmf3Kind)).toEqual(first);
        }
      }),
      { numRuns: 5_000 },
    );
    for (const code of [ErrorCode.SharedObjectTruncated, ErrorCode.AmfTruncated]) expect(seen).toContain(code);
  });

  it("own their bytes", () => {
    const bytes = writeSharedObjectMessage(
      { name: "so", version: 0, isPersistent: false, events: [{ type: 4, name: "a", value: encodeValue("text") }] },
      false,
    );
    const message = read(bytes);
    bytes.fill(0);
    expect(message).toMatchObject({ name: "so", events: [{ value: encodeValue("text") }] });
  });

  it("come through a chunk stream whole, byte by byte, and cut at each byte (vectors 120 to 122)", () => {
    const vectors = [
      "0002736f0000000000000000000000000100000000",
      "0002736f000000000000000200000000030000000c00016b003ff0000000000000",
      "0002736f0000000100000000000000000b000000000800000000",
    ].map(hexBytes);
    const expected = vectors.flatMap((vector) => sharedObjectLog(vector, 0, vector.length, settings));
    expect(expected).toEqual([
      'object "so" version=0 temporary',
      "use",
      'object "so" version=0 persistent',
      'request-change "k" 1',
      'object "so" version=1 temporary',
      "use-success",
      "clear",
    ]);
    const stream = chunked(vectors);
    expect(received(stream, [stream.length])).toEqual(expected);
    expect(received(stream, stream.keys())).toEqual(expected);
    for (const cut of stream.keys()) expect(received(stream, [cut]), `cut at ${cut}`).toEqual(expected);
  });
});

const settings = [{ kind: "option", name: "message", value: "19" }] as const;
const pool = new BufferPool(2 ** 20);

function chunked(payloads: readonly Uint8Array[]): Uint8Array {
  const writer = new ChunkWriter(pool, {});
  for (const payload of payloads) writer.lend(3, MessageType.SharedObjectAmf0, 0, 0, payload, 0, payload.length);
  const memory = new Uint8Array(1_000);
  return memory.slice(0, writer.transmit(memory, 0, memory.length));
}

/** What is read of a stream whose pieces end at these places, and at its end. */
function received(stream: Uint8Array, cuts: Iterable<number>): string[] {
  const reader = new MessageReader(pool);
  const log: string[] = [];
  let start = 0;
  for (const end of [...cuts, stream.length]) {
    const piece = stream.slice(start, end);
    reader.feed(piece, 0, piece.length);
    while (reader.poll() === MessageEvent.Message) {
      if (reader.messageType !== MessageType.SharedObjectAmf0) continue;
      log.push(...sharedObjectLog(reader.bytes, reader.start, reader.end, settings));
    }
    start = end;
  }
  reader.close();
  return log;
}
