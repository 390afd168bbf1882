import { type Limits, limitsWith } from "@millrace/core/limits";

/** The greatest length that a message header can declare. */
const ANY_LENGTH = 0xffffff;

/** For looking at what was captured, good or bad: as much as memory allows, where a server would refuse. */
export const inspectLimits: Readonly<Limits> = limitsWith({
  chunkStreams: 65_598,
  mediaMessageLength: ANY_LENGTH,
  dataMessageLength: ANY_LENGTH,
  commandMessageLength: ANY_LENGTH,
  controlMessageLength: ANY_LENGTH,
  userControlMessageLength: ANY_LENGTH,
  partialMessageBytes: 2 ** 27,
  amfDepth: 64,
  amfValues: 2 ** 20,
  amfStringBytes: ANY_LENGTH,
});

/** Memory for the unfinished messages of all streams together. The system gives it page by page, as it is used. */
export const INSPECT_POOL_BYTES: number = 2 ** 27;
