import {
  AmfDate,
  AmfDictionary,
  AmfDouble,
  AmfEcmaArray,
  AmfExternal,
  AmfObject,
  AmfObjectVector,
  type AmfValue,
  AmfXml,
} from "../../src/amf/index.ts";

type Leaf = string | number | boolean | symbol | null | undefined | AmfDouble;
type Referable = Exclude<AmfValue, Leaf>;

const SHORTEST_RUN = 16;

/**
 * The values of a message for people, one a line; fixtures/README.md describes the notation. What appears more than once
 * has a number, and only the first time its content. With `isAmf3` all have their places in the table of AMF3 4.1, else
 * objects and arrays those of AMF0 2.9.
 */
export function valueLines(values: readonly AmfValue[], isAmf3 = false): string[] {
  const notes = new Notes(isAmf3);
  for (const value of values) notes.find(value);
  return values.map((value) => notes.lineOf(value));
}

class Notes {
  private readonly numbers = new Map<Referable, number>();
  private readonly shared = new Set<Referable>();
  private readonly named = new Set<Referable>();
  private readonly isAmf3: boolean;

  constructor(isAmf3: boolean) {
    this.isAmf3 = isAmf3;
  }

  /** Numbers values in the order in which they first appear. */
  find(value: AmfValue): void {
    if (!isReferable(value) || (!this.isAmf3 && (value instanceof AmfDate || value instanceof AmfXml))) return;
    if (this.numbers.has(value)) {
      this.shared.add(value);
      return;
    }
    this.numbers.set(value, this.numbers.size);
    for (const item of itemsOf(value)) this.find(item);
  }

  lineOf(value: AmfValue): string {
    if (!isReferable(value)) return leafOf(value);
    const label = this.shared.has(value) ? `#${this.numbers.get(value)}` : "";
    if (label !== "" && this.named.has(value)) return label;
    this.named.add(value);
    const content = this.contentOf(value);
    return label === "" ? content : `${label}=${content}`;
  }

  private contentOf(value: Referable): string {
    if (Array.isArray(value)) return this.list(value);
    if (value instanceof AmfEcmaArray) {
      const dense = value.dense.length === 0 ? "" : ` ${this.list(value.dense)}`;
      return `ecma ${this.members(value.properties)}${dense}`;
    }
    if (value instanceof AmfObject) return `${classOf(value)}${this.members(value.properties)}`;
    if (value instanceof AmfExternal) return `external ${quoted(value.className)} ${this.lineOf(value.content)}`;
    if (value instanceof AmfObjectVector) {
      return `${value.isFixed ? "fixed " : ""}vector ${quoted(value.typeName)} ${this.list(value.items)}`;
    }
    if (value instanceof AmfDictionary) {
      const entries = [...value.entries].map(([key, item]) => `${this.lineOf(key)} => ${this.lineOf(item)}`);
      return `${value.isWeak ? "weak " : ""}dictionary {${entries.join(", ")}}`;
    }
    if (value instanceof AmfDate) return `date ${numberOf(value.milliseconds)} zone ${value.timeZone}`;
    if (value instanceof AmfXml) return `${value.isDocument ? "xml" : "e4x"} ${quoted(value.text)}`;
    if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString("hex")}`.trim();
    const kind = value.items instanceof Float64Array ? "doubles" : value.items instanceof Int32Array ? "ints" : "uints";
    return `${value.isFixed ? "fixed " : ""}${kind} [${Array.from(value.items, numberOf).join(", ")}]`;
  }

  private list(items: readonly AmfValue[]): string {
    return `[${items.map((item) => this.lineOf(item)).join(", ")}]`;
  }

  private members(members: ReadonlyMap<string, AmfValue>): string {
    return `{${[...members].map(([name, item]) => `${nameOf(name)}: ${this.lineOf(item)}`).join(", ")}}`;
  }
}

function itemsOf(value: Referable): Iterable<AmfValue> {
  if (Array.isArray(value)) return value;
  if (value instanceof AmfEcmaArray) return [...value.properties.values(), ...value.dense];
  if (value instanceof AmfObject) return value.properties.values();
  if (value instanceof AmfExternal) return [value.content];
  if (value instanceof AmfObjectVector) return value.items;
  return value instanceof AmfDictionary ? [...value.entries].flat() : [];
}

function leafOf(value: Leaf): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value === "symbol") return "unsupported";
  if (value instanceof AmfDouble) return `double ${numberOf(value.value)}`;
  return typeof value === "number" ? numberOf(value) : String(value);
}

function classOf({ className, traits }: AmfObject): string {
  const named = className === null ? "" : `class ${quoted(className)} `;
  if (traits === null) return named;
  return `${named}${traits.isDynamic ? "dynamic " : ""}sealed (${traits.sealed.map(nameOf).join(", ")}) `;
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

function isReferable(value: AmfValue): value is Referable {
  return typeof value === "object" && value !== null && !(value instanceof AmfDouble);
}
