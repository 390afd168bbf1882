/**
 * The digest handshake once more, on node:crypto, so that the code under test does not check itself; and the plumbing
 * that drives one end.
 */
import { createHmac } from "node:crypto";
import { type Handshake, HandshakeEvent } from "../../src/handshake/index.ts";

const player = Buffer.from("Genuine Adobe Flash Player 001", "ascii");
const server = Buffer.from("Genuine Adobe Flash Media Server 001", "ascii");
const tail = Buffer.from("F0EEC24A8068BEE82E00D0D1029E7E576EEC5D2D29806FAB93B8E636CFEB31AE", "hex");

export const reference = {
  client: { digestKey: player, signatureKey: Buffer.concat([player, tail]) },
  server: { digestKey: server, signatureKey: Buffer.concat([server, tail]) },
};
export type Owner = keyof typeof reference;

export const layouts = ["digest-first", "key-first"] as const;
export type Layout = (typeof layouts)[number];

export function hmac(key: Uint8Array, ...data: Uint8Array[]): Buffer {
  const state = createHmac("sha256", key);
  for (const piece of data) state.update(piece);
  return state.digest();
}

/** Where the digest of a C1 or S1 stands. */
export function positionOf(packet: Uint8Array, layout: Layout): number {
  const block = layout === "digest-first" ? 8 : 772;
  return (packet.subarray(block, block + 4).reduce((sum, byte) => sum + byte, 0) % 728) + block + 4;
}

export function digestOf(packet: Uint8Array, layout: Layout, owner: Owner): Buffer {
  const at = positionOf(packet, layout);
  return hmac(reference[owner].digestKey, packet.subarray(0, at), packet.subarray(at + 32, 1536));
}

/** The layout in which a packet 1 holds a right digest, and that digest. */
export function findDigestOf(packet: Uint8Array, owner: Owner): { layout: Layout; digest: Buffer } | null {
  for (const layout of layouts) {
    const at = positionOf(packet, layout);
    const digest = digestOf(packet, layout, owner);
    if (digest.equals(packet.subarray(at, at + 32))) return { layout, digest };
  }
  return null;
}

export function signatureOf(packet: Uint8Array, answered: Uint8Array, owner: Owner): Buffer {
  return hmac(hmac(reference[owner].signatureKey, answered), packet.subarray(0, 1504));
}

/** A packet 1 with the given product version and "random" bytes that depend on the seed; no digest yet. */
export function packet1(version: string, seed = 1): Buffer {
  const packet = Buffer.concat([Buffer.from(`00000011${version}`, "hex"), randomBytes(1528, seed)]);
  return packet;
}

export function digestPacket1(layout: Layout, owner: Owner, seed = 1): Buffer {
  const packet = packet1("09007c02", seed);
  digestOf(packet, layout, owner).copy(packet, positionOf(packet, layout));
  return packet;
}

/** The same bytes for the same seed. */
export function randomBytes(length: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
}

/** All that waits to be sent, taken in pieces of at most `size` bytes. */
export function drain(handshake: Handshake, size = 4096): Buffer {
  const pieces: Buffer[] = [];
  const piece = Buffer.alloc(size);
  for (;;) {
    const length = handshake.transmit(piece, 0, size);
    if (length === 0) return Buffer.concat(pieces);
    pieces.push(Buffer.from(piece.subarray(0, length)));
  }
}

/** Lends bytes whole and asks once. */
export function give(handshake: Handshake, bytes: Uint8Array): HandshakeEvent {
  handshake.feed(bytes, 0, bytes.length);
  return handshake.poll();
}

/**
 * Lends bytes in pieces, each in memory of its own that is spoilt once it was read.
 *
 * @returns the last event, and what was left over when it was Done: the chunk stream so far.
 */
export function giveInPieces(
  handshake: Handshake,
  pieces: Iterable<Uint8Array>,
): { event: HandshakeEvent; rest: Buffer } {
  let event: HandshakeEvent = HandshakeEvent.NeedData;
  const rest: Buffer[] = [];
  for (const piece of pieces) {
    if (event === HandshakeEvent.Done) {
      rest.push(Buffer.from(piece));
      continue;
    }
    // Not at the start of its memory, so that a forgotten `start` shows.
    const lent = Buffer.alloc(piece.length + 7, 0xee);
    lent.set(piece, 5);
    handshake.feed(lent, 5, 5 + piece.length);
    event = handshake.poll();
    if (event === HandshakeEvent.Done) rest.push(Buffer.from(lent.subarray(5 + handshake.position, 5 + piece.length)));
    lent.fill(0xdd);
  }
  return { event, rest: Buffer.concat(rest) };
}

export function inPiecesOf(size: number, bytes: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}
