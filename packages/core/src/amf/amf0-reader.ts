import { readUint8, readUint16, readUint32, readUtf8 } from "../bytes/index.ts";
import { ErrorCode, ProtocolError } from "../errors.ts";
import { defaultLimits, type Limits } from "../limits.ts";
import { Amf0Marker } from "./amf0-marker.ts";
import { Amf3Marker } from "./amf3-marker.ts";
import { Amf3Reader, type Amf3ReaderOptions } from "./amf3-reader.ts";
import { checkDepth } from "./depth.ts";
import { isAsciiText, readPropertyName } from "./property-name.ts";
import { AmfDate, AmfDouble, AmfEcmaArray, AmfObject, type AmfValue, AmfXml, amfUnsupported } from "./values.ts";

/** In place of a length or a marker when there is an error. */
const FAILED = -1;

/**
 * Reads the AMF0 values of one message, one after the other.
 *
 * ```ts
 * reader.reset(payload, start, end);
 * const name = reader.readString();
 * const transaction = reader.readNumber();
 * while (!reader.atEnd && reader.error === null) values.push(reader.read());
 * ```
 *
 * What a peer did wrong is in {@link error}; from then on every call returns undefined, null or false and moves nothing
 * until {@link reset}. What is liberal: malformed UTF-8 becomes U+FFFD, an ECMA array may lack its end where the message
 * ends, its count is not believed, and of properties with one name the last counts.
 */
export class Amf0Reader {
  /** Where in the lent bytes the next value begins. Moved by the reading calls only. */
  position = 0;
  /** The first error since {@link reset}. Its offset counts from the start of the span. */
  error: ProtocolError | null = null;

  private readonly depthLimit: number;
  private readonly valueLimit: number;
  private readonly stringLimit: number;
  private readonly limits: Pick<Limits, "amfDepth" | "amfValues" | "amfStringBytes">;
  private readonly amf3Options: Amf3ReaderOptions;
  /** From the first value in AMF3 on: with one set of reference tables for all those of a message (AMF3 4.1). */
  private amf3: Amf3Reader | null = null;
  private bytes: Uint8Array = new Uint8Array(0);
  private start = 0;
  private end = 0;
  private valuesLeft = 0;
  /** What a reference may point to (AMF0 2.9), in the order of their first bytes; null for what was skipped. */
  private complex: (AmfObject | AmfEcmaArray | AmfValue[] | null)[] = [];
  /**
   * Over all of the memory that `bytes` is a part of, and made anew only when that changes. Measured in V8: 5 ns a number,
   * 11 to 17 ns by way of a Float64Array that shares its memory with a Uint8Array or Int32Array.
   */
  private view: DataView = new DataView(this.bytes.buffer);
  private viewOffset = 0;

  /**
   * @param depth how deep values may lie in values, 1 to 512, when it shall not be `limits.amfDepth`.
   * @param amf3 how values in AMF3 are read, to which the marker 0x11 switches (AMF0 3.1).
   * @throws RangeError when the depth is something else.
   */
  constructor(
    limits: Pick<Limits, "amfDepth" | "amfValues" | "amfStringBytes"> = defaultLimits,
    depth: number = limits.amfDepth,
    amf3: Amf3ReaderOptions = {},
  ) {
    checkDepth(depth);
    this.limits = limits;
    this.amf3Options = amf3;
    this.depthLimit = depth;
    this.valueLimit = limits.amfValues;
    this.stringLimit = limits.amfStringBytes;
  }

  /**
   * Lends the payload of a message. Nothing is copied now; what was read stands on its own, so the caller may reuse the
   * bytes after the last call that reads. The reader keeps hold of them, and of the last objects, until the next `reset`.
   *
   * @throws RangeError when the span does not lie inside.
   */
  reset(bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    if (!(start >= 0 && start <= end && end <= bytes.length)) {
      throw new RangeError(`reset(bytes, ${start}, ${end}) does not lie inside ${bytes.length} bytes.`);
    }
    if (bytes.buffer !== this.view.buffer) this.view = new DataView(bytes.buffer);
    this.viewOffset = bytes.byteOffset;
    this.bytes = bytes;
    this.start = start;
    this.position = start;
    this.end = end;
    this.error = null;
    this.valuesLeft = this.valueLimit;
    if (this.complex.length > 0) this.complex = [];
    if (this.amf3 !== null) this.amf3 = null;
  }

