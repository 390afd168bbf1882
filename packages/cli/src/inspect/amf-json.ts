import {
  AmfDate,
  AmfDictionary,
  AmfDouble,
  AmfEcmaArray,
  AmfExternal,
  type AmfNumberVector,
  type AmfObject,
  type AmfObjectVector,
  AmfProperties,
  type AmfValue,
  AmfXml,
  amfUnsupported,
} from "@millrace/core/amf";

/** What `JSON.stringify` takes as it is. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** References let a short message stand for endlessly many values: of one message, so many are written out. */
const MAXIMUM_VALUES = 100_000;

/**
 * AMF values in the terms of JSON: dates as ISO 8601, XML as its text, bytes in hex, dictionaries as pairs of key and value,
 * externalizable objects as their content, undefined and unsupported as null, numbers that JSON lacks as their names. What
 * lies inside itself is "(cycle)", what is too much is "(more)".
 */
export function amfToJson(values: readonly AmfValue[]): Json[] {
  const around = new Set<AmfValue>();
  let left = MAXIMUM_VALUES;

  function toJson(value: AmfValue): Json {
    if (--left < 0) return "(more)";
    if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
    if (typeof value === "string" || typeof value === "boolean") return value;
    if (value === null || value === undefined || value === amfUnsupported) return null;
    if (value instanceof AmfDate) return dateToJson(value);
    if (value instanceof AmfXml) return value.text;
    if (value instanceof AmfDouble) return toJson(value.value);
    if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
    if (around.has(value)) return "(cycle)";
    around.add(value);
    const json = complexToJson(value);
    around.delete(value);
    return json;
  }

  function complexToJson(
    value: AmfValue[] | AmfObject | AmfEcmaArray | AmfExternal | AmfDictionary | AmfNumberVector | AmfObjectVector,
  ): Json {
    if (value instanceof AmfProperties) return propertiesToJson(value);
    if (value instanceof AmfExternal) return toJson(value.content);
    if (value instanceof AmfDictionary) return elementsToJson(value.entries);
    return elementsToJson(Array.isArray(value) ? value : value.items);
  }

  function elementsToJson(elements: Iterable<AmfValue>): Json[] {
    const json: Json[] = [];
    for (const element of elements) {
      json.push(toJson(element));
      if (left < 0) break;
    }
    return json;
  }

  function propertiesToJson(holder: AmfProperties): Json {
    // Without a prototype, so that a peer's `__proto__` is a name like any other.
    const json: { [name: string]: Json } = Object.create(null);
    for (const [name, value] of propertiesOf(holder)) {
      json[name] = toJson(value);
      if (left < 0) break;
    }
    return json;
  }

  return values.map(toJson);
}

/** An array with names has its elements under their indexes, as in AMF0. */
function* propertiesOf(holder: AmfProperties): Generator<[string, AmfValue]> {
  if (holder instanceof AmfEcmaArray) for (const [index, value] of holder.dense.entries()) yield [String(index), value];
  yield* holder.properties;
}

function dateToJson({ milliseconds }: AmfDate): string | null {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
