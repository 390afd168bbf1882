import { utf8Length, writeUint16, writeUint32, writeUtf8 } from "../bytes/index.ts";
import { defaultLimits } from "../limits.ts";
import { Amf3Marker } from "./amf3-marker.ts";
import { type AmfExternalClasses, flexClasses } from "./external-class.ts";
import {
  AmfDate,
  AmfDictionary,
  AmfDouble,
  AmfEcmaArray,
  AmfExternal,
  AmfNumberVector,
  AmfObject,
  AmfObjectVector,
  type AmfTraits,
  type AmfValue,
  AmfXml,
  amfUnsupported,
  isAmf3Integer,
} from "./values.ts";

/** The greatest length, count or reference beside the bit that tells them apart. */
const MOST_28 = 0x0fffffff;

type Referable = Exclude<AmfValue, number | string | boolean | null | undefined | symbol | AmfDouble>;

/**
 * Writes AMF3 values, one after the other, into the caller's memory, with one set of reference tables (AMF3 4.1). RTMP has
 * AMF3 only behind the marker 0x11 in AMF0, which `Amf0Writer` writes; this is for values that stand alone.
 *
 * Strings, traits, and all that a value refers to more than once are written as references when they come again, so
 * shared values stay shared and cycles end. NaN is always 7FF8000000000000.
 */
export class Amf3Writer {
  /** Where the next value goes. Moved by the writing calls only. */
  position = 0;
  /**
   * The memory was too small: what stands in it is no message, and every call does nothing until {@link reset}. Nothing
   * was written behind the end.
   */
  overflow = false;

  private readonly depthLimit: number;
  private readonly classes: AmfExternalClasses;
  private into: Uint8Array = new Uint8Array(0);
  private end = 0;
  private depth = 0;
  /** The places in the reference tables. They count all that was written, also what was forgotten. */
  private readonly strings = new Map<string, number>();
  private readonly objects = new Map<Referable, number>();
  private readonly traits = new Map<AmfTraits, number>();
  /** The traits of the classes without sealed members, and of those that are externalizable, by the name of the class. */
  private readonly dynamicClasses = new Map<string, number>();
  private readonly externalClasses = new Map<string, number>();
  private stringCount = 0;
  private objectCount = 0;
  private traitsCount = 0;
  private readonly eightBytes: DataView = new DataView(new ArrayBuffer(8));

  /**
   * @param depth how deep values may lie in values. More than the reader of the peer takes is of no use.
   * @param classes the externalizable classes that can be written.
   */
  constructor(depth: number = defaultLimits.amfDepth, classes: AmfExternalClasses = flexClasses) {
    this.depthLimit = depth;
    this.classes = classes;
  }

  /**
   * Begins a message in the memory from `start` to before `end`, with empty reference tables. The writer keeps hold of the
   * memory, and of what it wrote, until the next `reset`.
   *
   * @throws RangeError when the span does not lie inside.
   */
  reset(into: Uint8Array, start = 0, end: number = into.length): void {
    if (!(start >= 0 && start <= end && end <= into.length)) {
      throw new RangeError(`reset(into, ${start}, ${end}) does not lie inside ${into.length} bytes.`);
    }
    this.into = into;
    this.position = start;
    this.end = end;
    this.depth = 0;
    this.overflow = false;
    this.forget();
    this.stringCount = 0;
    this.objectCount = 0;
    this.traitsCount = 0;
  }

  /**
   * One value of any type.
   *
   * @throws RangeError when it is nested too deep, has an array of more than 268,435,455 elements, or a member that is not
   * sealed and has an empty name: AMF3 has no form for these.
   * @throws TypeError when it, or a part of it, is no {@link AmfValue}; when an object has a member that its traits do not
   * allow; when nothing is known of an externalizable class. After all of these only {@link reset} goes on.
   */
  write(value: AmfValue): void {
    if (typeof value === "string") {
      this.writeUint8(Amf3Marker.String);
      this.putString(value);
    } else if (typeof value === "number") {
      this.writeNumber(value);
    } else if (typeof value === "boolean") {
      this.writeUint8(value ? Amf3Marker.True : Amf3Marker.False);
    } else if (value === null) {
      this.writeUint8(Amf3Marker.Null);
    } else if (value === undefined || value === amfUnsupported) {
      this.writeUint8(Amf3Marker.Undefined);
    } else if (value instanceof AmfDouble) {
      this.writeUint8(Amf3Marker.Double);
      this.writeDouble(value.value);
    } else {
      this.writeReferable(value);
    }
  }

  /**
   * Goes on within a message in AMF0: at `position`, in values that lie `depth` deep in others. References do not lead back
   * to before this place, but are counted from the start of the message: so those who read with one set of tables for a
   * message agree with those who take a set for each value, as far as that is possible (AMF3 4.1 leaves it open).
   */
  writeWithin(position: number, depth: number, value: AmfValue): void {
    this.position = position;
    this.depth = depth;
    this.forget();
    this.write(value);
  }

