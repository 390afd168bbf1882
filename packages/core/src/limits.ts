/**
 * Whatever a peer can make grow has a bound here. Lengths are in bytes, times in milliseconds. The defaults are safe on
 * the open internet and cite who else uses a like value.
 */
export interface Limits {
  /** C0 to C2. Default 10 s (SRS allows 30 s, nginx-rtmp 60 s). */
  handshakeTimeout: number;
  /** From the handshake to `connect`. Default 30 s. */
  connectTimeout: number;
  /** Received between the handshake and `connect`. Default 64 KiB. */
  bytesBeforeConnect: number;
  /** The smallest chunk size that a peer may announce. Default 1: legal, and its cost is linear (SRS demands 128). */
  minimumChunkSize: number;
  /** Chunk streams in one direction. Default 64 (nginx-rtmp 32). */
  chunkStreams: number;
  /** An audio, video or aggregate message, and one of an unknown type. Default 10 MiB (gortmplib likewise, nginx-rtmp 1 MiB). */
  mediaMessageLength: number;
  /** A data or shared object message. Default 1 MiB. */
  dataMessageLength: number;
  /** A command. Default 256 KiB. */
  commandMessageLength: number;
  /** A protocol control message; none has more than 5 bytes. Default 16. */
  controlMessageLength: number;
  /** A user control message. Default 64: an SWF verification response has 44. */
  userControlMessageLength: number;
  /** Memory that unfinished messages of one connection hold together. Default 32 MiB: room for the longest one to grow. */
  partialMessageBytes: number;
  /** The same before the peer was allowed to publish. Default 2 MiB. */
  partialMessageBytesBeforePublish: number;
  /** No byte of an unfinished message for this long. Default 60 s. */
  partialMessageTimeout: number;
  /** AMF values within values. Default 32 (FFmpeg's FLV reader 16). */
  amfDepth: number;
  /** AMF values in one message, names not counted. Default 16,384. */
  amfValues: number;
  /** One AMF string. Default 1 MiB. */
  amfStringBytes: number;
  /** App and stream names with their queries, in UTF-16 units. Default 1,024. */
  nameLength: number;
  /** Message streams that one connection may hold. Default 16. */
  messageStreams: number;
  /** What may wait to be sent to one peer, media of a live stream not counted. Default 8 MiB. */
  outgoingBytes: number;
  /** Silence after which the peer is asked for a sign of life. Default 60 s (nginx-rtmp likewise). */
  pingInterval: number;
  /** Silence after the ping that ends the connection. Default 30 s (nginx-rtmp likewise). */
  pingTimeout: number;
  /** Protocol control and user control messages received in a second. Default 500. */
  controlMessagesPerSecond: number;
  /** Pings answered in a second; more are left unanswered. Default 20. */
  pingAnswersPerSecond: number;
  /** Audio and video for streams that the peer does not publish, in all: what was under way when it ended. Default 4 MiB. */
  strayMediaBytes: number;
  /** Empty messages received in a second. Default 1,000. */
  emptyMessagesPerSecond: number;
  /** Messages in one aggregate message; what comes behind them is left out. Default 1,024. */
  aggregateMessages: number;
  /** Own commands whose answers are waited for at a time. Default 256. */
  pendingCalls: number;
  /** How long the answer to an own command is waited for. Default 30 s. */
  callTimeout: number;
  /** Shared objects of one server. Default 10,000. */
  sharedObjects: number;
  /** Shared objects that one connection may use. Default 64. */
  sharedObjectsPerConnection: number;
  /** Clients of one shared object. Default 10,000. */
  sharedObjectClients: number;
  /** Properties of one shared object. Default 4,096. */
  sharedObjectProperties: number;
  /** The properties of one shared object together, with their names. Default 1 MiB. */
  sharedObjectBytes: number;
  /** One value of a shared object, as AMF0. Default 256 KiB. */
  sharedObjectPropertyBytes: number;
  /** Events in one shared object message. Default 1,024 (Red5 handles 64 at a time). */
  sharedObjectEvents: number;
  /** What one connection may have waiting for shared objects to be decided upon, loaded or stored. Default 1 MiB. */
  sharedObjectWaitingBytes: number;
}

export const defaultLimits: Readonly<Limits> = Object.freeze({
  handshakeTimeout: 10_000,
  connectTimeout: 30_000,
  bytesBeforeConnect: 65_536,
  minimumChunkSize: 1,
  chunkStreams: 64,
  mediaMessageLength: 10_485_760,
  dataMessageLength: 1_048_576,
  commandMessageLength: 262_144,
  controlMessageLength: 16,
  userControlMessageLength: 64,
  partialMessageBytes: 33_554_432,
  partialMessageBytesBeforePublish: 2_097_152,
  partialMessageTimeout: 60_000,
  amfDepth: 32,
  amfValues: 16_384,
  amfStringBytes: 1_048_576,
  nameLength: 1_024,
  messageStreams: 16,
  outgoingBytes: 8_388_608,
  pingInterval: 60_000,
  pingTimeout: 30_000,
  controlMessagesPerSecond: 500,
  pingAnswersPerSecond: 20,
  strayMediaBytes: 4_194_304,
  emptyMessagesPerSecond: 1_000,
  aggregateMessages: 1_024,
  pendingCalls: 256,
  callTimeout: 30_000,
  sharedObjects: 10_000,
  sharedObjectsPerConnection: 64,
  sharedObjectClients: 10_000,
  sharedObjectProperties: 4_096,
  sharedObjectBytes: 1_048_576,
  sharedObjectPropertyBytes: 262_144,
  sharedObjectEvents: 1_024,
  sharedObjectWaitingBytes: 1_048_576,
});

/** What a limit may be at most, where the default is not the only reason: values are read by recursion. */
const greatest: Partial<Limits> = { amfDepth: 512 };

/**
 * The defaults with some of them replaced.
 *
 * @throws RangeError when a limit is not a positive integer, is too great, or is not a limit at all.
 */
export function limitsWith(changes: Partial<Limits>): Readonly<Limits> {
  for (const [name, value] of Object.entries(changes)) {
    if (!Object.hasOwn(defaultLimits, name)) {
      throw new RangeError(`There is no limit "${name}"; the limits are ${Object.keys(defaultLimits).join(", ")}.`);
    }
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`The limit "${name}" must be a positive integer, not ${value}.`);
    }
    const most = greatest[name as keyof Limits] ?? Number.MAX_SAFE_INTEGER; // it is one of them, as was checked
    if (value > most) throw new RangeError(`The limit "${name}" can be ${most} at most, not ${value}.`);
  }
  return Object.freeze({ ...defaultLimits, ...changes });
}
