import { Amf0Reader, Amf3Reader, type AmfValue } from "../amf/index.ts";
import { readUint8, readUint16, readUint32, readUtf8, utf8Length } from "../bytes/index.ts";
import { ErrorCode, ProtocolError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { type SharedObjectEvent, SharedObjectEventType, type SharedObjectMessage } from "./event.ts";
import { encodeValues, mostWritten } from "./value.ts";

/** In the first byte of a message of the AMF3 kind: the encoding of its values. */
const ENCODING_AMF0 = 0;
const ENCODING_AMF3 = 3;
const FLAG_PERSISTENT = 2;
/** Version, flags, and four bytes that are always 0. */
const HEAD_BYTES = 12;
const EVENT_HEAD_BYTES = 5;
const MOST_NAME_BYTES = 65_535;

/**
 * Reads a shared object message (RTMP 7.1.3). Types of events that nobody knows are passed over.
 *
 * @param isAmf3Kind - whether its type is 16, whose first byte says in which encoding the values are, and not 19
 * @returns the message, which owns its bytes; or what is wrong with it, whose offset counts from `start`.
 */
export function readSharedObjectMessage(
  bytes: Uint8Array,
  start: number,
  end: number,
  isAmf3Kind: boolean,
  limits: Readonly<Limits>,
): SharedObjectMessage | ProtocolError {
  const reader = new Reader(bytes, start, end, limits);
  return reader.message(isAmf3Kind) ?? reader.failure;
}

/** A cursor over one message. What a method reads is null once there is a {@link failure}. */
class Reader {
  failure: ProtocolError = new ProtocolError(ErrorCode.SharedObjectTruncated, "", 0);
  private readonly bytes: Uint8Array;
  private readonly start: number;
  private readonly limits: Readonly<Limits>;
  private values: Amf0Reader | Amf3Reader;
  private position: number;
  /** Of the message, or of the event that is being read. */
  private end: number;
  /** What all values may still take in AMF0: AMF3 may say in a few bytes what takes many there. */
  private room: number;

  constructor(bytes: Uint8Array, start: number, end: number, limits: Readonly<Limits>) {
    this.bytes = bytes;
    this.start = start;
    this.position = start;
    this.end = end;
    this.limits = limits;
    this.room = mostWritten(end - start) + limits.dataMessageLength;
    this.values = new Amf0Reader(limits);
  }

  message(isAmf3Kind: boolean): SharedObjectMessage | null {
    if (isAmf3Kind && !this.takeEncoding()) return null;
    const name = this.takeName();
    if (name === null || !this.has(HEAD_BYTES)) return null;
    const version = readUint32(this.bytes, this.position);
    const isPersistent = (readUint32(this.bytes, this.position + 4) & FLAG_PERSISTENT) !== 0;
    this.position += HEAD_BYTES;
    const events: SharedObjectEvent[] = [];
    const { end } = this;
    for (let count = 1; this.position < end; count++) {
      if (count > this.limits.sharedObjectEvents) {
        const text = `More than ${this.limits.sharedObjectEvents} events in one message.`;
        return this.fail(ErrorCode.SharedObjectEventLimit, text);
      }
      if (!this.has(EVENT_HEAD_BYTES)) return null;
      const type = readUint8(this.bytes, this.position);
      const length = readUint32(this.bytes, this.position + 1);
      this.position += EVENT_HEAD_BYTES;
      if (!this.has(length)) return null;
      this.end = this.position + length;
      if (!this.takeEvent(type, events)) return null;
      this.position = this.end;
      this.end = end;
    }
    return { name, version, isPersistent, events };
  }

  private takeEncoding(): boolean {
    if (!this.has(1)) return false;
    const encoding = readUint8(this.bytes, this.position++);
    if (encoding === ENCODING_AMF0) return true;
    if (encoding === ENCODING_AMF3) {
      this.values = new Amf3Reader(this.limits);
      return true;
    }
    this.fail(ErrorCode.SharedObjectEncoding, `Shared objects have no encoding ${encoding}.`, -1);
    return false;
  }

  /** The data of one event, up to `end`. @returns whether it is what its type says. */
  private takeEvent(type: number, events: SharedObjectEvent[]): boolean {
    switch (type) {
      case SharedObjectEventType.Use:
      case SharedObjectEventType.Release:
      case SharedObjectEventType.Clear:
        events.push({ type });
        return true;
      case SharedObjectEventType.UseSuccess:
        events.push({ type });
        // crtmpserver puts the content in here.
        return this.position === this.end || this.takeProperties(SharedObjectEventType.Change, events);
      case SharedObjectEventType.RequestChange:
      case SharedObjectEventType.Change:
        return this.takeProperties(type, events);
      case SharedObjectEventType.Success:
      case SharedObjectEventType.Remove:
      case SharedObjectEventType.RequestRemove:
        return this.takeNames(type, events);
      case SharedObjectEventType.SendMessage:
        return this.takeCall(events);
      case SharedObjectEventType.Status:
        return this.takeStatus(events);
      default:
        return true;
    }
  }

  /** Names and values in turn: usually one pair. */
  private takeProperties(type: 3 | 4, events: SharedObjectEvent[]): boolean {
    do {
      const name = this.takeName();
      const value = name === null ? null : this.takeValues(1);
      if (name === null || value === null) return false;
      events.push({ type, name, value });
      if (!this.allows(events)) return false;
    } while (this.position < this.end);
    return true;
  }

  private takeNames(type: 5 | 9 | 10, events: SharedObjectEvent[]): boolean {
    do {
      const name = this.takeName();
      if (name === null) return false;
      events.push({ type, name });
      if (!this.allows(events)) return false;
    } while (this.position < this.end);
    return true;
  }

  /** An event that says several things counts as several. */
  private allows(events: readonly SharedObjectEvent[]): boolean {
    if (events.length <= this.limits.sharedObjectEvents) return true;
    const text = `More than ${this.limits.sharedObjectEvents} events in one message.`;
    this.fail(ErrorCode.SharedObjectEventLimit, text);
    return false;
  }

  private takeCall(events: SharedObjectEvent[]): boolean {
    const at = this.position;
    this.values.reset(this.bytes, at, this.end);
    const handler = this.values.read();
    if (this.values.error !== null) return this.failValue(this.values.error, at);
    if (typeof handler !== "string") {
      this.fail(ErrorCode.SharedObjectEventMalformed, "A message to all clients begins with its handler, a string.");
      return false;
    }
    if (!this.isShort(handler)) return false;
    this.position = this.values.position;
    // The values go on in the same run: they may refer to each other.
    const values = this.takeValues(Number.POSITIVE_INFINITY, at);
    if (values === null) return false;
    events.push({ type: SharedObjectEventType.SendMessage, handler, values });
    return true;
  }

  private takeStatus(events: SharedObjectEvent[]): boolean {
    const code = this.takeName();
    const level = code === null ? null : this.takeName();
    if (code === null || level === null) return false;
    events.push({ type: SharedObjectEventType.Status, code, level });
    return true;
  }

  /**
   * Values up to `count`, or to the end of the event, as AMF0.
   *
   * @param run - where the reader was set to begin, when it is on its way already. Otherwise a value may refer to nothing
   * before it: each is kept by itself.
   */
  private takeValues(count: number, run = -1): Uint8Array | null {
    const { values, position } = this;
    const from = run === -1 ? position : run;
    if (run === -1) values.reset(this.bytes, position, this.end);
    const read: AmfValue[] = [];
    do {
      if (run !== -1 && values.atEnd) break;
      read.push(values.read());
    } while (values.error === null && read.length < count && !values.atEnd);
    if (values.error !== null) {
      this.failValue(values.error, from);
      return null;
    }
    const encoded = this.encode(read);
    if (encoded !== null) this.position = values.position;
    return encoded;
  }

  private encode(values: readonly AmfValue[]): Uint8Array | null {
    try {
      const encoded = encodeValues(values, this.room, this.limits.amfDepth);
      this.room -= encoded?.length ?? 0;
      return encoded ?? this.fail(ErrorCode.SharedObjectBytesLimit, "The values are too long in AMF0.");
    } catch {
      // A name of 65,535 malformed bytes was read as as many U+FFFD, which do not fit a name.
      return this.fail(ErrorCode.SharedObjectEventMalformed, "AMF0 has no form for a value.");
    }
  }

  /** A string without a marker: its length in 16 bits, and UTF-8. */
  private takeName(): string | null {
    if (!this.has(2)) return null;
    const length = readUint16(this.bytes, this.position);
    this.position += 2;
    if (!this.has(length)) return null;
    const name = readUtf8(this.bytes, this.position, this.position + length);
    if (!this.isShort(name)) return null;
    this.position += length;
    return name;
  }

  /** Malformed UTF-8 grows when it is written again: that must fit as well. */
  private isShort(name: string): boolean {
    const { nameLength } = this.limits;
    if (name.length <= nameLength && utf8Length(name) <= MOST_NAME_BYTES) return true;
    this.fail(ErrorCode.SharedObjectNameLimit, `A name of ${name.length} characters; ${nameLength} are allowed.`);
    return false;
  }

  private has(count: number): boolean {
    const left = this.end - this.position;
    if (count <= left) return true;
    this.fail(ErrorCode.SharedObjectTruncated, `The message ends too early: ${count} bytes needed, ${left} left.`);
    return false;
  }

  /** An error of a reader that was set to begin at `from`. */
  private failValue(error: ProtocolError, from: number): false {
    this.failure = new ProtocolError(error.code, error.message, from - this.start + error.offset);
    return false;
  }

  private fail(code: ErrorCode, text: string, back = 0): null {
    this.failure = new ProtocolError(code, text, this.position - this.start + back);
    return null;
  }
}
