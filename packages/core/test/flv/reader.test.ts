import { describe, expect, it } from "vitest";
import { errorName } from "../../src/errors.ts";
import { FlvEvent, FlvReader, writePreviousTagSize } from "../../src/flv/index.ts";
import { limitsWith } from "../../src/limits.ts";
import { hexBytes, vectorFiles } from "../vector-file.ts";
import { FlvLog } from "./flv-log.ts";

const header = "464c56 01 05 00000009 00000000";
const audio = "08 000002 000028 00 000000 af01 0000000d";

function readerOf(bytes: Uint8Array, event: FlvEvent): FlvReader {
  const reader = new FlvReader();
  reader.feed(bytes, 0, bytes.length);
  while (reader.poll() !== event) {}
  return reader;
}

function logOf(bytes: Uint8Array): readonly string[] {
  const log = new FlvLog();
  log.read(bytes, 0, bytes.length);
  log.end();
  return log.log;
}

describe("FlvReader", () => {
  it("lends a payload that lies in one piece", () => {
    const file = hexBytes(`${header} ${audio}`);
    const { bytes, start, end } = readerOf(file, FlvEvent.Tag);
    expect(bytes).toBe(file);
    expect([start, end]).toEqual([24, 26]);
  });

  it("gathers one that does not", () => {
    const file = hexBytes(`${header} ${audio}`);
    const first = file.slice(0, 25);
    const reader = readerOf(first, FlvEvent.NeedData);
    first.fill(0xee);
    reader.feed(file, 25, file.length);
    expect(reader.poll()).toBe(FlvEvent.Tag);
    expect([...reader.bytes.subarray(reader.start, reader.end)]).toEqual([0xaf, 0x01]);
  });

  it("takes memory for what came of a tag, not for what it announces", () => {
    const length = 10_000_000;
    const start = hexBytes(`${header} 09 989680 000000 00 000000 aa`);
    const reader = readerOf(start, FlvEvent.NeedData);
    const held = (): number => (reader as unknown as { gathered: Uint8Array }).gathered.length; // private, and not to be seen otherwise
    expect(held()).toBe(16_384);

    const piece = new Uint8Array(100_000).fill(0xaa);
    let received = 1;
    for (let event = reader.poll(); event !== FlvEvent.Tag; event = reader.poll()) {
      expect(held()).toBeLessThanOrEqual(Math.max(16_384, 4 * received));
      const more = Math.min(piece.length, length - received);
      reader.feed(piece, 0, more);
      received += more;
    }
    expect(reader.end - reader.start).toBe(length);
    expect(reader.bytes.subarray(reader.start, reader.end).every((byte) => byte === 0xaa)).toBe(true);
  });

  it("has the tags of a file that is far larger than memory", () => {
    // 600 times 8 MiB, fed from one tag: only the offset grows.
    const limits = limitsWith({ mediaMessageLength: 2 ** 23 });
    const reader = new FlvReader({ limits });
    const tag = hexBytes("09 800000 000000 00 000000 aa*8388608 0080000b");
    const start = hexBytes(header);
    reader.feed(start, 0, start.length);
    expect([reader.poll(), reader.poll()]).toEqual([FlvEvent.Header, FlvEvent.NeedData]);
    for (let i = 0; i < 600; i++) {
      reader.feed(tag, 0, tag.length);
      expect([reader.poll(), reader.poll()]).toEqual([FlvEvent.Tag, FlvEvent.NeedData]);
    }
    expect(reader.lastTagEnd).toBe(9 + 600 * tag.length);
    expect(reader.wrongPreviousTagSizes).toBe(0);
    const broken = hexBytes("09 800001 000000 00 000000");
    reader.feed(broken, 0, broken.length);
    expect(reader.poll()).toBe(FlvEvent.Failed);
    expect(reader.error?.offset).toBe(13 + 600 * tag.length);
  });

  it("stays failed, whatever it is fed", () => {
    const reader = readerOf(hexBytes("00*9"), FlvEvent.Failed);
    const { error } = reader;
    reader.feed(hexBytes(header), 0, 13);
    expect(reader.poll()).toBe(FlvEvent.Failed);
    reader.finish();
    expect(reader.error).toBe(error);
    expect(error && errorName(error.code)).toBe("FlvSignature");
  });

  it("says so when it is fed, or finished, before it has used up what it was lent", () => {
    const reader = readerOf(hexBytes(`${header} ${audio}`), FlvEvent.Tag);
    expect(() => reader.feed(new Uint8Array(1), 0, 1)).toThrow(
      "Poll until NeedData before feeding again: lent bytes are still unread.",
    );
    expect(() => reader.finish()).toThrow("Poll until NeedData before finishing: lent bytes are still unread.");
  });

  it.each([
    [-1, 1],
    [2, 1],
    [0, 5],
  ])("refuses the range from %i to %i of 4 bytes", (start, end) => {
    const reader = new FlvReader();
    expect(() => reader.feed(new Uint8Array(4), start, end)).toThrow("does not lie inside 4 bytes");
  });
});

describe("A real file that is cut off", () => {
  const [file] = vectorFiles("flv").filter(({ name }) => name === "ffmpeg.txt");
  const whole = file?.cases[0]?.bytes ?? new Uint8Array();
  const lines = logOf(whole);
  const tags = lines.filter((line) => line.startsWith("tag"));
  const ends = Array.from({ length: whole.length - 13 }, (_, index) => 13 + index);

  it("gives the tags that are whole, wherever that is", () => {
    expect(tags).toHaveLength(9);
    for (const end of ends) {
      const read = logOf(whole.subarray(0, end)).filter((line) => line.startsWith("tag"));
      expect(read).toEqual(tags.slice(0, read.length));
    }
  });

  it("becomes whole where the reader says, wherever that is", () => {
    for (const end of ends) {
      const reader = readerOf(whole.subarray(0, end), FlvEvent.NeedData);
      reader.finish();
      const repaired = new Uint8Array(reader.lastTagEnd + 4);
      repaired.set(whole.subarray(0, reader.lastTagEnd));
      writePreviousTagSize(repaired, reader.lastTagEnd, reader.lastTagSize);
      expect(end - reader.truncatedBytes).toBeLessThanOrEqual(repaired.length);
      expect(Buffer.compare(whole.subarray(0, repaired.length), repaired), `cut off at ${end}`).toBe(0);
      const last = `end tags=${reader.lastTagEnd} last=${reader.lastTagSize} wrong=0 truncated=0`;
      expect(logOf(repaired).at(-1), `cut off at ${end}`).toBe(last);
    }
  });
});