  /** Whether all bytes were read. */
  get atEnd(): boolean {
    return this.position >= this.end;
  }

  /**
   * The next value. Undefined is a value too: look at {@link error} to tell. To read at the end is the error
   * `AmfTruncated`.
   */
  read(): AmfValue {
    return this.error === null ? this.readValue(0) : undefined;
  }

  /** The next value if it is a string, else null: then nothing was read, and it is no error unless {@link error} says so. */
  readString(): string | null {
    const marker = this.peekMarker();
    const isString = marker === Amf0Marker.String || marker === Amf0Marker.LongString;
    if (!isString && !this.isAmf3(marker, Amf3Marker.String, Amf3Marker.String)) return null;
    const value = this.readValue(0);
    return typeof value === "string" ? value : null;
  }

  /** The next value if it is a number, else null: then nothing was read, and it is no error unless {@link error} says so. */
  readNumber(): number | null {
    const marker = this.peekMarker();
    if (marker !== Amf0Marker.Number && !this.isAmf3(marker, Amf3Marker.Integer, Amf3Marker.Double)) return null;
    const value = this.readValue(0);
    if (value instanceof AmfDouble) return value.value;
    return typeof value === "number" ? value : null;
  }

  /**
   * Whether the next value is a string (of the short form, AMF0 2.4) with this text, which must be ASCII. Reads nothing and
   * allocates nothing.
   */
  matchesString(text: string): boolean {
    if (this.peekMarker() !== Amf0Marker.String || this.end - this.position < 3 + text.length) return false;
    const length = readUint16(this.bytes, this.position + 1);
    return isAsciiText(this.bytes, this.position + 3, length, text);
  }

  /**
   * Steps over the next value without building it, by the same rules and limits as {@link read}. A later reference to it,
   * or into it, is the error `AmfBadReference`. A value in AMF3 is built all the same: others may refer into it.
   *
   * @returns false when there is an error.
   */
  skip(): boolean {
    return this.error === null && this.skipValue(0);
  }

  private readValue(depth: number): AmfValue {
    const marker = this.takeMarker();
    switch (marker) {
      case FAILED:
        return undefined;
      case Amf0Marker.Number:
        return this.takeDouble();
      case Amf0Marker.Boolean:
        return this.has(1) ? readUint8(this.bytes, this.position++) !== 0 : undefined;
      case Amf0Marker.String:
        return this.takeText(this.takeShortLength());
      case Amf0Marker.LongString:
        return this.takeText(this.takeLongLength());
      case Amf0Marker.Null:
        return null;
      case Amf0Marker.Undefined:
        return undefined;
      case Amf0Marker.Object:
        return this.readProperties(new AmfObject(), depth, false);
      case Amf0Marker.TypedObject: {
        const className = this.takeText(this.takeShortLength());
        return className === undefined
          ? undefined
          : this.readProperties(new AmfObject(new Map(), className), depth, false);
      }
      case Amf0Marker.EcmaArray:
        if (!this.has(4)) return undefined;
        this.position += 4; // the count: OBS always writes 20, nginx-rtmp 0
        return this.readProperties(new AmfEcmaArray(), depth, true);
      case Amf0Marker.StrictArray:
        return this.readStrictArray(depth);
      case Amf0Marker.Date: {
        if (!this.has(10)) return undefined;
        const milliseconds = this.view.getFloat64(this.viewOffset + this.position);
        const timeZone = this.view.getInt16(this.viewOffset + this.position + 8);
        this.position += 10;
        return new AmfDate(milliseconds, timeZone);
      }
      case Amf0Marker.XmlDocument: {
        const text = this.takeText(this.takeLongLength());
        return text === undefined ? undefined : new AmfXml(text);
      }
      case Amf0Marker.Unsupported:
        return amfUnsupported;
      case Amf0Marker.Reference: {
        const index = this.takeReference();
        if (index === FAILED) return undefined;
        const value = this.complex[index] ?? null;
        if (value === null) this.fail(ErrorCode.AmfBadReference, `Reference ${index} points to a skipped value.`, -3);
        return value ?? undefined;
      }
      case Amf0Marker.SwitchToAmf3:
        return this.readAmf3(depth);
      default:
        return this.failMarker(marker);
    }
  }

