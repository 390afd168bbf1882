import fc from "fast-check";
import { expect, it } from "vitest";
import {
  FLV_HEADER_BYTES,
  FLV_TAG_HEADER_BYTES,
  PREVIOUS_TAG_SIZE_BYTES,
  writeFlvHeader,
  writeFlvTag,
} from "../../src/flv/index.ts";
import { hexOf } from "../vector-file.ts";
import { FlvLog } from "./flv-log.ts";

const tag = fc.record({
  tagType: fc.oneof(fc.constantFrom(8, 9, 15, 18), fc.nat(31)),
  timestamp: fc.oneof(
    fc.nat(200),
    fc.integer({ min: 0, max: 0xffffffff }),
    fc.constantFrom(0xffffff, 0x1000000, 2 ** 31),
  ),
  payload: fc.uint8Array({ maxLength: 300 }),
});

/** Where the next piece ends: mostly small ones. */
const pieceLengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 500 })), {
  minLength: 1,
  maxLength: 40,
});

/** The log of a file that comes in pieces of these lengths, over and over; each is overwritten when it was read. */
function logOf(file: Uint8Array, lengths: readonly number[]): readonly string[] {
  const log = new FlvLog();
  for (let at = 0, index = 0; at < file.length; index++) {
    const end = Math.min(file.length, at + (lengths[index % lengths.length] ?? 1));
    const piece = file.slice(at, end);
    log.read(piece, 0, piece.length);
    piece.fill(0xee);
    at = end;
  }
  log.end();
  return log.log;
}

it("reads what was written, however it is cut", () => {
  fc.assert(
    fc.property(
      fc.array(tag, { maxLength: 20 }),
      fc.boolean(),
      fc.boolean(),
      pieceLengths,
      (tags, audio, video, lengths) => {
        const payloads = tags.reduce((sum, { payload }) => sum + payload.length, 0);
        const memory = new Uint8Array(
          FLV_HEADER_BYTES + payloads + tags.length * (FLV_TAG_HEADER_BYTES + PREVIOUS_TAG_SIZE_BYTES),
        );
        let end = writeFlvHeader(memory, 0, audio, video);
        for (const { tagType, timestamp, payload } of tags) {
          end = writeFlvTag(memory, end, tagType, timestamp, payload, 0, payload.length);
        }
        expect(end).toBe(memory.length);
        const log = logOf(memory, lengths);
        expect(log.slice(0, -1)).toEqual([
          `header audio=${audio} video=${video}`,
          ...tags.map(({ tagType, timestamp, payload: { length }, payload }) => {
            const bytes = length === 0 ? "" : ` payload=${hexOf(payload, 0, length)}`;
            return `tag type=${tagType} timestamp=${timestamp | 0} stream=0 length=${length}${bytes}`;
          }),
        ]);
        expect(log.at(-1)).toContain(`end tags=${end - 4}`);
        expect(log.at(-1)).toContain("wrong=0 truncated=0");
      },
    ),
  );
});

it("takes whatever comes, and says the same of it however it is cut", () => {
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.uint8Array({ maxLength: 200 }).map((rest) => Uint8Array.of(0x46, 0x4c, 0x56, 1, 5, 0, 0, 0, 9, ...rest)),
    // The upper bytes of lengths are 0, so that tags end.
    fc.uint8Array({ maxLength: 300 }).map((rest) => {
      const body = rest.map((byte, index) => (index % 16 === 5 || index % 16 === 6 ? 0 : byte));
      return Uint8Array.of(0x46, 0x4c, 0x56, 1, 5, 0, 0, 0, 9, ...body);
    }),
  );
  fc.assert(
    fc.property(hostile, pieceLengths, (file, lengths) => {
      expect(logOf(file, lengths)).toEqual(logOf(file, [file.length + 1]));
    }),
  );
});
