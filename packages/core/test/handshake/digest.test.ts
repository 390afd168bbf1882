import { describe, expect, it } from "vitest";
import {
  clientKeys,
  DigestLayout,
  digestPosition,
  findDigest,
  hasSignature,
  serverKeys,
  writeDigest,
  writeSignature,
} from "../../src/handshake/index.ts";
import { digestPacket1, packet1, reference } from "./reference.ts";

// fixtures/vectors/handshake holds packets with their digests and signatures.

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("keys", () => {
  it("are those of every other implementation", () => {
    expect(hex(clientKeys.digestKey)).toBe(hex(reference.client.digestKey));
    expect(hex(clientKeys.signatureKey)).toBe(hex(reference.client.signatureKey));
    expect(hex(serverKeys.digestKey)).toBe(hex(reference.server.digestKey));
    expect(hex(serverKeys.signatureKey)).toBe(hex(reference.server.signatureKey));
    expect([clientKeys.signatureKey.length, serverKeys.signatureKey.length]).toEqual([62, 68]);
  });
});

describe("digest of a packet 1", () => {
  it.each([
    [DigestLayout.DigestFirst, 8, 12, 12 + 727],
    [DigestLayout.KeyFirst, 772, 776, 776 + 727],
  ])("stays within its block (layout %i)", (layout, offsetField, first, last) => {
    const at = (bytes: number[]): number => {
      const packet = new Uint8Array(1536);
      packet.set(bytes, offsetField);
      return digestPosition(packet, layout);
    };
    expect(at([0, 0, 0, 0])).toBe(first);
    expect(at([255, 255, 217, 0])).toBe(last); // 727
    expect(at([255, 255, 218, 0])).toBe(first); // 728
    expect(at([255, 255, 255, 255])).toBe(first + 292); // 1020
  });

  it("is found for its owner only", () => {
    expect(findDigest(digestPacket1("digest-first", "client"), serverKeys)).toBeNull();
    expect(findDigest(digestPacket1("digest-first", "server"), serverKeys)).not.toBeNull();
  });

  it("is not looked for when the product version is zero", () => {
    const packet = packet1("00000000");
    writeDigest(packet, DigestLayout.DigestFirst, clientKeys);
    expect(findDigest(packet, clientKeys)).toBeNull();
  });
});

describe("signature of a packet 2", () => {
  const digest = Uint8Array.from({ length: 32 }, (_, index) => index);

  it.each([0, 1503, 1504, 1535])("does not stand a change of byte %i", (at) => {
    const packet = new Uint8Array(1536);
    writeSignature(packet, digest, serverKeys);
    packet[at] = (packet[at] ?? 0) ^ 1;
    expect(hasSignature(packet, digest, serverKeys)).toBe(false);
  });
});
