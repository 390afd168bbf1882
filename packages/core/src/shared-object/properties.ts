import { utf8Length } from "../bytes/index.ts";
import { ErrorCode } from "../errors.ts";
import type { Limits } from "../limits.ts";

/** The properties of an object, each as one AMF0 value, within its limits. */
export class Properties {
  private readonly limits: Readonly<Limits>;
  private values = new Map<string, Uint8Array>();
  /** Of all together, with their names. */
  private bytes = 0;

  constructor(limits: Readonly<Limits>) {
    this.limits = limits;
  }

  get content(): ReadonlyMap<string, Uint8Array> {
    return this.values;
  }

  get(name: string): Uint8Array | undefined {
    return this.values.get(name);
  }

  /** @returns the limit that the value would pass; null when it is there now. */
  put(name: string, value: Uint8Array): ErrorCode | null {
    const { limits, values } = this;
    const before = values.get(name);
    if (value.length > limits.sharedObjectPropertyBytes) return ErrorCode.SharedObjectPropertyBytesLimit;
    if (before === undefined && values.size >= limits.sharedObjectProperties) {
      return ErrorCode.SharedObjectPropertyLimit;
    }
    const bytes = this.bytes + bytesOf(name, value) - (before === undefined ? 0 : bytesOf(name, before));
    if (bytes > limits.sharedObjectBytes) return ErrorCode.SharedObjectBytesLimit;
    values.set(name, value);
    this.bytes = bytes;
    return null;
  }

  /** @returns whether it was there. */
  delete(name: string): boolean {
    const value = this.values.get(name);
    if (value === undefined) return false;
    this.bytes -= bytesOf(name, value);
    return this.values.delete(name);
  }

  /** Puts other properties in place of all there are. They may pass the limits: they were there before. */
  replace(values: ReadonlyMap<string, Uint8Array>): void {
    this.values = new Map(values);
    this.bytes = 0;
    for (const [name, value] of values) this.bytes += bytesOf(name, value);
  }
}

function bytesOf(name: string, value: Uint8Array): number {
  return 2 + utf8Length(name) + value.length;
}
