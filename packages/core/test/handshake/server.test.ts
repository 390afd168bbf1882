import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/errors.ts";
import { HandshakeEvent, ServerHandshake } from "../../src/handshake/index.ts";
import {
  digestPacket1,
  drain,
  findDigestOf,
  give,
  giveInPieces,
  inPiecesOf,
  layouts,
  packet1,
  positionOf,
  randomBytes,
  signatureOf,
} from "./reference.ts";

const { NeedData, Done, Failed } = HandshakeEvent;
const random = randomBytes(1528, 99);
const c0 = Buffer.of(3);
const c2 = randomBytes(1536, 7);

/** S1 and S2 in answer to a C1. */
function answersTo(c1: Uint8Array): { s1: Buffer; s2: Buffer } {
  const handshake = new ServerHandshake({ random, time: 0x01020304 });
  expect(give(handshake, Buffer.concat([c0, c1]))).toBe(NeedData);
  const sent = drain(handshake);
  expect(sent.length).toBe(3073);
  expect(sent[0]).toBe(3);
  return { s1: sent.subarray(1, 1537), s2: sent.subarray(1537) };
}

describe("plain", () => {
  const c1 = packet1("00000000");

  it("answers with its time, a zero product version, the random bytes and the exact copy of C1", () => {
    const { s1, s2 } = answersTo(c1);
    expect(s1.toString("hex", 0, 8)).toBe("0102030400000000");
    expect(s1.subarray(8)).toEqual(Buffer.from(random));
    expect(s2).toEqual(c1);
  });

  it("sends nothing before C1 is whole, and everything as soon as it is", () => {
    const handshake = new ServerHandshake({ random });
    expect(give(handshake, Buffer.concat([c0, c1.subarray(0, 1535)]))).toBe(NeedData);
    expect(drain(handshake).length).toBe(0);
    expect(give(handshake, c1.subarray(1535))).toBe(NeedData);
    expect(drain(handshake).length).toBe(3073);
  });

  it("is done after 1536 bytes of C2, whatever they are", () => {
    const handshake = new ServerHandshake({ random });
    give(handshake, Buffer.concat([c0, c1]));
    expect(give(handshake, c2.subarray(0, 1535))).toBe(NeedData);
    expect(handshake.position).toBe(1535);
    expect(give(handshake, Buffer.of(1, 2, 3))).toBe(Done);
    expect(handshake.position).toBe(1);
    expect(handshake.poll()).toBe(Done);
  });

  it("has its answer ready also when C0, C1 and C2 come in one piece", () => {
    const handshake = new ServerHandshake({ random });
    expect(give(handshake, Buffer.concat([c0, c1, c2, Buffer.from("chunks")]))).toBe(Done);
    expect(handshake.position).toBe(3073);
    expect(drain(handshake).subarray(1537)).toEqual(c1);
  });

  it("takes its random bytes from the front of a longer array, and copies them", () => {
    const lent = randomBytes(4000, 5);
    const before = Buffer.from(lent.subarray(0, 1528));
    const handshake = new ServerHandshake({ random: lent });
    lent.fill(0);
    give(handshake, Buffer.concat([c0, c1]));
    expect(drain(handshake).subarray(9, 1537)).toEqual(before);
  });

  it("sends the time modulo 2^32, 0 by default", () => {
    const timeSent = (options: { random: Uint8Array; time?: number }): number => {
      const handshake = new ServerHandshake(options);
      give(handshake, Buffer.concat([c0, c1]));
      return drain(handshake).readUInt32BE(1);
    };
    expect(timeSent({ random })).toBe(0);
    expect(timeSent({ random, time: 0xfffffffe })).toBe(0xfffffffe);
    expect(timeSent({ random, time: 2 ** 32 + 5.7 })).toBe(5);
  });
});

