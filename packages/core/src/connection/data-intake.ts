import { MessageType } from "../chunk/index.ts";
import { ProtocolError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import type { LiveStream } from "../live/index.ts";
import { DataKind, dataInAmf0, readData, readDataHead } from "../message/index.ts";
import type { ReceivedMessage } from "./connection.ts";
import type { MediaTarget } from "./media-intake.ts";

/**
 * Passes a publisher's data message on to its live stream. Players need not know AMF3: it goes on in AMF0.
 *
 * @param target - whom the message is about
 * @param isMedia - whether a message for this handler is a publisher's, and not one of the peer's own
 * @returns false when it is for the application, as it came.
 */
export function passData(
  message: ReceivedMessage,
  target: MediaTarget | undefined,
  isMedia: (handler: string) => boolean,
  limits: Readonly<Limits>,
): boolean {
  if (target === undefined || target.sink === null) return false;
  const { messageType, timestamp, bytes, start, end } = message;
  if (messageType === MessageType.DataAmf0) return pass(target, isMedia, timestamp, bytes, start, end, limits);
  const data = readData(bytes, start, end, true, limits);
  const payload = data instanceof ProtocolError ? null : dataInAmf0(data, limits.dataMessageLength);
  return payload !== null && pass(target, isMedia, timestamp, payload, 0, payload.length, limits);
}

function pass(
  target: MediaTarget,
  isMedia: (handler: string) => boolean,
  timestamp: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: Readonly<Limits>,
): boolean {
  const { handler, kind, start: from } = readDataHead(bytes, start, end, limits);
  if (!isMedia(handler)) return false;
  const sink: LiveStream | null = target.openSink();
  if (sink === null) return false;
  const isMetadata = handler === "onMetaData";
  if (kind === DataKind.ClearDataFrame) {
    if (isMetadata) sink.setMetadata(null);
    return true;
  }
  // Encoders wrap other messages in @setDataFrame as well (FFmpeg |RtmpSampleAccess): these do not replace metadata.
  if (isMetadata) sink.pushMetadata(timestamp, bytes, from, end);
  else if (from < end) sink.push(MessageType.DataAmf0, timestamp, bytes, from, end);
  return true;
}
