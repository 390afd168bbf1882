import { readUint8 } from "../../bytes/index.ts";

/**
 * Reads bits[from the highest of the first byte on]. Behind the end there are zeros, and `isOverrun` says so: look at it
 * once, when all was read. Loops whose count comes from the bits stop by it.
 */
export class BitReader {
  isOverrun = false;

  private readonly bytes: Uint8Array;
  /** In bits, from the start of `bytes`. */
  private position: number;
  private readonly first: number;
  private readonly end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.position = start * 8;
    this.first = start * 8;
    this.end = end * 8;
  }

  /** How many bits are left. */
  get left(): number {
    return this.end - this.position;
  }

  /** The next 0 to 32 bits, as an unsigned number. */
  bits(count: number): number {
    if (count > this.left) {
      this.isOverrun = true;
      this.position = this.end;
      return 0;
    }
    let value = 0;
    for (let lacking = count; lacking > 0; ) {
      const inByte = this.position & 7;
      const taken = Math.min(lacking, 8 - inByte);
      const byte = readUint8(this.bytes, this.position >>> 3);
      const part = (byte >> (8 - inByte - taken)) & ((1 << taken) - 1);
      value = value * (1 << taken) + part;
      this.position += taken;
      lacking -= taken;
    }
    return value;
  }

  flag(): boolean {
    return this.bits(1) === 1;
  }

  skip(count: number): void {
    if (count > this.left) this.isOverrun = true;
    this.position = Math.min(this.position + count, this.end);
  }

  /** Steps to the next whole byte, counted from where the reader began. */
  align(): void {
    this.skip(-(this.position - this.first) & 7);
  }

  /** An unsigned Exp-Golomb number (ITU-T H.264 9.1); also what AV1 4.10.3 calls uvlc. */
  exp(): number {
    let zeros = 0;
    while (!this.isOverrun && !this.flag()) zeros++;
    if (zeros > 32) this.isOverrun = true; // no field is that large
    return this.isOverrun ? 0 : 2 ** zeros - 1 + this.bits(zeros);
  }

  /** A signed Exp-Golomb number (ITU-T H.264 9.1.1). */
  signedExp(): number {
    const code = this.exp();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }

  skipExp(count: number): void {
    for (let i = 0; i < count && !this.isOverrun; i++) this.exp();
  }
}

/** Reads a NAL unit: without the bytes 03 that keep start codes out of it (ITU-T H.264 7.4.1, H.265 7.4.2.1). */
export function nalReader(bytes: Uint8Array, start: number, end: number): BitReader {
  const plain = new Uint8Array(end - start);
  let length = 0;
  let zeros = 0;
  for (let at = start; at < end; at++) {
    const byte = readUint8(bytes, at);
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    plain[length++] = byte;
  }
  return new BitReader(plain, 0, length);
}
