import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MessageType } from "../../src/chunk/index.ts";
import type { IncomingMessage, LiveStream } from "../../src/live/index.ts";
import { audio, avcHeader, frame, KiB, keyframe, line, makeStream, Player } from "./player.ts";

const { Audio, Video } = MessageType;

const make = { keyframe, frame, avcHeader, audio, empty: () => new Uint8Array(0) };
type Making = keyof typeof make;

/** A message as the model knows it. */
interface Published {
  readonly line: string;
  readonly making: Making;
  readonly publication: number;
}

/** A publisher whose messages come in spans, on several chunk streams at once. */
class Publisher {
  /** What is whole, in that order. */
  readonly published: Published[] = [];
  private readonly stream: LiveStream;
  private readonly slots: ({ message: IncomingMessage; sent: number; payload: Uint8Array; is: Published } | null)[] =
    [];
  private timestamp: number;

  constructor(stream: LiveStream, timestamp: number) {
    this.stream = stream;
    this.timestamp = timestamp;
  }

  begin(slot: number, making: Making, length: number): void {
    if (this.slots[slot] != null) return;
    const payload = make[making](making === "empty" ? 0 : length);
    // Each timestamp once, so that each line is there once.
    this.timestamp = (this.timestamp + 1) % 2 ** 32;
    const messageType = making === "audio" || making === "empty" ? Audio : Video;
    const message = this.stream.begin(messageType, this.timestamp, payload.length);
    const is = { line: line(messageType, this.timestamp, payload), making, publication: this.stream.publication };
    this.slots[slot] = message === null ? null : { message, sent: 0, payload, is };
    if (payload.length === 0) this.append(slot, 100);
  }

  append(slot: number, share: number): void {
    const way = this.slots[slot];
    if (way == null) return;
    const { message, payload, sent, is } = way;
    const end = Math.min(payload.length, sent + Math.ceil((payload.length * share) / 100));
    const taken = message.append(payload, sent, end);
    way.sent = end;
    if (taken && end === payload.length) this.published.push(is);
    if (!taken || end === payload.length) this.slots[slot] = null;
  }

  cancel(slot: number): void {
    this.slots[slot]?.message.cancel();
    this.slots[slot] = null;
  }
}

/** A player with what it read, and where it may read on. */
class Watched {
  readonly player: Player;
  readonly messages: string[] = [];
  /** Nobody changed what it wants since it joined. */
  isPlain = true;
  isLent = false;
  /** How many messages there were when it joined; of those it gets some from the newest keyframe on. */
  readonly joined: number;
  /** Whether the newest keyframe, if there was one, had not left the ring when it joined. */
  readonly keyframeIsKept: boolean;
  /** The place in the published messages behind the last one that it read. */
  private next = 0;
  isPaused = false;
  private readonly publisher: Publisher;
  private readonly streamId: number;

  constructor(stream: LiveStream, publisher: Publisher, streamId: number) {
    this.publisher = publisher;
    this.streamId = streamId;
    this.joined = publisher.published.length;
    this.keyframeIsKept = stream.joinPoint !== null;
    this.player = new Player(stream, streamId);
  }

  lend(): void {
    if (!this.isLent) this.isLent = this.player.subscription.lend();
  }

  /** Each message that was read must have been published, behind the one that was read before. */
  release(): void {
    if (!this.isLent) return;
    this.isLent = false;
    this.player.release();
    for (const message of this.player.take()) {
      const wanted = message.replace(`#${this.streamId} `, "#1 ");
      const place = this.publisher.published.findIndex((each) => each.line === wanted);
      if (place === -1) expect.fail(`${message} was not published.`);
      if (place < this.next) expect.fail(`${message} came a second time, or too late.`);
      this.next = place + 1;
      this.messages.push(wanted);
    }
  }

  pause(): void {
    this.isPlain = false;
    this.isPaused = true;
    this.player.subscription.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.player.subscription.resume();
  }

  hide(): void {
    this.isPlain = false;
    this.player.subscription.showVideo(false);
  }

  show(): void {
    this.player.subscription.showVideo(true);
  }

