import { readInt32, readUint8, readUint32, readUtf8 } from "../bytes/index.ts";
import { ErrorCode } from "../errors.ts";
import { defaultLimits, type Limits } from "../limits.ts";
import { Amf3Marker } from "./amf3-marker.ts";
import { Amf3Source, FAILED } from "./amf3-source.ts";
import { checkDepth } from "./depth.ts";
import { type AmfExternalClasses, flexClasses } from "./external-class.ts";
import { readPropertyName } from "./property-name.ts";
import {
  AmfDate,
  AmfDictionary,
  AmfDouble,
  AmfEcmaArray,
  AmfExternal,
  AmfNumberVector,
  AmfObject,
  AmfObjectVector,
  AmfTraits,
  type AmfValue,
  AmfXml,
  isAmf3Integer,
} from "./values.ts";

/** What the reading of AMF3 may be told. */
export interface Amf3ReaderOptions {
  /** The externalizable classes that can be read. Without it {@link flexClasses}. */
  readonly classes?: AmfExternalClasses;
  /** Whether a double that could be an integer is read as {@link AmfDouble}, so that it is written as a double again. */
  readonly keepDoubles?: boolean;
}

interface ClassEntry {
  readonly traits: AmfTraits;
  readonly isExternalizable: boolean;
}

/**
 * Reads AMF3 values, one after the other, with one set of reference tables (AMF3 4.1). Values behind the marker 0x11 in
 * AMF0, as RTMP has them, are read by `Amf0Reader`; this is for values that stand alone.
 *
 * What a peer did wrong is in `error`; from then on every call returns something empty and moves nothing until
 * {@link reset}. What is liberal: malformed UTF-8 becomes U+FFFD, integers may take more bytes than they need, a reference
 * may have the marker of another kind than what it points to, and of members with one name the last counts.
 */
export class Amf3Reader extends Amf3Source {
  /** How many values more the limit lets this message have. */
  valuesLeft = 0;

  private readonly depthLimit: number;
  private readonly valueLimit: number;
  private readonly classes: AmfExternalClasses;
  private readonly keepDoubles: boolean;
  private depth = 0;
  /** What references may point to, in the order of their first bytes (AMF3 4.1). */
  private strings: string[] = [];
  private objects: AmfValue[] = [];
  private entries: ClassEntry[] = [];

  /**
   * @param depth how deep values may lie in values, 1 to 512, when it shall not be `limits.amfDepth`.
   * @throws RangeError when the depth is something else.
   */
  constructor(
    limits: Pick<Limits, "amfDepth" | "amfValues" | "amfStringBytes"> = defaultLimits,
    depth: number = limits.amfDepth,
    { classes = flexClasses, keepDoubles = false }: Amf3ReaderOptions = {},
  ) {
    super(limits.amfStringBytes);
    checkDepth(depth);
    this.depthLimit = depth;
    this.valueLimit = limits.amfValues;
    this.classes = classes;
    this.keepDoubles = keepDoubles;
  }

  /**
   * Lends the bytes of a message and empties the reference tables. Nothing is copied now; what was read stands on its own,
   * so the caller may reuse the bytes after the last call that reads. The reader keeps hold of them, and of what it read,
   * until the next `reset`.
   *
   * @throws RangeError when the span does not lie inside.
   */
  reset(bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    this.lend(bytes, start, end);
    this.depth = 0;
    this.valuesLeft = this.valueLimit;
    this.strings = [];
    this.objects = [];
    this.entries = [];
  }

  /**
   * The next value. Undefined is a value too: look at `error` to tell. To read at the end is the error
   * `AmfTruncated`.
   */
  read(): AmfValue {
    return this.error === null ? this.readValue() : undefined;
  }

  /** Goes on within a message in AMF0: at `position`, in values that lie `depth` deep in others. */
  readWithin(position: number, depth: number, valuesLeft: number): AmfValue {
    this.position = position;
    this.depth = depth;
    this.valuesLeft = valuesLeft;
    return this.read();
  }

  private readValue(): AmfValue {
    if (!this.has(1)) return undefined;
    if (this.valuesLeft === 0) {
      this.fail(ErrorCode.AmfValueLimit, `More than ${this.valueLimit} values in one message.`);
      return undefined;
    }
    this.valuesLeft--;
    const marker = readUint8(this.bytes, this.position++);
    switch (marker) {
      case Amf3Marker.Undefined:
        return undefined;
      case Amf3Marker.Null:
        return null;
      case Amf3Marker.False:
        return false;
      case Amf3Marker.True:
        return true;
      case Amf3Marker.Integer: {
        const value = this.takeUint29();
        return value === FAILED ? undefined : (value << 3) >> 3; // bit 28 is the sign
      }
      case Amf3Marker.Double: {
        const value = this.takeDouble();
        return this.keepDoubles && value !== undefined && isAmf3Integer(value) ? new AmfDouble(value) : value;
      }
      case Amf3Marker.String:
        return this.takeString(readUtf8);
      default:
        if (marker <= Amf3Marker.Dictionary) return this.readObjectOf(marker);
        this.fail(
          ErrorCode.AmfUnknownMarker,
          `Marker 0x${marker.toString(16)} begins no AMF3 value.`,
          this.position - 1,
        );
        return undefined;
    }
  }

