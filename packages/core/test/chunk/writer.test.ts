import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BufferPool } from "../../src/bytes/index.ts";
import {
  ChunkEvent,
  ChunkParser,
  ChunkWriter,
  MessageType,
  Priority,
  wireLength,
  writeContinuation,
  writeFullHeader,
} from "../../src/chunk/index.ts";
import { hexBytes, hexOf } from "../vector-file.ts";

const KiB = 1024;
const VIDEO = 6;
const AUDIO = 4;
const COMMAND = 3;

function writerWith(pool = new BufferPool(64 * KiB), shortHeaders = true): ChunkWriter {
  const writer = new ChunkWriter(pool, { shortHeaders });
  writer.setPriority(AUDIO, Priority.Audio);
  writer.setPriority(VIDEO, Priority.Video);
  return writer;
}

/** Queues `length` bytes of `fill` on message stream 1. */
function lend(writer: ChunkWriter, chunkStreamId: number, timestamp: number, length: number, fill = 0xaa): void {
  const type = chunkStreamId === VIDEO ? MessageType.Video : MessageType.Audio;
  writer.lend(chunkStreamId, type, 1, timestamp, new Uint8Array(length).fill(fill), 0, length);
}

/** What the writer hands out, at most `limit` bytes. */
function transmit(writer: ChunkWriter, limit = 1 << 20): Uint8Array {
  const into = new Uint8Array(limit);
  return into.subarray(0, writer.transmit(into, 0, limit));
}

function transmitHex(writer: ChunkWriter): string {
  const bytes = transmit(writer);
  return hexOf(bytes, 0, bytes.length);
}

/** The chunks in these bytes: chunk stream, format and payload length. */
function chunksOf(bytes: Uint8Array): string[] {
  const parser = new ChunkParser();
  parser.feed(bytes, 0, bytes.length);
  const chunks: string[] = [];
  while (parser.poll() === ChunkEvent.Payload) {
    chunks.push(`${parser.chunkStreamId} fmt ${parser.format}: ${parser.end - parser.start}`);
  }
  expect(parser.error).toBeNull();
  expect(parser.offset).toBe(bytes.length);
  return chunks;
}

describe("headers", () => {
  it("begin a chunk stream with fmt 0", () => {
    const writer = writerWith();
    writer.lend(AUDIO, MessageType.Audio, 0x01020304, 40, hexBytes("eeaabbee"), 1, 3);
    expect(transmitHex(writer)).toBe("04000028000002080403020" + "1aabb");
  });

  it("are fmt 1 where length or type changes, and fmt 2 where neither does", () => {
    const writer = writerWith();
    lend(writer, AUDIO, 40, 2);
    lend(writer, AUDIO, 60, 3);
    lend(writer, AUDIO, 85, 3);
    writer.lend(AUDIO, MessageType.DataAmf0, 1, 85, hexBytes("bbbbbb"), 0, 3);
    expect(transmitHex(writer)).toBe(
      ["0400002800000208" + "01000000" + "aaaa", "4400001400000308" + "aaaaaa", "84000019" + "aaaaaa"].join("") +
        "4400000000000312" +
        "bbbbbb",
    );
  });

  it("are never fmt 3 where a message begins, even if the delta repeats", () => {
    const writer = writerWith();
    for (const timestamp of [0, 10, 20, 30]) lend(writer, AUDIO, timestamp, 1);
    expect(chunksOf(transmit(writer))).toEqual(["4 fmt 0: 1", "4 fmt 2: 1", "4 fmt 2: 1", "4 fmt 2: 1"]);
  });

  it("are fmt 0 where time goes back", () => {
    const writer = writerWith();
    for (const timestamp of [100, 99, 99]) lend(writer, AUDIO, timestamp, 1);
    expect(chunksOf(transmit(writer))).toEqual(["4 fmt 0: 1", "4 fmt 0: 1", "4 fmt 2: 1"]);
  });

  it("are fmt 0 where the message stream changes", () => {
    const writer = writerWith();
    lend(writer, AUDIO, 0, 1);
    writer.lend(AUDIO, MessageType.Audio, 2, 0, hexBytes("bb"), 0, 1);
    expect(chunksOf(transmit(writer))).toEqual(["4 fmt 0: 1", "4 fmt 0: 1"]);
  });

  it("are fmt 0 where the timestamp needs 32 bits, and behind them", () => {
    const writer = writerWith();
    for (const timestamp of [0xfffffe, 0xffffff, 0x1000000, 0xffffffff, 5, 6]) lend(writer, AUDIO, timestamp, 1);
    expect(transmitHex(writer)).toBe(
      "04fffffe0000010801000000aa" +
        "04ffffff000001080100000000ffffffaa" +
        "04ffffff000001080100000001000000aa" +
        "04ffffff0000010801000000ffffffffaa" +
        "040000050000010801000000aa" +
        "84000001aa",
    );
  });

  it("repeat an extended timestamp on each continuation", () => {
    const writer = writerWith();
    lend(writer, VIDEO, 0x1000000, 257);
    expect(transmitHex(writer)).toBe("06ffffff000101090100000001000000 aa*128 c601000000 aa*128 c601000000aa");
  });

  it("take timestamps modulo 2^32", () => {
    const writer = writerWith();
    lend(writer, AUDIO, 2 ** 32 + 5, 1);
    expect(transmitHex(writer)).toBe("040000050000010801000000aa");
  });

  it("are full when short ones are not wanted", () => {
    const writer = writerWith(new BufferPool(KiB), false);
    for (const timestamp of [0, 10, 20]) lend(writer, AUDIO, timestamp, 1);
    expect(chunksOf(transmit(writer))).toEqual(["4 fmt 0: 1", "4 fmt 0: 1", "4 fmt 0: 1"]);
  });

  it("are full on distant chunk streams, in the shortest form", () => {
    const writer = writerWith();
    for (const id of [64, 319, 320, 65599, 65599]) lend(writer, id, 0, 1);
    expect(transmitHex(writer)).toBe(
      "00000000000000010801000000aa" +
        "00ff0000000000010801000000aa" +
        "0100010000000000010801000000aa" +
        "01ffff0000000000010801000000aa".repeat(2),
    );
  });

  it("are all that a message of length 0 has", () => {
    const writer = writerWith();
    lend(writer, AUDIO, 0, 0);
    lend(writer, AUDIO, 0, 0);
    expect(transmitHex(writer)).toBe("040000000000000801000000" + "84000000");
    expect(writer.pendingMessages).toBe(0);
  });
});

