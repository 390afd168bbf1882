/** Up to here a loop is faster than making a view for `set`, ... */
const SHORT = 48;
/** ... and up to here also than calling `copyWithin`. */
export const TINY = 8;

/**
 * Copies bytes[start, end) to `into` at `at`. Within one array (see {@link BufferPool.memory}) it makes no view, and the
 * ranges may overlap. The caller has checked that both lie inside.
 */
export function copyBytes(bytes: Uint8Array, start: number, end: number, into: Uint8Array, at: number): void {
  if (bytes === into) {
    if (end - start <= TINY && (at <= start || at >= end)) copyOneByOne(bytes, start, end, into, at);
    else into.copyWithin(at, start, end);
  } else if (end - start <= SHORT) {
    copyOneByOne(bytes, start, end, into, at);
  } else {
    into.set(bytes.subarray(start, end), at);
  }
}

function copyOneByOne(bytes: Uint8Array, start: number, end: number, into: Uint8Array, at: number): void {
  for (let from = start, to = at; from < end; from++, to++) into[to] = bytes[from] as number; // inside, as the caller checked
}
