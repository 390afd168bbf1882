import { utf8Length, writeUint16, writeUint32, writeUtf8 } from "../bytes/index.ts";
import { defaultLimits } from "../limits.ts";
import { Amf0Marker } from "./amf0-marker.ts";
import { Amf3Writer } from "./amf3-writer.ts";
import { type AmfExternalClasses, flexClasses } from "./external-class.ts";
import {
  AmfDate,
  AmfDouble,
  AmfEcmaArray,
  AmfObject,
  type AmfProperties,
  type AmfValue,
  AmfXml,
  amfUnsupported,
} from "./values.ts";

/** The most that a 16-bit length or index holds. */
const MOST_16 = 0xffff;

/**
 * Writes AMF0 values, one after the other, into the caller's memory.
 *
 * ```ts
 * writer.reset(memory);
 * writer.writeString("_result");
 * writer.writeNumber(transaction);
 * writer.write(AmfObject.of({ level: "status" }));
 * if (writer.overflow) // take larger memory and begin again
 * ```
 *
 * An object or array that came before in the same message is written as a reference, so shared values stay shared and
 * cycles end. NaN is always 7FF8000000000000.
 */
export class Amf0Writer {
  /** Where the next value goes. Moved by the writing calls only. */
  position = 0;
  /**
   * The memory was too small: what stands in it is no message, and every call does nothing until {@link reset}. Nothing
   * was written behind the end.
   */
  overflow = false;

  private readonly depthLimit: number;
  private readonly classes: AmfExternalClasses;
  /** From the first value in AMF3 on: its reference tables count through a message. */
  private amf3: Amf3Writer | null = null;
  private into: Uint8Array = new Uint8Array(0);
  private end = 0;
  /** The index of each object and array of this message, for references (AMF0 2.9). */
  private readonly indexes = new Map<AmfProperties | AmfValue[], number>();
  /** Over all of the memory that `into` is a part of; five times as fast as a Float64Array beside a Uint8Array. */
  private view: DataView = new DataView(this.into.buffer);
  private viewOffset = 0;

  /**
   * @param depth how deep values may lie in values. More than the reader of the peer takes is of no use.
   * @param classes the externalizable classes that can be written, in AMF3.
   */
  constructor(depth: number = defaultLimits.amfDepth, classes: AmfExternalClasses = flexClasses) {
    this.depthLimit = depth;
    this.classes = classes;
  }

  /**
   * Begins a message in the memory from `start` to before `end`. The writer keeps hold of the memory, and of the objects
   * that it wrote, until the next `reset`.
   *
   * @throws RangeError when the span does not lie inside.
   */
  reset(into: Uint8Array, start = 0, end: number = into.length): void {
    if (!(start >= 0 && start <= end && end <= into.length)) {
      throw new RangeError(`reset(into, ${start}, ${end}) does not lie inside ${into.length} bytes.`);
    }
    if (into.buffer !== this.view.buffer) this.view = new DataView(into.buffer);
    this.viewOffset = into.byteOffset;
    this.into = into;
    this.position = start;
    this.end = end;
    this.overflow = false;
    if (this.indexes.size > 0) this.indexes.clear();
    if (this.amf3 !== null) this.amf3 = null;
  }

  /**
   * One value of any type. What AMF0 has no form for is written in AMF3, as by {@link writeAmf3}.
   *
   * @throws RangeError when it is nested too deep, or when a name in it is longer than 65,535 bytes.
   * @throws TypeError when it, or a part of it, is no {@link AmfValue}. After both only {@link reset} goes on.
   */
  write(value: AmfValue): void {
    this.writeValue(value, 0);
  }

  /**
   * One value in AMF3, behind the marker that switches to it (AMF0 3.1). Within it what comes again is a reference; what
   * came before it in the message is written anew.
   *
   * @throws RangeError and TypeError as `Amf3Writer.write`.
   */
  writeAmf3(value: AmfValue): void {
    this.writeSwitched(value, 0);
  }

  writeNumber(value: number): void {
    if (!this.has(9)) return;
    this.into[this.position] = Amf0Marker.Number;
    this.position++;
    this.putDouble(value);
  }

  writeBoolean(value: boolean): void {
    if (!this.has(2)) return;
    this.into[this.position] = Amf0Marker.Boolean;
    this.into[this.position + 1] = value ? 1 : 0;
    this.position += 2;
  }

  /** As a string, or a long string when it is longer than 65,535 bytes. */
  writeString(text: string): void {
    // A unit is three bytes at most: a short text needs no counting to be known as short.
    const length = text.length * 3 <= MOST_16 ? 0 : utf8Length(text);
    if (length > MOST_16) {
      this.writeLongText(Amf0Marker.LongString, text, length);
    } else {
      this.writeMarker(Amf0Marker.String);
      this.putShortText(text);
    }
  }

  writeNull(): void {
    this.writeMarker(Amf0Marker.Null);
  }

  writeUndefined(): void {
    this.writeMarker(Amf0Marker.Undefined);
  }