describe("priorities", () => {
  it("let audio overtake video between two chunks", () => {
    const writer = writerWith();
    lend(writer, VIDEO, 0, 300);
    const first = transmit(writer, 140);
    expect(writer.isAtChunkBoundary).toBe(true);
    lend(writer, AUDIO, 5, 10);
    expect(chunksOf(Buffer.concat([first, transmit(writer)]))).toEqual([
      "6 fmt 0: 128",
      "4 fmt 0: 10",
      "6 fmt 3: 128",
      "6 fmt 3: 44",
    ]);
  });

  it("do not break into a chunk", () => {
    const writer = writerWith();
    lend(writer, VIDEO, 0, 129);
    const first = transmit(writer, 50);
    expect(writer.isAtChunkBoundary).toBe(false);
    lend(writer, AUDIO, 5, 10);
    expect(chunksOf(Buffer.concat([first, transmit(writer)]))).toEqual(["6 fmt 0: 128", "4 fmt 0: 10", "6 fmt 3: 1"]);
  });

  it("do not break into a header", () => {
    const writer = writerWith();
    lend(writer, VIDEO, 0, 1);
    const first = transmit(writer, 1);
    lend(writer, AUDIO, 5, 10);
    expect(chunksOf(Buffer.concat([first, transmit(writer)]))).toEqual(["6 fmt 0: 1", "4 fmt 0: 10"]);
  });

  it("order control, command, audio, video", () => {
    const writer = writerWith();
    for (const id of [VIDEO, AUDIO, COMMAND, 2]) lend(writer, id, 0, 1);
    expect(chunksOf(transmit(writer)).map((chunk) => chunk[0])).toEqual(["2", "3", "4", "6"]);
  });

  it("keep the order of messages within one of them, over all its chunk streams", () => {
    const writer = writerWith();
    lend(writer, COMMAND, 0, 200);
    lend(writer, 5, 0, 1);
    lend(writer, 400, 0, 1);
    lend(writer, COMMAND, 0, 1);
    expect(chunksOf(transmit(writer))).toEqual([
      "3 fmt 0: 128",
      "3 fmt 3: 72",
      "5 fmt 0: 1",
      "400 fmt 0: 1",
      "3 fmt 1: 1",
    ]);
  });

  it.each([1, 64, 65599, Number.NaN])("cannot be set for chunk stream %d", (id) => {
    expect(() => writerWith().setPriority(id, Priority.Audio)).toThrow(RangeError);
  });
});