  /** One byte without a marker. */
  writeUint8(value: number): void {
    if (!this.has(1)) return;
    this.into[this.position] = value;
    this.position++;
  }

  /**
   * An integer of the variable length that AMF3 uses, without a marker.
   *
   * @throws RangeError when it is none from 0 to 536,870,911.
   */
  writeUint29(value: number): void {
    if (value >>> 0 !== value || value > 0x1fffffff) {
      throw new RangeError(`An integer of 29 bits goes from 0 to 536,870,911; ${value} does not fit.`);
    }
    if (value < 0x80) this.writeUint8(value);
    else if (value < 0x4000) this.putBytes(2, (0x80 << 8) | ((value << 1) & 0x7f00) | (value & 0x7f));
    else if (value < 0x200000) {
      this.putBytes(3, (0x8080 << 8) | ((value << 2) & 0x7f0000) | ((value << 1) & 0x7f00) | (value & 0x7f));
    } else {
      this.putBytes(4, 0x80808000 | ((value << 2) & 0x7f000000) | ((value << 1) & 0x7f0000) | (value & 0x7fff));
    }
  }

  /** Eight bytes without a marker. */
  writeDouble(value: number): void {
    if (!this.has(8)) return;
    this.eightBytes.setFloat64(0, value);
    // The language leaves the bits of a NaN open.
    const isNumber = !Number.isNaN(value);
    writeUint32(this.into, this.position, isNumber ? this.eightBytes.getInt32(0) : 0x7ff80000);
    writeUint32(this.into, this.position + 4, isNumber ? this.eightBytes.getInt32(4) : 0);
    this.position += 8;
  }

  /**
   * Text behind its 16-bit length, as ActionScript's `writeUTF` writes it.
   *
   * @throws RangeError when it is longer than 65,535 bytes.
   */
  writeUtf(text: string): void {
    const length = utf8Length(text);
    if (length > 0xffff) throw new RangeError("writeUtf takes at most 65,535 bytes: shorten the text.");
    if (!this.has(2 + length)) return;
    writeUint16(this.into, this.position, length);
    writeUtf8(text, this.into, this.position + 2);
    this.position += 2 + length;
  }

  /** Bytes as they are. */
  writeBytes(bytes: Uint8Array): void {
    if (!this.has(bytes.length)) return;
    this.into.set(bytes, this.position);
    this.position += bytes.length;
  }

  private writeNumber(value: number): void {
    if (isAmf3Integer(value)) {
      this.writeUint8(Amf3Marker.Integer);
      this.writeUint29(value & 0x1fffffff);
    } else {
      this.writeUint8(Amf3Marker.Double);
      this.writeDouble(value);
    }
  }

  private writeReferable(value: Referable): void {
    this.writeUint8(markerOf(value));
    const index = this.objects.get(value);
    if (index !== undefined) {
      this.writeUint29(index << 1);
      return;
    }
    this.objects.set(value, this.objectCount++);
    if (value instanceof AmfDate) {
      this.writeUint8(1);
      this.writeDouble(value.milliseconds);
    } else if (value instanceof AmfXml) {
      this.putText(value.text);
    } else if (value instanceof Uint8Array) {
      this.putLength(value.length);
      this.writeBytes(value);
    } else if (value instanceof AmfNumberVector) {
      this.writeNumberVector(value);
    } else {
      if (this.depth >= this.depthLimit) {
        throw new RangeError(
          `The value is nested more than ${this.depthLimit} deep: flatten it, or give the writer a greater depth.`,
        );
      }
      this.depth++;
      if (Array.isArray(value)) this.writeArray(value, null);
      else if (value instanceof AmfEcmaArray) this.writeArray(value.dense, value.properties);
      else if (value instanceof AmfObject) this.writeObject(value);
      else if (value instanceof AmfExternal) this.writeExternal(value);
      else if (value instanceof AmfObjectVector) this.writeObjectVector(value);
      else this.writeDictionary(value);
      this.depth--;
    }
  }

  private writeArray(items: readonly AmfValue[], members: ReadonlyMap<string, AmfValue> | null): void {
    this.putLength(items.length);
    if (members !== null) this.putMembers(members, null);
    this.putString("");
    this.putItems(items);
  }

  private writeObject({ properties, className, traits }: AmfObject): void {
    if (traits === null) {
      const isNew = this.putClass(this.dynamicClasses, className ?? "", 0b1011);
      if (isNew) this.putString(className ?? "");
    } else {
      const isNew = this.putClass(
        this.traits,
        traits,
        (traits.sealed.length << 4) | (traits.isDynamic ? 0b1011 : 0b0011),
      );
      if (isNew) {
        this.putString(traits.className);
        for (const name of traits.sealed) this.putString(name);
      }
      for (const name of traits.sealed) this.write(properties.get(name));
    }
    const sealed = traits === null || traits.sealed.length === 0 ? null : new Set(traits.sealed);
    if (traits === null || traits.isDynamic) {
      this.putMembers(properties, sealed);
      this.putString("");
      return;
    }
    for (const name of properties.keys()) {
      if (sealed?.has(name)) continue;
      const named = JSON.stringify(name);
      throw new TypeError(`The traits of the object have no member ${named}: seal it, or make the traits dynamic.`);
    }
  }

