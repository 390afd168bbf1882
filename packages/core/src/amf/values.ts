/**
 * The values of AMF as JavaScript holds them. Both versions of AMF share them.
 *
 * | JavaScript | AMF0 | AMF3 |
 * |---|---|---|
 * | boolean, null, undefined | the same | the same |
 * | string | string, long string | string |
 * | number | number | integer where it is one of 29 bits, else double |
 * | {@link AmfDouble} | number | double; read so only where asked for |
 * | Array; a hole is written as undefined | strict array | array without names |
 * | {@link AmfEcmaArray} | ECMA array; its dense elements get the names "0", "1" and so on | array; an Array when it has no names |
 * | {@link AmfObject} | object, typed object; without its traits | object |
 * | {@link AmfDate} | date | date, without its time zone |
 * | {@link AmfXml} | XML document; XML of the newer class as AMF3 | XMLDocument, XML |
 * | {@link amfUnsupported} | unsupported | undefined |
 * | Uint8Array | as AMF3 | ByteArray |
 * | {@link AmfNumberVector} | as AMF3 | vector of int, uint or double |
 * | {@link AmfObjectVector} | as AMF3 | vector of objects |
 * | {@link AmfDictionary} | as AMF3 | dictionary |
 * | {@link AmfExternal} | as AMF3 | object of an externalizable class |
 *
 * "As AMF3": behind the marker 0x11, which switches to AMF3 for one value (AMF0 3.1). What was read behind it is written so
 * again only where AMF0 has no form of its own, or by `Amf0Writer.writeAmf3`. Nothing is said of NaN: its bits are not kept.
 *
 * What a message refers to more than once is one and the same instance: in AMF0 objects and arrays, in AMF3 all that is not
 * a string, number, boolean, null or undefined. A message may hold cycles: whoever walks through a value that came from a
 * peer keeps account of what was visited.
 */
export type AmfValue =
  | number
  | string
  | boolean
  | null
  | undefined
  | AmfValue[]
  | AmfObject
  | AmfEcmaArray
  | AmfDate
  | AmfXml
  | typeof amfUnsupported
  | AmfDouble
  | Uint8Array
  | AmfNumberVector
  | AmfObjectVector
  | AmfDictionary
  | AmfExternal;

/** Named values, in the order of the wire. A Map, so that a peer's `__proto__` is a name like any other. */
export abstract class AmfProperties {
  readonly properties: Map<string, AmfValue>;

  constructor(properties: Map<string, AmfValue>) {
    this.properties = properties;
  }

  /** The value of this name; undefined when there is none. */
  get(name: string): AmfValue {
    return this.properties.get(name);
  }
}

/** What the class of an object says of its members (AMF3 3.12). One and the same instance for all objects of the class. */
export class AmfTraits {
  /** Empty for anonymous objects. */
  readonly className: string;
  /** The names of the members that each object has. */
  readonly sealed: readonly string[];
  /** Whether objects may have other members too. */
  readonly isDynamic: boolean;

  constructor(className: string, sealed: readonly string[] = [], isDynamic = false) {
    this.className = className;
    this.sealed = sealed;
    this.isDynamic = isDynamic;
  }
}

/** An object (AMF0 2.5, AMF3 3.12), or one of a class (AMF0 2.18). */
export class AmfObject extends AmfProperties {
  /** The class that the object names; null for an anonymous object. */
  readonly className: string | null;
  /** null where no members are sealed: any may be there, as always in AMF0. */
  readonly traits: AmfTraits | null;

  /** @param ofClass the name of the class, or the traits that have it; null for an anonymous object. */
  constructor(properties: Map<string, AmfValue> = new Map(), ofClass: AmfTraits | string | null = null) {
    super(properties);
    if (ofClass instanceof AmfTraits) {
      this.className = ofClass.className === "" ? null : ofClass.className;
      this.traits = ofClass.isDynamic && ofClass.sealed.length === 0 ? null : ofClass;
    } else {
      this.className = ofClass;
      this.traits = null;
    }
  }

  /**
   * An object with the properties of a literal, in the order in which JavaScript lists them:
   * `AmfObject.of({ level: "status", code: "NetStream.Play.Start" })`.
   */
  static of(literal: { readonly [name: string]: AmfValue }, ofClass: AmfTraits | string | null = null): AmfObject {
    return new AmfObject(new Map(Object.entries(literal)), ofClass);
  }
}