describe("announceChunkSize", () => {
  it("holds for the chunks behind it", () => {
    const writer = writerWith();
    lend(writer, 2, 0, 129);
    writer.announceChunkSize(4096);
    lend(writer, VIDEO, 0, 300);
    expect(writer.chunkSize).toBe(128);
    expect(chunksOf(transmit(writer))).toEqual(["2 fmt 0: 128", "2 fmt 3: 1", "2 fmt 0: 4", "6 fmt 0: 300"]);
    expect(writer.chunkSize).toBe(4096);
  });

  it("holds from the next chunk on when it overtakes a message", () => {
    const writer = writerWith();
    lend(writer, VIDEO, 0, 400);
    const first = transmit(writer, 10);
    writer.announceChunkSize(200);
    expect(chunksOf(Buffer.concat([first, transmit(writer)]))).toEqual([
      "6 fmt 0: 128",
      "2 fmt 0: 4",
      "6 fmt 3: 200",
      "6 fmt 3: 72",
    ]);
  });

  it("may be 1, for itself too", () => {
    const writer = writerWith();
    writer.announceChunkSize(1);
    writer.announceChunkSize(128);
    lend(writer, AUDIO, 0, 3);
    expect(chunksOf(transmit(writer))).toEqual([
      "2 fmt 0: 4",
      "2 fmt 2: 1",
      "2 fmt 3: 1",
      "2 fmt 3: 1",
      "2 fmt 3: 1",
      "4 fmt 0: 3",
    ]);
  });

  it.each([0, -1, 1.5, 0x1000000, Number.NaN])("throws for %d", (size) => {
    expect(() => writerWith().announceChunkSize(size)).toThrow(RangeError);
  });
});

describe("transmit", () => {
  it("answers 0 when nothing waits, and when there is no room", () => {
    const writer = writerWith();
    expect(writer.transmit(new Uint8Array(10), 0, 10)).toBe(0);
    lend(writer, AUDIO, 0, 1);
    expect(writer.transmit(new Uint8Array(10), 5, 5)).toBe(0);
    expect(writer.pendingMessages).toBe(1);
    expect(transmit(writer).length).toBe(13);
  });

  it("writes where it is told and nowhere else", () => {
    const writer = writerWith();
    lend(writer, AUDIO, 0, 100);
    const into = new Uint8Array(40).fill(0xee);
    expect(writer.transmit(into, 10, 30)).toBe(20);
    expect(hexOf(into, 0, 40)).toBe("eeeeeeeeeeeeeeeeeeee040000000000640801000000aaaaaaaaaaaaaaaaeeeeeeeeeeeeeeeeeeee");
  });

  it("writes the same bytes in pieces of any size", () => {
    const queue = () => {
      const writer = writerWith();
      lend(writer, VIDEO, 0x1000000, 700);
      writer.announceChunkSize(60);
      lend(writer, AUDIO, 0, 0);
      lend(writer, AUDIO, 10, 61);
      lend(writer, 320, 10, 61);
      return writer;
    };
    const whole = transmit(queue());
    for (let size = 1; size < 200; size++) {
      const writer = queue();
      const pieces: Uint8Array[] = [];
      for (let piece = transmit(writer, size); piece.length > 0; piece = transmit(writer, size)) pieces.push(piece);
      // Only the last piece may be shorter.
      expect(pieces.length).toBe(Math.ceil(whole.length / size));
      expect(Buffer.compare(Buffer.concat(pieces), whole)).toBe(0);
      expect(writer.isAtChunkBoundary).toBe(true);
    }
  });

  it("says what still waits", () => {
    const writer = writerWith();
    lend(writer, VIDEO, 0, 200);
    lend(writer, VIDEO, 10, 50);
    expect([writer.pendingMessages, writer.pendingBytes]).toEqual([2, 250]);
    transmit(writer, 112);
    expect([writer.pendingMessages, writer.pendingBytes]).toEqual([2, 150]);
    transmit(writer, 101);
    expect([writer.pendingMessages, writer.pendingBytes]).toEqual([1, 50]);
    transmit(writer);
    expect([writer.pendingMessages, writer.pendingBytes]).toEqual([0, 0]);
  });

  it("keeps hundreds of messages in order while others come and go", () => {
    const writer = writerWith();
    const sent: Uint8Array[] = [];
    for (let index = 0; index < 500; index++) {
      lend(writer, AUDIO, index, 1, index & 0xff);
      // Less goes than comes, so that the queue grows while its first message lies in the middle.
      if (index % 3 === 0) sent.push(transmit(writer, 7));
    }
    sent.push(transmit(writer));
    const bytes = Buffer.concat(sent);
    const parser = new ChunkParser();
    parser.feed(bytes, 0, bytes.length);
    for (let index = 0; index < 500; index++) {
      expect(parser.poll()).toBe(ChunkEvent.Payload);
      expect([parser.timestamp, bytes[parser.start]]).toEqual([index, index & 0xff]);
    }
    expect(parser.poll()).toBe(ChunkEvent.NeedData);
  });
});

