import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ClientHandshake, type Handshake, HandshakeEvent, ServerHandshake } from "../../src/handshake/index.ts";
import { findDigestOf, randomBytes, signatureOf } from "./reference.ts";

/** One end: its handshake, what it sent of it, and what came after that of the other end. */
class End {
  done = false;
  received = "";
  readonly sent: Buffer[] = [];
  private readonly handshake: Handshake;
  /** What it says after the handshake. */
  private greeting: Buffer;

  constructor(handshake: Handshake, greeting: string) {
    this.handshake = handshake;
    this.greeting = Buffer.from(greeting);
  }

  /** The next bytes for the other end; the greeting follows in the same piece as the end of the handshake. */
  send(size: number): Buffer {
    const piece = Buffer.alloc(size);
    const length = this.handshake.transmit(piece, 0, size);
    const handshake = piece.subarray(0, length);
    this.sent.push(handshake);
    if (!this.done || length === size) return handshake;
    const greeting = this.greeting;
    this.greeting = Buffer.alloc(0);
    return Buffer.concat([handshake, greeting]);
  }

  receive(piece: Buffer): void {
    if (this.done) {
      this.received += piece.toString();
      return;
    }
    this.handshake.feed(piece, 0, piece.length);
    const event = this.handshake.poll();
    expect(event).not.toBe(HandshakeEvent.Failed);
    if (event === HandshakeEvent.NeedData) {
      expect(this.handshake.position).toBe(piece.length);
      return;
    }
    this.done = true;
    this.received += piece.toString("utf8", this.handshake.position);
  }
}

/** Lets both ends talk, in pieces of the given sizes in turn, until both are silent. */
function talk(digest: boolean, sizes: readonly number[]): { client: End; server: End; verified: boolean | null } {
  const handshake = new ClientHandshake({ random: randomBytes(1528, 1), digest });
  const client = new End(handshake, "client's chunks");
  const server = new End(new ServerHandshake({ random: randomBytes(1528, 2) }), "server's chunks");
  let turn = 0;
  const nextSize = (): number => sizes[turn++ % sizes.length] ?? 1;
  for (;;) {
    const toServer = client.send(nextSize());
    server.receive(toServer);
    const toClient = server.send(nextSize());
    client.receive(toClient);
    if (toServer.length === 0 && toClient.length === 0) {
      return { client, server, verified: handshake.serverVerified };
    }
  }
}

function expectUnderstanding(digest: boolean, sizes: readonly number[]): void {
  const { client, server, verified } = talk(digest, sizes);
  expect([client.done, server.done]).toEqual([true, true]);
  expect(client.received).toBe("server's chunks");
  expect(server.received).toBe("client's chunks");
  expect(verified).toBe(digest ? true : null);

  const [fromClient, fromServer] = [Buffer.concat(client.sent), Buffer.concat(server.sent)];
  const [c1, s1] = [fromClient.subarray(1, 1537), fromServer.subarray(1, 1537)];
  if (!digest) {
    expect(fromServer.subarray(1537, 3073).equals(c1)).toBe(true);
    return;
  }
  const [c1Digest, s1Digest] = [findDigestOf(c1, "client")?.digest, findDigestOf(s1, "server")?.digest];
  const s2 = fromServer.subarray(1537, 3073);
  expect(s2.subarray(1504)).toEqual(signatureOf(s2, c1Digest ?? Buffer.alloc(0), "server"));
  expect(s1Digest).toBeDefined();
}

describe.each([
  ["plain", false],
  ["digest", true],
])("client against server, %s", (_, digest) => {
  it("whole", () => expectUnderstanding(digest, [4096]));
  it("byte by byte", () => expectUnderstanding(digest, [1]));
  it("in pieces of any sizes", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3100 }), { minLength: 1, maxLength: 12 }), (sizes) => {
        expectUnderstanding(digest, sizes);
      }),
      { numRuns: 60 },
    );
  });
});
