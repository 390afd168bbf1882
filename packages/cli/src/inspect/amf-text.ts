import {
  AmfDate,
  AmfDictionary,
  AmfDouble,
  AmfEcmaArray,
  AmfExternal,
  type AmfNumberVector,
  AmfObject,
  type AmfObjectVector,
  AmfProperties,
  type AmfValue,
  AmfXml,
  amfUnsupported,
} from "@millrace/core/amf";
import { printable } from "../printable.ts";

/** Names that need no quotes. */
const PLAIN_NAME = /^[\w$]+$/;

/**
 * Values on one line, for people: `"live" {duration: 0, tracks: [1, 2]} null`. What is longer than `limit` characters is cut
 * off with an ellipsis, so a value that a message refers to a thousand times costs no more than its first lines.
 */
export function amfText(values: readonly AmfValue[], limit: number): string {
  const text = new AmfText(limit);
  for (const [index, value] of values.entries()) {
    if (index > 0) text.add(" ");
    text.addValue(value);
  }
  return text.whole();
}

class AmfText {
  private readonly limit: number;
  private text = "";
  /** The objects and arrays that the current value lies in: meeting one again is a cycle. */
  private readonly around = new Set<AmfValue>();

  constructor(limit: number) {
    this.limit = limit;
  }

  whole(): string {
    return this.isFull() ? `${this.text.slice(0, this.limit - 1)}…` : this.text;
  }

  add(text: string): void {
    this.text += text;
  }

  addValue(value: AmfValue): void {
    if (this.isFull()) return;
    if (typeof value === "string") this.addString(value);
    else if (value === amfUnsupported) this.add("unsupported");
    else if (value instanceof AmfDate) this.add(dateText(value));
    else if (value instanceof AmfXml) this.addWrapped("xml(", [[null, value.text]], ")");
    else if (value instanceof AmfDouble) this.add(String(value.value));
    else if (value instanceof Uint8Array) {
      this.add(`bytes(${Buffer.from(value.subarray(0, this.limit)).toString("hex")})`);
    } else if (typeof value !== "object" || value === null) this.add(String(value));
    else if (this.around.has(value)) this.add("(cycle)");
    else {
      this.around.add(value);
      this.addComplex(value);
      this.around.delete(value);
    }
  }

  private addComplex(
    value: AmfValue[] | AmfObject | AmfEcmaArray | AmfExternal | AmfDictionary | AmfNumberVector | AmfObjectVector,
  ): void {
    if (value instanceof AmfProperties) {
      if (value instanceof AmfObject && value.className !== null) this.add(`${printable(value.className)} `);
      const dense = value instanceof AmfEcmaArray ? value.dense : [];
      this.addWrapped("{", [...dense.map((item): [null, AmfValue] => [null, item]), ...value.properties], "}");
    } else if (value instanceof AmfExternal) {
      this.add(`${printable(value.className)} `);
      this.addValue(value.content);
    } else if (value instanceof AmfDictionary) {
      this.addWrapped(
        "dictionary(",
        [...value.entries].map((entry) => [null, entry]),
        ")",
      );
    } else {
      const items = Array.isArray(value) ? value : value.items;
      this.addWrapped(
        "[",
        Array.from(items, (item): [null, AmfValue] => [null, item]),
        "]",
      );
    }
  }

  private addWrapped(open: string, entries: Iterable<[string | null, AmfValue]>, close: string): void {
    this.add(open);
    let isFirst = true;
    for (const [name, value] of entries) {
      if (this.isFull()) return;
      if (!isFirst) this.add(", ");
      isFirst = false;
      if (name !== null) {
        if (PLAIN_NAME.test(name)) this.add(name.slice(0, this.limit));
        else this.addString(name);
        this.add(": ");
      }
      this.addValue(value);
    }
    this.add(close);
  }

  private addString(text: string): void {
    this.add(printable(JSON.stringify(text.slice(0, this.limit))));
  }

  private isFull(): boolean {
    return this.text.length > this.limit;
  }
}

function dateText({ milliseconds }: AmfDate): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? "invalid date" : date.toISOString();
}
