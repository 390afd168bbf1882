/**
 * What real senders do although the specification does not allow it, each with its own switch. The defaults take what is
 * unambiguous.
 */
export interface ChunkTolerances {
  /**
   * A chunk stream that begins with a fmt 1 header is read as if message stream id and timestamp had been 0 before.
   * librtmp and OBS begin chunk stream 2 so. Default true.
   */
  firstDeltaHeader: boolean;
  /**
   * A chunk stream that begins with a fmt 2 header is read as if this type and length had come before, on message stream
   * 0. A DJI Osmo Action begins chunk stream 33 so. Default null: an error.
   */
  firstShortHeader: { readonly messageType: number; readonly messageLength: number } | null;
  /**
   * The extended timestamp of fmt 3 chunks (RTMP 5.3.1.3 demands it; librtmp of 2012, its many copies, and OBS before
   * 2024 leave it out; gortmplib writes zeros into it):
   * - `"detect"` (default) compares the four bytes with the message's own and remembers per chunk stream what the first
   *   comparison showed. Where a message begins with fmt 3 they are taken as present, unless absence was seen;
   * - `"require"` demands them, and that they are equal;
   * - `"skip"` steps over four bytes whatever they are.
   */
  continuationExtendedTimestamp: "detect" | "require" | "skip";
  /**
   * The timestamp delta of a message that begins with fmt 3 right after one with fmt 0: that message's `"timestamp"`
   * (RTMP 5.3.1.2.4, FMLE, FFmpeg, librtmp, SRS; default) or `"zero"` (nginx-rtmp, gortmplib).
   */
  deltaAfterFullHeader: "timestamp" | "zero";
  /**
   * A message header inside a message is taken as a continuation when it says again what the message's own header said;
   * any other is an error. Default true.
   */
  repeatedHeader: boolean;
}

export const defaultTolerances: Readonly<ChunkTolerances> = Object.freeze({
  firstDeltaHeader: true,
  firstShortHeader: null,
  continuationExtendedTimestamp: "detect",
  deltaAfterFullHeader: "timestamp",
  repeatedHeader: true,
});