/** An array with names (AMF0 2.10, AMF3 3.11); the usual form of `onMetaData`. */
export class AmfEcmaArray extends AmfProperties {
  /** What AMF3 keeps by position, beside the names. Always empty when it was read from AMF0. */
  readonly dense: AmfValue[];

  constructor(properties: Map<string, AmfValue> = new Map(), dense: AmfValue[] = []) {
    super(properties);
    this.dense = dense;
  }

  /** An array with the properties of a literal: `AmfEcmaArray.of({ width: 1920, height: 1080 })`. */
  static of(literal: { readonly [name: string]: AmfValue }): AmfEcmaArray {
    return new AmfEcmaArray(new Map(Object.entries(literal)));
  }
}

/** A date (AMF0 2.13, AMF3 3.10). */
export class AmfDate {
  /** Milliseconds since 1970-01-01 UTC; not finite when the date is invalid. */
  readonly milliseconds: number;
  /** The field as it stands on the wire, -32,768 to 32,767. Reserved and 0 in AMF0; minutes from UTC in FLV E.4.4.3; AMF3 has none. */
  readonly timeZone: number;

  /** @throws RangeError when the time zone does not fit its 16 bits. */
  constructor(milliseconds: number, timeZone = 0) {
    if ((timeZone << 16) >> 16 !== timeZone) {
      throw new RangeError(`AmfDate: the time zone must be an integer from -32768 to 32767, not ${timeZone}.`);
    }
    this.milliseconds = milliseconds;
    this.timeZone = timeZone;
  }
}

/** The text of an XML document (AMF0 2.17, AMF3 3.9 and 3.13); it is not looked into. */
export class AmfXml {
  readonly text: string;
  /** Whether it is of the class XMLDocument, the only one in AMF0; else it is of the newer class XML (E4X). */
  readonly isDocument: boolean;

  constructor(text: string, isDocument = true) {
    this.text = text;
    this.isDocument = isDocument;
  }
}

/** What a peer sends in place of a value that it cannot express (AMF0 2.15). */
export const amfUnsupported: unique symbol = Symbol("AMF unsupported");

/** A number that AMF3 writes as a double even where an integer would do. Readers make it only with `keepDoubles`. */
export class AmfDouble {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** Whether AMF3 writes this number as an integer: -0, and what takes more than 29 bits, is a double (AMF3 3.6). */
export function isAmf3Integer(value: number): boolean {
  return (value << 3) >> 3 === value && !Object.is(value, -0);
}

/** A vector of numbers (AMF3 3.15): of int, uint or double, as the array says. */
export class AmfNumberVector {
  readonly items: Int32Array | Uint32Array | Float64Array;
  /** Whether its length is fixed. */
  readonly isFixed: boolean;

  constructor(items: Int32Array | Uint32Array | Float64Array, isFixed = false) {
    this.items = items;
    this.isFixed = isFixed;
  }
}

/** A vector of any values (AMF3 3.15). */
export class AmfObjectVector {
  readonly items: AmfValue[];
  /** The class that all of them are said to be of; "*" is any. */
  readonly typeName: string;
  /** Whether its length is fixed. */
  readonly isFixed: boolean;

  constructor(items: AmfValue[] = [], typeName = "*", isFixed = false) {
    this.items = items;
    this.typeName = typeName;
    this.isFixed = isFixed;
  }
}

/** A dictionary (AMF3 3.16). Its keys are values of any kind; objects among them count as the same only when they are one. */
export class AmfDictionary {
  /** In the order of the wire. As in any Map, the key -0 is 0. Flash writes integer keys as strings. */
  readonly entries: Map<AmfValue, AmfValue>;
  /** Whether its keys do not keep themselves alive. */
  readonly isWeak: boolean;

  constructor(entries: Map<AmfValue, AmfValue> = new Map(), isWeak = false) {
    this.entries = entries;
    this.isWeak = isWeak;
  }
}

/** An object whose class writes itself (AMF3 3.12), by an `AmfExternalClass`. */
export class AmfExternal {
  readonly className: string;
  /** What the reader of its class made of it. Undefined while that is at work. */
  content: AmfValue;

  constructor(className: string, content: AmfValue) {
    this.className = className;
    this.content = content;
  }
}
