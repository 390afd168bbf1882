import { describe, expect, it } from "vitest";
import { BufferPool } from "../../src/bytes/index.ts";
import { MessageEvent, MessageReader } from "../../src/chunk/index.ts";
import { ErrorCode } from "../../src/errors.ts";
import { limitsWith } from "../../src/limits.ts";
import { hexBytes, hexOf } from "../vector-file.ts";

const KiB = 1024;

function feed(reader: MessageReader, hex: string): Uint8Array {
  const bytes = hexBytes(hex);
  reader.feed(bytes, 0, bytes.length);
  return bytes;
}

function payload(reader: MessageReader): string {
  return hexOf(reader.bytes, reader.start, reader.end);
}

describe("a message in one piece of the lent bytes", () => {
  it("is borrowed in place", () => {
    const pool = new BufferPool(16 * KiB);
    const reader = new MessageReader(pool);
    const bytes = feed(reader, "04 00000a 000003 08 01000000 aabbcc");
    expect(reader.poll()).toBe(MessageEvent.Message);
    expect(reader.bytes).toBe(bytes);
    expect([reader.start, reader.end]).toEqual([12, 15]);
    expect(pool.peakLentBytes).toBe(0);
  });

  it("needs no memory even if its header came before", () => {
    const pool = new BufferPool(16 * KiB);
    const reader = new MessageReader(pool);
    feed(reader, "04 00000a 000003 08 01000000");
    expect(reader.poll()).toBe(MessageEvent.NeedData);
    const bytes = feed(reader, "aabbcc");
    expect(reader.poll()).toBe(MessageEvent.Message);
    expect(reader.bytes).toBe(bytes);
    expect(pool.peakLentBytes).toBe(0);
  });
});

