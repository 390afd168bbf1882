import {
  FLV_HEADER_BYTES,
  FLV_TAG_HEADER_BYTES,
  FlvEvent,
  FlvReader,
  MessageType,
  PREVIOUS_TAG_SIZE_BYTES,
  writeFlvHeader,
  writeFlvTag,
} from "@millrace/core";
import type { Message } from "@millrace/node-adapter";
import { isFrame, isMedia } from "../media.ts";
import type { Sink } from "./sink.ts";

/**
 * Writes messages as an FLV file, each when it comes: what there is can be played at any time, but for a last tag that may
 * be cut off.
 */
export class Recording {
  tags = 0;
  bytes = 0;
  /** From the first frame to the last one, in milliseconds. */
  milliseconds = 0;
  private readonly open: () => Promise<Sink>;
  private readonly maximumMilliseconds: number;
  private sink: Sink | null = null;
  /** The time of the first frame; null before it. */
  private first: number | null = null;

  /**
   * @param open - called when there is something to be written
   * @param maximumMilliseconds - how much of the stream is wanted
   */
  constructor(open: () => Promise<Sink>, maximumMilliseconds: number) {
    this.open = open;
    this.maximumMilliseconds = maximumMilliseconds;
  }

  /** @returns false when that was all that is wanted. */
  async add(message: Message): Promise<boolean> {
    if (message.messageType !== MessageType.Aggregate) return this.addTag(message);
    for (const part of partsOf(message)) {
      if (!(await this.addTag(part))) return false;
    }
    return true;
  }

  async close(): Promise<void> {
    await this.sink?.close();
  }

  private async addTag({ messageType, timestamp, payload }: Message): Promise<boolean> {
    if (isFrame(messageType, payload)) this.first ??= timestamp;
    // The file begins at 0, whenever the stream began. What lies before the first frame describes it.
    const time = this.first === null ? 0 : Math.max(0, (timestamp - this.first) | 0);
    if (time >= this.maximumMilliseconds) return false;
    if (this.sink === null) {
      this.sink = await this.open();
      const header = new Uint8Array(FLV_HEADER_BYTES);
      // Nobody knows yet what will come.
      writeFlvHeader(header, 0, true, true);
      await this.sink.write(header);
    }
    const tag = new Uint8Array(FLV_TAG_HEADER_BYTES + payload.length + PREVIOUS_TAG_SIZE_BYTES);
    writeFlvTag(tag, 0, messageType, time, payload, 0, payload.length);
    await this.sink.write(tag);
    this.tags++;
    this.bytes += payload.length;
    this.milliseconds = Math.max(this.milliseconds, time);
    return true;
  }
}

/**
 * The messages in an aggregate message (RTMP 7.1.6), which are laid out as the tags of an FLV file. The first one has the
 * time of the whole; the others keep their distance. What is no media, or not whole at its end, is left out.
 */
function* partsOf({ timestamp, payload }: Message): Generator<Message, void, void> {
  const reader = new FlvReader();
  const header = new Uint8Array(FLV_HEADER_BYTES);
  writeFlvHeader(header, 0, true, true);
  let first: number | null = null;
  for (const piece of [header, payload]) {
    reader.feed(piece, 0, piece.length);
    for (let event = reader.poll(); event !== FlvEvent.NeedData; event = reader.poll()) {
      if (event === FlvEvent.Failed) return;
      if (event !== FlvEvent.Tag || !isMedia(reader.tagType)) continue;
      first ??= reader.timestamp;
      const { tagType: messageType, bytes, start, end } = reader;
      const time = (timestamp + reader.timestamp - first) >>> 0;
      yield { messageType, timestamp: time, payload: bytes.subarray(start, end) };
    }
  }
}
