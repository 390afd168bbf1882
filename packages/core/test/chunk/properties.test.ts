import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BufferPool } from "../../src/bytes/index.ts";
import { ChunkEvent, ChunkParser, ChunkWriter, MessageEvent, MessageReader } from "../../src/chunk/index.ts";
import { limitsWith } from "../../src/limits.ts";
import { ChunkLog } from "./chunk-log.ts";

const uint32 = fc.oneof(
  fc.integer({ min: 0, max: 0xffffffff }),
  fc.integer({ min: 0, max: 200 }),
  fc.constantFrom(0xfffffe, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff),
);

const message = fc.record({
  chunkStreamId: fc.constantFrom(2, 3, 4, 6, 63, 64, 319, 320, 365, 65599),
  messageType: fc.constantFrom(8, 9, 18, 20, 22, 255),
  messageStreamId: fc.oneof(fc.constantFrom(0, 1, 1, 1), uint32),
  timestamp: uint32,
  length: fc.oneof(fc.constantFrom(0, 1, 127, 128, 129, 256), fc.nat(700)),
  fill: fc.nat(255),
});

type Message = typeof message extends fc.Arbitrary<infer T> ? T : never;

/** What is done to the writer, in this order. */
const step = fc.oneof(
  { weight: 6, arbitrary: message.map((value) => ({ message: value })) },
  { weight: 1, arbitrary: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constant(0xffffff)).map((size) => ({ size })) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 400 }).map((room) => ({ room })) },
);

/** Where the next piece ends: mostly small ones. */
const pieceLengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 500 })), {
  minLength: 1,
  maxLength: 40,
});

function payloadOf({ length, fill }: Message): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (fill + index * 7) & 0xff);
}

function describeMessage(type: number, stream: number, timestamp: number, payload: Uint8Array): string {
  return `type=${type} stream=${stream} timestamp=${timestamp} ${Buffer.from(payload).toString("hex")}`;
}

/** Calls `read` with bytes[start, end) of pieces of these lengths, over and over, until all was read. */
function cut(bytes: Uint8Array, lengths: readonly number[], read: (piece: Uint8Array) => void): void {
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const end = Math.min(bytes.length, at + (lengths[index % lengths.length] ?? 1));
    const piece = bytes.slice(at, end);
    read(piece);
    piece.fill(0xee);
    at = end;
  }
}

function append(map: Map<number, string[]>, key: number, value: string): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

describe("what the writer writes", () => {
  it("is what the reader reads, per chunk stream in the same order, however it is cut", () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        fc.array(fc.tuple(fc.constantFrom(2, 3, 4, 6, 63), fc.constantFrom(0, 1, 2, 3)), { maxLength: 5 }),
        fc.boolean(),
        pieceLengths,
        (steps, priorities, shortHeaders, lengths) => {
          const pool = new BufferPool(2 ** 21);
          const writer = new ChunkWriter(pool, { shortHeaders });
          for (const [id, priority] of priorities) writer.setPriority(id, priority as 0 | 1 | 2 | 3); // one of those
          const written = new Map<number, string[]>();
          const wire: Uint8Array[] = [];
          const send = (room: number) => {
            const into = new Uint8Array(room);
            wire.push(into.subarray(0, writer.transmit(into, 0, room)));
          };
          for (const done of steps) {
            if ("size" in done) writer.announceChunkSize(done.size);
            else if ("room" in done) send(done.room);
            else {
              const { chunkStreamId, messageType, messageStreamId, timestamp, length } = done.message;
              const payload = payloadOf(done.message);
              writer.copy(chunkStreamId, messageType, messageStreamId, timestamp, payload, 0, length);
              append(written, chunkStreamId, describeMessage(messageType, messageStreamId, timestamp, payload));
              payload.fill(0xee);
            }
          }
          send(2 ** 18);
          expect(writer.pendingMessages).toBe(0);

          const reader = new MessageReader(pool);
          const read = new Map<number, string[]>();
          cut(Buffer.concat(wire), lengths, (piece) => {
            reader.feed(piece, 0, piece.length);
            while (reader.poll() === MessageEvent.Message) {
              const { messageType, messageStreamId, timestamp, chunkStreamId } = reader;
              const payload = reader.bytes.subarray(reader.start, reader.end);
              if (messageType === 1) continue;
              append(read, chunkStreamId, describeMessage(messageType, messageStreamId, timestamp, payload));
            }
          });
          expect(reader.error).toBeNull();
          expect(read).toEqual(written);
          reader.close();
          expect(pool.lentBlocks).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** Bytes that are nearly chunks: most headers are right, with short lengths, on few chunk streams. */
const nearlyChunks = fc
  .array(
    fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          first: fc.tuple(fc.nat(3), fc.constantFrom(0, 1, 2, 4, 4, 6)).map(([format, id]) => (format << 6) | id),
          field: fc.constantFrom([0, 0, 0], [0, 0, 40], [255, 255, 255]),
          length: fc.constantFrom([0, 0, 0], [0, 0, 1], [0, 0, 4], [0, 0, 130], [0, 1, 4]),
          messageType: fc.constantFrom(1, 2, 3, 8, 9, 20),
          extension: fc.constantFrom([1, 0, 0, 0], [0, 0, 0, 0], [255, 255, 255, 255], [6, 6, 6, 6]),
          payload: fc.oneof(
            fc.constantFrom([], [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 4], [0, 0, 1, 0], [1, 0, 0], [6, 6]),
            fc.constantFrom(1, 2, 128, 132).map((count) => new Array<number>(count).fill(1)),
          ),
        }),
      },
      { weight: 1, arbitrary: fc.array(fc.nat(255), { maxLength: 20 }) },
    ),
    { maxLength: 30 },
  )
  .map((parts) =>
    Uint8Array.from(
      parts.flatMap((part) => {
        if (Array.isArray(part)) return part;
        const format = part.first >> 6;
        const basic =
          (part.first & 63) === 0 ? [part.first, 5] : (part.first & 63) === 1 ? [part.first, 5, 1] : [part.first];
        const field = format < 3 ? part.field : [];
        const length = format < 2 ? [...part.length, part.messageType] : [];
        const stream = format === 0 ? [1, 0, 0, 0] : [];
        const extension = part.field[0] === 255 ? part.extension : [];
        return [...basic, ...field, ...length, ...stream, ...extension, ...part.payload];
      }),
    ),
  );