  /** Reads the properties of `holder`, up to their end, into it (AMF0 2.5). */
  private readProperties<T extends AmfObject | AmfEcmaArray>(
    holder: T,
    depth: number,
    isEcmaArray: boolean,
  ): T | undefined {
    if (!this.enter(holder, depth)) return undefined;
    for (;;) {
      if (isEcmaArray && this.position === this.end) return holder; // some writers leave the end out here
      const length = this.takeShortLength();
      if (length === FAILED) return undefined;
      if (length === 0 && this.takeObjectEnd()) return holder;
      const name = readPropertyName(this.bytes, this.position, this.position + length);
      this.position += length;
      const value = this.readValue(depth + 1);
      if (this.error !== null) return undefined;
      holder.properties.set(name, value);
    }
  }

  private readStrictArray(depth: number): AmfValue[] | undefined {
    const array: AmfValue[] = [];
    const count = this.takeArrayCount();
    if (count === FAILED || !this.enter(array, depth)) return undefined;
    for (let i = 0; i < count; i++) {
      const value = this.readValue(depth + 1);
      if (this.error !== null) return undefined;
      array.push(value);
    }
    return array;
  }

  /** Reads the one value that is in AMF3. */
  private readAmf3(depth: number): AmfValue {
    if (this.amf3 === null) {
      this.amf3 = new Amf3Reader(this.limits, this.depthLimit, this.amf3Options);
      this.amf3.reset(this.bytes, this.start, this.end);
    }
    // The value was counted when its marker was taken, and is counted there.
    const value = this.amf3.readWithin(this.position, depth, this.valuesLeft + 1);
    this.position = this.amf3.position;
    this.valuesLeft = this.amf3.valuesLeft;
    this.error = this.amf3.error;
    return value;
  }

  /** Goes the way of {@link readValue}, with the same errors; false when there is one. */
  private skipValue(depth: number): boolean {
    const marker = this.takeMarker();
    switch (marker) {
      case FAILED:
        return false;
      case Amf0Marker.Null:
      case Amf0Marker.Undefined:
      case Amf0Marker.Unsupported:
        return true;
      case Amf0Marker.Number:
        return this.step(8);
      case Amf0Marker.Boolean:
        return this.step(1);
      case Amf0Marker.String:
        return this.step(this.takeShortLength());
      case Amf0Marker.LongString:
      case Amf0Marker.XmlDocument:
        return this.step(this.takeLongLength());
      case Amf0Marker.Date:
        return this.step(10);
      case Amf0Marker.Reference:
        return this.takeReference() !== FAILED;
      case Amf0Marker.Object:
        return this.skipProperties(depth, false);
      case Amf0Marker.TypedObject:
        return this.step(this.takeShortLength()) && this.skipProperties(depth, false);
      case Amf0Marker.EcmaArray:
        return this.step(4) && this.skipProperties(depth, true);
      case Amf0Marker.StrictArray:
        return this.skipStrictArray(depth);
      case Amf0Marker.SwitchToAmf3:
        this.readAmf3(depth);
        return this.error === null;
      default:
        this.failMarker(marker);
        return false;
    }
  }

  private skipProperties(depth: number, isEcmaArray: boolean): boolean {
    if (!this.enter(null, depth)) return false;
    for (;;) {
      if (isEcmaArray && this.position === this.end) return true;
      const length = this.takeShortLength();
      if (length === 0 && this.takeObjectEnd()) return true;
      if (!this.step(length) || !this.skipValue(depth + 1)) return false;
    }
  }

  private skipStrictArray(depth: number): boolean {
    const count = this.takeArrayCount();
    if (count === FAILED || !this.enter(null, depth)) return false;
    for (let i = 0; i < count; i++) {
      if (!this.skipValue(depth + 1)) return false;
    }
    return true;
  }