describe("a message in several pieces", () => {
  it("is gathered in the pool when it has several chunks", () => {
    const pool = new BufferPool(16 * KiB);
    const reader = new MessageReader(pool);
    feed(reader, "04 00000a 000082 08 01000000 aa*128 c4 bbbb");
    expect(reader.poll()).toBe(MessageEvent.Message);
    expect(reader.bytes).toBe(pool.memory);
    expect(payload(reader)).toBe("aa*128 bbbb");
  });

  it("is gathered in the pool when its chunk was cut", () => {
    const pool = new BufferPool(16 * KiB);
    const reader = new MessageReader(pool);
    feed(reader, "04 00000a 000003 08 01000000 aa");
    expect(reader.poll()).toBe(MessageEvent.NeedData);
    feed(reader, "bbcc");
    expect(reader.poll()).toBe(MessageEvent.Message);
    expect(reader.bytes).toBe(pool.memory);
    expect(payload(reader)).toBe("aabbcc");
  });

  it("holds its memory until the next poll", () => {
    const pool = new BufferPool(16 * KiB);
    const reader = new MessageReader(pool);
    feed(reader, "04 00000a 000082 08 01000000 aa*128 c4 bbbb 04 000014 000082 08 01000000 cc*128 c4 dddd");
    reader.poll();
    expect([pool.lentBlocks, reader.assembler.heldBytes]).toEqual([1, KiB]);
    reader.poll();
    expect(payload(reader)).toBe("cc*128 dddd");
    expect([pool.lentBlocks, pool.peakLentBytes]).toEqual([1, KiB]);
  });

  it("keeps its memory for the next message of its size, and gives it back for one of another size", () => {
    const pool = new BufferPool(16 * KiB);
    const reader = new MessageReader(pool);
    const held = () => {
      reader.poll();
      return [reader.start, pool.lentBlocks, reader.assembler.heldBytes];
    };
    feed(reader, "04 00000a 000082 08 01000000 aa*128 c4 bbbb 04 000014 000001 08 01000000 cc");
    const first = held();
    expect(first).toEqual([first[0], 1, KiB]);
    reader.poll();
    expect([payload(reader), pool.lentBlocks]).toEqual(["cc", 1]);
    feed(reader, "04 000014 000082 08 01000000 dd*128 c4 eeee");
    expect(held()).toEqual(first);
    feed(reader, `04 000014 000c80 08 01000000 ff*128 ${"c4 ff*128 ".repeat(24)}`);
    expect(held().slice(1)).toEqual([1, 4 * KiB]);
    reader.close();
    expect([pool.lentBlocks, reader.assembler.heldBytes]).toEqual([0, 0]);
  });

  it("grows into memory of its own, whatever else is gathered beside it", () => {
    const reader = new MessageReader(new BufferPool(512 * KiB));
    const chunks = (basicHeader: number, fill: string) => `${basicHeader.toString(16)} ${fill}*128 `;
    const begin = (id: string, fill: string) => `${id} 000000 00a000 08 01000000 ${fill}*128 `;
    const middle = Array.from({ length: 318 }, () => chunks(0xc4, "aa") + chunks(0xc5, "bb")).join("");
    feed(reader, `${begin("04", "aa")} ${begin("05", "bb")} ${middle} ${chunks(0xc4, "aa")} ${chunks(0xc5, "bb")}`);
    expect([reader.poll(), payload(reader)]).toEqual([MessageEvent.Message, "aa*40960"]);
    expect([reader.poll(), payload(reader)]).toEqual([MessageEvent.Message, "bb*40960"]);
  });

  it("is obeyed when it is a Set Chunk Size in chunks of one byte", () => {
    const reader = new MessageReader(new BufferPool(16 * KiB));
    feed(reader, "02 000000 000004 01 00000000 00000001 02 000000 000004 01 00000000 00 c2 00 c2 01 c2 00");
    expect([reader.poll(), reader.poll(), payload(reader)]).toEqual([1, 1, "00000100"]);
    expect(reader.parser.chunkSize).toBe(256);
  });

  it("is kept apart from those of other chunk streams, near and distant", () => {
    const pool = new BufferPool(64 * KiB);
    const reader = new MessageReader(pool);
    const ids = Array.from({ length: 40 }, (_, index) => (index * 1600).toString(16).padStart(4, "0"));
    const basicHeaders = ids.map((id, index) => (index % 2 === 0 ? `${(10 + index).toString(16)}` : `01${id}`));
    const fill = (index: number) => index.toString(16).padStart(2, "0");
    for (const [index, basicHeader] of basicHeaders.entries()) {
      const header = basicHeader.padStart(2, "0");
      feed(reader, `${header} 000000 000082 08 01000000 ${fill(index)}*128`);
      expect(reader.poll()).toBe(MessageEvent.NeedData);
    }
    expect(pool.lentBlocks).toBe(40);
    for (const [index, basicHeader] of basicHeaders.entries()) {
      const first = (0xc0 | Number.parseInt(basicHeader.slice(0, 2), 16)).toString(16);
      feed(reader, `${first}${basicHeader.slice(2)} ffff`);
      expect(reader.poll()).toBe(MessageEvent.Message);
      expect(payload(reader)).toBe(`${fill(index)}*128 ffff`);
      expect(reader.poll()).toBe(MessageEvent.NeedData);
    }
    reader.close();
    expect(pool.lentBlocks).toBe(0);
  });
});

describe("memory", () => {
  it("is taken for what was received, not for what was declared", () => {
    const pool = new BufferPool(2 ** 25);
    const reader = new MessageReader(pool);
    feed(reader, "02 000000 000004 01 00000000 7fffffff  04 000000 a00000 09 01000000");
    reader.poll();
    expect(reader.poll()).toBe(MessageEvent.NeedData);
    expect(pool.peakLentBytes).toBe(0);
    const piece = new Uint8Array(4096);
    for (let received = piece.length; received < 10_485_760; received += piece.length) {
      reader.feed(piece, 0, piece.length);
      expect(reader.poll()).toBe(MessageEvent.NeedData);
      // Four times what is needed, and a power of two.
      expect(pool.lentBytes).toBeLessThanOrEqual(Math.max(16 * KiB, 8 * received));
    }
    reader.feed(piece, 0, piece.length);
    expect(reader.poll()).toBe(MessageEvent.Message);
    expect(reader.end - reader.start).toBe(10_485_760);
  });

  it("keeps what was gathered when it grows", () => {
    const pool = new BufferPool(2 ** 21);
    const reader = new MessageReader(pool);
    const length = 200_000;
    const message = Uint8Array.from({ length }, (_, index) => index % 251);
    feed(reader, "02 000000 000004 01 00000000 7fffffff  04 000000 030d40 09 01000000");
    reader.poll();
    reader.poll();
    for (let at = 0; at < length; at += 1000) {
      reader.feed(message, at, at + 1000);
      expect(reader.poll()).toBe(at + 1000 < length ? MessageEvent.NeedData : MessageEvent.Message);
    }
    expect(Buffer.compare(reader.bytes.subarray(reader.start, reader.end), message)).toBe(0);
  });

  it("is given back by an Abort", () => {
    const pool = new BufferPool(16 * KiB);
    const reader = new MessageReader(pool);
    feed(reader, "04 000000 000082 08 01000000 aa*128");
    reader.poll();
    expect(pool.lentBlocks).toBe(1);
    feed(reader, "02 000000 000004 02 00000000 00000004");
    expect([reader.poll(), reader.poll()]).toEqual([MessageEvent.Message, MessageEvent.NeedData]);
    expect([pool.lentBlocks, reader.assembler.heldBytes]).toEqual([0, 0]);
  });

  it("is given back by close, also after a failure, and twice", () => {
    const pool = new BufferPool(16 * KiB);
    const reader = new MessageReader(pool);
    feed(reader, "04 000000 000082 08 01000000 aa*128 06 000000 000082 08 01000000 aa*128 c4 bbbb c7");
    expect(reader.poll()).toBe(MessageEvent.Message);
    expect(pool.lentBlocks).toBe(2);
    expect(reader.poll()).toBe(MessageEvent.Failed);
    reader.close();
    reader.close();
    expect([pool.lentBlocks, reader.assembler.heldBytes]).toEqual([0, 0]);
  });
});