  private writeExternal({ className, content }: AmfExternal): void {
    const externalClass = this.classes.get(className);
    if (externalClass === undefined) {
      const named = JSON.stringify(className);
      throw new TypeError(`Nothing says how the class ${named} is written: give the writer classes that have it.`);
    }
    if (this.putClass(this.externalClasses, className, 0b0111)) this.putString(className);
    externalClass.write(this, content);
  }

  private writeNumberVector({ items, isFixed }: AmfNumberVector): void {
    this.putLength(items.length);
    this.writeUint8(isFixed ? 1 : 0);
    if (items instanceof Float64Array) {
      for (const item of items) this.writeDouble(item);
    } else {
      for (const item of items) this.putBytes(4, item);
    }
  }

  private writeObjectVector({ items, typeName, isFixed }: AmfObjectVector): void {
    this.putLength(items.length);
    this.writeUint8(isFixed ? 1 : 0);
    this.putString(typeName);
    this.putItems(items);
  }

  private writeDictionary({ entries, isWeak }: AmfDictionary): void {
    this.putLength(entries.size);
    this.writeUint8(isWeak ? 1 : 0);
    for (const [key, value] of entries) {
      this.write(key);
      this.write(value);
    }
  }

  /** The traits of an object: a reference, or the head of what the caller has to write. @returns whether it has to. */
  private putClass<K>(known: Map<K, number>, key: K, head: number): boolean {
    const index = known.get(key);
    if (index === undefined) known.set(key, this.traitsCount++);
    this.writeUint29(index === undefined ? head : (index << 2) | 1);
    return index === undefined;
  }

  private putItems(items: readonly AmfValue[]): void {
    for (let i = 0; i < items.length && !this.overflow; i++) this.write(items[i]);
  }

  private putMembers(members: ReadonlyMap<string, AmfValue>, except: ReadonlySet<string> | null): void {
    for (const [name, value] of members) {
      if (except?.has(name)) continue;
      if (name === "") throw new RangeError("AMF3 has no members with an empty name: rename it, or write it in AMF0.");
      this.putString(name);
      this.write(value);
    }
  }

  /** A string without its marker. The empty one is never a reference. */
  private putString(text: string): void {
    const index = this.strings.get(text);
    if (index !== undefined) {
      this.writeUint29(index << 1);
      return;
    }
    if (text !== "") this.strings.set(text, this.stringCount++);
    this.putText(text);
  }

  private putText(text: string): void {
    const length = utf8Length(text);
    this.putLength(length);
    if (!this.has(length)) return;
    writeUtf8(text, this.into, this.position);
    this.position += length;
  }

  private putLength(length: number): void {
    if (length > MOST_28) throw new RangeError(`AMF3 counts to ${MOST_28}; ${length} is too much for one value.`);
    this.writeUint29((length << 1) | 1);
  }

  /** The lowest `count` bytes of an integer, the highest of them first. */
  private putBytes(count: number, value: number): void {
    if (!this.has(count)) return;
    for (let shift = 8 * (count - 1); shift >= 0; shift -= 8) this.into[this.position++] = value >>> shift;
  }

  private forget(): void {
    this.strings.clear();
    this.objects.clear();
    this.traits.clear();
    this.dynamicClasses.clear();
    this.externalClasses.clear();
  }

  private has(count: number): boolean {
    if (count <= this.end - this.position) return true;
    this.overflow = true;
    this.end = this.position; // so that nothing shorter fits after it
    return false;
  }
}

function markerOf(value: Referable): Amf3Marker {
  if (value instanceof AmfObject || value instanceof AmfExternal) return Amf3Marker.Object;
  if (Array.isArray(value) || value instanceof AmfEcmaArray) return Amf3Marker.Array;
  if (value instanceof AmfDate) return Amf3Marker.Date;
  if (value instanceof AmfXml) return value.isDocument ? Amf3Marker.XmlDocument : Amf3Marker.Xml;
  if (value instanceof Uint8Array) return Amf3Marker.ByteArray;
  if (value instanceof AmfObjectVector) return Amf3Marker.VectorObject;
  if (value instanceof AmfDictionary) return Amf3Marker.Dictionary;
  if (value instanceof AmfNumberVector) {
    if (value.items instanceof Float64Array) return Amf3Marker.VectorDouble;
    return value.items instanceof Int32Array ? Amf3Marker.VectorInt : Amf3Marker.VectorUint;
  }
  throw new TypeError("AMF has no form for this value: make objects with AmfObject.of, dates with AmfDate.");
}
