import { expect } from "vitest";
import {
  Amf0Reader,
  Amf0Writer,
  AmfDate,
  AmfEcmaArray,
  AmfObject,
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

/** All values of a message that must be right. */
export function decode(message: string | Uint8Array): AmfValue[] {
  const reader = new Amf0Reader();
  reader.reset(typeof message === "string" ? bytesOf(message) : message);
  const values: AmfValue[] = [];
  while (!reader.atEnd) {
    values.push(reader.read());
    expect(reader.error).toBeNull();
  }
  return values;
}

const memory = new Uint8Array(1 << 20);

export function encode(...values: AmfValue[]): Uint8Array {
  const writer = new Amf0Writer();
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

/** Whether two values are the same graph: equal leaves, and the same places shared, cycles included. */
export function sameGraph(a: AmfValue, b: AmfValue, partners: Map<unknown, unknown> = new Map()): boolean {
  if (Array.isArray(a) || a instanceof AmfProperties) {
    if (partners.has(a)) return partners.get(a) === b;
    partners.set(a, b);
  }
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameGraph(item, b[i], partners));
  }
  if (a instanceof AmfProperties) {
    const alike =
      (a instanceof AmfObject && b instanceof AmfObject && a.className === b.className) ||
      (a instanceof AmfEcmaArray && b instanceof AmfEcmaArray);
    const names = [...a.properties.keys()];
    return (
      alike &&
      JSON.stringify(names) === JSON.stringify([...b.properties.keys()]) &&
      names.every((name) => sameGraph(a.get(name), b.get(name), partners))
    );
  }
  if (a instanceof AmfDate) {
    return b instanceof AmfDate && Object.is(a.milliseconds, b.milliseconds) && a.timeZone === b.timeZone;
  }
  if (a instanceof AmfXml) return b instanceof AmfXml && a.text === b.text;
  return Object.is(a, b);
}
