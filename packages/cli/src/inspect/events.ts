import type { Direction } from "../capture/index.ts";

/** One direction of one connection of the capture. */
export interface Place {
  readonly connection: number;
  /** Null for raw bytes, which do not tell. */
  readonly direction: Direction | null;
}

/** A complete message. Its payload, bytes[start, end), is lent until the next event is asked for. */
export interface Message {
  readonly kind: "message";
  readonly place: Place;
  /** When its last byte was captured, in milliseconds since 1970; null when the file does not say. */
  readonly time: number | null;
  readonly chunkStreamId: number;
  readonly type: number;
  readonly streamId: number;
  readonly timestamp: number;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** The header of a chunk; it comes before the message that the chunk completes. */
export interface ChunkHeader {
  readonly kind: "chunk";
  readonly place: Place;
  readonly time: number | null;
  readonly chunkStreamId: number;
  readonly format: number;
  readonly headerLength: number;
  readonly payloadLength: number;
}

/** Something cannot be read any further: a direction, or with no place the file itself. */
export interface Failure {
  readonly kind: "failure";
  readonly place: Place | null;
  /** The name of an `ErrorCode` of the core with its number; a name of this tool without one. */
  readonly code: string;
  readonly number: number | null;
  readonly message: string;
  /** In the direction, counted from its first byte, handshake included; without a place, in the file. */
  readonly offset: number;
}

/** What people should know beside the messages. */
export interface Notice {
  readonly kind: "notice";
  readonly text: string;
}

export type InspectEvent = Message | ChunkHeader | Failure | Notice;

/** For people: which direction is meant. */
export function placeText({ connection, direction }: Place): string {
  return direction === null ? "the stream" : `connection ${connection} ${direction}`;
}