const anyBytes = fc.oneof(nearlyChunks, fc.uint8Array({ maxLength: 500 }));

describe("any bytes", () => {
  it("say the same however they are cut", () => {
    fc.assert(
      fc.property(
        anyBytes,
        pieceLengths,
        fc.constantFrom("detect", "require", "skip"),
        fc.constantFrom("true", "false"),
        (bytes, lengths, policy, repeated) => {
          const settings = [
            { kind: "option", name: "continuationExtendedTimestamp", value: policy },
            ...(repeated === "false" ? [{ kind: "option", name: "repeatedHeader", value: repeated } as const] : []),
          ] as const;
          const whole = new ChunkLog(settings);
          whole.read(bytes, 0, bytes.length);
          whole.end();
          const pieces = new ChunkLog(settings);
          cut(bytes, lengths, (piece) => pieces.read(piece, 0, piece.length));
          pieces.end();
          expect(pieces.log).toEqual(whole.log);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("make spans that lie side by side in the input, or one error that stays", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const parser = new ChunkParser();
        parser.feed(bytes, 0, bytes.length);
        let before = 0;
        // Each event but the last uses up a byte, or is an Abort.
        for (let polls = 0; polls <= 2 * bytes.length + 2; polls++) {
          const event = parser.poll();
          if (event === ChunkEvent.NeedData) return;
          if (event === ChunkEvent.Failed) {
            const { error } = parser;
            expect(error).not.toBeNull();
            expect(parser.poll()).toBe(ChunkEvent.Failed);
            expect(parser.error).toBe(error);
            expect(error?.offset).toBeLessThanOrEqual(bytes.length);
            return;
          }
          if (event === ChunkEvent.Aborted) continue;
          const { start, end, headerLength, chunkOffset, payloadOffset, messageLength, offset } = parser;
          expect(start - (chunkOffset === 0 ? headerLength : 0)).toBe(before);
          expect(payloadOffset + end - start).toBeLessThanOrEqual(messageLength);
          expect(offset).toBe(end);
          before = end;
        }
        expect.unreachable("poll does not come to an end");
      }),
      { numRuns: 500 },
    );
  });

  it("take no more memory than allowed", () => {
    const limits = limitsWith({ partialMessageBytes: 4096, chunkStreams: 4 });
    fc.assert(
      fc.property(anyBytes, pieceLengths, (bytes, lengths) => {
        const pool = new BufferPool(2 ** 16);
        const reader = new MessageReader(pool, { limits });
        cut(bytes, lengths, (piece) => {
          if (reader.error !== null) return;
          reader.feed(piece, 0, piece.length);
          for (;;) {
            const event = reader.poll();
            expect(pool.lentBytes).toBe(reader.assembler.heldBytes);
            if (event !== MessageEvent.Failed) expect(pool.lentBytes).toBeLessThanOrEqual(4096);
            if (event !== MessageEvent.Message) break;
          }
        });
        reader.close();
        expect(pool.lentBytes).toBe(0);
      }),
      { numRuns: 500 },
    );
  });
});