  drain(): void {
    this.release();
    for (this.lend(); this.isLent; this.lend()) this.release();
  }
}

/** What a player gets of what was published behind its joining, when it never fell behind. */
function expected(published: readonly Published[], joined: number, keyframeIsKept: boolean): string[] {
  const hasJoinPoint = published.slice(0, joined).some((each) => isJoinPoint(each, published[joined - 1]));
  let awaitsKeyframe = !(hasJoinPoint && keyframeIsKept);
  // The first publication has begun before anybody could join.
  let publication = published[joined - 1]?.publication ?? 0;
  return published.slice(joined).flatMap((each) => {
    if (each.publication !== publication) awaitsKeyframe = true;
    publication = each.publication;
    if (each.making === "keyframe") awaitsKeyframe = false;
    return awaitsKeyframe && each.making === "frame" ? [] : [each.line];
  });
}

function isJoinPoint(candidate: Published, last: Published | undefined): boolean {
  return candidate.making === "keyframe" && candidate.publication === last?.publication;
}

const slot = fc.nat(2);
const who = fc.nat(2);
const action = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("begin" as const),
      slot,
      making: fc.constantFrom<Making>("keyframe", "frame", "frame", "avcHeader", "audio", "audio", "empty"),
      length: fc.oneof(fc.integer({ min: 2, max: 300 }), fc.integer({ min: 2, max: 5000 })),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("append" as const), slot, share: fc.integer({ min: 1, max: 100 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const), slot }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("lend" as const), who }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("release" as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("drain" as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("pause" as const, "resume" as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("hide" as const, "show" as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("resubscribe" as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("publication" as const, "end" as const) }) },
);

describe("a live stream and its players", () => {
  it.each([
    ["with memory enough", 2 ** 20, 512 * KiB],
    ["with a narrow ring", 2 ** 20, 12 * KiB],
    ["with a pool that is often empty", 16 * KiB, 64 * KiB],
  ])("give each player whole messages in their order, whatever happens, %s", (_, poolBytes, maximumBytes) => {
    fc.assert(
      fc.property(
        fc.array(action, { minLength: 20, maxLength: 200, size: "max" }),
        fc.constantFrom(0, 0xffffff - 30, 2 ** 32 - 30),
        fc.constantFrom(0, 2 ** 31 - 8000, 2 ** 32 - 8000),
        (actions, timestamp, position) => {
          const { stream, pool } = makeStream({ maximumBytes }, poolBytes);
          // As if so much had passed already.
          stream.ring.floor = stream.ring.tail = position | 0;
          stream.first = stream.next = position | 0;
          const publisher = new Publisher(stream, timestamp);
          const join = (index: number) => new Watched(stream, publisher, index === 2 ? 5 : 1);
          const watched = [0, 1, 2].map(join);
          const all = [...watched];
          for (const step of actions) {
            if (!("who" in step)) {
              if (step.do === "begin") publisher.begin(step.slot, step.making, step.length);
              else if (step.do === "append") publisher.append(step.slot, step.share);
              else if (step.do === "cancel") publisher.cancel(step.slot);
              else {
                // What the model expects of a publication's end is that another one follows.
                if (step.do === "end") stream.endPublication();
                stream.beginPublication();
              }
              continue;
            }
            const watcher = watched[step.who];
            if (watcher === undefined) continue;
            if (step.do === "resubscribe") {
              watcher.player.close();
              const successor = join(step.who);
              watched[step.who] = successor;
              all.push(successor);
            } else watcher[step.do]();
          }
          for (const watcher of all) {
            if (watcher.isPaused || !watched.includes(watcher)) continue;
            watcher.drain();
            if (!watcher.isPlain || watcher.player.subscription.skips > 0) continue;
            const wanted = expected(publisher.published, watcher.joined, watcher.keyframeIsKept);
            expect(watcher.messages.slice(watcher.messages.length - wanted.length)).toEqual(wanted);
          }
          expect(stream.ring.heldSegments).toBe(pool.lentBlocks);
          stream.close();
          for (const watcher of all) watcher.player.close();
          expect(pool.lentBlocks).toBe(0);
          expect(stream.ring.heldSegments).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });
});
