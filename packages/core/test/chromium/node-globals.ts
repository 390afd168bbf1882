/** So much of Node's globals as core's tests use. They are given to the tests by name: core itself finds nothing here. */

export const process = { env: {} };

/** Later, when what waits for it by then is done. */
export function setImmediate(act: () => void): void {
  const { port1, port2 } = new MessageChannel();
  // as the browser has it; Node's types know other names
  Object.assign(port1, {
    onmessage: () => {
      port1.close();
      act();
    },
  });
  port2.postMessage(null);
}

export class Buffer extends Uint8Array {
  static override from(source: string | ArrayLike<unknown> | Iterable<unknown>, encoding: unknown = "utf8"): Buffer {
    // What is no text consists of bytes; the wider type is that of Uint8Array.from.
    if (typeof source !== "string") return new Buffer(source as ArrayLike<number>);
    if (encoding === "utf8") return new Buffer(new TextEncoder().encode(source));
    if (encoding === "hex")
      return new Buffer(source.match(/[0-9a-f]{2}/gi)?.map((byte) => Number.parseInt(byte, 16)) ?? []);
    const text = encoding === "base64" ? atob(source) : source;
    return new Buffer(Array.from(text, (sign) => sign.charCodeAt(0)));
  }

  static alloc(size: number, value = 0): Buffer {
    return new Buffer(size).fill(value);
  }

  static concat(pieces: readonly Uint8Array[]): Buffer {
    const whole = new Buffer(pieces.reduce((sum, { length }) => sum + length, 0));
    let end = 0;
    for (const piece of pieces) {
      whole.set(piece, end);
      end += piece.length;
    }
    return whole;
  }

  static compare(a: Uint8Array, b: Uint8Array): number {
    const length = Math.min(a.length, b.length);
    for (let at = 0; at < length; at++) {
      const difference = (a[at] ?? 0) - (b[at] ?? 0);
      if (difference !== 0) return Math.sign(difference);
    }
    return Math.sign(a.length - b.length);
  }

  equals(other: Uint8Array): boolean {
    return Buffer.compare(this, other) === 0;
  }

  copy(into: Uint8Array, at = 0, start = 0, end: number = this.length): number {
    into.set(this.subarray(start, end), at);
    return end - start;
  }

  override indexOf(searched: number | string, from = 0): number {
    return typeof searched === "number"
      ? super.indexOf(searched, from)
      : this.toString("latin1").indexOf(searched, from);
  }

  readUInt32BE(at = 0): number {
    return new DataView(this.buffer, this.byteOffset).getUint32(at);
  }

  writeUInt32BE(value: number, at = 0): number {
    new DataView(this.buffer, this.byteOffset).setUint32(at, value);
    return at + 4;
  }

  override toString(encoding = "utf8", start = 0, end: number = this.length): string {
    const bytes = this.subarray(start, end);
    if (encoding === "utf8") return new TextDecoder().decode(bytes);
    if (encoding === "hex") return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    return encoding === "base64" ? btoa(text) : text;
  }
}
