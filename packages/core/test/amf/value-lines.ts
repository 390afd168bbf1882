import { AmfDate, AmfEcmaArray, AmfObject, AmfProperties, type AmfValue, AmfXml } from "../../src/amf/index.ts";

type Complex = AmfProperties | AmfValue[];

const SHORTEST_RUN = 16;

/**
 * The values of a message for people, one a line; fixtures/README.md describes the notation. Objects and arrays that
 * appear more than once have a number, and only the first time their content.
 */
export function valueLines(values: readonly AmfValue[]): string[] {
  const numbers = new Map<Complex, number>();
  const shared = new Set<Complex>();
  for (const value of values) findShared(value, numbers, shared);
  const named = new Set<Complex>();
  return values.map((value) => lineOf(value, numbers, shared, named));
}

/** Numbers objects and arrays in the order in which they first appear: that of AMF0 2.9. */
function findShared(value: AmfValue, numbers: Map<Complex, number>, shared: Set<Complex>): void {
  if (!isComplex(value)) return;
  if (numbers.has(value)) {
    shared.add(value);
    return;
  }
  numbers.set(value, numbers.size);
  for (const item of Array.isArray(value) ? value : value.properties.values()) findShared(item, numbers, shared);
}

function lineOf(
  value: AmfValue,
  numbers: ReadonlyMap<Complex, number>,
  shared: ReadonlySet<Complex>,
  named: Set<Complex>,
): string {
  if (!isComplex(value)) return leafOf(value);
  const label = shared.has(value) ? `#${numbers.get(value)}` : "";
  if (named.has(value)) return label;
  named.add(value);
  const content = Array.isArray(value)
    ? `[${value.map((item) => lineOf(item, numbers, shared, named)).join(", ")}]`
    : `${classOf(value)}{${[...value.properties]
        .map(([name, item]) => `${nameOf(name)}: ${lineOf(item, numbers, shared, named)}`)
        .join(", ")}}`;
  return label === "" ? content : `${label}=${content}`;
}

function leafOf(value: Exclude<AmfValue, Complex>): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "symbol") return "unsupported";
  if (value instanceof AmfDate) return `date ${numberOf(value.milliseconds)} zone ${value.timeZone}`;
  if (value instanceof AmfXml) return `xml ${quoted(value.text)}`;
  return typeof value === "number" ? numberOf(value) : String(value);
}

function classOf(value: AmfProperties): string {
  if (value instanceof AmfEcmaArray) return "ecma ";
  return value instanceof AmfObject && value.className !== null ? `class ${quoted(value.className)} ` : "";
}

function nameOf(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : quoted(name);
}

function numberOf(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** As in JSON, with everything but printable ASCII escaped. A run of one and the same unit is abbreviated. */
function quoted(text: string): string {
  const unit = text.slice(0, 1);
  if (text.length >= SHORTEST_RUN && text === unit.repeat(text.length)) return `${quoted(unit)}*${text.length}`;
  return JSON.stringify(text).replace(/[^ -~]/g, (u) => `\\u${u.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function isComplex(value: AmfValue): value is Complex {
  return Array.isArray(value) || value instanceof AmfProperties;
}
