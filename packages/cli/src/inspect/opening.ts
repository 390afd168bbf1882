import { readUint8 } from "@millrace/core/bytes";
import { ChunkEvent, ChunkParser, MessageType } from "@millrace/core/chunk";
import { inspectLimits } from "./limits.ts";

/** What the bytes of a direction begin with. */
export const Opening = {
  /** Too few bytes to tell. */
  Undecided: 0,
  /** A chunk: the handshake is not there. */
  Chunks: 1,
  /** The handshake; chunks begin behind {@link HANDSHAKE_BYTES}. */
  Handshake: 2,
  /** The handshake of RTMPE: nothing behind it can be read. */
  Encrypted: 3,
  /** Nothing that RTMP begins with. */
  Foreign: 4,
} as const;
export type Opening = (typeof Opening)[keyof typeof Opening];

/** C0 to C2, or S0 to S2 (RTMP 5.2). */
export const HANDSHAKE_BYTES = 3073;
/** C0 and C1: with so many bytes every opening is decided. */
export const OPENING_BYTES = 1537;

const PLAIN_VERSION = 3;
/** RTMPE by custom: with the signature as it is, and with it encrypted in one of two ways. */
const ENCRYPTED_VERSIONS: ReadonlySet<number> = new Set([6, 8, 9]);
const messageTypes: ReadonlySet<number> = new Set(Object.values(MessageType));
/** Message streams are numbered from 1 as they are created; so high no sender gets. */
const HIGHEST_STREAM_ID = 0xffff;
const STRING_MARKER = 0x02;

/**
 * Tells what the first bytes of a direction are.
 *
 * The first byte 3 is the version of a handshake, or a fmt 0 header on chunk stream 3, where most clients send `connect`;
 * likewise 6, 8 and 9 of RTMPE. So the bytes are first read as a chunk header, and taken for one when all of its fields
 * agree. Those of a handshake do not: its bytes 5 to 8, mostly zero or the sender's version, would be the end of the message
 * length, the type, and the start of the stream id. Zeros are no type, versions give a control message an impossible length, and
 * random bytes pass less than once in a million times.
 *
 * @param isWhole - no more bytes will come.
 */
export function recogniseOpening(bytes: Uint8Array, start: number, end: number, isWhole: boolean): Opening {
  if (start === end) return isWhole ? Opening.Foreign : Opening.Undecided;
  const isHeader = beginsWithHeader(bytes, start, end);
  if (isHeader === true) return Opening.Chunks;
  if (isHeader === null && !isWhole) return Opening.Undecided;
  const version = readUint8(bytes, start);
  const isEncrypted = ENCRYPTED_VERSIONS.has(version);
  if (version !== PLAIN_VERSION && !isEncrypted) return Opening.Foreign;
  if (end - start < OPENING_BYTES) return isWhole ? Opening.Foreign : Opening.Undecided;
  return isEncrypted ? Opening.Encrypted : Opening.Handshake;
}

/** Whether a header that makes sense stands here; null when it is not whole, or its payload does not begin yet. */
function beginsWithHeader(bytes: Uint8Array, start: number, end: number): boolean | null {
  const parser = new ChunkParser({ limits: inspectLimits });
  parser.feed(bytes, start, end);
  const event = parser.poll();
  if (event === ChunkEvent.NeedData) return null;
  // A message of two bytes to obey, such as a Set Chunk Size, fails here too.
  return event === ChunkEvent.Payload && isPlausible(parser);
}

function isPlausible({ messageType, messageLength, messageStreamId, buffer, start }: ChunkParser): boolean {
  if (!messageTypes.has(messageType) || messageLength === 0 || messageStreamId > HIGHEST_STREAM_ID) return false;
  switch (messageType) {
    case MessageType.SetChunkSize:
    case MessageType.Abort:
    case MessageType.Acknowledgement:
    case MessageType.WindowAcknowledgementSize:
      return messageLength === 4;
    case MessageType.SetPeerBandwidth:
      return messageLength === 4 || messageLength === 5;
    case MessageType.UserControl:
      return messageLength >= 2 && messageLength <= 64;
    case MessageType.CommandAmf0:
      return readUint8(buffer, start) === STRING_MARKER;
    default:
      return true;
  }
}
