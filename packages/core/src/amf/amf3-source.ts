import { readUint8, readUint16, readUtf8 } from "../bytes/index.ts";
import { ErrorCode, ProtocolError } from "../errors.ts";

/** In place of a length or count when there is an error. */
export const FAILED = -1;

/** The part of {@link Amf3Reader} that knows no values: bytes one after the other, and the first error among them. */
export abstract class Amf3Source {
  /** Where in the lent bytes the next value begins. Moved by the reading calls only. */
  position = 0;
  /** The first error since `reset`. Its offset counts from the start of the span. */
  error: ProtocolError | null = null;

  protected bytes: Uint8Array = new Uint8Array(0);
  protected view: DataView = new DataView(this.bytes.buffer);
  protected end = 0;
  /** Where the last integer of variable length began: a length, a count or a reference. */
  protected headAt = 0;
  private start = 0;
  private readonly stringLimit: number;

  constructor(stringLimit: number) {
    this.stringLimit = stringLimit;
  }

  protected lend(bytes: Uint8Array, start: number, end: number): void {
    if (!(start >= 0 && start <= end && end <= bytes.length)) {
      throw new RangeError(`reset(bytes, ${start}, ${end}) does not lie inside ${bytes.length} bytes.`);
    }
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.start = start;
    this.position = start;
    this.end = end;
    this.error = null;
  }

  /** Whether all bytes were read. */
  get atEnd(): boolean {
    return this.position >= this.end;
  }

  /** One byte without a marker; 0 when there is an error. */
  readUint8(): number {
    return this.error === null && this.has(1) ? readUint8(this.bytes, this.position++) : 0;
  }

  /** An integer of the variable length that AMF3 uses, 0 to 536,870,911, without a marker; 0 when there is an error. */
  readUint29(): number {
    const value = this.error === null ? this.takeUint29() : FAILED;
    return value === FAILED ? 0 : value;
  }

  /** Eight bytes without a marker; 0 when there is an error. */
  readDouble(): number {
    return this.error === null ? (this.takeDouble() ?? 0) : 0;
  }

  /** Text behind its 16-bit length, as ActionScript's `writeUTF` writes it; empty when there is an error. */
  readUtf(): string {
    if (this.error !== null || !this.has(2)) return "";
    const length = readUint16(this.bytes, this.position);
    this.position += 2;
    return this.takeText(length) ?? "";
  }

  /** A copy of so many bytes; empty when there is an error. */
  readBytes(length: number): Uint8Array {
    if (this.error !== null || !this.has(length)) return new Uint8Array(0);
    // The slice method of a Buffer would not copy.
    const copy = new Uint8Array(this.bytes.subarray(this.position, this.position + length));
    this.position += length;
    return copy;
  }

  /** For externalizable classes: the bytes are none of its objects. Makes an error of it, unless there is one. */
  refuse(text: string): void {
    if (this.error === null) this.fail(ErrorCode.AmfExternalizableMalformed, text);
  }

  protected takeUint29(): number {
    this.headAt = this.position;
    let value = 0;
    for (let i = 1; this.position < this.end; i++) {
      const byte = readUint8(this.bytes, this.position++);
      if (i === 4) return (value << 8) | byte;
      if (byte < 0x80) return (value << 7) | byte;
      value = (value << 7) | (byte & 0x7f);
    }
    const length = this.position - this.headAt;
    return this.fail(ErrorCode.AmfTruncated, `The message ends after ${length} bytes of an integer.`, this.headAt);
  }

  protected takeDouble(): number | undefined {
    if (!this.has(8)) return undefined;
    const value = this.view.getFloat64(this.position);
    this.position += 8;
    return value;
  }

  protected takeFlag(): boolean | undefined {
    return this.has(1) ? readUint8(this.bytes, this.position++) !== 0 : undefined;
  }

  protected takeText(length: number, decode: typeof readUtf8 = readUtf8): string | undefined {
    if (!this.has(length)) return undefined;
    if (length > this.stringLimit) {
      this.fail(ErrorCode.AmfStringLimit, `A string of ${length} bytes; ${this.stringLimit} are allowed.`);
      return undefined;
    }
    const start = this.position;
    this.position += length;
    return decode(this.bytes, start, this.position);
  }

  protected has(count: number): boolean {
    const left = this.end - this.position;
    if (count <= left) return true;
    this.fail(ErrorCode.AmfTruncated, `The message ends inside a value: ${count} bytes needed, ${left} left.`);
    return false;
  }

  protected fail(code: ErrorCode, text: string, at: number = this.position): typeof FAILED {
    this.error = new ProtocolError(code, text, at - this.start);
    return FAILED;
  }
}
