import {
  clientKeys,
  DigestLayout,
  findDigest,
  hasSignature,
  PACKET_LENGTH,
  PRODUCT_VERSION_POSITION,
  serverKeys,
  writeDigest,
  writeSignature,
} from "./digest.ts";
import { Handshake, HandshakeEvent, type HandshakeOptions } from "./handshake.ts";

/** The product version in a C1 with a digest: Flash Player 9.0.124.2, which FFmpeg names as well. */
const clientVersion = Uint8Array.of(9, 0, 124, 2);

export interface ClientHandshakeOptions extends HandshakeOptions {
  /**
   * Send a C1 with a digest, in the digest-first layout, and sign C2 when the server answers in kind. Default false: every
   * server takes the plain handshake, only Adobe's want this one for H.264.
   */
  digest?: boolean;
}

/**
 * The client's end. C0 and C1 wait in `transmit` from the start, C2 as soon as S0 and S1 are whole: an exact copy of S1,
 * or signed. Done comes after S2, whose content never fails the handshake: servers differ in it (FFmpeg's writes its own
 * time into bytes 4 to 7), and the signing keys are public anyway.
 */
export class ClientHandshake extends Handshake {
  /**
   * For diagnosis: whether the digest of S1 and the signature of S2 were both right. Null until Done, and always without
   * the option `digest`; false as well when the server answered with a plain handshake.
   */
  serverVerified: boolean | null = null;
  /** The digest of C1; null when it is plain. */
  private readonly digest: Uint8Array | null = null;

  /** @throws RangeError when there are fewer than 1528 random bytes. */
  constructor(options: ClientHandshakeOptions) {
    super(options);
    if (options.digest === true) {
      const own = this.ownPacket();
      own.set(clientVersion, PRODUCT_VERSION_POSITION);
      this.digest = writeDigest(own, DigestLayout.DigestFirst, clientKeys);
    }
    this.sendFirst();
  }

  override poll(): HandshakeEvent {
    const event = super.poll();
    if (event === HandshakeEvent.Done && this.digest !== null && this.serverVerified === null) {
      this.serverVerified = this.peerAnswer !== null && hasSignature(this.peerAnswer, this.digest, serverKeys);
    }
    return event;
  }

  protected override answer(_own: Uint8Array, packet: Uint8Array): void {
    if (this.digest === null) return;
    const found = findDigest(packet, serverKeys);
    if (found === null) return;
    writeSignature(packet, found.digest, clientKeys);
    this.peerAnswer = new Uint8Array(PACKET_LENGTH);
  }
}
