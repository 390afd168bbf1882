import { copyBytes, readUint8, readUint24, readUint32 } from "../bytes/index.ts";
import { MessageType } from "../chunk/index.ts";
import { ErrorCode, ProtocolError } from "../errors.ts";
import { defaultLimits, type Limits } from "../limits.ts";
import { FLV_TAG_HEADER_BYTES, PREVIOUS_TAG_SIZE_BYTES } from "./writer.ts";

/** What {@link FlvReader.poll} found. */
export const FlvEvent = {
  /** All lent bytes are used up: the caller may reuse them and feed more. */
  NeedData: 0,
  /** The header of the file: see `hasAudio` and `hasVideo`. It comes once, before all tags. */
  Header: 1,
  /** A whole tag; see the fields of the reader. */
  Tag: 2,
  /** This is no FLV file, or none that may be read; see `error`. Nothing more is read. */
  Failed: 3,
} as const;
export type FlvEvent = (typeof FlvEvent)[keyof typeof FlvEvent];

export interface FlvReaderOptions {
  /** `mediaMessageLength` and `dataMessageLength` hold for the payload of a tag. */
  limits?: Readonly<Limits>;
}

const SIGNATURE = [0x46, 0x4c, 0x56]; // "FLV"
const VERSION = 1;
const AUDIO_FLAG = 4;
const VIDEO_FLAG = 1;
/** The header without what later versions may add. */
const HEADER_BYTES = 9;
const FILTER = 0x20;
const TAG_TYPE = 0x1f;

/** Memory for a tag grows with what was received of it. */
const FIRST_MEMORY = 16_384;
const GROWTH = 4;

// What comes next.
const IN_HEADER = 0;
/** Behind the 9 bytes of the header, up to DataOffset. */
const IN_HEADER_EXTENSION = 1;
const IN_PREVIOUS_TAG_SIZE = 2;
const IN_TAG_HEADER = 3;
const IN_PAYLOAD = 4;
const FAILED = 5;

const empty: Uint8Array = new Uint8Array(0);

/**
 * Reads an FLV file (FLV E.2 to E.4.1). How its bytes are cut into pieces makes no difference.
 *
 * Real files are taken as they are: sizes behind tags that are wrong are only counted, tags of unknown types come out like
 * any other, encrypted ones are marked, and the flags of the header promise nothing. A file whose end is cut off gives all
 * tags that are whole; see {@link finish} for the rest.
 *
 * @example
 * const reader = new FlvReader();
 * reader.feed(bytes, 0, bytes.length); // lent, not copied
 * for (let event = reader.poll(); event !== FlvEvent.NeedData; event = reader.poll()) {
 *   if (event === FlvEvent.Failed) throw new Error(reader.error?.message);
 *   if (event === FlvEvent.Tag) use(reader.tagType, reader.timestamp, reader.bytes, reader.start, reader.end);
 * }
 */
export class FlvReader {
  /** From the header: which tags there should be. Files are often wrong about it. */
  hasAudio = false;
  hasVideo = false;

  /** As the type of an RTMP message: audio 8, video 9, script data 18 (AMF0) or 15 (AMF3); 0 to 31. */
  tagType = 0;
  /** Milliseconds, -2^31 to 2^31 - 1. As an RTMP timestamp it is to be taken modulo 2^32. */
  timestamp = 0;
  /** Should be 0. It is not the message stream id of RTMP. */
  streamId = 0;
  /** The payload begins with an encryption header (FLV F.3), and cannot be decoded as it is. */
  isEncrypted = false;
  /** The payload is bytes[start, end), valid until the next `poll` or `feed`. */
  bytes: Uint8Array = empty;
  start = 0;
  end = 0;

  /** Where the last whole tag ends, without the size behind it; before the first tag, where the header ends. From byte 0. */
  lastTagEnd = 0;
  /** The size of that tag, as it has to stand behind it. */
  lastTagSize = 0;
  /** How often the size behind a tag was wrong. */
  wrongPreviousTagSizes = 0;
  /** After {@link finish}: bytes at the end that are no whole tag, or no whole size behind one. */
  truncatedBytes = 0;
  error: ProtocolError | null = null;

