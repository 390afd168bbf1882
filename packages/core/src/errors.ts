/**
 * Every way in which a peer can be wrong, by number. The hundreds name the room that found it. A code never changes its
 * meaning: logs, tests and dashboards depend on it.
 */
export const ErrorCode = {
  /** The first byte is no RTMP version that is spoken here (RTMP 5.2.2). */
  HandshakeVersion: 100,
  /** The handshake was not finished in time (limit `handshakeTimeout`). */
  HandshakeTimeout: 101,
  /** The first byte is that of an HTTP request or a TLS hello: right port, wrong protocol. */
  HandshakeForeignProtocol: 102,

  /** A chunk stream began with a header that leans on a previous one (fmt 2 or 3, or fmt 1 where not tolerated). */
  ChunkHeaderWithoutPredecessor: 200,
  /** More chunk streams than the limit `chunkStreams`. */
  ChunkStreamLimit: 201,
  /** A new message header stands where the current message must go on (RTMP 5.3.2). */
  ChunkHeaderInsideMessage: 202,
  /** Set Chunk Size of 0 (RTMP 5.4.1). */
  ChunkSizeZero: 203,
  /** Set Chunk Size with the top bit set (RTMP 5.4.1). */
  ChunkSizeTopBit: 204,
  /** Set Chunk Size below the limit `minimumChunkSize`. */
  ChunkSizeLimit: 205,
  /** The extended timestamp of a continuation differs from that of its message, where equality was demanded. */
  ChunkExtendedTimestampMismatch: 206,

  /** A media message longer than the limit `mediaMessageLength`. */
  MediaMessageLengthLimit: 300,
  /** A data or shared object message longer than the limit `dataMessageLength`. */
  DataMessageLengthLimit: 301,
  /** A command longer than the limit `commandMessageLength`. */
  CommandMessageLengthLimit: 302,
  /** A protocol control message longer than the limit `controlMessageLength`. */
  ControlMessageLengthLimit: 303,
  /** A user control message longer than the limit `userControlMessageLength`. */
  UserControlMessageLengthLimit: 304,
  /** A protocol control message shorter than its fields (RTMP 5.4). */
  ControlMessageTruncated: 305,
  /** Unfinished messages hold more memory than the limit `partialMessageBytes`. */
  PartialMessageBytesLimit: 306,
  /** A message stayed unfinished for longer than the limit `partialMessageTimeout`. */
  PartialMessageTimeout: 307,
  /** The buffer pool has nothing left to lend (limit `poolBytes`). */
  PoolExhausted: 308,

  /** A value ends behind the end of its message. */
  AmfTruncated: 400,
  /** A type marker that no specification defines, or that is never sent. */
  AmfUnknownMarker: 401,
  /** Values nested deeper than the limit `amfDepth`. */
  AmfDepthLimit: 402,
  /** More values in one message than the limit `amfValues`. */
  AmfValueLimit: 403,
  /** A string longer than the limit `amfStringBytes`. */
  AmfStringLimit: 404,
  /** A reference to a value that did not appear before. */
  AmfBadReference: 405,
  /** An array, vector or dictionary that declares more elements than there are bytes left. */
  AmfCountBeyondInput: 406,
  /** Traits that declare more sealed names than there are bytes left (AMF3 3.12). */
  AmfTraitsBeyondInput: 407,
  /** An object of an externalizable class for which there is no reader (AMF3 3.12). */
  AmfUnknownExternalizable: 408,
  /** The reader of an externalizable class refused what it found. */
  AmfExternalizableMalformed: 409,

  /** A command that begins with anything else than its name and transaction id. */
  CommandMalformed: 500,
  /** A command came before `connect`, which must be the first (RTMP 7.2.1.1). */
  CommandBeforeConnect: 501,
  /** A second `connect` on one connection. */
  CommandSecondConnect: 502,
  /** No `connect`, or no answer to it, within the limit `connectTimeout`. */
  ConnectTimeout: 503,
  /** More bytes before `connect` than the limit `bytesBeforeConnect`. */
  BytesBeforeConnectLimit: 504,
  /** Names longer than the limit `nameLength`. */
  NameLengthLimit: 505,
  /** What waits to be sent is more than the limit `outgoingBytes`. */
  OutgoingBytesLimit: 506,
  /** The peer answered no ping within the limit `pingTimeout`. */
  PingTimeout: 507,
  /** More control messages a second than the limit `controlMessagesPerSecond`. */
  ControlRateLimit: 508,
  /** More empty messages a second than the limit `emptyMessagesPerSecond`. */
  EmptyMessageRateLimit: 509,
  /** The application refused what the peer asked for. */
  Refused: 510,
  /** More media for streams that the peer does not publish than the limit `strayMediaBytes`. */
  MediaWithoutPublish: 511,
  /** The peer takes the media that it plays too slowly (`giveUpAfter` of the live stream). */
  PlayerTooSlow: 512,
  /** The server answered `connect` with an error. */
  ConnectRefused: 513,

  /** The file does not begin with "FLV" (FLV E.2). */
  FlvSignature: 600,
  /** Its version is not 1. */
  FlvVersion: 601,
  /** Its header says that it ends inside of itself. */
  FlvDataOffset: 602,
  /** The file ends before its header does. */
  FlvHeaderTruncated: 603,
  /** A tag that is not one of data is longer than the limit `mediaMessageLength`. */
  FlvMediaTagLengthLimit: 604,
  /** A tag of data is longer than the limit `dataMessageLength`. */
  FlvDataTagLengthLimit: 605,

  /** A shared object message ends inside its head or inside an event. */
  SharedObjectTruncated: 700,
  /** The values of a shared object message are in an encoding that is not read here. */
  SharedObjectEncoding: 701,
  /** The data of an event is not what its type says. */
  SharedObjectEventMalformed: 702,
  /** More events in one message than the limit `sharedObjectEvents`. */
  SharedObjectEventLimit: 703,
  /** A name of a shared object, of a property or of a handler is longer than the limit `nameLength`. */
  SharedObjectNameLimit: 704,
  /** More waits for shared objects to be loaded, stored or decided upon than the limit `sharedObjectWaitingBytes`. */
  SharedObjectWaitingLimit: 705,
  /** More shared objects than the limit `sharedObjects`. */
  SharedObjectLimit: 710,
  /** More of them used by one connection than the limit `sharedObjectsPerConnection`. */
  SharedObjectUseLimit: 711,
  /** More clients of one shared object than the limit `sharedObjectClients`. */
  SharedObjectClientLimit: 712,
  /** More properties than the limit `sharedObjectProperties`. */
  SharedObjectPropertyLimit: 713,
  /** A property longer than the limit `sharedObjectPropertyBytes`. */
  SharedObjectPropertyBytesLimit: 714,
  /** Properties that are longer together than the limit `sharedObjectBytes`. */
  SharedObjectBytesLimit: 715,
  /** A shared object was to be used as a temporary one that is persistent, or the other way round. */
  SharedObjectPersistence: 716,
  /** What was stored of a shared object could not be loaded. */
  SharedObjectNotLoaded: 717,
  /** A change of a shared object could not be stored: it is undone. */
  SharedObjectNotStored: 718,
  /** What was stored of a shared object is not whole, or was changed by somebody else. */
  SharedObjectSnapshotDamaged: 719,

  /** An audio or video message ends within its header (FLV E.4.2, E.4.3; Enhanced RTMP v2). */
  MediaTruncated: 800,
  /** More ModEx blocks in one message than anybody needs. */
  MediaModExLimit: 801,
  /** More tracks in one message than anybody needs. */
  MediaTrackLimit: 802,
  /** A track is longer than what is left of its message. */
  MediaTrackTruncated: 803,
  /** A track of a multitrack message is of multitrack form itself. */
  MediaMultitrackNested: 804,
  /** A multitrack message of a layout that no specification defines. */
  MediaMultitrackType: 805,
  /** A decoder configuration, or a frame that describes itself, ends before what it has to say. */
  MediaConfigTruncated: 806,
  /** A decoder configuration, or a frame that describes itself, is none, or of a version that nobody knows. */
  MediaConfigMalformed: 807,
  /** A metadata packet of video is no sequence of names and values. */
  MediaMetadataMalformed: 808,
} as const;

export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

const names = new Map<number, string>(Object.entries(ErrorCode).map(([name, code]) => [code, name]));

/** The name of a code, as it stands in {@link ErrorCode}; for logs. */
export function errorName(code: ErrorCode): string {
  return names.get(code) ?? `error ${code}`;
}

/**
 * What a peer did wrong, as a value. It is an event, not an exception: once a state machine has reported one it stays
 * failed and parses nothing more.
 */
export class ProtocolError {
  readonly code: ErrorCode;
  /** One line for people: what was found, and which bound or rule it breaks. */
  readonly message: string;
  /** Bytes of the peer's stream before the place where it was found, counted from its first byte. */
  readonly offset: number;

  constructor(code: ErrorCode, message: string, offset: number) {
    this.code = code;
    this.message = message;
    this.offset = offset;
  }
}
