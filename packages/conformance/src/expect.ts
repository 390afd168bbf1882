import { ClientError } from "@millrace/client";

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

/** Fails the case unless the promise rejects by a ClientError that is so. @returns it */
export async function expectClientError(
  promise: Promise<unknown>,
  expected: Partial<Pick<ClientError, "kind" | "status" | "redirect">>,
  what: string,
): Promise<ClientError> {
  const error = await expectRejection(promise, what);
  if (!(error instanceof ClientError)) throw new Error(`${what}: ${error} is no ClientError.`);
  const { kind, status, redirect } = error;
  expectEqual({ kind, status, redirect }, { kind, status, redirect, ...expected }, `${what} (${error.message})`);
  return error;
}
