import {
  clientKeys,
  DigestLayout,
  digestPosition,
  findDigest,
  type HandshakeKeys,
  hasSignature,
  serverKeys,
  signatureKeyFor,
  writeDigest,
  writeSignature,
} from "../../src/handshake/index.ts";
import { hexBytes, optionOf, type Setting } from "../vector-file.ts";

const PACKET_LENGTH = 1536;
const DIGEST_LENGTH = 32;
const SIGNATURE_POSITION = PACKET_LENGTH - DIGEST_LENGTH;

/**
 * Writes down the digest of a packet 1, `option packet=C1` or `S1`, or the signature of a packet 2, `option packet=C2` or
 * `S2`, in answer to the packet with the digest `option answers=`. What is right is then written again: it must become
 * the same packet. A packet that is not whole says nothing.
 */
export function handshakeLog(bytes: Uint8Array, start: number, end: number, settings: readonly Setting[]): string[] {
  const name = optionOf(settings, "packet");
  if (!/^[CS][12]$/.test(name)) throw new Error(`There is no packet ${name}.`);
  if (end - start !== PACKET_LENGTH) return [];
  const packet = bytes.subarray(start, end);
  const keys = name.startsWith("C") ? clientKeys : serverKeys;
  return [
    name.endsWith("1")
      ? digestLine(packet, keys)
      : signatureLine(packet, keys, hexBytes(optionOf(settings, "answers"))),
  ];
}

function digestLine(packet: Uint8Array, keys: HandshakeKeys): string {
  const found = findDigest(packet, keys);
  if (found === null) return "no digest";
  const { layout, digest } = found;
  const position = digestPosition(packet, layout);
  const again = packet.slice().fill(0, position, position + DIGEST_LENGTH);
  check(writeDigest(again, layout, keys), digest);
  check(again, packet);
  const layoutName = layout === DigestLayout.DigestFirst ? "digest-first" : "key-first";
  return `digest layout=${layoutName} position=${position} value=${hex(digest)}`;
}

function signatureLine(packet: Uint8Array, keys: HandshakeKeys, answered: Uint8Array): string {
  if (!hasSignature(packet, answered, keys)) return "no signature";
  const again = packet.slice().fill(0, SIGNATURE_POSITION);
  writeSignature(again, answered, keys);
  check(again, packet);
  return `signature key=${hex(signatureKeyFor(answered, keys))} value=${hex(packet.subarray(SIGNATURE_POSITION))}`;
}

function check(written: Uint8Array, expected: Uint8Array): void {
  if (hex(written) !== hex(expected)) throw new Error(`Written again, it is ${hex(written)}.`);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
