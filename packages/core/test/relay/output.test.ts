import { describe, expect, it } from "vitest";
import { BufferPool } from "../../src/bytes/index.ts";
import { MessageType } from "../../src/chunk/index.ts";
import { audio, frame, keyframe } from "../live/player.ts";
import { type Peer, World } from "./client.ts";

const { Audio, Video } = MessageType;

/** All that is to be sent, copied in pieces of `size` bytes. */
function transmitted(peer: Peer, size: number): Uint8Array {
  const { output } = peer.session.connection;
  const pieces: Uint8Array[] = [];
  for (;;) {
    const memory = new Uint8Array(size + 2).fill(0xee);
    const length = output.transmit(memory, 1, 1 + size);
    expect([memory[0], memory[length + 1]]).toEqual([0xee, 0xee]);
    if (length === 0) return Buffer.concat(pieces);
    pieces.push(memory.subarray(1, 1 + length));
  }
}

/** The same, lent and released. */
function lent(peer: Peer): Uint8Array {
  const { output } = peer.session.connection;
  const pieces: Uint8Array[] = [];
  while (output.lend()) {
    pieces.push(output.bytes.slice(output.start, output.end));
    output.release();
  }
  return Buffer.concat(pieces);
}

describe("Output", () => {
  it("transmits the bytes that it lends", () => {
    for (const size of [1, 7, 100, 4096, 100_000]) {
      const world = new World({ stream: { maximumTime: 2 ** 30 } });
      const publisher = world.publisher("key");
      const players = [world.player("key"), world.player("key")];
      publisher.media(Video, 0, keyframe(10_000));
      publisher.media(Audio, 10, audio());
      for (const player of players) player.call("getStreamLength", 7, null);
      publisher.media(Video, 0xffffff, frame(5000));
      const [copied, whole] = players.map((player, index) => (index === 0 ? transmitted(player, size) : lent(player)));
      expect(Buffer.compare(copied ?? Buffer.of(), whole ?? Buffer.of(1))).toBe(0);
      expect(copied?.length).toBeGreaterThan(15_000);
    }
  });

  it("transmits on in the middle of a piece that was not copied whole", () => {
    const world = new World();
    const publisher = world.publisher("key");
    const player = world.player("key");
    const sent = publisher.media(Video, 0, keyframe(1000));
    const { output } = player.session.connection;
    const memory = new Uint8Array(2000);
    const first = output.transmit(memory, 0, 300);
    expect([first, output.isLent]).toEqual([300, true]);
    const next = publisher.media(Video, 40, frame());
    player.call("getStreamLength", 7, null);
    const second = output.transmit(memory, 300, 2000);
    expect(player.read(memory.slice(0, 300 + second))).toEqual([sent, "_result", next]);
    expect(output.isLent).toBe(false);
  });

  it("lends one piece at a time", () => {
    const world = new World();
    const peer = world.open();
    const { output } = peer.session.connection;
    peer.connect();
    expect(output.lend()).toBe(true);
    expect(() => output.lend()).toThrow("Release the piece that was lent before asking for another.");
    output.release();
  });

  it("waits when the pool has nothing left, and goes on in the same order", () => {
    const pool = new BufferPool(2 ** 20);
    const world = new World({ pool });
    const publisher = world.publisher("key");
    const player = world.player("key");
    const sent = publisher.media(Video, 0, keyframe(9000));
    player.call("getStreamLength", 7, null);
    const blocks: number[] = [];
    for (let block = pool.take(1024); block !== -1; block = pool.take(1024)) blocks.push(block);
    expect(player.hear()).toEqual([]);
    for (const block of blocks) pool.give(block);
    expect(player.hear()).toEqual(["_result", sent]);
  });

  it("finishes the message under way when the player wants no more, and begins no other", () => {
    const world = new World();
    const publisher = world.publisher("key");
    const player = world.player("key");
    const sent = publisher.media(Video, 0, keyframe(20_000));
    publisher.media(Video, 40, frame(20_000));
    const { output } = player.session.connection;
    output.lend();
    player.callOn(1, "closeStream", 0, null);
    expect(player.events).toEqual(["player of app/key ended"]);
    expect([...player.hearPiece(), ...player.hear()]).toEqual([sent]);
  });
});