  private readonly limits: Readonly<Limits>;
  private phase = IN_HEADER;
  private input: Uint8Array = empty;
  private position = 0;
  private inputEnd = 0;
  /** The offset in the file of the input's byte 0. */
  private inputOffset = 0;
  /** What is read whole or not at all is at head[headAt, …): in the input or, put together, in `carry`. */
  private head: Uint8Array = empty;
  private headAt = 0;
  private readonly carry: Uint8Array = new Uint8Array(FLV_TAG_HEADER_BYTES);
  private carried = 0;
  /** Bytes of the header's extension that are still to come. */
  private extension = 0;
  private payloadLength = 0;
  /** The payload as far as it came, when it does not lie in one piece: gathered[0, filled). */
  private gathered: Uint8Array = empty;
  private filled = 0;

  constructor(options: FlvReaderOptions = {}) {
    this.limits = options.limits ?? defaultLimits;
  }

  /**
   * Lends bytes[start, end). They must stay unchanged until `poll` answers `NeedData`.
   *
   * @throws RangeError when the bytes lent before are not used up, or when the range does not lie inside.
   */
  feed(bytes: Uint8Array, start: number, end: number): void {
    this.checkUsedUp("feeding again");
    if (!(start >= 0 && start <= end && end <= bytes.length)) {
      throw new RangeError(`feed(bytes, ${start}, ${end}) does not lie inside ${bytes.length} bytes.`);
    }
    this.inputOffset += this.inputEnd - start;
    this.input = bytes;
    this.position = start;
    this.inputEnd = end;
  }

  /** Does the work up to the next event. The event's fields are those of this object, until the next `poll` or `feed`. */
  poll(): FlvEvent {
    for (;;) {
      switch (this.phase) {
        case IN_HEADER:
          if (!this.readHead(HEADER_BYTES)) return FlvEvent.NeedData;
          if (!this.readHeader()) return FlvEvent.Failed;
          break;
        case IN_HEADER_EXTENSION:
          if (!this.skipExtension()) return FlvEvent.NeedData;
          this.lastTagEnd = this.offset;
          this.phase = IN_PREVIOUS_TAG_SIZE;
          return FlvEvent.Header;
        case IN_PREVIOUS_TAG_SIZE:
          if (!this.readHead(PREVIOUS_TAG_SIZE_BYTES)) return FlvEvent.NeedData;
          if (readUint32(this.head, this.headAt) !== this.lastTagSize) this.wrongPreviousTagSizes++;
          this.phase = IN_TAG_HEADER;
          break;
        case IN_TAG_HEADER:
          if (!this.readHead(FLV_TAG_HEADER_BYTES)) return FlvEvent.NeedData;
          if (!this.readTagHeader()) return FlvEvent.Failed;
          break;
        case IN_PAYLOAD:
          if (!this.readPayload()) return FlvEvent.NeedData;
          this.lastTagEnd = this.offset;
          this.lastTagSize = FLV_TAG_HEADER_BYTES + this.payloadLength;
          this.phase = IN_PREVIOUS_TAG_SIZE;
          return FlvEvent.Tag;
        default:
          return FlvEvent.Failed;
      }
    }
  }

  /**
   * The file has no more bytes, after `poll` answered `NeedData`. What is not whole is dropped and counted in
   * `truncatedBytes`. Without a whole header the reader fails: see `error`.
   *
   * A file that is cut off becomes whole again when it is cut at `lastTagEnd`, and `writePreviousTagSize` writes
   * `lastTagSize` there; further tags may follow.
   *
   * @throws RangeError when lent bytes are unread.
   */
  finish(): void {
    this.checkUsedUp("finishing");
    switch (this.phase) {
      case IN_HEADER:
        if (this.hasSignature(this.carry, 0, this.carried)) this.failTruncatedHeader();
        break;
      case IN_HEADER_EXTENSION:
        this.failTruncatedHeader();
        break;
      case IN_PREVIOUS_TAG_SIZE:
      case IN_TAG_HEADER:
        this.truncatedBytes = this.carried;
        break;
      case IN_PAYLOAD:
        this.truncatedBytes = FLV_TAG_HEADER_BYTES + this.filled;
        break;
    }
  }

  /** Bytes read so far. */
  private get offset(): number {
    return this.inputOffset + this.position;
  }

  private checkUsedUp(what: string): void {
    if (this.position !== this.inputEnd && this.phase !== FAILED) {
      throw new RangeError(`Poll until NeedData before ${what}: lent bytes are still unread.`);
    }
  }

  /** Whether the next `length` bytes, which are read together, are there: at head[headAt, …). */
  private readHead(length: number): boolean {
    const available = this.inputEnd - this.position;
    if (this.carried === 0 && available >= length) {
      this.head = this.input;
      this.headAt = this.position;
      this.position += length;
      return true;
    }
    const taken = Math.min(length - this.carried, available);
    copyBytes(this.input, this.position, this.position + taken, this.carry, this.carried);
    this.position += taken;
    this.carried += taken;
    if (this.carried < length) return false;
    this.head = this.carry;
    this.headAt = 0;
    this.carried = 0;
    return true;
  }

