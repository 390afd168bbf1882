import type { MediaOptions } from "./media.ts";

/** What the bench tells a process of the load generator. Each order has one answer, and the next comes after it. */
export type Order =
  | { readonly order: "publish"; readonly port: number; readonly count: number; readonly media: MediaOptions }
  /** Connections that do nothing after connect, or sockets to a server that is not RTMP. */
  | { readonly order: "idle"; readonly port: number; readonly count: number; readonly bare: boolean }
  /** Players that are there all the time. */
  | {
      readonly order: "play";
      readonly port: number;
      readonly count: number;
      readonly streams: number;
      /** Of them, so many stop reading as soon as they may play. */
      readonly neverReading: number;
    }
  /** Players that come at random times from now on, within so many seconds. Answered at once. */
  | { readonly order: "join"; readonly port: number; readonly count: number; readonly withinSeconds: number }
  /** So many players at a time that stay for a random time between 1 and 4 seconds, and come again. Answered at once. */
  | { readonly order: "come and go"; readonly port: number; readonly count: number }
  | { readonly order: "open window" }
  | { readonly order: "close window" }
  /** The publishers fall silent, but stay. */
  | { readonly order: "stop publishing" }
  /** Waits until every player has the last frame of its stream, or for so long. */
  | { readonly order: "finish"; readonly lastFrames: readonly number[]; readonly patienceSeconds: number };

export interface Answer {
  /** Bytes of media so far: received by players, or sent by publishers. */
  readonly mediaBytes: number;
  /** The last frame of each publisher. */
  readonly lastFrames: readonly number[];
  /** How late publishers wrote, in milliseconds, within the window. */
  readonly lateness: readonly number[];
  /** Connections of publishers, idle connections and reading players that the server ended or refused. */
  readonly closed: number;
  /** Only to "finish". */
  readonly players: PlayersReport | null;
}

/** Of all players that read. */
export interface PlayersReport {
  readonly lostFrames: number;
  readonly lostAudioTags: number;
  readonly brokenFrames: number;
  /** Players whose first frame was no keyframe. */
  readonly startedWithoutKeyframe: number;
  /** Players that got no keyframe at all. */
  readonly withoutKeyframe: number;
  /** The chunk sizes that the server announced to them. */
  readonly chunkSizes: readonly number[];
  /** Milliseconds. */
  readonly latencies: Float64Array;
  readonly firstByteAfter: readonly number[];
  readonly keyframeAfter: readonly number[];
}