describe("payload", () => {
  it("is read at transmit when lent", () => {
    const writer = writerWith();
    const bytes = hexBytes("aabbcc");
    writer.lend(AUDIO, MessageType.Audio, 1, 0, bytes, 0, 3);
    bytes[1] = 0xff;
    expect(transmitHex(writer)).toBe("040000000000030801000000aaffcc");
  });

  it("is the caller's again at once when copied", () => {
    const pool = new BufferPool(4 * KiB);
    const writer = writerWith(pool);
    const bytes = hexBytes("aabbcc");
    expect(writer.copy(AUDIO, MessageType.Audio, 1, 0, bytes, 1, 3)).toBe(true);
    bytes.fill(0xff);
    expect(pool.lentBlocks).toBe(1);
    expect(transmitHex(writer)).toBe("040000000000020801000000bbcc");
    expect(pool.lentBlocks).toBe(0);
  });

  it("may lie in the pool's own memory", () => {
    const pool = new BufferPool(4 * KiB);
    const writer = writerWith(pool);
    const block = pool.take(3);
    pool.memory.set(hexBytes("aabbcc"), block);
    writer.copy(AUDIO, MessageType.Audio, 1, 0, pool.memory, block, block + 3);
    pool.memory.fill(0, block, block + 3);
    pool.give(block);
    expect(transmitHex(writer)).toBe("040000000000030801000000aabbcc");
  });

  it("is refused when the pool has nothing left, and then nothing is queued", () => {
    const pool = new BufferPool(2 * KiB);
    const writer = writerWith(pool);
    const copy = () => writer.copy(AUDIO, MessageType.Audio, 1, 0, new Uint8Array(KiB), 0, KiB);
    expect([copy(), copy(), copy()]).toEqual([true, true, false]);
    expect([writer.pendingMessages, writer.pendingBytes]).toEqual([2, 2 * KiB]);
    transmit(writer);
    expect([pool.lentBlocks, copy()]).toEqual([0, true]);
  });

  it("is given back by close, in whatever state", () => {
    const pool = new BufferPool(8 * KiB);
    const writer = writerWith(pool);
    for (const id of [AUDIO, VIDEO, COMMAND, VIDEO]) writer.copy(id, 9, 1, 0, new Uint8Array(300), 0, 300);
    lend(writer, VIDEO, 0, 10);
    transmit(writer, 500);
    writer.close();
    expect([pool.lentBlocks, writer.pendingMessages, writer.pendingBytes]).toEqual([0, 0, 0]);
    expect(transmit(writer).length).toBe(0);
  });

  it.each([
    ["longer than a message may be", 4, 0, 0x1000000],
    ["that ends behind its bytes", 4, 0, 0x1000002],
    ["that begins before its bytes", 4, -1, 2],
    ["that ends before it begins", 4, 2, 1],
    ["on chunk stream 1", 1, 0, 1],
    ["on chunk stream 65600", 65600, 0, 1],
  ])("throws when it is one %s, and takes nothing", (_, id, start, end) => {
    const pool = new BufferPool(2 ** 25);
    const writer = writerWith(pool);
    const bytes = new Uint8Array(0x1000001);
    expect(() => writer.lend(id, MessageType.Video, 1, 0, bytes, start, end)).toThrow(RangeError);
    expect(() => writer.copy(id, MessageType.Video, 1, 0, bytes, start, end)).toThrow(RangeError);
    expect([pool.lentBlocks, writer.pendingMessages]).toEqual([0, 0]);
  });
});

describe("the functions for those who write chunks themselves", () => {
  it("write the headers that the writer writes", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 63 }),
        fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 0xfffffc, max: 0x1000002 })),
        fc.integer({ min: 0, max: 600 }),
        fc.integer({ min: 1, max: 300 }),
        (id, timestamp, length, chunkSize) => {
          const writer = new ChunkWriter(new BufferPool(KiB));
          writer.chunkSize = chunkSize;
          const payload = new Uint8Array(length).fill(0xaa);
          writer.lend(id, MessageType.Video, 7, timestamp, payload, 0, length);
          const expected = new Uint8Array(4096);
          let at = writeFullHeader(expected, 0, id, timestamp, length, MessageType.Video, 7);
          for (let sent = 0; sent < length; ) {
            if (sent > 0) at = writeContinuation(expected, at, id, timestamp);
            const end = Math.min(length, sent + chunkSize);
            expected.set(payload.subarray(sent, end), at);
            at += end - sent;
            sent = end;
          }
          expect(hexOf(transmit(writer), 0, at)).toBe(hexOf(expected, 0, at));
          expect(wireLength(length, timestamp, chunkSize)).toBe(at);
        },
      ),
    );
  });
});
