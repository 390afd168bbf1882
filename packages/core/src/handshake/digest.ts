import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import { readInt32, readUint8 } from "../bytes/index.ts";

/**
 * The digest handshake that Flash Player 9 brought ("complex handshake"). No specification describes it; this follows
 * what librtmp, FFmpeg, nginx-rtmp, SRS and gortmplib agree on.
 *
 * Packet 1 (C1, S1) hides a digest of itself among its random bytes. Packet 2 (C2, S2) ends with a signature that
 * depends on the digest of the packet that it answers. The keys are public: none of this proves who the peer is.
 */

/** Bytes of C1, S1, C2 and S2 (RTMP 5.2.3, 5.2.4). */
export const PACKET_LENGTH = 1536;

const DIGEST_LENGTH = 32;
const SIGNATURE_POSITION = PACKET_LENGTH - DIGEST_LENGTH;

/** The product version of the sender, four bytes in packet 1; zero announces that there is no digest. */
export const PRODUCT_VERSION_POSITION = 4;

/**
 * After time and product version come two blocks of 764 bytes, one with the digest and one with a Diffie-Hellman key.
 * Projects number the two orders in opposite ways ("scheme 0", "scheme 1"); the names say which block is first.
 */
export const DigestLayout = { DigestFirst: 0, KeyFirst: 1 } as const;
export type DigestLayout = (typeof DigestLayout)[keyof typeof DigestLayout];

/** What one end, client or server, signs with. */
export interface HandshakeKeys {
  /** For the digest in packet 1. */
  readonly digestKey: Uint8Array;
  /** For the signature of packet 2. */
  readonly signatureKey: Uint8Array;
}

/** The keys of C1 and C2. */
export const clientKeys: HandshakeKeys = keysFrom("Genuine Adobe Flash Player 001");
/** The keys of S1 and S2. */
export const serverKeys: HandshakeKeys = keysFrom("Genuine Adobe Flash Media Server 001");

function keysFrom(text: string): HandshakeKeys {
  const digestKey = Uint8Array.from(text, (character) => character.charCodeAt(0));
  const tail = hexToBytes("f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae");
  return { digestKey, signatureKey: concatBytes(digestKey, tail) };
}

/** A digest that was found in a packet 1. */
export interface FoundDigest {
  layout: DigestLayout;
  /** A copy of its 32 bytes. */
  digest: Uint8Array;
}

/**
 * Looks for a digest by the owner of `keys` in a C1 or S1 of 1536 bytes.
 *
 * @returns null when the product version is zero, or when neither layout holds a digest that is right.
 */
export function findDigest(packet: Uint8Array, keys: HandshakeKeys): FoundDigest | null {
  if (readInt32(packet, PRODUCT_VERSION_POSITION) === 0) return null;
  // FFmpeg writes digest-first, and most who send a digest today are FFmpeg: it is the first to be tried.
  for (const layout of [DigestLayout.DigestFirst, DigestLayout.KeyFirst]) {
    const at = digestPosition(packet, layout);
    const digest = computeDigest(packet, at, keys);
    if (equalInConstantTime(digest, packet.subarray(at, at + DIGEST_LENGTH))) return { layout, digest };
  }
  return null;
}

/**
 * Writes the digest into a C1 or S1 of 1536 bytes, which is whole but for that.
 *
 * @returns a copy of the digest, for the check of the answer.
 */
export function writeDigest(packet: Uint8Array, layout: DigestLayout, keys: HandshakeKeys): Uint8Array {
  const at = digestPosition(packet, layout);
  const digest = computeDigest(packet, at, keys);
  packet.set(digest, at);
  return digest;
}

/** Where the digest stands: 12 to 739 in the digest-first layout, 776 to 1503 in the key-first layout. */
export function digestPosition(packet: Uint8Array, layout: DigestLayout): number {
  const block = layout === DigestLayout.DigestFirst ? 8 : 772;
  const sum =
    readUint8(packet, block) +
    readUint8(packet, block + 1) +
    readUint8(packet, block + 2) +
    readUint8(packet, block + 3);
  return block + 4 + (sum % 728);
}

/** Over the packet without the 32 bytes of the digest itself. */
function computeDigest(packet: Uint8Array, at: number, keys: HandshakeKeys): Uint8Array {
  return hmac
    .create(sha256, keys.digestKey)
    .update(packet.subarray(0, at))
    .update(packet.subarray(at + DIGEST_LENGTH, PACKET_LENGTH))
    .digest();
}

/** The key for one signature, made from the digest of the packet 1 that is answered. RTMPE derives from it as well. */
export function signatureKeyFor(digest: Uint8Array, keys: HandshakeKeys): Uint8Array {
  return hmac(sha256, keys.signatureKey, digest);
}

/** Signs a C2 or S2 of 1536 bytes: its last 32 bytes become the signature of the others, which are free. */
export function writeSignature(packet: Uint8Array, digest: Uint8Array, keys: HandshakeKeys): void {
  packet.set(computeSignature(packet, digest, keys), SIGNATURE_POSITION);
}

/** Whether a C2 or S2 of 1536 bytes was signed by the owner of `keys`, in answer to the packet with that digest. */
export function hasSignature(packet: Uint8Array, digest: Uint8Array, keys: HandshakeKeys): boolean {
  return equalInConstantTime(computeSignature(packet, digest, keys), packet.subarray(SIGNATURE_POSITION));
}

function computeSignature(packet: Uint8Array, digest: Uint8Array, keys: HandshakeKeys): Uint8Array {
  return hmac(sha256, signatureKeyFor(digest, keys), packet.subarray(0, SIGNATURE_POSITION));
}

/** Two runs of 32 bytes; how long it takes does not tell where they differ. */
function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  let difference = 0;
  for (let at = 0; at < DIGEST_LENGTH; at++) difference |= readUint8(a, at) ^ readUint8(b, at);
  return difference === 0;
}