describe("digest", () => {
  it.each(layouts)("answers a %s C1 in the same layout, and signs S2", (layout) => {
    for (let seed = 1; seed <= 20; seed++) {
      const c1 = digestPacket1(layout, "client", seed);
      const { s1, s2 } = answersTo(c1);
      expect(s1.toString("hex", 0, 8)).toBe("0102030404050001");
      expect(findDigestOf(s1, "server")?.layout).toBe(layout);
      const digest = findDigestOf(c1, "client")?.digest ?? Buffer.alloc(0);
      expect(s2.subarray(1504)).toEqual(signatureOf(s2, digest, "server"));
    }
  });

  it.each(layouts)("falls back to the exact copy of C1 when a %s digest is broken", (layout) => {
    const whole = digestPacket1(layout, "client");
    for (const at of [0, 4, positionOf(whole, layout), positionOf(whole, layout) + 31, 1535]) {
      const c1 = Buffer.from(whole);
      c1[at] = (c1[at] ?? 0) ^ 0x80;
      const { s1, s2 } = answersTo(c1);
      expect(s1.toString("hex", 4, 8)).toBe("00000000");
      expect(s1.subarray(8)).toEqual(Buffer.from(random));
      expect(s2).toEqual(c1);
    }
  });

  it("does not take the digest of a server for one of a client", () => {
    const c1 = digestPacket1("digest-first", "server");
    expect(answersTo(c1).s2).toEqual(c1);
  });
});

describe("transmit", () => {
  it.each([1, 2, 7, 1536, 1537, 3072])("drains into buffers of %i bytes", (size) => {
    const c1 = packet1("00000000");
    const handshake = new ServerHandshake({ random });
    give(handshake, Buffer.concat([c0, c1]));
    const sent = drain(handshake, size);
    expect(sent.length).toBe(3073);
    expect(sent.subarray(1537)).toEqual(c1);
    expect(drain(handshake, size).length).toBe(0);
    expect(give(handshake, c2)).toBe(Done);
  });

  it("writes into its range only", () => {
    const handshake = new ServerHandshake({ random });
    give(handshake, Buffer.concat([c0, packet1("00000000")]));
    const into = Buffer.alloc(6, 0xaa);
    expect(handshake.transmit(into, 2, 2)).toBe(0);
    expect(handshake.transmit(into, 2, 3)).toBe(1);
    expect(into.toString("hex")).toBe("aaaa03aaaaaa");
  });
});

describe("pieces", () => {
  const wire = Buffer.concat([c0, digestPacket1("key-first", "client"), c2, Buffer.from("first chunks")]);
  const expected = (() => {
    const handshake = new ServerHandshake({ random });
    give(handshake, wire);
    return drain(handshake);
  })();

  it("byte by byte", () => {
    const handshake = new ServerHandshake({ random });
    const { event, rest } = giveInPieces(handshake, inPiecesOf(1, wire));
    expect(event).toBe(Done);
    expect(rest.toString()).toBe("first chunks");
    expect(drain(handshake).equals(expected)).toBe(true);
  });

  it("split at every point", () => {
    for (let at = 0; at <= wire.length; at++) {
      const handshake = new ServerHandshake({ random });
      const { event, rest } = giveInPieces(handshake, [wire.subarray(0, at), wire.subarray(at)]);
      expect(event).toBe(Done);
      expect(rest.toString()).toBe("first chunks");
      expect(drain(handshake).equals(expected)).toBe(true);
    }
  });
});

