import { expect } from "vitest";
import {
  Amf0Reader,
  Amf0Writer,
  Amf3Reader,
  type Amf3ReaderOptions,
  Amf3Writer,
  AmfDate,
  AmfDictionary,
  AmfDouble,
  AmfEcmaArray,
  AmfExternal,
  AmfNumberVector,
  AmfObject,
  AmfObjectVector,
  AmfProperties,
  type AmfValue,
  AmfXml,
} from "../../src/amf/index.ts";
import type { ErrorCode } from "../../src/errors.ts";

export function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** All values of a message in AMF0 that must be right. */
export function decode(message: string | Uint8Array, reader: Amf0Reader | Amf3Reader = new Amf0Reader()): AmfValue[] {
  reader.reset(typeof message === "string" ? bytesOf(message) : message);
  const values: AmfValue[] = [];
  while (!reader.atEnd) {
    values.push(reader.read());
    expect(reader.error).toBeNull();
  }
  return values;
}

/** The same in AMF3. */
export function decode3(message: string | Uint8Array, options: Amf3ReaderOptions = {}): AmfValue[] {
  return decode(message, new Amf3Reader(undefined, undefined, options));
}

const memory = new Uint8Array(1 << 20);

export function encode(...values: AmfValue[]): Uint8Array {
  return encodeWith(new Amf0Writer(), values);
}

export function encode3(...values: AmfValue[]): Uint8Array {
  return encodeWith(new Amf3Writer(), values);
}

export function encodeWith(writer: Amf0Writer | Amf3Writer, values: readonly AmfValue[]): Uint8Array {
  writer.reset(memory);
  for (const value of values) writer.write(value);
  expect(writer.overflow).toBe(false);
  return memory.slice(0, writer.position);
}

/** How a message ends for one who reads it all, or skips it all: the code of its error, and where. */
export function failure(
  message: Uint8Array,
  call: "read" | "skip" = "read",
  reader: Amf0Reader = new Amf0Reader(),
): { code: ErrorCode; offset: number } | null {
  reader.reset(message);
  while (!reader.atEnd && reader.error === null) reader[call]();
  return reader.error && { code: reader.error.code, offset: reader.error.offset };
}

/** How a message in AMF3 ends. */
export function failure3(
  message: string | Uint8Array,
  reader: Amf3Reader = new Amf3Reader(),
): { code: ErrorCode; offset: number } | null {
  reader.reset(typeof message === "string" ? bytesOf(message) : message);
  while (!reader.atEnd && reader.error === null) reader.read();
  return reader.error && { code: reader.error.code, offset: reader.error.offset };
}

/** Whether two values are the same graph: equal leaves, and the same places shared, cycles included. */
export function sameGraph(a: AmfValue, b: AmfValue, partners: Map<unknown, unknown> = new Map()): boolean {
  const isContainer = Array.isArray(a) || a instanceof AmfProperties || a instanceof AmfDictionary;
  if (isContainer || a instanceof AmfExternal || a instanceof AmfObjectVector) {
    if (partners.has(a)) return partners.get(a) === b;
    partners.set(a, b);
  }
  const same = (x: AmfValue, y: AmfValue): boolean => sameGraph(x, y, partners);
  const sameAll = (x: readonly AmfValue[], y: readonly AmfValue[]): boolean =>
    x.length === y.length && x.every((item, i) => same(item, y[i]));
  if (Array.isArray(a)) return Array.isArray(b) && sameAll(a, b);
  if (a instanceof AmfEcmaArray) {
    return (
      b instanceof AmfEcmaArray &&
      sameAll([...a.properties].flat(), [...b.properties].flat()) &&
      sameAll(a.dense, b.dense)
    );
  }
  if (a instanceof AmfObject) {
    return (
      b instanceof AmfObject &&
      a.className === b.className &&
      JSON.stringify(a.traits) === JSON.stringify(b.traits) &&
      sameAll([...a.properties].flat(), [...b.properties].flat())
    );
  }
  if (a instanceof AmfDictionary) {
    return b instanceof AmfDictionary && a.isWeak === b.isWeak && sameAll([...a.entries].flat(), [...b.entries].flat());
  }
  if (a instanceof AmfObjectVector) {
    return (
      b instanceof AmfObjectVector && a.isFixed === b.isFixed && a.typeName === b.typeName && sameAll(a.items, b.items)
    );
  }
  if (a instanceof AmfExternal)
    return b instanceof AmfExternal && a.className === b.className && same(a.content, b.content);
  if (a instanceof AmfDate) {
    return b instanceof AmfDate && Object.is(a.milliseconds, b.milliseconds) && a.timeZone === b.timeZone;
  }
  if (a instanceof AmfXml) return b instanceof AmfXml && a.text === b.text && a.isDocument === b.isDocument;
  if (a instanceof AmfDouble) return b instanceof AmfDouble && Object.is(a.value, b.value);
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (a instanceof AmfNumberVector) {
    return (
      b instanceof AmfNumberVector &&
      a.isFixed === b.isFixed &&
      a.items.constructor === b.items.constructor &&
      sameAll([...a.items], [...b.items])
    );
  }
  return Object.is(a, b);
}
