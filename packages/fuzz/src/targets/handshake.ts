import {
  ClientHandshake,
  clientKeys,
  DigestLayout,
  errorName,
  type Handshake,
  HandshakeEvent,
  ServerHandshake,
  serverKeys,
  writeDigest,
} from "@millrace/core";
import { cutsOf, lend } from "../lending.ts";
import { concat } from "../mutation.ts";
import { hashOf, Random } from "../random.ts";
import { captures, HANDSHAKE_BYTES } from "../seeds.ts";
import { check, checkSame, type Target } from "../target.ts";

const PACKET_BYTES = 1536;
const random = new Random(7).bytes(1528);

/** The first byte of an input says which end reads the others. */
function open(options: number): Handshake {
  if ((options & 1) === 0) return new ServerHandshake({ random, time: 1 });
  return new ClientHandshake({ random, time: 1, digest: (options & 2) !== 0 });
}

function logOf(input: Uint8Array, ends: readonly number[]): string[] {
  const handshake = open(input[0] ?? 0);
  const memory = new Uint8Array(4 * PACKET_BYTES);
  let sent = 0;
  let read = 0;
  // It changes in the function below, which the compiler does not follow.
  let end = HandshakeEvent.NeedData as HandshakeEvent;
  lend(input.subarray(1), ends, (bytes, start, stop) => {
    if (end !== HandshakeEvent.NeedData) return;
    handshake.feed(bytes, start, stop);
    end = handshake.poll();
    read += handshake.position;
    sent += handshake.transmit(memory, sent, memory.length);
  });
  sent += handshake.transmit(memory, sent, memory.length);
  check(handshake.poll() === end, "The end of a handshake is not final.");
  check(read <= HANDSHAKE_BYTES && sent <= HANDSHAKE_BYTES, `A handshake read ${read} bytes, and sent ${sent}.`);
  check(end !== HandshakeEvent.Done || read === HANDSHAKE_BYTES, `A handshake is done with ${read} bytes.`);
  const { error } = handshake;
  const ending =
    error === null ? `read ${read}` : `failed ${errorName(error.code)} at ${error.offset}: ${error.message}`;
  const verified = handshake instanceof ClientHandshake ? handshake.serverVerified : null;
  // A peer that fails may have got a part of the answer before; with other cuts it is another part.
  return [
    `${end} ${ending} verified ${verified}`,
    error === null ? `sent ${sent} ${hashOf(memory, 0, sent)}` : "failed",
  ];
}

/** Version and packets 1 and 2, with a digest or without. */
function make(chosen: Random): Uint8Array {
  const options = chosen.below(4);
  const packet = chosen.bytes(PACKET_BYTES);
  if (chosen.oneIn(3)) packet.fill(0, 4, 8);
  if (chosen.oneIn(2)) {
    const layout = chosen.oneIn(2) ? DigestLayout.DigestFirst : DigestLayout.KeyFirst;
    writeDigest(packet, layout, options === 0 ? clientKeys : serverKeys);
  }
  const version = Uint8Array.of(chosen.oneIn(8) ? chosen.next() : 3);
  return concat(Uint8Array.of(options), version, packet, chosen.bytes(PACKET_BYTES + chosen.below(9)));
}

/** Both ends of the handshake. */
export const handshake: Target = {
  name: "handshake",
  covers: /core\/dist\/handshake\//,
  longest: 3_200,
  seeds() {
    const clients = captures("c2s", HANDSHAKE_BYTES + 5, 0).map((bytes) => concat(Uint8Array.of(0), bytes));
    const servers = captures("s2c", HANDSHAKE_BYTES + 5, 0).map((bytes) => concat(Uint8Array.of(3), bytes));
    return [...clients, ...servers];
  },
  make,
  run(input) {
    const [whole = [], ...others] = cutsOf(input.subarray(1));
    const expected = logOf(input, whole);
    for (const ends of others) checkSame(expected, logOf(input, ends), "The same bytes in other pieces");
  },
};
