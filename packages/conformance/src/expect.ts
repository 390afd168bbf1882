/** Fails the case unless both look the same when written down. */
export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  const found = JSON.stringify(actual);
  const wanted = JSON.stringify(expected);
  if (found !== wanted) throw new Error(`${what}: ${found} instead of ${wanted}`);
}

export function expectTrue(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** Fails the case unless the promise rejects. @returns the reason */
export async function expectRejection(promise: Promise<unknown>, what: string): Promise<unknown> {
  const none = {};
  const reason = await promise.then(
    () => none,
    (error: unknown) => error,
  );
  if (reason === none) throw new Error(`${what} did not fail.`);
  return reason;
}
