import { ClientConnection, ClientEvent, StreamState } from "../connection/index.ts";
import type { Publisher, Relay, RelayStream } from "./relay.ts";

/**
 * A stream that another relay of the same house has: it is played there as by any client, and goes into the live stream
 * here. Any publisher that comes to this relay itself takes its place.
 *
 * Drive its connection as {@link ClientConnection} says, but poll it here.
 */
export class RelayPull implements Publisher {
  readonly connection: ClientConnection;
  private readonly relay: Relay;
  private readonly stream: RelayStream;

  /** Use {@link Relay.pull}. */
  constructor(relay: Relay, stream: RelayStream, random: Uint8Array, now: number) {
    this.relay = relay;
    this.stream = stream;
    const { pool, limits, tolerances, chunkSize } = relay;
    const optional = tolerances === undefined ? {} : { tolerances };
    // There a link says the whole path as its name: see Relay.openLink.
    const connect = { app: "", tcUrl: "rtmp://millrace/" };
    this.connection = new ClientConnection({ pool, random, now, limits, chunkSize, connect, ...optional });
  }

  /** Does all that can be done with what was fed. @returns false when it is over: the connection is to be closed. */
  poll(): boolean {
    const { connection, relay, stream } = this;
    const wasPublished = stream.live.isPublished;
    let event = connection.poll();
    while (event !== ClientEvent.NeedData) {
      if (event === ClientEvent.Failed || event === ClientEvent.Closed) return false;
      if (event === ClientEvent.Connected) connection.play(stream.path, stream.live);
      if (event === ClientEvent.Status && connection.status?.stream?.state === StreamState.Ended) return false;
      event = connection.poll();
    }
    relay.noteProgress(stream);
    if (stream.live.isPublished !== wasPublished) relay.changed.add(stream);
    return true;
  }

  /** Whoever publishes here goes before. */
  givesWay(): boolean {
    return true;
  }

  displace(): void {
    this.connection.leave();
  }

  /** The stream is not wanted any more, or the connection is over. */
  leave(): void {
    this.connection.leave();
    if (this.stream.publisher === this) this.relay.unpublish(this.stream);
  }

  /** Gives all memory back, after the socket was closed. */
  close(): void {
    this.connection.close();
  }
}
