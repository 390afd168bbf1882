/** What is found in one run of a scenario against one server. Null is what does not apply. */
export interface Measurement {
  readonly scenario: string;
  readonly server: string;
  readonly metrics: Metrics;
  /** Resident megabytes, a sample a second from when all players were there. */
  readonly residentOverTime: readonly number[];
}

export interface Metrics {
  /** The window, as it was. */
  readonly seconds: number;
  /** Payload delivered to players within the window; sent by publishers where there are no players. */
  readonly gigabits: number | null;
  /** User and system time of the server per gigabit. */
  readonly cpuPerGigabit: number | null;
  /** How much of one core the server took. */
  readonly serverCores: number;
  /** Milliseconds from before a frame was written to when all of it was read. */
  readonly latencyP50: number | null;
  readonly latencyP99: number | null;
  /** Resident bytes before players or idle connections, in the middle of the window, and at most. */
  readonly residentBefore: number;
  readonly resident: number;
  readonly residentPeak: number;
  /** (resident - residentBefore) / connections that came between; null where connections come within the window. */
  readonly bytesPerConnection: number | null;
  readonly lostFrames: number | null;
  readonly lostAudioTags: number | null;
  readonly brokenFrames: number | null;
  /** Connections that the server ended or refused, those that never read aside. */
  readonly closed: number;
  /** Of the players that never read, those that the server still has at the end. */
  readonly neverReadingLeft: number | null;
  /** Seconds from when all players were there until the server ended the first of those that never read. */
  readonly neverReadingClosedAfter: number | null;
  /** Pauses of the garbage collector within the window, and how long they were in milliseconds. */
  readonly gcPauses: number | null;
  readonly gcP99: number | null;
  readonly gcMax: number | null;
  /** Players whose first frame was no keyframe, and those that got none at all. */
  readonly startedWithoutKeyframe: number | null;
  readonly withoutKeyframe: number | null;
  /** Milliseconds from the play command to the keyframe's first byte, and to its last. */
  readonly firstByteP50: number | null;
  readonly firstByteMax: number | null;
  readonly keyframeP50: number | null;
  readonly keyframeMax: number | null;
  /** The chunk size that the server writes with. */
  readonly chunkSize: number | null;
  /** How much of one core the busiest process of the generator took: near 1 it is the generator that is measured. */
  readonly generatorCores: number;
  /** How late publishers wrote, in milliseconds. */
  readonly latenessP99: number | null;
}
