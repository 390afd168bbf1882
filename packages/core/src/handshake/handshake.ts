import { copyBytes, readUint8, writeUint32 } from "../bytes/index.ts";
import { ErrorCode, ProtocolError } from "../errors.ts";
import { PACKET_LENGTH } from "./digest.ts";

/** What `poll` of a handshake found. */
export const HandshakeEvent = {
  /** All lent bytes are used up: the caller may reuse them and feed more. */
  NeedData: 0,
  /** The peer's part is whole; `position` says where its chunk stream begins. */
  Done: 1,
  /** The peer speaks something else; see `error`. Nothing more is read or sent. */
  Failed: 2,
} as const;
export type HandshakeEvent = (typeof HandshakeEvent)[keyof typeof HandshakeEvent];

export interface HandshakeOptions {
  /**
   * At least 1528 random bytes, from outside because the core draws none. They need not be fit for cryptography
   * (RTMP 5.2.3), but should differ from connection to connection. The first 1528 are copied, more are ignored.
   */
  random: Uint8Array;
  /** The own time of this moment in milliseconds, sent modulo 2^32 (RTMP 5.2.3). Default 0; no peer depends on it. */
  time?: number;
}

/** Plain RTMP, the only version that is spoken here (RTMP 5.2.2). */
const VERSION = 3;

/** What this end sends: the version, its packet 1, and the packet 2 that answers the peer's packet 1. */
const OWN_PACKET = 1;
const ANSWER = OWN_PACKET + PACKET_LENGTH;
const OUTPUT_LENGTH = ANSWER + PACKET_LENGTH;

const RANDOM_POSITION = 8;
const RANDOM_LENGTH = PACKET_LENGTH - RANDOM_POSITION;

/** What the peer is to send next. */
const Stage = { Version: 0, Packet1: 1, Packet2: 2, Done: 3 } as const;
type Stage = (typeof Stage)[keyof typeof Stage];

const nothing = new Uint8Array(0);

/**
 * What both ends of the handshake do (RTMP 5.2): each sends a version, a packet 1 and a packet 2 that answers the peer's
 * packet 1, and reads the same three. The ends differ in when they send, and in what they sign.
 *
 * Drive it like this: `feed` what came, `poll` until NeedData, and `transmit` until it returns 0; also after Done, since
 * a peer may finish its part before it has read ours. Then drop the object. Time limits are the connection's.
 *
 * Invariant: the peer's packet 1 is gathered in the last third of `output`, where it turns into the answer, so that a
 * handshake holds 3073 bytes at most (a client that signs: 1536 more, for S2). output[sent, ready) waits to be sent;
 * once all is sent the memory is let go.
 */
export abstract class Handshake {
  /** Why `poll` answered Failed. */
  error: ProtocolError | null = null;
  /**
   * How many of the bytes that were lent last are consumed, counted from the `start` of that `feed`. After Done the rest
   * belongs to the chunk stream. After Failed it is 0: the first byte was only looked at, another protocol may have it.
   */
  position = 0;
  /** Where the peer's packet 2 is gathered; null when its bytes are only counted. */
  protected peerAnswer: Uint8Array | null = null;

  private stage: Stage = Stage.Version;
  private input: Uint8Array = nothing;
  private start = 0;
  private end = 0;
  /** Bytes of the packet that is being read. */
  private gathered = 0;
  private output: Uint8Array = new Uint8Array(OUTPUT_LENGTH);
  private sent = 0;
  private ready = 0;

  /** @throws RangeError when there are fewer than 1528 random bytes. */
  constructor(options: HandshakeOptions) {
    const { random, time = 0 } = options;
    if (random.length < RANDOM_LENGTH) {
      throw new RangeError(`A handshake needs ${RANDOM_LENGTH} random bytes, not ${random.length}.`);
    }
    this.output[0] = VERSION;
    writeUint32(this.output, OWN_PACKET, time);
    copyBytes(random, 0, RANDOM_LENGTH, this.output, OWN_PACKET + RANDOM_POSITION);
  }

  /**
   * Lends bytes[start, end). They must stay unchanged until `poll` has answered.
   *
   * @throws RangeError when the bytes lent before are not used up, or when the range does not lie inside.
   */
  feed(bytes: Uint8Array, start: number, end: number): void {
    if (this.start + this.position < this.end && this.stage !== Stage.Done && this.error === null) {
      throw new RangeError("Poll until NeedData before feeding again: lent bytes are still unread.");
    }
    checkRange("feed", bytes, start, end);
    this.input = bytes;
    this.start = start;
    this.end = end;
    this.position = 0;
  }