describe("peers that speak something else", () => {
  it.each([
    ["TLS", Buffer.from("160301020001", "hex")],
    ["GET", Buffer.from("GET / HTTP/1.1\r\n")],
    ["POST", Buffer.from("POST /open/1 HTTP/1.1\r\n")],
    ["OPTIONS", Buffer.from("OPTIONS * HTTP/1.1\r\n")],
  ])("%s", (_, bytes) => {
    for (const piece of [bytes, bytes.subarray(0, 1)]) {
      const handshake = new ServerHandshake({ random });
      expect(give(handshake, piece)).toBe(Failed);
      expect(handshake.error?.code).toBe(ErrorCode.HandshakeForeignProtocol);
      expect(handshake.error?.offset).toBe(0);
      expect(handshake.position).toBe(0);
    }
  });

  it("fails every version but 3 on the first byte", () => {
    for (let version = 0; version < 256; version++) {
      const handshake = new ServerHandshake({ random });
      const event = give(handshake, Buffer.of(version));
      if (version === 3) {
        expect(event).toBe(NeedData);
        continue;
      }
      expect(event).toBe(Failed);
      const foreign = version === 0x15 || version === 0x16 || /^[A-Z]$/.test(String.fromCharCode(version));
      expect(handshake.error?.code).toBe(foreign ? ErrorCode.HandshakeForeignProtocol : ErrorCode.HandshakeVersion);
      expect(handshake.error?.message).toContain(`0x${version.toString(16).padStart(2, "0")}`);
    }
  });

  it.each([6, 8, 9])("says that version %i is RTMPE", (version) => {
    const handshake = new ServerHandshake({ random });
    give(handshake, Buffer.of(version));
    expect(handshake.error?.message).toContain("RTMPE");
  });

  it("stays failed, and sends nothing", () => {
    const handshake = new ServerHandshake({ random });
    give(handshake, Buffer.from("GET"));
    const error = handshake.error;
    expect(give(handshake, Buffer.concat([c0, packet1("00000000"), c2]))).toBe(Failed);
    expect(handshake.error).toBe(error);
    expect(drain(handshake).length).toBe(0);
  });
});

describe("any C1", () => {
  it("is answered with its exact copy, or with what a client verifies", () => {
    const version = fc.constantFrom("00000000", "00000001", "09007c02", "80000702", "ffffffff");
    const packet = fc.oneof(
      fc.uint8Array({ minLength: 1536, maxLength: 1536 }),
      fc.tuple(version, fc.integer()).map(([bytes, seed]) => packet1(bytes, seed)),
      fc
        .tuple(fc.constantFrom(...layouts), fc.integer())
        .map(([layout, seed]) => digestPacket1(layout, "client", seed)),
    );
    fc.assert(
      fc.property(packet, (c1) => {
        const { s1, s2 } = answersTo(c1);
        const zero = Buffer.from(c1).readUInt32BE(4) === 0;
        const found = zero ? null : findDigestOf(c1, "client");
        if (found === null) {
          expect(s2.equals(c1)).toBe(true);
          expect(s1.readUInt32BE(4)).toBe(0);
        } else {
          expect(findDigestOf(s1, "server")?.layout).toBe(found.layout);
          expect(s2.subarray(1504)).toEqual(signatureOf(s2, found.digest, "server"));
        }
      }),
    );
  });

  it("any bytes in any pieces lead to an event, never to an exception", () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 1200 }), { maxLength: 8 });
    fc.assert(
      fc.property(fc.boolean(), pieces, (rtmp, list) => {
        const handshake = new ServerHandshake({ random });
        const all = rtmp ? [c0, ...list] : list;
        const { event } = giveInPieces(handshake, all);
        const bytes = Buffer.concat(all);
        const wrong = bytes.length > 0 && bytes[0] !== 3;
        expect(event).toBe(wrong ? Failed : bytes.length >= 3073 ? Done : NeedData);
      }),
    );
  });
});

describe("wrong use", () => {
  it("too few random bytes", () => {
    expect(() => new ServerHandshake({ random: new Uint8Array(1527) })).toThrow(RangeError);
  });

  it("feeding again before the bytes lent are read", () => {
    const handshake = new ServerHandshake({ random });
    handshake.feed(c0, 0, 1);
    expect(() => handshake.feed(c0, 0, 1)).toThrow(/Poll until NeedData/);
    expect(handshake.poll()).toBe(NeedData);
    handshake.feed(c0, 0, 1);
  });

  it.each([
    [-1, 1],
    [2, 1],
    [0, 5],
    [Number.NaN, 1],
  ])("a range from %d to %d that does not lie inside four bytes", (start, end) => {
    const handshake = new ServerHandshake({ random });
    expect(() => handshake.feed(Buffer.alloc(4), start, end)).toThrow(RangeError);
    expect(() => handshake.transmit(Buffer.alloc(4), start, end)).toThrow(RangeError);
  });
});