  private writeValue(value: AmfValue, depth: number): void {
    if (typeof value === "string") this.writeString(value);
    else if (typeof value === "number") this.writeNumber(value);
    else if (typeof value === "boolean") this.writeBoolean(value);
    else if (value === null) this.writeNull();
    else if (value === undefined) this.writeUndefined();
    else if (value instanceof AmfObject || value instanceof AmfEcmaArray) this.writeComplex(value, depth);
    else if (Array.isArray(value)) this.writeComplex(value, depth);
    else if (value instanceof AmfDate) this.writeDate(value);
    else if (value instanceof AmfXml && value.isDocument) {
      this.writeLongText(Amf0Marker.XmlDocument, value.text, utf8Length(value.text));
    } else if (value === amfUnsupported) this.writeMarker(Amf0Marker.Unsupported);
    else if (value instanceof AmfDouble) this.writeNumber(value.value);
    else this.writeSwitched(value, depth);
  }

  private writeSwitched(value: AmfValue, depth: number): void {
    this.writeMarker(Amf0Marker.SwitchToAmf3);
    if (this.overflow) return;
    if (this.amf3 === null) {
      this.amf3 = new Amf3Writer(this.depthLimit, this.classes);
      this.amf3.reset(this.into, this.position, this.end);
    }
    this.amf3.writeWithin(this.position, depth, value);
    this.position = this.amf3.position;
    if (this.amf3.overflow) this.setOverflow();
  }

  private writeComplex(value: AmfProperties | AmfValue[], depth: number): void {
    const index = this.indexes.get(value);
    if (index !== undefined) {
      if (!this.has(3)) return;
      this.into[this.position] = Amf0Marker.Reference;
      writeUint16(this.into, this.position + 1, index);
      this.position += 3;
      return;
    }
    if (depth >= this.depthLimit) {
      throw new RangeError(
        `The value is nested more than ${this.depthLimit} deep: flatten it, or give Amf0Writer a greater depth.`,
      );
    }
    // What finds no index any more is written again where it comes again.
    if (this.indexes.size <= MOST_16) this.indexes.set(value, this.indexes.size);
    if (Array.isArray(value)) {
      this.writeMarker(Amf0Marker.StrictArray);
      this.putUint32(value.length);
      for (let i = 0; i < value.length && !this.overflow; i++) this.writeValue(value[i], depth + 1);
      return;
    }
    let { properties } = value;
    if (value instanceof AmfEcmaArray) {
      if (value.dense.length > 0) properties = withDense(value);
      this.writeMarker(Amf0Marker.EcmaArray);
      this.putUint32(properties.size);
    } else if (value instanceof AmfObject && value.className !== null) {
      this.writeMarker(Amf0Marker.TypedObject);
      this.putName(value.className);
    } else {
      this.writeMarker(Amf0Marker.Object);
    }
    for (const [name, property] of properties) {
      if (this.overflow) return;
      this.putName(name);
      this.writeValue(property, depth + 1);
    }
    if (!this.has(3)) return;
    writeUint16(this.into, this.position, 0); // an empty name
    this.into[this.position + 2] = Amf0Marker.ObjectEnd;
    this.position += 3;
  }

  private writeDate(date: AmfDate): void {
    if (!this.has(11)) return;
    this.into[this.position] = Amf0Marker.Date;
    this.position++;
    this.putDouble(date.milliseconds);
    writeUint16(this.into, this.position, date.timeZone);
    this.position += 2;
  }

  private writeLongText(marker: Amf0Marker, text: string, length: number): void {
    if (!this.has(5 + length)) return;
    this.into[this.position] = marker;
    writeUint32(this.into, this.position + 1, length);
    writeUtf8(text, this.into, this.position + 5);
    this.position += 5 + length;
  }

  private writeMarker(marker: Amf0Marker): void {
    if (!this.has(1)) return;
    this.into[this.position] = marker;
    this.position++;
  }

  private putName(name: string): void {
    if (name.length * 3 > MOST_16 && utf8Length(name) > MOST_16) {
      throw new RangeError("A name of a property or class may have at most 65,535 bytes: shorten it.");
    }
    this.putShortText(name);
  }

  private putShortText(text: string): void {
    const at = this.position + 2;
    // With room for three bytes a unit the text need not be counted before it is written.
    if (at + text.length * 3 > this.end && !this.has(2 + utf8Length(text))) return;
    const length = writeUtf8(text, this.into, at);
    writeUint16(this.into, this.position, length);
    this.position = at + length;
  }

  private putUint32(value: number): void {
    if (!this.has(4)) return;
    writeUint32(this.into, this.position, value);
    this.position += 4;
  }

  /** There is room: checked by the caller. */
  private putDouble(value: number): void {
    // The language leaves the bits of a NaN open.
    if (Number.isNaN(value)) {
      writeUint32(this.into, this.position, 0x7ff80000);
      writeUint32(this.into, this.position + 4, 0);
    } else {
      this.view.setFloat64(this.viewOffset + this.position, value);
    }
    this.position += 8;
  }

  private has(count: number): boolean {
    if (count <= this.end - this.position) return true;
    this.setOverflow();
    return false;
  }

  private setOverflow(): void {
    this.overflow = true;
    this.end = this.position; // so that nothing shorter fits after it
  }
}

/** All that an array holds, by names. No name is written twice: where an element has that of a place, it counts. */
function withDense({ dense, properties }: AmfEcmaArray): Map<string, AmfValue> {
  const all = new Map<string, AmfValue>();
  for (let i = 0; i < dense.length; i++) all.set(String(i), dense[i]);
  for (const [name, value] of properties) all.set(name, value);
  return all;
}
