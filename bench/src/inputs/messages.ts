import { MessageType } from "@millrace/core/chunk";
import { SeededRandom } from "./random.ts";

export interface Message {
  readonly chunkStreamId: number;
  readonly messageType: number;
  readonly messageStreamId: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

const SEED = 0x6d696c6c;
const AUDIO_CHUNK_STREAM = 4;
const VIDEO_CHUNK_STREAM = 6;
const FRAMES_PER_KEYFRAME = 60;

/** Audio of 150 to 250 bytes and video of 6 to 10 KB in turn, as an encoder of AVC and AAC sends them. */
export function syntheticMessages(count: number): Message[] {
  const random = new SeededRandom(SEED);
  const noise = random.bytes(65_536);
  return Array.from({ length: count }, (_, index) => {
    const isVideo = index % 2 === 1;
    const length = isVideo ? 6144 + random.below(4097) : 150 + random.below(101);
    const payload = noise.slice(random.below(noise.length - length)).subarray(0, length);
    // The head of a tag: AVC NAL units, inter or key frame, no composition time; or raw AAC.
    const isKeyframe = (index >> 1) % FRAMES_PER_KEYFRAME === 0;
    payload.set(isVideo ? [isKeyframe ? 0x17 : 0x27, 1, 0, 0, 0] : [0xaf, 1]);
    return {
      chunkStreamId: isVideo ? VIDEO_CHUNK_STREAM : AUDIO_CHUNK_STREAM,
      messageType: isVideo ? MessageType.Video : MessageType.Audio,
      messageStreamId: 1,
      timestamp: (index >> 1) * 20,
      payload,
    };
  });
}

/** The same messages, each on the next one of so many chunk streams. */
export function spreadOver(chunkStreams: number, messages: readonly Message[]): Message[] {
  return messages.map((message, index) => ({ ...message, chunkStreamId: 3 + (index % chunkStreams) }));
}
