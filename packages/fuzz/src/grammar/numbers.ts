/** A number in so many bytes, the greatest first. */
export function uint(value: number, width: number): Uint8Array {
  return Uint8Array.from({ length: width }, (_, index) => Math.floor(value / 256 ** (width - 1 - index)));
}

/** The same, the least first. */
export function uintLittleEndian(value: number, width: number): Uint8Array {
  return uint(value, width).reverse();
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
