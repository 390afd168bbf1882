import { MessageType } from "../chunk/index.ts";
import { ProtocolError } from "../errors.ts";
import type { LiveStream } from "../live/index.ts";
import { type AudioFacts, readAudioConfig, readVideoConfig, TagReader, type VideoFacts } from "../media/index.ts";

/** A track of a live stream, as its sequence header describes it. */
export type TrackInfo =
  | ({ readonly type: "video"; readonly trackId: number } & VideoFacts)
  | ({ readonly type: "audio"; readonly trackId: number } & AudioFacts);

/** The tracks of a stream whose sequence headers have come and can be read; codecs without one are not among them. */
export function tracksOf(live: LiveStream): TrackInfo[] {
  return live.configurations.flatMap(({ messageType, payload }) => {
    const reader = new TagReader();
    const isVideo = messageType === MessageType.Video;
    if (isVideo) reader.readVideo(payload, 0, payload.length);
    else reader.readAudio(payload, 0, payload.length);
    const tracks: TrackInfo[] = [];
    while (reader.nextTrack()) {
      const { trackId, fourCc, packetType, start, end } = reader;
      const facts = isVideo
        ? readVideoConfig(fourCc, packetType, payload, start, end)
        : readAudioConfig(fourCc, payload, start, end);
      if (facts === null || facts instanceof ProtocolError) continue;
      tracks.push("width" in facts ? { type: "video", trackId, ...facts } : { type: "audio", trackId, ...facts });
    }
    return tracks;
  });
}
