import { type PlayedStream, StreamState } from "../connection/index.ts";
import { RelayClient, type RelayClientOptions } from "./client.ts";
import type { Publisher, Relay, RelayStream } from "./relay.ts";

/**
 * A stream that another server has: it is played there as by any client, and goes into the live stream here. Any publisher
 * that comes to this relay itself takes its place.
 */
export class RelayPull extends RelayClient implements Publisher {
  readonly isLink: boolean;
  private played: PlayedStream | null = null;

  /** @param isLink - whether the other one is a relay of the same house */
  constructor(relay: Relay, stream: RelayStream, options: RelayClientOptions, isLink = false) {
    super(relay, stream, options);
    this.isLink = isLink;
    stream.publisher = this;
  }

  override poll(): boolean {
    const { relay, stream } = this;
    const wasPublished = stream.live.isPublished;
    const goesOn = super.poll();
    relay.noteProgress(stream);
    if (stream.live.isPublished !== wasPublished) relay.changed.add(stream);
    return goesOn;
  }

  /** Whoever publishes here goes before. */
  givesWay(): boolean {
    return true;
  }

  displace(): void {
    this.connection.leave();
  }

  override leave(): void {
    super.leave();
    if (this.stream.publisher === this) this.relay.unpublish(this.stream);
  }

  protected override begin(): void {
    this.played = this.connection.play(this.options.name, this.stream.live);
  }

  protected override get isActive(): boolean {
    return this.played?.state === StreamState.Active;
  }

  protected override get hasEnded(): boolean {
    return this.played?.state === StreamState.Ended;
  }
}