  /** The marker of the next value, which is not taken yet; FAILED when there is none. */
  private peekMarker(): number {
    return this.error === null && this.position < this.end ? readUint8(this.bytes, this.position) : FAILED;
  }

  /** Whether the marker switches to AMF3, and the one behind it is one of these two. */
  private isAmf3(marker: number, first: Amf3Marker, second: Amf3Marker): boolean {
    if (marker !== Amf0Marker.SwitchToAmf3 || this.end - this.position < 2) return false;
    const next = readUint8(this.bytes, this.position + 1);
    return next === first || next === second;
  }

  private takeMarker(): number {
    if (!this.has(1)) return FAILED;
    if (this.valuesLeft === 0) {
      return this.fail(ErrorCode.AmfValueLimit, `More than ${this.valueLimit} values in one message.`);
    }
    this.valuesLeft--;
    return readUint8(this.bytes, this.position++);
  }

  private takeDouble(): number | undefined {
    if (!this.has(8)) return undefined;
    const value = this.view.getFloat64(this.viewOffset + this.position);
    this.position += 8;
    return value;
  }

  /** The length of a string whose bytes come next and are all there, or FAILED. */
  private takeShortLength(): number {
    if (!this.has(2)) return FAILED;
    const length = readUint16(this.bytes, this.position);
    this.position += 2;
    return this.checkLength(length);
  }

  private takeLongLength(): number {
    if (!this.has(4)) return FAILED;
    const length = readUint32(this.bytes, this.position);
    this.position += 4;
    return this.checkLength(length);
  }

  private checkLength(length: number): number {
    if (!this.has(length)) return FAILED;
    if (length <= this.stringLimit) return length;
    return this.fail(ErrorCode.AmfStringLimit, `A string of ${length} bytes; ${this.stringLimit} are allowed.`);
  }

  private takeText(length: number): string | undefined {
    if (length === FAILED) return undefined;
    const start = this.position;
    this.position += length;
    return readUtf8(this.bytes, start, this.position);
  }

  private takeArrayCount(): number {
    if (!this.has(4)) return FAILED;
    const count = readUint32(this.bytes, this.position);
    this.position += 4;
    const left = this.end - this.position;
    if (count <= left) return count; // each value is a byte at least
    return this.fail(ErrorCode.AmfCountBeyondInput, `An array of ${count} values where ${left} bytes are left.`, -4);
  }

  private takeReference(): number {
    if (!this.has(2)) return FAILED;
    const index = readUint16(this.bytes, this.position);
    this.position += 2;
    if (index < this.complex.length) return index;
    const text = `Reference ${index} where ${this.complex.length} objects and arrays came before.`;
    return this.fail(ErrorCode.AmfBadReference, text, -3);
  }

  /** Whether the marker that ends properties stands here; it is taken. After an empty name any other is a value. */
  private takeObjectEnd(): boolean {
    if (this.peekMarker() !== Amf0Marker.ObjectEnd) return false;
    this.position++;
    return true;
  }

  /** Gives an object or array its place among those that can be referred to: before its content, which may refer to it. */
  private enter(value: AmfObject | AmfEcmaArray | AmfValue[] | null, depth: number): boolean {
    if (depth >= this.depthLimit) {
      this.fail(ErrorCode.AmfDepthLimit, `Objects or arrays within each other more than ${this.depthLimit} deep.`);
      return false;
    }
    this.complex.push(value);
    return true;
  }

  private step(length: number): boolean {
    if (length === FAILED || !this.has(length)) return false;
    this.position += length;
    return true;
  }

  private has(count: number): boolean {
    const left = this.end - this.position;
    if (count <= left) return true;
    this.fail(ErrorCode.AmfTruncated, `The message ends inside a value: ${count} bytes needed, ${left} left.`);
    return false;
  }

  private failMarker(marker: number): undefined {
    const text = `Marker 0x${marker.toString(16).padStart(2, "0")} begins no AMF0 value.`;
    this.fail(ErrorCode.AmfUnknownMarker, text, -1);
  }

  /** `back`: where the error lies, seen from the position: 0 or negative. */
  private fail(code: ErrorCode, text: string, back = 0): typeof FAILED {
    this.error = new ProtocolError(code, text, this.position - this.start + back);
    return FAILED;
  }
}
