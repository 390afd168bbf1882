import { describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/errors.ts";
import { ClientHandshake, HandshakeEvent } from "../../src/handshake/index.ts";
import {
  digestPacket1,
  drain,
  findDigestOf,
  give,
  giveInPieces,
  inPiecesOf,
  type Layout,
  layouts,
  packet1,
  randomBytes,
  signatureOf,
} from "./reference.ts";

const { NeedData, Done, Failed } = HandshakeEvent;
const random = randomBytes(1528, 42);
const s0 = Buffer.of(3);

describe("plain", () => {
  const s1 = packet1("00000000", 3);

  it("sends C0 and C1 at once", () => {
    const handshake = new ClientHandshake({ random, time: 0x01020304 });
    const sent = drain(handshake);
    expect(sent.toString("hex", 0, 9)).toBe("030102030400000000");
    expect(sent.subarray(9)).toEqual(Buffer.from(random));
    expect(handshake.poll()).toBe(NeedData);
    expect(drain(handshake).length).toBe(0);
  });

  it("sends the exact copy of S1 as soon as S1 is whole, and is done after S2", () => {
    const handshake = new ClientHandshake({ random });
    const c1 = drain(handshake).subarray(1);
    expect(give(handshake, Buffer.concat([s0, s1.subarray(0, 1535)]))).toBe(NeedData);
    expect(drain(handshake).length).toBe(0);
    expect(give(handshake, s1.subarray(1535))).toBe(NeedData);
    expect(drain(handshake)).toEqual(s1);
    expect(give(handshake, Buffer.concat([c1, Buffer.from("chunks")]))).toBe(Done);
    expect(handshake.position).toBe(1536);
    expect(handshake.serverVerified).toBeNull();
  });

  it("sends C0, C1 and C2 in order when nothing was drained before S1 came", () => {
    const handshake = new ClientHandshake({ random });
    give(handshake, Buffer.concat([s0, s1]));
    const sent = drain(handshake, 100);
    expect(sent.length).toBe(3073);
    expect(sent.subarray(9, 1537)).toEqual(Buffer.from(random));
    expect(sent.subarray(1537)).toEqual(s1);
  });

  it("takes an S2 that differs from C1 in bytes 4 to 7, as FFmpeg answers in listen mode, and any other", () => {
    const handshake = new ClientHandshake({ random });
    const s2 = Buffer.from(drain(handshake).subarray(1));
    s2.writeUInt32BE(0x12345678, 4);
    expect(give(handshake, Buffer.concat([s0, s1, s2]))).toBe(Done);

    const other = new ClientHandshake({ random });
    expect(give(other, Buffer.concat([s0, s1, randomBytes(1536, 8)]))).toBe(Done);
  });

  it("copies a signed S1 as well", () => {
    const signed = digestPacket1("digest-first", "server");
    const handshake = new ClientHandshake({ random });
    drain(handshake);
    give(handshake, Buffer.concat([s0, signed]));
    expect(drain(handshake)).toEqual(signed);
  });
});

describe("digest", () => {
  /** A server's answer in the given layout, made without the code under test. */
  function answerTo(c1: Buffer, layout: Layout): { s1: Buffer; s2: Buffer } {
    const s1 = digestPacket1(layout, "server", 12);
    const s2 = Buffer.from(randomBytes(1536, 13));
    const found = findDigestOf(c1, "client");
    signatureOf(s2, found?.digest ?? Buffer.alloc(0), "server").copy(s2, 1504);
    return { s1, s2 };
  }

  it("sends a C1 with a digest-first digest", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const handshake = new ClientHandshake({ random: randomBytes(1528, seed), digest: true });
      const c1 = drain(handshake).subarray(1);
      expect(c1.toString("hex", 4, 8)).toBe("09007c02");
      expect(findDigestOf(c1, "client")?.layout).toBe("digest-first");
    }
  });

  it.each(layouts)("signs C2 and verifies a server that answers %s", (layout) => {
    const handshake = new ClientHandshake({ random, digest: true });
    const { s1, s2 } = answerTo(drain(handshake).subarray(1), layout);
    expect(give(handshake, Buffer.concat([s0, s1]))).toBe(NeedData);
    const c2 = drain(handshake);
    expect(c2.length).toBe(1536);
    expect(c2.subarray(1504)).toEqual(signatureOf(c2, findDigestOf(s1, "server")?.digest ?? Buffer.alloc(0), "client"));
    expect(handshake.serverVerified).toBeNull();
    expect(give(handshake, s2)).toBe(Done);
    expect(handshake.serverVerified).toBe(true);
  });

  it("is done but not verified when the signature of S2 is wrong", () => {
    const handshake = new ClientHandshake({ random, digest: true });
    const { s1, s2 } = answerTo(drain(handshake).subarray(1), "digest-first");
    s2[1535] = (s2[1535] ?? 0) ^ 1;
    expect(give(handshake, Buffer.concat([s0, s1, s2]))).toBe(Done);
    expect(handshake.serverVerified).toBe(false);
  });

  it.each([
    ["plain", packet1("00000000", 3)],
    ["with a product version and no digest", packet1("01000504", 3)],
  ])("copies an S1 that is %s, and is done but not verified", (_, s1) => {
    const handshake = new ClientHandshake({ random, digest: true });
    const c1 = drain(handshake).subarray(1);
    give(handshake, Buffer.concat([s0, s1]));
    expect(drain(handshake)).toEqual(s1);
    expect(give(handshake, c1)).toBe(Done);
    expect(handshake.serverVerified).toBe(false);
  });

  it("reads the answer byte by byte and split at every point", () => {
    const c1 = drain(new ClientHandshake({ random, digest: true })).subarray(1);
    const { s1, s2 } = answerTo(c1, "key-first");
    const wire = Buffer.concat([s0, s1, s2, Buffer.from("first chunks")]);
    const splits = [inPiecesOf(1, wire)];
    for (let at = 0; at <= wire.length; at++) splits.push([wire.subarray(0, at), wire.subarray(at)]);
    for (const pieces of splits) {
      const handshake = new ClientHandshake({ random, digest: true });
      const { event, rest } = giveInPieces(handshake, pieces);
      expect(event).toBe(Done);
      expect(rest.toString()).toBe("first chunks");
      expect(handshake.serverVerified).toBe(true);
    }
  });
});

describe("servers that speak something else", () => {
  it.each([
    ["HTTP", Buffer.from("HTTP/1.1 400 Bad Request\r\n"), ErrorCode.HandshakeForeignProtocol],
    ["a TLS alert", Buffer.from("15030100020228", "hex"), ErrorCode.HandshakeForeignProtocol],
    ["RTMPE", Buffer.of(6), ErrorCode.HandshakeVersion],
    ["version 4", Buffer.of(4), ErrorCode.HandshakeVersion],
  ])("%s", (_, bytes, code) => {
    const handshake = new ClientHandshake({ random });
    expect(give(handshake, bytes)).toBe(Failed);
    expect(handshake.error?.code).toBe(code);
    expect(drain(handshake).length).toBe(0);
    expect(handshake.poll()).toBe(Failed);
  });
});
