import { Connection, type Direction } from "./connection.ts";
import type { Span } from "./flow.ts";
import { type Endpoint, payloadLength, type Segment } from "./tcp.ts";

/** The next bytes of one direction of a connection. */
export interface Piece {
  /** The `id` of the connection; 0 for raw bytes. */
  connection: number;
  /** Null for raw bytes, which do not tell. */
  direction: Direction | null;
  /** The whole file, shared by all pieces; the piece is the range from `start` to `end`, end excluded. */
  bytes: Uint8Array;
  start: number;
  end: number;
  /** When the packet with these bytes was captured, in milliseconds since 1970; null when the file does not say. */
  time: number | null;
}

/** Sorts the TCP segments of a capture into connections and puts each direction in order. */
export class Reassembly {
  /** All connections so far, in order of `id`. */
  readonly connections: Connection[] = [];
  private readonly bytes: Uint8Array;
  /** The latest connection between two ends. */
  private readonly current = new Map<string, Connection>();

  /** @param bytes the file, in which the segments lie. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Takes a segment in and returns what it completes: mostly its own payload, more when it closes a gap. */
  receive(segment: Segment): Piece[] {
    const connection = this.connectionOf(segment);
    if (connection === null) return [];
    connection.notice(segment);
    // A reset may carry a text that explains it (RFC 1122, 4.2.2.12); it is not part of the stream.
    if (segment.rst) return [];
    const direction = connection.directionOf(segment);
    return connection[direction].receive(segment).map((span) => this.pieceOf(connection, direction, span));
  }

  private connectionOf(segment: Segment): Connection | null {
    const key = pairOf(segment);
    const known = this.current.get(key);
    if (known !== undefined && !known.isSucceededBy(segment)) return known;
    const opens = segment.syn || payloadLength(segment) > 0;
    if (segment.rst || !opens) return null;
    const connection = new Connection(this.connections.length, segment, this.bytes);
    this.connections.push(connection);
    this.current.set(key, connection);
    return connection;
  }

  private pieceOf(connection: Connection, direction: Direction, { start, end, time }: Span): Piece {
    return { connection: connection.id, direction, bytes: this.bytes, start, end, time };
  }
}

/** The same for both directions. */
function pairOf({ source, destination }: Segment): string {
  return [nameOf(source), nameOf(destination)].sort().join(" ");
}

function nameOf({ address, port }: Endpoint): string {
  return `${address} ${port}`;
}
