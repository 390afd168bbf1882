import { Flow, MAXIMUM_HELD_BYTES } from "./flow.ts";
import { type Endpoint, payloadLength, type Segment } from "./tcp.ts";

const RTMP_PORT = 1935;

/** From the client to the server, or back. */
export type Direction = "c2s" | "s2c";

/** One TCP connection of a capture. */
export class Connection {
  /** Counted from 0 in the order in which connections appear, those without payload too. */
  readonly id: number;
  readonly client: Endpoint;
  readonly server: Endpoint;
  readonly c2s: Flow;
  readonly s2c: Flow;
  private reset = false;

  /** `first` is a SYN, or of a connection that is older than the capture the first segment with payload. */
  constructor(id: number, first: Segment, bytes: Uint8Array) {
    const clientSends = isFromClient(first);
    this.id = id;
    this.client = clientSends ? first.source : first.destination;
    this.server = clientSends ? first.destination : first.source;
    this.c2s = new Flow(bytes);
    this.s2c = new Flow(bytes);
  }

  /** Of a segment between the two ends of this connection. */
  directionOf(segment: Segment): Direction {
    const { address, port } = segment.source;
    return address === this.client.address && port === this.client.port ? "c2s" : "s2c";
  }

  /** Notes whether the segment ends the connection or, as a SYN that is sent again after a refusal, opens it anew. */
  notice(segment: Segment): void {
    if (segment.rst) this.reset = true;
    else if (segment.syn) this.reset = false;
  }

  /** Whether the segment, between the same two ends, begins another connection. */
  isSucceededBy(segment: Segment): boolean {
    const flow = this[this.directionOf(segment)];
    const offset = flow.offsetOf(segment);
    if (segment.syn) {
      if (offset === null) return !segment.ack || this.isClosed();
      const isRepeated = offset === 0;
      return !isRepeated || (this.isClosed() && this.hasCarriedPayload());
    }
    const length = payloadLength(segment);
    if (length === 0 || offset === null) return false;
    if (flow.finOffset !== null && offset + length > flow.finOffset) return true;
    // What was still under way when the connection was closed belongs to it.
    return this.isClosed() && Math.abs(offset - flow.delivered) > MAXIMUM_HELD_BYTES;
  }

  private isClosed(): boolean {
    return this.reset || (this.c2s.finOffset !== null && this.s2c.finOffset !== null);
  }

  private hasCarriedPayload(): boolean {
    return this.c2s.delivered + this.s2c.delivered > 0;
  }
}

/** The SYN tells; without one RTMP's port does; failing that, the client is the one who speaks first. */
function isFromClient({ source, destination, syn, ack }: Segment): boolean {
  if (syn) return !ack;
  return destination.port === RTMP_PORT || source.port !== RTMP_PORT;
}
