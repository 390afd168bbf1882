import type { Message } from "@millrace/client";
import { Amf0Reader, type AmfValue, defaultLimits, MessageType } from "@millrace/core";
import { range, videoFrame } from "./frame.ts";

/** Video and audio; every message can be told from every other. */
export function messages(count: number, length = 3_000): Message[] {
  return range(0, count).map((number) => {
    const payload = videoFrame(number, length);
    const isAudio = number % 3 === 2;
    if (isAudio) payload[0] = 0xaf;
    return { messageType: isAudio ? MessageType.Audio : MessageType.Video, timestamp: number * 20, payload };
  });
}

/** One keyframe. */
export const keyframe: Message = { messageType: MessageType.Video, timestamp: 0, payload: videoFrame(0, 3_000) };

/** A message in short: its checksum is FNV-1a. */
export function line({ messageType, timestamp, payload }: Message): string {
  let checksum = 0x811c9dc5;
  for (const byte of payload) checksum = Math.imul(checksum ^ byte, 0x01000193);
  return `${messageType} ${timestamp} ${payload.length} ${checksum >>> 0}`;
}

/** All messages up to the end, as {@link line}s. */
export async function gather(played: AsyncIterable<Message>): Promise<string[]> {
  const gathered: string[] = [];
  for await (const message of played) gathered.push(line(message));
  return gathered;
}

/** The next message, as a {@link line}. */
export async function next(played: AsyncIterator<Message, void, void>): Promise<string> {
  const { value } = await played.next();
  return value ? line(value) : "the end";
}

/** What a command or a data message has. */
export function valuesOf(payload: Uint8Array): AmfValue[] {
  const reader = new Amf0Reader(defaultLimits);
  reader.reset(payload);
  const values: AmfValue[] = [];
  while (!reader.atEnd && reader.error === null) values.push(reader.read());
  return values;
}
