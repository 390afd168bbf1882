import { describe, expect, it } from "vitest";
import { ChunkEvent, ChunkParser, type ChunkParserOptions } from "../../src/chunk/index.ts";
import { ErrorCode } from "../../src/errors.ts";
import { limitsWith } from "../../src/limits.ts";
import { hexBytes, hexOf } from "../vector-file.ts";

/** A parser that was fed these bytes, as one piece. */
function fed(hex: string, options?: ChunkParserOptions): ChunkParser {
  const parser = new ChunkParser(options);
  feed(parser, hex);
  return parser;
}

function feed(parser: ChunkParser, hex: string): Uint8Array {
  const bytes = hexBytes(hex);
  parser.feed(bytes, 0, bytes.length);
  return bytes;
}

/** Polls until NeedData or Failed, which it answers. */
function pollAll(parser: ChunkParser): ChunkEvent {
  for (;;) {
    const event = parser.poll();
    if (event === ChunkEvent.NeedData || event === ChunkEvent.Failed) return event;
  }
}

/** The current span's payload, and where it stands in its message and chunk. */
function span(parser: ChunkParser): string {
  const { payloadOffset, chunkOffset, isLast } = parser;
  return `${hexOf(parser.buffer, parser.start, parser.end)} at ${payloadOffset}/${chunkOffset}${isLast ? " last" : ""}`;
}

/** All spans up to NeedData. */
function spans(parser: ChunkParser): string[] {
  const found: string[] = [];
  while (parser.poll() === ChunkEvent.Payload) found.push(span(parser));
  return found;
}

const ONE_BYTE = "04 00000a 000001 08 01000000 aa";

describe("feed", () => {
  it("throws while lent bytes are unread", () => {
    const parser = fed(`${ONE_BYTE} ${ONE_BYTE}`);
    expect(parser.poll()).toBe(ChunkEvent.Payload);
    expect(() => parser.feed(new Uint8Array(1), 0, 1)).toThrow(RangeError);
    // Nothing was changed by that.
    expect(parser.poll()).toBe(ChunkEvent.Payload);
    expect(parser.poll()).toBe(ChunkEvent.NeedData);
  });

  it.each([
    [-1, 4],
    [3, 2],
    [0, 5],
    [5, 5],
    [Number.NaN, 4],
    [0, Number.NaN],
  ])("throws when [%d, %d) does not lie inside 4 bytes", (start, end) => {
    expect(() => new ChunkParser().feed(new Uint8Array(4), start, end)).toThrow(RangeError);
  });

  it("takes an empty piece, also within a header and within a message", () => {
    const parser = fed("");
    expect(parser.poll()).toBe(ChunkEvent.NeedData);
    for (const hex of ["04 00000a 0000", "", "02 08 01000000 aa", "", "bb"]) {
      feed(parser, hex);
      expect(pollAll(parser)).toBe(ChunkEvent.NeedData);
    }
    expect(span(parser)).toBe("bb at 1/1 last");
  });

  it("keeps an Abort that is still to be obeyed", () => {
    const parser = fed("04 000000 000081 08 01000000 aa*128  02 000000 000004 02 00000000 00000004");
    expect([parser.poll(), parser.poll()]).toEqual([ChunkEvent.Payload, ChunkEvent.Payload]);
    feed(parser, ONE_BYTE);
    expect(parser.poll()).toBe(ChunkEvent.Aborted);
    expect(parser.chunkStreamId).toBe(4);
    expect(spans(parser)).toEqual(["aa at 0/0 last"]);
  });
});

