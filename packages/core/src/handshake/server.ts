import { clientKeys, findDigest, PRODUCT_VERSION_POSITION, serverKeys, writeDigest, writeSignature } from "./digest.ts";
import { Handshake } from "./handshake.ts";

/**
 * The product version in a signed S1: 4.5.0.1, written like those of Flash Media Server. From 3 on in the first byte
 * FFmpeg as a player checks the digest of S1 and signs C2, as Flash Player does.
 */
const serverVersion = Uint8Array.of(4, 5, 0, 1);

/**
 * The server's end. S0, S1 and S2 wait in `transmit` as soon as C0 and C1 are whole. A C1 with a digest is answered in
 * kind and in its own layout; every other C1, also one whose digest is broken, is answered with its exact copy, which
 * some clients insist on. C2 is counted and not read: real encoders send one that would not verify.
 *
 * Versions other than 3 fail; see {@link Handshake.error}.
 */
export class ServerHandshake extends Handshake {
  protected override answer(own: Uint8Array, packet: Uint8Array): void {
    const found = findDigest(packet, clientKeys);
    if (found === null) return;
    own.set(serverVersion, PRODUCT_VERSION_POSITION);
    writeDigest(own, found.layout, serverKeys);
    // What is signed is free: it stays the copy of C1.
    writeSignature(packet, found.digest, serverKeys);
  }
}
