import { MessageType, TagHead, TagKind } from "@millrace/core";

const head = new TagHead();
const mediaTypes: ReadonlySet<number> = new Set([
  MessageType.Audio,
  MessageType.Video,
  MessageType.DataAmf0,
  MessageType.DataAmf3,
]);

/** Whether it is what both a stream and a file consist of: audio, video or data. */
export function isMedia(messageType: number): boolean {
  return mediaTypes.has(messageType);
}

/** Whether this is audio or video to be played: metadata and headers may bear times that are not those of the media. */
export function isFrame(messageType: number, payload: Uint8Array): boolean {
  if (messageType === MessageType.Audio) head.readAudio(payload, 0, payload.length);
  else if (messageType === MessageType.Video) head.readVideo(payload, 0, payload.length);
  else return false;
  return head.kind === TagKind.Frame || head.kind === TagKind.Keyframe;
}
