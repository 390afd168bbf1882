/** Bits written for the readers of configurations, field by field as the specifications list them. */
export class Bits {
  private text = "";

  /** An unsigned number of so many bits. */
  u(count: number, value: number): this {
    this.text += value.toString(2).padStart(count, "0").slice(-count);
    return this;
  }

  /** One bit each. */
  flags(...values: readonly (0 | 1)[]): this {
    this.text += values.join("");
    return this;
  }

  /** Unsigned Exp-Golomb numbers. */
  ue(...values: readonly number[]): this {
    for (const value of values) {
      const digits = (value + 1).toString(2);
      this.text += "0".repeat(digits.length - 1) + digits;
    }
    return this;
  }

  /** Signed Exp-Golomb numbers. */
  se(...values: readonly number[]): this {
    return this.ue(...values.map((value) => (value > 0 ? 2 * value - 1 : -2 * value)));
  }

  align(): this {
    this.text = this.text.padEnd(Math.ceil(this.text.length / 8) * 8, "0");
    return this;
  }

  /** rbsp_trailing_bits: a one, then zeros up to a whole byte. */
  stop(): this {
    return this.flags(1).align();
  }

  bytes(...values: readonly number[]): this {
    for (const value of values) this.u(8, value);
    return this;
  }

  /** Ends with zeros up to a whole byte. */
  get done(): Uint8Array {
    this.align();
    return Uint8Array.from({ length: this.text.length / 8 }, (_, i) =>
      Number.parseInt(this.text.slice(8 * i, 8 * i + 8), 2),
    );
  }
}

/** A NAL unit with its emulation prevention bytes (ITU-T H.264 7.4.1). */
export function escaped(unit: Uint8Array): Uint8Array {
  const bytes: number[] = [];
  for (const byte of unit) {
    if (byte <= 3 && bytes.at(-1) === 0 && bytes.at(-2) === 0) bytes.push(3);
    bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}