  /** Reads what was lent. Done and Failed are final: each further call answers the same. */
  poll(): HandshakeEvent {
    if (this.error !== null) return HandshakeEvent.Failed;
    if (this.stage === Stage.Version) {
      if (this.start === this.end) return HandshakeEvent.NeedData;
      this.error = versionError(readUint8(this.input, this.start));
      if (this.error !== null) {
        this.ready = this.sent;
        this.output = nothing;
        return HandshakeEvent.Failed;
      }
      this.position = 1;
      this.stage = Stage.Packet1;
    }
    if (this.stage === Stage.Packet1) {
      if (!this.gather(this.output, ANSWER)) return HandshakeEvent.NeedData;
      this.answer(this.ownPacket(), this.output.subarray(ANSWER));
      this.ready = OUTPUT_LENGTH;
      this.stage = Stage.Packet2;
    }
    if (this.stage === Stage.Packet2) {
      if (!this.gather(this.peerAnswer, 0)) return HandshakeEvent.NeedData;
      this.stage = Stage.Done;
    }
    return HandshakeEvent.Done;
  }

  /**
   * Writes what is to be sent into into[start, end), as much as fits.
   *
   * @returns the number of bytes written; 0 when nothing waits, or when the range is empty.
   * @throws RangeError when the range does not lie inside.
   */
  transmit(into: Uint8Array, start: number, end: number): number {
    checkRange("transmit", into, start, end);
    const length = Math.min(this.ready - this.sent, end - start);
    copyBytes(this.output, this.sent, this.sent + length, into, start);
    this.sent += length;
    if (this.sent === OUTPUT_LENGTH) this.output = nothing;
    return length;
  }

  /**
   * Turns the peer's packet 1 into the answer to it, in place: untouched it is the exact copy that plain RTMP asks for.
   * `own` is the packet 1 of this end, which a server has not sent yet and may still change.
   */
  protected abstract answer(own: Uint8Array, packet: Uint8Array): void;

  /** The packet 1 of this end, as a view. */
  protected ownPacket(): Uint8Array {
    return this.output.subarray(OWN_PACKET, ANSWER);
  }

  /** Releases version and packet 1 before anything of the peer was read. */
  protected sendFirst(): void {
    this.ready = ANSWER;
  }

  /** Takes as much of a packet as there is. Says whether it is whole. */
  private gather(into: Uint8Array | null, at: number): boolean {
    const from = this.start + this.position;
    const length = Math.min(PACKET_LENGTH - this.gathered, this.end - from);
    if (into !== null) copyBytes(this.input, from, from + length, into, at + this.gathered);
    this.position += length;
    this.gathered += length;
    if (this.gathered < PACKET_LENGTH) return false;
    this.gathered = 0;
    return true;
  }
}

/**
 * Judges the peer by its first byte alone. RTMP 5.2.2 would have a server answer an unknown version with 3, RTMP 5.2.5
 * has it stop. It stops, as SRS and nginx-rtmp do: those who ask for RTMPE (6, 8 or 9; FFmpeg and librtmp) do not look at
 * the version of the answer, so that what follows would be unintelligible, or unencrypted without anyone being told.
 */
function versionError(version: number): ProtocolError | null {
  if (version === VERSION) return null;
  const byte = `first byte 0x${version.toString(16).padStart(2, "0")}`;
  if (version === 0x15 || version === 0x16) {
    return new ProtocolError(ErrorCode.HandshakeForeignProtocol, `The peer speaks TLS (${byte}), not plain RTMP.`, 0);
  }
  if (version >= 0x41 && version <= 0x5a) {
    // "GET", "POST", "HTTP/1.1": no RTMP version is above 31, so that text can be told apart (RTMP 5.2.2).
    return new ProtocolError(ErrorCode.HandshakeForeignProtocol, `The peer speaks HTTP or the like (${byte}).`, 0);
  }
  if (version === 6 || version === 8 || version === 9) {
    return new ProtocolError(ErrorCode.HandshakeVersion, `The peer speaks RTMPE (${byte}), which is not enabled.`, 0);
  }
  return new ProtocolError(ErrorCode.HandshakeVersion, `The peer speaks no known version of RTMP (${byte}).`, 0);
}

function checkRange(call: string, bytes: Uint8Array, start: number, end: number): void {
  if (!(start >= 0 && start <= end && end <= bytes.length)) {
    throw new RangeError(`${call}(bytes, ${start}, ${end}) does not lie inside ${bytes.length} bytes.`);
  }
}
