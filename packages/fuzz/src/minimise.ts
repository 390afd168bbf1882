import { concat } from "./mutation.ts";

/** How a failure is told from others: what was thrown, without the numbers. */
export function kindOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return (text.split("\n")[0] ?? "").replace(/\d+/g, "#").slice(0, 200);
}

/**
 * The shortest relative of an input that fails in the same way: whatever can be left out is, and what can be zero is.
 *
 * @param failureOf - how an input fails; null when it does not
 * @param goesOn - whether it may be tried again
 */
export function minimise(
  input: Uint8Array,
  failureOf: (input: Uint8Array) => string | null,
  goesOn: () => boolean,
): Uint8Array {
  const wanted = failureOf(input);
  let best = input;
  const attempt = (candidate: Uint8Array): boolean => {
    if (failureOf(candidate) !== wanted) return false;
    best = candidate;
    return true;
  };
  for (let size = 2 ** Math.floor(Math.log2(Math.max(1, input.length))); size >= 1 && goesOn(); size /= 2) {
    for (let at = best.length - size; at >= 0 && goesOn(); at -= size) {
      attempt(concat(best.subarray(0, at), best.subarray(at + size)));
    }
  }
  for (let at = 0; at < best.length && goesOn(); at++) {
    if (best[at] === 0) continue;
    const candidate = best.slice();
    candidate[at] = 0;
    attempt(candidate);
  }
  return best;
}