describe("poll", () => {
  it("answers NeedData as often as it is asked", () => {
    const parser = new ChunkParser();
    expect([parser.poll(), parser.poll()]).toEqual([ChunkEvent.NeedData, ChunkEvent.NeedData]);
    feed(parser, "04 00000a");
    expect([parser.poll(), parser.poll()]).toEqual([ChunkEvent.NeedData, ChunkEvent.NeedData]);
  });

  it("answers spans that lie in the lent bytes", () => {
    const parser = new ChunkParser();
    const bytes = hexBytes("eeeeee 04 00000a 000082 08 01000000 aa*128 c4 bbbb eeee");
    parser.feed(bytes, 3, bytes.length - 2);
    expect(parser.poll()).toBe(ChunkEvent.Payload);
    expect([parser.buffer === bytes, parser.start, parser.end]).toEqual([true, 15, 143]);
    expect(parser.poll()).toBe(ChunkEvent.Payload);
    expect([parser.buffer === bytes, parser.start, parser.end]).toEqual([true, 144, 146]);
    expect(parser.poll()).toBe(ChunkEvent.NeedData);
  });

  it("describes the chunk and its message", () => {
    const parser = fed("012d01 ffffff 000081 09 05000000 01000000 aa*128 c12d01 01000000 bb");
    const fields = () => {
      const { chunkStreamId, format, headerLength, messageLength, messageType, messageStreamId, timestamp } = parser;
      return [chunkStreamId, format, headerLength, messageLength, messageType, messageStreamId, timestamp];
    };
    parser.poll();
    expect(fields()).toEqual([365, 0, 18, 129, 9, 5, 16777216]);
    parser.poll();
    expect(fields()).toEqual([365, 3, 7, 129, 9, 5, 16777216]);
  });

  it("says of each span where it stands in its message and in its chunk", () => {
    const parser = fed("04 00000a 000084 08 01000000 aa*100");
    expect(spans(parser)).toEqual(["aa*100 at 0/0"]);
    feed(parser, "aa*27");
    expect(spans(parser)).toEqual(["aa*27 at 100/100"]);
    feed(parser, "aa c4 bb");
    expect(spans(parser)).toEqual(["aa at 127/127", "bb at 128/0"]);
    feed(parser, "cccc");
    expect(spans(parser)).toEqual(["cccc at 129/1"]);
    feed(parser, "dd");
    expect(spans(parser)).toEqual(["dd at 131/3 last"]);
  });

  it("answers one empty span for a message of length 0", () => {
    const parser = fed("04 00000a 000000 08 01000000");
    expect(parser.poll()).toBe(ChunkEvent.Payload);
    expect([parser.start === parser.end, parser.payloadOffset, parser.isLast]).toEqual([true, 0, true]);
    expect(parser.poll()).toBe(ChunkEvent.NeedData);
  });

  it("changes nothing while a header is not whole", () => {
    const header = hexBytes("44 ffffff 000002 09 01312d00");
    for (let length = 1; length < header.length; length++) {
      const parser = fed(ONE_BYTE);
      pollAll(parser);
      parser.feed(header, 0, length);
      expect(parser.poll()).toBe(ChunkEvent.NeedData);
      const { format, messageLength, messageType, timestamp, offset } = parser;
      expect([format, messageLength, messageType, timestamp, offset]).toEqual([0, 1, 8, 10, 13]);
      parser.feed(header, length, header.length);
      expect(parser.poll()).toBe(ChunkEvent.NeedData);
      feed(parser, "bbbb");
      parser.poll();
      expect([parser.format, parser.headerLength, parser.timestamp, span(parser)]).toEqual([
        1,
        12,
        20000010,
        "bbbb at 0/0 last",
      ]);
    }
  });

  it("gives each chunk stream a slot of its own", () => {
    const header = "000000 000001 08 01000000 aa";
    const parser = fed(`04 ${header} 0000 ${header} 01ffff ${header} 04 ${header} 010000 ${header} 3f ${header}`);
    const slots: number[] = [];
    while (parser.poll() === ChunkEvent.Payload) slots.push(parser.slot);
    expect(slots).toEqual([4, 64, 65, 4, 64, 63]);
  });

  it("counts headers that were only repeated", () => {
    const header = "04 00000a 000101 08 01000000";
    const parser = fed(`${header} aa*128 ${header} aa*128 ${header} aa`);
    expect(pollAll(parser)).toBe(ChunkEvent.NeedData);
    expect(parser.repeatedHeaders).toBe(2);
  });

  it("knows the chunk size in force", () => {
    const parser = new ChunkParser();
    expect(parser.chunkSize).toBe(128);
    feed(parser, "02 000000 000004 01 00000000 00001000");
    pollAll(parser);
    expect(parser.chunkSize).toBe(4096);
    feed(parser, "c2 7fffffff");
    pollAll(parser);
    expect(parser.chunkSize).toBe(0xffffff);
  });
});

describe("payload that was taken for the start of an extended timestamp", () => {
  const message = (length: string) => `06 ffffff ${length} 09 01000000 01000000 aa*128`;

  it.each([
    ["01", "02030405", "01 at 128/0", "02030405 at 129/1 last"],
    ["0100", "030405", "0100 at 128/0", "030405 at 130/2 last"],
    ["010000", "0405", "010000 at 128/0", "0405 at 131/3 last"],
  ])("comes first: %s before %s", (held, rest, first, second) => {
    const parser = fed(`${message("000085")} c6 ${held}`);
    expect(spans(parser)).toEqual(["aa*128 at 0/0"]);
    const bytes = feed(parser, rest);
    expect(parser.poll()).toBe(ChunkEvent.Payload);
    expect(parser.buffer).not.toBe(bytes);
    expect([span(parser), parser.headerLength]).toEqual([first, 1]);
    expect(parser.poll()).toBe(ChunkEvent.Payload);
    expect(parser.buffer).toBe(bytes);
    expect([span(parser), parser.start]).toEqual([second, 0]);
    expect(parser.poll()).toBe(ChunkEvent.NeedData);
  });

  it("may hold the next chunk's header, and more payload", () => {
    // c6 01 00: a last byte of payload, and the beginning of a header on chunk stream 64.
    const parser = fed(`${message("000081")} c6 01 00`);
    expect(spans(parser)).toEqual(["aa*128 at 0/0"]);
    feed(parser, "05 000000 000002 08 01000000 bbcc");
    expect(parser.poll()).toBe(ChunkEvent.Payload);
    expect([span(parser), parser.chunkStreamId]).toEqual(["01 at 128/0 last", 6]);
    expect(parser.poll()).toBe(ChunkEvent.Payload);
    expect([span(parser), parser.chunkStreamId, parser.headerLength]).toEqual(["bbcc at 0/0 last", 69, 13]);
  });

  it("counts as read only when it is handed out", () => {
    const parser = fed(`${message("000085")} c6 0100`);
    pollAll(parser);
    expect(parser.offset).toBe(144);
    feed(parser, "03");
    parser.poll();
    expect(parser.offset).toBe(147);
    parser.poll();
    expect(parser.offset).toBe(148);
  });
});

