import { expect, it } from "vitest";
import { isWithout, missingPeers, peers } from "./peers.ts";

it("has all peers to try the server with", ({ skip }) => {
  const missing = missingPeers();
  if (missing !== null && isWithout(...peers)) {
    process.stderr.write(`Interoperability: not tried with ${missing}, as it is not installed.\n`);
    skip(missing);
  }
  expect(missing).toBeNull();
});
