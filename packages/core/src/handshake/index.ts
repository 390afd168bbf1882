export { ClientHandshake, type ClientHandshakeOptions } from "./client.ts";
export {
  clientKeys,
  DigestLayout,
  digestPosition,
  type FoundDigest,
  findDigest,
  type HandshakeKeys,
  hasSignature,
  serverKeys,
  signatureKeyFor,
  writeDigest,
  writeSignature,
} from "./digest.ts";
export { Handshake, HandshakeEvent, type HandshakeOptions } from "./handshake.ts";
export { ServerHandshake } from "./server.ts";
