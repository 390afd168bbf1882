/**
 * The smallest value that at least the given part of all values do not exceed (nearest rank): 0.5 is a median, 0.99 the 99th
 * percentile. NaN when there are none.
 */
export function quantile(values: ArrayLike<number>, part: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}
