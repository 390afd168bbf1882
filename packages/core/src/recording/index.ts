export { recordingFileName } from "./file-name.ts";
export {
  metadataProperties,
  type RecordingFacts,
  type RecordingMetadata,
  readRecordingMetadata,
  recordingHead,
} from "./head.ts";
export { type ByteSource, Reading, RecordingReader } from "./reader.ts";
export { RecordedStream } from "./recorded-stream.ts";
export { Recorder, type RecordingEnd, type RecordingPatch } from "./recorder.ts";
export { RecordingIndex } from "./recording-index.ts";
export type { RecordingMode, RecordingStorage, StoredRecording, UnfinishedRecording } from "./storage.ts";