  /** What can be referred to: its head is a reference, or how long it is. */
  private readObjectOf(marker: number): AmfValue {
    const head = this.takeUint29();
    if (head === FAILED) return undefined;
    const length = head >> 1;
    if ((head & 1) === 0) {
      if (length < this.objects.length) return this.objects[length];
      this.failReference(`Object reference ${length} where ${this.objects.length} came before.`);
      return undefined;
    }
    switch (marker) {
      case Amf3Marker.XmlDocument:
      case Amf3Marker.Xml: {
        const text = this.takeText(length);
        return text === undefined ? undefined : this.keep(new AmfXml(text, marker === Amf3Marker.XmlDocument));
      }
      case Amf3Marker.Date: {
        const milliseconds = this.takeDouble();
        return milliseconds === undefined ? undefined : this.keep(new AmfDate(milliseconds));
      }
      case Amf3Marker.Array:
        return this.checkCount(length, 1) ? this.readArray(length) : undefined;
      case Amf3Marker.Object:
        return this.readObject(head);
      case Amf3Marker.ByteArray:
        return this.has(length) ? this.keep(this.readBytes(length)) : undefined;
      case Amf3Marker.VectorInt:
      case Amf3Marker.VectorUint:
        return this.checkCount(length, 4) ? this.readNumberVector(marker, length, 4) : undefined;
      case Amf3Marker.VectorDouble:
        return this.checkCount(length, 8) ? this.readNumberVector(marker, length, 8) : undefined;
      case Amf3Marker.VectorObject:
        return this.checkCount(length, 1) ? this.readObjectVector(length) : undefined;
      default:
        return this.checkCount(length, 2) ? this.readDictionary(length) : undefined;
    }
  }

  private readArray(count: number): AmfValue {
    const name = this.takeString(readPropertyName);
    if (name === undefined) return undefined;
    if (name === "") {
      const array: AmfValue[] = [];
      return this.enter(array) && this.readItems(array, count) ? this.leave(array) : undefined;
    }
    const array = new AmfEcmaArray();
    if (!this.enter(array) || !this.readMembers(array.properties, name)) return undefined;
    return this.readItems(array.dense, count) ? this.leave(array) : undefined;
  }

  private readObject(head: number): AmfValue {
    const entry = (head & 2) === 0 ? this.referredClass(head >> 2) : this.takeClass(head);
    if (entry === undefined) return undefined;
    const { traits } = entry;
    if (entry.isExternalizable) return this.readExternal(traits.className);
    const object = new AmfObject(new Map(), traits);
    if (!this.enter(object)) return undefined;
    for (const name of traits.sealed) {
      const value = this.readValue();
      if (this.error !== null) return undefined;
      object.properties.set(name, value);
    }
    if (traits.isDynamic) {
      const name = this.takeString(readPropertyName);
      if (name === undefined || !this.readMembers(object.properties, name)) return undefined;
    }
    return this.leave(object);
  }

  private readExternal(className: string): AmfValue {
    const externalClass = this.classes.get(className);
    if (externalClass === undefined) {
      const text = `An object of the externalizable class ${JSON.stringify(className.slice(0, 100))}, which is not known.`;
      this.fail(ErrorCode.AmfUnknownExternalizable, text, this.headAt);
      return undefined;
    }
    const external = new AmfExternal(className, undefined);
    if (!this.enter(external)) return undefined;
    external.content = externalClass.read(this);
    return this.leave(external);
  }

  private referredClass(index: number): ClassEntry | undefined {
    const entry = this.entries[index];
    if (entry === undefined) this.failReference(`Traits reference ${index} where ${this.entries.length} came before.`);
    return entry;
  }

