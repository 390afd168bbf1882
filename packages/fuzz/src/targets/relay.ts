import {
  AmfObject,
  type AmfValue,
  ChunkWriter,
  encodeValues,
  type HookAnswer,
  MessageType,
  ObjectRoom,
  PeerStep,
  Relay,
  RelayPeer,
  type RelayPeerHost,
  type RelaySession,
  type ServerEvent,
} from "@millrace/core";
import { clientSession } from "../grammar/session.ts";
import { cutsOf, lend } from "../lending.ts";
import { concat } from "../mutation.ts";
import type { Random } from "../random.ts";
import { captures } from "../seeds.ts";
import { check, checkSame, type Target } from "../target.ts";
import { checkGivenBack, checkMemory, listenerPool, plainHandshake, pool, random } from "./connection.ts";
import { Listener } from "./listener.ts";

const LONGEST = 24_576;

/** A relay in memory, and the peers that it has. */
class World {
  readonly log: string[] = [];
  readonly relay: Relay = new Relay({
    pool,
    stream: { segmentBytes: 2 ** 13, maximumBytes: 2 ** 17 },
    maximumStreams: 8,
    takeoverAfter: 1,
  });
  now = 0;
  received = 0;

  readonly host: RelayPeerHost;

  constructor() {
    const host = {
      hooks: {
        onPublish: ({ name }: { name: string }): HookAnswer => name !== "other" || { reason: "Not this one." },
        methods: { echo: ([value]: readonly AmfValue[]): AmfValue => value },
      },
      decisionTimeout: 1_000,
      now: (): number => this.now,
      emit: (event: ServerEvent): void => this.note(event),
    };
    this.host = { ...host, objects: new ObjectRoom(host, this.relay.limits, null) };
  }

  /** What an adapter does after it has read: others may have something to send, or to end. */
  settle(): void {
    this.relay.flush();
  }

  private note(event: ServerEvent): void {
    // What a method answers may be more than a message can hold: that is a fault of the method's.
    if (event.type === "hook-failed" && !(event.error instanceof RangeError)) throw event.error;
    this.log.push("path" in event ? `${event.type} ${JSON.stringify(event.path)}` : event.type);
  }
}

/** One connection, as an adapter drives it. */
class Guest {
  readonly listener: Listener = new Listener(listenerPool);
  isOver = false;
  private readonly world: World;
  private readonly session: RelaySession;
  private readonly peer: RelayPeer;

  constructor(world: World, id: number) {
    this.world = world;
    const session = world.relay.open(random, world.now, "192.0.2.1");
    check(session !== null, "The relay takes nobody.");
    this.session = session;
    const nothing = (): void => {};
    this.peer = new RelayPeer(world.host, session, { id, address: "192.0.2.1:1" }, nothing, nothing);
    session.carrier = { flush: () => this.flush(), pump: () => this.poll(), destroy: () => this.end() };
    this.take(plainHandshake, 0, plainHandshake.length);
  }

  take(bytes: Uint8Array, start: number, end: number): void {
    const { world, session } = this;
    if (this.isOver) return;
    world.received += end - start;
    session.connection.tick(world.now);
    session.connection.feed(bytes, start, end);
    this.poll();
    this.flush();
    world.settle();
    checkMemory(world.received);
  }

  poll(): void {
    if (this.isOver) return;
    let step = this.peer.step();
    while (step === PeerStep.More) step = this.peer.step();
    check(step !== PeerStep.Waiting, "It waits although every hook has answered.");
    if (step === PeerStep.Over) this.end();
  }

  flush(): void {
    if (!this.isOver) this.listener.hear(this.session.connection.output);
  }

  /** The socket is closed. */
  end(): void {
    if (this.isOver) return;
    this.flush();
    this.isOver = true;
    this.peer.finish();
    this.session.close();
    this.listener.close();
  }
}

/** What peers say that mean well, in one piece: app and message stream, then what they want. */
function saying(want: "play" | "publish", ...payloads: readonly Uint8Array[]): Uint8Array {
  const writer = new ChunkWriter(listenerPool);
  const say = (messageType: number, streamId: number, payload: Uint8Array): void => {
    writer.lend(3, messageType, streamId, 0, payload, 0, payload.length);
  };
  say(MessageType.CommandAmf0, 0, encodeValues("connect", 1, AmfObject.of({ app: "live" })));
  say(MessageType.CommandAmf0, 0, encodeValues("createStream", 2, null));
  say(MessageType.CommandAmf0, 1, encodeValues(want, 3, null, "key"));
  for (const payload of payloads) say(MessageType.Video, 1, payload);
  const memory = new Uint8Array(1_000);
  return memory.slice(0, writer.transmit(memory, 0, memory.length));
}

const wish = saying("play");
const show = saying("publish", Uint8Array.from([0x17, 1, 0, 0, 0, 1]), Uint8Array.from([0x27, 1, 0, 0, 0, 2]));

/** The first byte of an input says which part of it is another peer's, who comes later. */
function logOf(input: Uint8Array, ends: readonly number[]): string[] {
  const world = new World();
  const player = new Guest(world, 1);
  player.take(wish, 0, wish.length);
  const share = Math.floor((input.length * (input[0] ?? 0)) / 256) + 1;
  const parts: [start: number, end: number][] = [
    [1, Math.min(share, input.length)],
    [Math.min(share, input.length), input.length],
  ];
  const guests = parts.map(([start, end], index) => {
    const guest = new Guest(world, index + 2);
    const own = ends.map((at) => at + 1 - start).filter((at) => at > 0 && at < end - start);
    lend(input.subarray(start, end), [...own, end - start], (bytes, from, to) => guest.take(bytes, from, to));
    world.now += 10;
    return guest;
  });
  check(!player.isOver, "A player was thrown out for what others did.");
  check(player.listener.messages > 0, "A player was not even let in.");
  for (const guest of guests) guest.end();
  // Whatever they left behind: the next publisher reaches the player.
  const before = player.listener.pictures;
  const publisher = new Guest(world, 9);
  publisher.take(show, 0, show.length);
  world.settle();
  check(player.listener.pictures === before + 2, `A player got ${player.listener.pictures - before} pictures of 2.`);
  for (const guest of [publisher, player]) guest.end();
  world.settle();
  check(world.relay.streams.size === 0, `${world.relay.streams.size} streams have nobody.`);
  checkGivenBack();
  return world.log;
}

/** A relay with one player that means well and two peers that may say anything. */
export const relay: Target = {
  name: "relay",
  covers: /core\/dist\/(relay|connection|live)\//,
  longest: LONGEST,
  seeds: () => {
    const [first = new Uint8Array(0), ...others] = captures("c2s", 8_000);
    return others.map((bytes) => concat(Uint8Array.of(128), bytes, first.subarray(0, bytes.length)));
  },
  make: (chosen: Random) => {
    const [first, second] = [clientSession(chosen), clientSession(chosen)];
    const share = Math.round((first.length * 256) / (first.length + second.length + 1));
    return concat(Uint8Array.of(Math.min(255, share)), first, second).subarray(0, LONGEST);
  },
  run(input) {
    if (input.length === 0) return;
    const [whole = [], ...others] = cutsOf(input.subarray(1));
    const expected = logOf(input, whole);
    for (const ends of others) checkSame(expected, logOf(input, ends), "The same bytes in other pieces");
  },
};
