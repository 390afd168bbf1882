import { type PublishedStream, StreamState } from "../connection/index.ts";
import { RelayClient } from "./client.ts";

/** A stream of this relay that is published to another server: from its newest keyframe on, until it ends. */
export class RelayPush extends RelayClient {
  private published: PublishedStream | null = null;

  override poll(): boolean {
    if (this.published?.isDrained === true) this.connection.leave();
    return super.poll();
  }

  override leave(): void {
    super.leave();
    this.stream.links.delete(this);
    this.relay.tidy(this.stream);
  }

  protected override begin(): void {
    this.stream.links.add(this);
    this.published = this.connection.publish(this.options.name, "live", this.stream.live);
  }

  protected override get isActive(): boolean {
    return this.published?.state === StreamState.Active;
  }

  protected override get hasEnded(): boolean {
    return this.published?.state === StreamState.Ended;
  }
}
