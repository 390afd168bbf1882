import type { AmfValue } from "../amf/index.ts";
import { type ChunkWriter, MessageType } from "../chunk/index.ts";
import {
  controlPayload,
  encodeAmf3Values,
  encodeValues,
  information,
  StatusCode,
  userControlPayload,
} from "../message/index.ts";

/**
 * Chunk streams by custom: what FFmpeg, OBS, librtmp and SRS use. They mean nothing by specification, but a client is
 * known that failed when a server chose others.
 */
export const ChunkStream = { Control: 2, Connection: 3, Audio: 4, Stream: 5, Video: 6 } as const;

/** Puts messages into a chunk writer, each kind on its usual chunk stream. All are made here and owned by the writer. */
export class Sender {
  /** Whether the peer has agreed upon AMF3 (`objectEncoding`): then objects in commands and data are in it. */
  usesAmf3 = false;
  private readonly writer: ChunkWriter;

  constructor(writer: ChunkWriter) {
    this.writer = writer;
  }

  /** Protocol control with a number as payload: Acknowledgement, Window Acknowledgement Size. */
  control(messageType: number, value: number): void {
    this.message(ChunkStream.Control, messageType, 0, 0, controlPayload(value));
  }

  /** User control (RTMP 6.2). */
  userControl(event: number, ...values: number[]): void {
    this.message(ChunkStream.Control, MessageType.UserControl, 0, 0, userControlPayload(event, ...values));
  }

  /** A command on the connection: message stream 0. */
  call(name: string, transactionId: number, ...values: AmfValue[]): void {
    this.command(ChunkStream.Connection, 0, name, transactionId, values);
  }

  /** A command on a message stream. */
  callOn(streamId: number, name: string, transactionId: number, ...values: AmfValue[]): void {
    this.command(ChunkStream.Stream, streamId, name, transactionId, values);
  }

  /** The answer to a command of the peer's: its result. Transaction id 0 wants none (RTMP 7.1.1). */
  result(transactionId: number, value: AmfValue): void {
    if (transactionId !== 0) this.call("_result", transactionId, null, value);
  }

  /** The answer to a command of the peer's: that it failed. */
  error(transactionId: number, description: string): void {
    if (transactionId === 0) return;
    this.call("_error", transactionId, null, information("error", StatusCode.CallFailed, description));
  }

  /** What happened to a stream: onStatus on its own message stream (RTMP 7.2.2). Its transaction id is always 0. */
  status(streamId: number, information: AmfValue): void {
    this.callOn(streamId, "onStatus", 0, null, information);
  }

  /** A data message on a stream. */
  data(streamId: number, ...values: AmfValue[]): void {
    this.message(ChunkStream.Stream, MessageType.DataAmf0, streamId, 0, encodeValues(...values));
  }

  /** What happens as a stream is played: onPlayStatus, a data message at a time of the stream (by custom of Adobe's servers). */
  playStatus(streamId: number, timestamp: number, information: AmfValue): void {
    const payload = encodeValues("onPlayStatus", information);
    this.message(ChunkStream.Audio, MessageType.DataAmf0, streamId, timestamp, payload);
  }

  /**
   * Media that is not a live stream's: payload bytes[start, end), which is copied.
   *
   * @returns false when the pool has nothing left.
   */
  media(
    messageType: number,
    streamId: number,
    timestamp: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    const chunkStreamId = messageType === MessageType.Video ? ChunkStream.Video : ChunkStream.Audio;
    return this.writer.copy(chunkStreamId, messageType, streamId, timestamp, bytes, start, end);
  }

  /** Bytes of messages that wait to be sent. */
  get waitingBytes(): number {
    return this.writer.pendingBytes;
  }

  private command(
    chunkStreamId: number,
    streamId: number,
    name: string,
    transactionId: number,
    values: readonly AmfValue[],
  ): void {
    const encode = this.usesAmf3 ? encodeAmf3Values : encodeValues;
    const messageType = this.usesAmf3 ? MessageType.CommandAmf3 : MessageType.CommandAmf0;
    this.message(chunkStreamId, messageType, streamId, 0, encode(name, transactionId, ...values));
  }

  /** A message whose payload the writer may keep: nobody changes it any more. */
  message(chunkStreamId: number, messageType: number, streamId: number, timestamp: number, payload: Uint8Array): void {
    this.writer.lend(chunkStreamId, messageType, streamId, timestamp, payload, 0, payload.length);
  }
}
