import { describe, expect, it } from "vitest";
import {
  clientKeys,
  DigestLayout,
  digestPosition,
  findDigest,
  hasSignature,
  serverKeys,
  signatureKeyFor,
  writeDigest,
  writeSignature,
} from "../../src/handshake/index.ts";
import { digestPacket1, type Layout, packet1, reference } from "./reference.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Time 0, product version 80 00 07 02, then each byte is its own index. */
function counting(): Uint8Array {
  const packet = Uint8Array.from({ length: 1536 }, (_, index) => index & 255);
  packet.set(Buffer.from("0000000080000702", "hex"));
  return packet;
}

const named: Record<Layout, DigestLayout> = {
  "digest-first": DigestLayout.DigestFirst,
  "key-first": DigestLayout.KeyFirst,
};

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
    ["digest-first", 50, "1a0738a48b1a8654bdfaeba70f3306ea8fa1a54de15fe35fdba384c99e8c9354"],
    ["key-first", 798, "04311e20855f942b928fe02f1df48ce612c2061e5a97bfc2a226063a94f3973d"],
  ] as const)("%s: stands at %i", (layout, position, digest) => {
    const packet = counting();
    expect(digestPosition(packet, named[layout])).toBe(position);
    expect(hex(writeDigest(packet, named[layout], clientKeys))).toBe(digest);
    expect(hex(packet.subarray(position, position + 32))).toBe(digest);

    const untouched = counting();
    untouched.set(packet.subarray(position, position + 32), position);
    expect(hex(packet)).toBe(hex(untouched));

    const found = findDigest(packet, clientKeys);
    expect(found?.layout).toBe(named[layout]);
    expect(hex(found?.digest ?? new Uint8Array())).toBe(digest);
  });

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
  const c1Digest = Buffer.from("1a0738a48b1a8654bdfaeba70f3306ea8fa1a54de15fe35fdba384c99e8c9354", "hex");
  const s1Digest = Uint8Array.from({ length: 32 }, (_, index) => index);

  it.each([
    {
      packet: "S2",
      digest: c1Digest,
      keys: serverKeys,
      key: "a33c20aa12e205e045f03198a319a1013e1d6498a36ea8359b53c43f252de607",
      signature: "a4bcef92e7dc710f0dcd11d363e0d1b969c273f44cc92600e616a5721fabd74d",
    },
    {
      packet: "C2",
      digest: s1Digest,
      keys: clientKeys,
      key: "1a1379dcc7a414db0fa8595cd145052fde9dd6296dbdb97dcb3fcf72904e4a73",
      signature: "0dcee1e74377344a9e600df0670f2cb589b01ec09d5b204906b4b329ec892aa6",
    },
  ])("$packet", ({ digest, keys, key, signature }) => {
    expect(hex(signatureKeyFor(digest, keys))).toBe(key);

    const packet = Uint8Array.from({ length: 1536 }, (_, index) => index & 255);
    expect(hasSignature(packet, digest, keys)).toBe(false);
    writeSignature(packet, digest, keys);
    expect(hex(packet.subarray(1504))).toBe(signature);
    expect(packet.subarray(0, 1504).every((byte, index) => byte === (index & 255))).toBe(true);
    expect(hasSignature(packet, digest, keys)).toBe(true);
  });

  it.each([0, 1503, 1504, 1535])("does not stand a change of byte %i", (at) => {
    const packet = new Uint8Array(1536);
    writeSignature(packet, c1Digest, serverKeys);
    packet[at] = (packet[at] ?? 0) ^ 1;
    expect(hasSignature(packet, c1Digest, serverKeys)).toBe(false);
  });
});
