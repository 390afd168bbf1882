/** The readers call themselves for each level; so many levels fit every stack. */
const DEEPEST = 512;

/** @throws RangeError when values cannot be read so deep. */
export function checkDepth(depth: number): void {
  if (!Number.isInteger(depth) || depth < 1 || depth > DEEPEST) {
    throw new RangeError(`The depth of AMF values must be an integer from 1 to ${DEEPEST}, not ${depth}.`);
  }
}