  /** Traits that stand here (AMF3 3.12, U29O-traits). */
  private takeClass(head: number): ClassEntry | undefined {
    const at = this.headAt;
    const isExternalizable = (head & 4) !== 0;
    const count = isExternalizable ? 0 : head >> 4;
    const left = this.end - this.position;
    if (count > left) {
      const text = `Traits of ${count} sealed names where ${left} bytes are left.`;
      this.fail(ErrorCode.AmfTraitsBeyondInput, text, at);
    } else if (count > this.valuesLeft) {
      // Each name has a value in the object that begins here.
      this.fail(ErrorCode.AmfValueLimit, `More than ${this.valueLimit} values in one message.`, at);
    }
    const className = this.error === null ? this.takeString(readPropertyName) : undefined;
    if (className === undefined) return undefined;
    const sealed: string[] = [];
    for (let i = 0; i < count; i++) {
      const name = this.takeString(readPropertyName);
      if (name === undefined) return undefined;
      sealed.push(name);
    }
    const entry = { traits: new AmfTraits(className, sealed, (head & 8) !== 0), isExternalizable };
    this.entries.push(entry);
    this.headAt = at;
    return entry;
  }

  private readNumberVector(marker: number, count: number, size: number): AmfValue {
    const isFixed = this.takeFlag();
    if (isFixed === undefined || !this.has(count * size)) return undefined;
    const items =
      marker === Amf3Marker.VectorInt
        ? Int32Array.from({ length: count }, (_, i) => readInt32(this.bytes, this.position + 4 * i))
        : marker === Amf3Marker.VectorUint
          ? Uint32Array.from({ length: count }, (_, i) => readUint32(this.bytes, this.position + 4 * i))
          : Float64Array.from({ length: count }, (_, i) => this.view.getFloat64(this.position + 8 * i));
    this.position += count * size;
    return this.keep(new AmfNumberVector(items, isFixed));
  }

  private readObjectVector(count: number): AmfValue {
    const isFixed = this.takeFlag();
    const typeName = isFixed === undefined ? undefined : this.takeString(readPropertyName);
    if (typeName === undefined) return undefined;
    const vector = new AmfObjectVector([], typeName, isFixed);
    return this.enter(vector) && this.readItems(vector.items, count) ? this.leave(vector) : undefined;
  }

  private readDictionary(count: number): AmfValue {
    const isWeak = this.takeFlag();
    if (isWeak === undefined) return undefined;
    const dictionary = new AmfDictionary(new Map(), isWeak);
    if (!this.enter(dictionary)) return undefined;
    for (let i = 0; i < count; i++) {
      const key = this.readValue();
      const value = this.error === null ? this.readValue() : undefined;
      if (this.error !== null) return undefined;
      dictionary.entries.set(key, value);
    }
    return this.leave(dictionary);
  }

  private readItems(items: AmfValue[], count: number): boolean {
    for (let i = 0; i < count; i++) {
      const value = this.readValue();
      if (this.error !== null) return false;
      items.push(value);
    }
    return true;
  }

  /** Reads names and values up to the empty name; the first name was read. */
  private readMembers(members: Map<string, AmfValue>, first: string): boolean {
    let name: string | undefined = first;
    while (name !== "") {
      const value = this.readValue();
      if (this.error !== null) return false;
      members.set(name, value);
      name = this.takeString(readPropertyName);
      if (name === undefined) return false;
    }
    return true;
  }

  /** A string without its marker: a reference, or its text. */
  private takeString(decode: typeof readUtf8): string | undefined {
    const head = this.takeUint29();
    if (head === FAILED) return undefined;
    const length = head >> 1;
    if ((head & 1) === 0) {
      if (length < this.strings.length) return this.strings[length];
      this.failReference(`String reference ${length} where ${this.strings.length} came before.`);
      return undefined;
    }
    const text = this.takeText(length, decode);
    if (text !== undefined && length > 0) this.strings.push(text);
    return text;
  }

  /** Whether so many items, of so many bytes at least, may come. */
  private checkCount(count: number, size: number): boolean {
    const left = this.end - this.position;
    if (count * size <= left) return true;
    this.fail(ErrorCode.AmfCountBeyondInput, `A count of ${count} where ${left} bytes are left.`, this.headAt);
    return false;
  }

  /** Gives what was read whole its place among those that can be referred to. */
  private keep<T extends AmfValue>(value: T): T {
    this.objects.push(value);
    return value;
  }

  /** The same for what has other values in it: before these, which may refer to it. */
  private enter(value: AmfValue): boolean {
    if (this.depth >= this.depthLimit) {
      this.fail(ErrorCode.AmfDepthLimit, `Objects or arrays within each other more than ${this.depthLimit} deep.`);
      return false;
    }
    this.depth++;
    this.objects.push(value);
    return true;
  }

  /** All that lies in it was read. */
  private leave(value: AmfValue): AmfValue {
    this.depth--;
    return this.error === null ? value : undefined;
  }

  private failReference(text: string): void {
    this.fail(ErrorCode.AmfBadReference, text, this.headAt);
  }
}