describe("bounds", () => {
  const begin = (id: string) => `${id} 000000 000082 08 01000000 aa*128`;

  it("of unfinished messages: at the limit, and one block more", () => {
    const pool = new BufferPool(16 * KiB);
    const reader = new MessageReader(pool, { limits: limitsWith({ partialMessageBytes: 2 * KiB }) });
    feed(reader, `${begin("04")} ${begin("05")}`);
    expect(reader.poll()).toBe(MessageEvent.NeedData);
    feed(reader, `${begin("06")} ${begin("07")}`);
    expect(reader.poll()).toBe(MessageEvent.Failed);
    expect(reader.error).toMatchObject({ code: ErrorCode.PartialMessageBytesLimit, offset: 3 * 140 });
    expect(reader.error?.message).toContain("partialMessageBytes is 2048");
    reader.close();
    expect(pool.lentBlocks).toBe(0);
  });

  it("of unfinished messages can be changed", () => {
    const reader = new MessageReader(new BufferPool(16 * KiB));
    reader.assembler.maximumHeldBytes = KiB;
    feed(reader, begin("04"));
    expect(reader.poll()).toBe(MessageEvent.NeedData);
    reader.assembler.maximumHeldBytes = 2 * KiB;
    feed(reader, begin("05"));
    expect(reader.poll()).toBe(MessageEvent.NeedData);
    feed(reader, begin("06"));
    expect(reader.poll()).toBe(MessageEvent.Failed);
  });

  it("of the pool", () => {
    const pool = new BufferPool(KiB);
    const reader = new MessageReader(pool);
    feed(reader, `${begin("04")} ${begin("05")}`);
    expect(reader.poll()).toBe(MessageEvent.Failed);
    expect(reader.error).toMatchObject({ code: ErrorCode.PoolExhausted, offset: 280 });
    reader.close();
    expect(pool.lentBlocks).toBe(0);
  });

  it("of the pool, while a message grows", () => {
    const pool = new BufferPool(16 * KiB);
    const reader = new MessageReader(pool);
    feed(reader, "02 000000 000004 01 00000000 7fffffff 04 000000 100000 09 01000000 aa*4096");
    expect([reader.poll(), reader.poll()]).toEqual([MessageEvent.Message, MessageEvent.NeedData]);
    feed(reader, "aa*12288");
    expect(reader.poll()).toBe(MessageEvent.NeedData);
    expect(pool.lentBytes).toBe(16 * KiB);
    feed(reader, "aa");
    expect(reader.poll()).toBe(MessageEvent.Failed);
    expect(reader.error?.code).toBe(ErrorCode.PoolExhausted);
    reader.close();
    expect(pool.lentBlocks).toBe(0);
  });

  it("end the reader for good", () => {
    const reader = new MessageReader(new BufferPool(KiB));
    feed(reader, `${begin("04")} ${begin("05")} 07 000000 000001 08 01000000 aa`);
    expect(reader.poll()).toBe(MessageEvent.Failed);
    const { error } = reader;
    expect(reader.poll()).toBe(MessageEvent.Failed);
    expect(reader.error).toBe(error);
  });
});
