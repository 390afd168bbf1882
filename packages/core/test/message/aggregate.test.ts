import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MessageType } from "../../src/chunk/index.ts";
import { AggregateReader, aggregatePayload } from "../../src/message/index.ts";

/** What is read of an aggregate: a line for each part, and whether it was cut off. */
function partsOf(bytes: Uint8Array, timestamp: number): string[] {
  // Around it stands what must not be read.
  const memory = new Uint8Array(bytes.length + 20).fill(0xee);
  memory.set(bytes, 10);
  const reader = new AggregateReader();
  reader.reset(memory, 10, 10 + bytes.length, timestamp);
  const lines: string[] = [];
  while (reader.next()) {
    expect(reader.end).toBeLessThanOrEqual(10 + bytes.length);
    const payload = Buffer.from(reader.bytes.subarray(reader.start, reader.end)).toString("hex");
    lines.push(`${reader.messageType} @${reader.timestamp} ${payload}`);
  }
  return reader.isTruncated ? [...lines, "truncated"] : lines;
}

/** A sound of 3 bytes at 1000, and a picture of 6 at 1010. */
const two = Buffer.from("080000030003e800000000af01aa0000000e" + "090000060003f2000000002701000000bb00000011", "hex");

describe("an aggregate", () => {
  it("has parts whose times count from its own", () => {
    expect(partsOf(two, 1000)).toEqual(["8 @1000 af01aa", "9 @1010 2701000000bb"]);
    expect(partsOf(two, 5000)).toEqual(["8 @5000 af01aa", "9 @5010 2701000000bb"]);
    expect(partsOf(two, 0)).toEqual(["8 @0 af01aa", "9 @10 2701000000bb"]);
    expect(partsOf(two, 2 ** 32 - 5)).toEqual([`8 @${2 ** 32 - 5} af01aa`, "9 @5 2701000000bb"]);
  });

  it("is what its parts are written to", () => {
    const parts = [
      { messageType: 8, timestamp: 1000, payload: Uint8Array.of(0xaf, 1, 0xaa) },
      { messageType: 9, timestamp: 1010, payload: Uint8Array.of(0x27, 1, 0, 0, 0, 0xbb) },
    ];
    expect(Buffer.from(aggregatePayload(parts))).toEqual(two);
  });

  it("may have timestamps in the order of FLV files, or of the specification's figure", () => {
    const flv = aggregatePayload([{ messageType: 8, timestamp: 0x01020304, payload: Uint8Array.of(0xaf) }]);
    const plain = flv.slice();
    plain.set([1, 2, 3, 4], 4);
    expect(partsOf(flv, 0x01020304)).toEqual([`8 @${0x01020304} af`]);
    expect(partsOf(plain, 0x01020304)).toEqual([`8 @${0x01020304} af`]);
  });

  it("may be cut off anywhere: what is whole is read", () => {
    for (let length = 0; length < two.length; length++) {
      const lines = partsOf(two.subarray(0, length), 1000);
      const whole = ["8 @1000 af01aa", "9 @1010 2701000000bb"].slice(0, length < 14 ? 0 : length < 35 ? 1 : 2);
      const isClean = length === 0 || (length >= 14 && length <= 18) || length >= 35;
      expect(lines, `${length} bytes`).toEqual(isClean ? whole : [...whole, "truncated"]);
    }
  });

  it("is read up to the limit aggregateMessages: the rest is left out", () => {
    const reader = new AggregateReader({ aggregateMessages: 2 });
    const part = { messageType: MessageType.Audio, timestamp: 0, payload: Uint8Array.of(0xaf) };
    const counts = [1, 2, 3, 2].map((length) => {
      const bytes = aggregatePayload(new Array<typeof part>(length).fill(part));
      reader.reset(bytes, 0, bytes.length, 0);
      let count = 0;
      while (reader.next()) count++;
      return [count, reader.isTruncated];
    });
    expect(counts).toEqual([
      [1, false],
      [2, false],
      [2, true],
      [2, false],
    ]);
  });

  it("cannot have another one in it", () => {
    const nested = { messageType: MessageType.Aggregate, timestamp: 0, payload: two };
    expect(() => aggregatePayload([nested])).toThrow(TypeError);
  });

  it("gives back all parts", () => {
    const part = fc.record({
      messageType: fc.constantFrom(8, 9, 18),
      timestamp: fc.nat(2 ** 32 - 1),
      payload: fc.uint8Array({ maxLength: 300 }),
    });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 20 }), (parts) => {
        const expected = parts.map(
          ({ messageType, timestamp, payload }) =>
            `${messageType} @${timestamp} ${Buffer.from(payload).toString("hex")}`,
        );
        expect(partsOf(aggregatePayload(parts), parts[0]?.timestamp ?? 0)).toEqual(expected);
      }),
    );
  });

  it("is read whatever its bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), (bytes, timestamp) => void partsOf(bytes, timestamp)),
    );
  });
});