describe("offset", () => {
  it("counts what was read over all pieces, wherever they lie", () => {
    const parser = new ChunkParser();
    const bytes = hexBytes(`eeee 04 00000a 000002 08 01000000 aabb ee`);
    expect(parser.offset).toBe(0);
    parser.feed(bytes, 2, 15);
    expect(parser.offset).toBe(0);
    pollAll(parser);
    expect(parser.offset).toBe(13);
    parser.feed(bytes, 15, 16);
    expect(parser.offset).toBe(13);
    pollAll(parser);
    expect(parser.offset).toBe(14);
  });

  it("goes past 2^32", () => {
    const parser = fed("02 000000 000004 01 00000000 7fffffff");
    pollAll(parser);
    const length = 10_485_760;
    const bytes = new Uint8Array(12 + length);
    bytes.set(hexBytes("04 000000 a00000 09 01000000"));
    const times = 412;
    for (let time = 0; time < times; time++) {
      parser.feed(bytes, 0, bytes.length);
      expect(pollAll(parser)).toBe(ChunkEvent.NeedData);
    }
    expect(times * bytes.length).toBeGreaterThan(2 ** 32);
    expect(parser.offset).toBe(16 + times * bytes.length);
  });
});

describe("a failure", () => {
  it("is final: nothing is read any more, whatever is fed", () => {
    const parser = fed(`${ONE_BYTE} c5 ${ONE_BYTE}`);
    expect(pollAll(parser)).toBe(ChunkEvent.Failed);
    const { error } = parser;
    expect(error).toMatchObject({ code: ErrorCode.ChunkHeaderWithoutPredecessor, offset: 13 });
    expect(parser.poll()).toBe(ChunkEvent.Failed);
    feed(parser, ONE_BYTE);
    feed(parser, ONE_BYTE);
    expect(parser.poll()).toBe(ChunkEvent.Failed);
    expect(parser.error).toBe(error);
    expect(error?.offset).toBe(13);
  });

  it("names the header where it was found, also when it came in pieces", () => {
    const parser = fed(ONE_BYTE);
    for (const byte of ["05", "0000", "00a0", "0001", "080100", "00"]) {
      pollAll(parser);
      feed(parser, byte);
    }
    expect(pollAll(parser)).toBe(ChunkEvent.NeedData);
    feed(parser, "00 aabbcc");
    expect(pollAll(parser)).toBe(ChunkEvent.Failed);
    expect(parser.error).toMatchObject({ code: ErrorCode.MediaMessageLengthLimit, offset: 13 });
  });

  it("says which limit was passed, and what was found", () => {
    const parser = fed("04 000000 000003 08 01000000", { limits: limitsWith({ mediaMessageLength: 2 }) });
    expect(pollAll(parser)).toBe(ChunkEvent.Failed);
    expect(parser.error?.message).toBe("A message of type 8 declares 3 bytes; the limit mediaMessageLength is 2.");
  });

  it("is the 65th chunk stream by default", () => {
    const parser = new ChunkParser();
    for (let id = 2; id < 66; id++) {
      const basicHeader = id < 64 ? id.toString(16).padStart(2, "0") : `00${(id - 64).toString(16).padStart(2, "0")}`;
      feed(parser, `${basicHeader} 000000 000000 08 01000000`);
      expect(pollAll(parser)).toBe(ChunkEvent.NeedData);
    }
    feed(parser, "01ffff 000000 000000 08 01000000");
    expect(pollAll(parser)).toBe(ChunkEvent.Failed);
    expect(parser.error?.code).toBe(ErrorCode.ChunkStreamLimit);
  });

  it("takes no more chunk streams than allowed when there are thousands", () => {
    const parser = new ChunkParser({ limits: limitsWith({ chunkStreams: 3000 }) });
    const message = hexBytes("010000 000000 000001 08 01000000 aa");
    for (let distance = 0; distance < 3000; distance++) {
      message[1] = distance;
      message[2] = distance >> 8;
      parser.feed(message, 0, message.length);
      expect(parser.poll()).toBe(ChunkEvent.Payload);
      expect(parser.chunkStreamId).toBe(64 + distance);
      expect(parser.poll()).toBe(ChunkEvent.NeedData);
    }
    feed(parser, ONE_BYTE);
    expect(pollAll(parser)).toBe(ChunkEvent.Failed);
  });
});