  private readHeader(): boolean {
    const { head, headAt } = this;
    if (!this.hasSignature(head, headAt, HEADER_BYTES)) return false;
    const version = readUint8(head, headAt + 3);
    if (version !== VERSION) {
      return this.fail(ErrorCode.FlvVersion, `The file is of FLV version ${version}; only ${VERSION} is known.`, 3);
    }
    const flags = readUint8(head, headAt + 4);
    const dataOffset = readUint32(head, headAt + 5);
    if (dataOffset < HEADER_BYTES) {
      const text = `The FLV header says that it ends at byte ${dataOffset}, which is inside it.`;
      return this.fail(ErrorCode.FlvDataOffset, text, 5);
    }
    this.hasAudio = (flags & AUDIO_FLAG) !== 0;
    this.hasVideo = (flags & VIDEO_FLAG) !== 0;
    this.extension = dataOffset - HEADER_BYTES;
    this.phase = IN_HEADER_EXTENSION;
    return true;
  }

  /** Whether a file may begin so, as far as its first bytes are there; fails otherwise. */
  private hasSignature(bytes: Uint8Array, start: number, length: number): boolean {
    const known = Math.min(SIGNATURE.length, length);
    for (let i = 0; i < known; i++) {
      if (readUint8(bytes, start + i) !== SIGNATURE[i]) {
        return this.fail(ErrorCode.FlvSignature, 'This is no FLV file: it does not begin with "FLV".', 0);
      }
    }
    return true;
  }

  private skipExtension(): boolean {
    const skipped = Math.min(this.extension, this.inputEnd - this.position);
    this.position += skipped;
    this.extension -= skipped;
    return this.extension === 0;
  }

  private readTagHeader(): boolean {
    const { head, headAt, limits } = this;
    const first = readUint8(head, headAt);
    const length = readUint24(head, headAt + 1);
    this.tagType = first & TAG_TYPE;
    this.isEncrypted = (first & FILTER) !== 0;
    this.timestamp = (readUint8(head, headAt + 7) << 24) | readUint24(head, headAt + 4);
    this.streamId = readUint24(head, headAt + 8);
    const isData = this.tagType === MessageType.DataAmf0 || this.tagType === MessageType.DataAmf3;
    const most = isData ? limits.dataMessageLength : limits.mediaMessageLength;
    if (length > most) {
      const limit = isData ? "dataMessageLength" : "mediaMessageLength";
      const text = `A tag of type ${this.tagType} has ${length} bytes; the limit ${limit} is ${most}.`;
      const code = isData ? ErrorCode.FlvDataTagLengthLimit : ErrorCode.FlvMediaTagLengthLimit;
      return this.fail(code, text, this.offset - FLV_TAG_HEADER_BYTES);
    }
    this.payloadLength = length;
    this.filled = 0;
    this.phase = IN_PAYLOAD;
    return true;
  }

  /** Whether the payload is whole: at bytes[start, end), lent where it lies in one piece. */
  private readPayload(): boolean {
    const { position, filled, payloadLength } = this;
    const taken = Math.min(payloadLength - filled, this.inputEnd - position);
    this.position += taken;
    if (taken === payloadLength) {
      this.bytes = this.input;
      this.start = position;
      this.end = this.position;
      return true;
    }
    this.makeRoom(filled + taken);
    copyBytes(this.input, position, position + taken, this.gathered, filled);
    this.filled = filled + taken;
    if (this.filled < payloadLength) return false;
    this.bytes = this.gathered;
    this.start = 0;
    this.end = payloadLength;
    return true;
  }

  /** Makes `gathered` large enough. Its content up to `filled` stays. */
  private makeRoom(needed: number): void {
    if (needed <= this.gathered.length) return;
    const larger = new Uint8Array(Math.min(this.payloadLength, Math.max(FIRST_MEMORY, needed * GROWTH)));
    copyBytes(this.gathered, 0, this.filled, larger, 0);
    this.gathered = larger;
  }

  private failTruncatedHeader(): void {
    this.fail(ErrorCode.FlvHeaderTruncated, "The file ends within the FLV header.", this.offset);
  }

  private fail(code: ErrorCode, message: string, offset: number): false {
    this.error = new ProtocolError(code, message, offset);
    this.phase = FAILED;
    return false;
  }
}
