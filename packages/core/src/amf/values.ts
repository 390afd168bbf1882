/**
 * The values of AMF as JavaScript holds them. Both versions of AMF share them.
 *
 * | AMF0 | JavaScript |
 * |---|---|
 * | number, boolean, null, undefined | the same |
 * | string, long string | string |
 * | strict array | Array; a hole is written as undefined |
 * | object, typed object | {@link AmfObject} |
 * | ECMA array | {@link AmfEcmaArray} |
 * | date | {@link AmfDate} |
 * | XML document | {@link AmfXml} |
 * | unsupported | {@link amfUnsupported} |
 *
 * Objects and arrays that a message refers to more than once are one and the same instance. A message may hold cycles:
 * whoever walks through a value that came from a peer keeps account of what was visited.
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
  | typeof amfUnsupported;

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

/** An object (AMF0 2.5), or one of a class (AMF0 2.18). */
export class AmfObject extends AmfProperties {
  /** The class that a typed object names; null for an anonymous object. */
  readonly className: string | null;

  constructor(properties: Map<string, AmfValue> = new Map(), className: string | null = null) {
    super(properties);
    this.className = className;
  }

  /**
   * An object with the properties of a literal, in the order in which JavaScript lists them:
   * `AmfObject.of({ level: "status", code: "NetStream.Play.Start" })`.
   */
  static of(literal: { readonly [name: string]: AmfValue }, className: string | null = null): AmfObject {
    return new AmfObject(new Map(Object.entries(literal)), className);
  }
}

/** An array with names instead of indexes (AMF0 2.10); the usual form of `onMetaData`. */
export class AmfEcmaArray extends AmfProperties {
  constructor(properties: Map<string, AmfValue> = new Map()) {
    super(properties);
  }

  /** An array with the properties of a literal: `AmfEcmaArray.of({ width: 1920, height: 1080 })`. */
  static of(literal: { readonly [name: string]: AmfValue }): AmfEcmaArray {
    return new AmfEcmaArray(new Map(Object.entries(literal)));
  }
}

/** A date (AMF0 2.13). */
export class AmfDate {
  /** Milliseconds since 1970-01-01 UTC; not finite when the date is invalid. */
  readonly milliseconds: number;
  /** The field as it stands on the wire, -32,768 to 32,767. Reserved and 0 in AMF0; minutes from UTC in FLV E.4.4.3. */
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

/** The text of an XML document (AMF0 2.17); it is not looked into. */
export class AmfXml {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a peer sends in place of a value that it cannot express (AMF0 2.15). */
export const amfUnsupported: unique symbol = Symbol("AMF unsupported");
