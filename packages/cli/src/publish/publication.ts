import { defaultLimits, MessageType, readDataHead, type StreamUrl, TagHead, TagKind } from "@millrace/core";
import { type Client, connect, type Message, type Publisher } from "@millrace/node-adapter";
import { appText } from "../stream-argument.ts";

/** Tells what happens to a publication, but for its end. */
export type Notice = (text: string) => void;

/**
 * A stream that is published, for as long as it takes: where a server asks to connect again, elsewhere or to itself, the
 * publication moves there at the next keyframe (Enhanced RTMP v2, "Reconnect Request").
 */
export class Publication {
  private readonly stream: StreamUrl;
  private readonly notice: Notice;
  private readonly signal: AbortSignal;
  private client: Client | null = null;
  private publisher: Publisher | null = null;
  /** Where to connect to next; null to stay. */
  private next: string | null = null;
  /** What who begins to play needs first, by what it is: metadata and sequence headers. */
  private readonly headers = new Map<string, Message>();
  private hasVideo = false;
  private readonly head = new TagHead();
  private readonly lost = new AbortController();

  constructor(stream: StreamUrl, notice: Notice, signal: AbortSignal) {
    this.stream = stream;
    this.notice = notice;
    this.signal = signal;
  }

  /** Aborts when the connection is lost. */
  get ended(): AbortSignal {
    return this.lost.signal;
  }

  /** @throws ClientError when the server does not take it. */
  async begin(): Promise<void> {
    await this.open(this.stream.url);
  }

  /** @throws ClientError, or the reason of the signal. */
  async send(message: Message): Promise<void> {
    const kind = this.kindOf(message);
    if (this.next !== null && (kind === TagKind.Keyframe || (!this.hasVideo && kind === TagKind.Frame))) {
      await this.move(this.next, message.timestamp);
    }
    if (kind === TagKind.SequenceHeader || kind === TagKind.Configuration) {
      // Its bytes are the caller's again soon.
      const header = { ...message, payload: message.payload.slice() };
      this.headers.set(`${message.messageType} ${kind} ${this.head.trackId}`, header);
    }
    await this.publisher?.send(message, { signal: this.signal });
  }

  async end(): Promise<void> {
    await this.publisher?.end({ signal: this.signal });
  }

  async close(): Promise<void> {
    await this.client?.close();
  }

  private async open(url: string): Promise<void> {
    const { signal, stream } = this;
    const onReconnectRequest = (next: string): void => {
      this.next = next;
    };
    const client = await connect(url, { signal, onReconnectRequest });
    try {
      this.publisher = await client.publish(stream.name, { signal });
    } catch (error) {
      await client.close();
      throw error;
    }
    this.client = client;
    void client.closed.then(() => {
      if (this.client === client) this.lost.abort();
    });
  }

  private async move(url: string, timestamp: number): Promise<void> {
    const { client, publisher, signal } = this;
    this.next = null;
    try {
      await this.open(url);
    } catch (error) {
      signal.throwIfAborted();
      this.notice(`${url}: the server asked to go there, but ${error instanceof Error ? error.message : error}`);
      return;
    }
    this.notice(`The server asked to go to ${appText({ ...this.stream, url })}.`);
    for (const header of this.headers.values()) await this.publisher?.send({ ...header, timestamp }, { signal });
    // It may have ended it already, when the other one took over.
    await publisher?.end({ signal }).catch(() => signal.throwIfAborted());
    await client?.close();
  }

  private kindOf({ messageType, payload }: Message): TagKind {
    const { head } = this;
    if (messageType === MessageType.Video) {
      this.hasVideo = true;
      head.readVideo(payload, 0, payload.length);
      return head.kind;
    }
    if (messageType !== MessageType.Audio) {
      head.trackId = 0;
      const { handler } = readDataHead(payload, 0, payload.length, defaultLimits);
      return handler === "onMetaData" ? TagKind.Configuration : TagKind.Frame;
    }
    head.readAudio(payload, 0, payload.length);
    return head.kind;
  }
}
