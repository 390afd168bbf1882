// A process of the load generator. It is told by messages what to do; see orders.ts.
import { setTimeout as delay } from "node:timers/promises";
import { SeededRandom } from "../../inputs/random.ts";
import { Connection } from "./connection.ts";
import { Media, now } from "./media.ts";
import type { Answer, Order, PlayersReport } from "./orders.ts";
import { LatencyLog, Player } from "./player.ts";
import { Pacer, Publisher } from "./publisher.ts";

/** So many connections are being made at a time. */
const CONNECTING = 25;

const publishers: Publisher[] = [];
const idle: Connection[] = [];
/** Those that read; those that left are among them. */
const players: Player[] = [];
/** Kept, so that they stay connected. */
const neverReading: Player[] = [];
const log = new LatencyLog();
const random = new SeededRandom(2);
let pacer: Pacer | null = null;
let isFinished = false;

process.on("message", (order: Order) => {
  void obey(order).then((answer) => process.send?.(answer));
});

async function obey(order: Order): Promise<Answer> {
  switch (order.order) {
    case "publish": {
      const { port, count, media: options } = order;
      const media = new Media(options);
      await many(count, async (index) => {
        const publisher = new Publisher(port, nameOf(index), media);
        publishers.push(publisher);
        await publisher.ready;
      });
      const start = now() + 50;
      // Encoders do not send in step with one another.
      publishers.forEach((publisher, index) => {
        publisher.begin(start + (index * 1000) / 30 / count, options.bitsPerSecond);
      });
      pacer = new Pacer(publishers);
      return answer();
    }
    case "idle":
      await many(order.count, async () => {
        const connection = new Connection(order.port, { kind: order.bare ? "bare" : "idle" });
        idle.push(connection);
        await connection.ready;
      });
      return answer();
    case "play":
      await many(order.count, async (index) => {
        const player = new Player(order.port, index % order.streams, nameOf(index % order.streams), log);
        // Spread over all, not the first or the last.
        const isReading =
          Math.floor((index * order.neverReading) / order.count) ===
          Math.floor(((index + 1) * order.neverReading) / order.count);
        (isReading ? players : neverReading).push(player);
        await player.ready;
        if (!isReading) player.socket.pause();
      });
      return answer();
    case "join":
      for (let index = 0; index < order.count; index++) {
        setTimeout(
          () => players.push(new Player(order.port, 0, nameOf(0), log)),
          random.below(order.withinSeconds * 1000),
        );
      }
      return answer();
    case "come and go":
      for (let index = 0; index < order.count; index++) void comeAndGo(order.port);
      return answer();
    case "open window":
      log.windowStart = now();
      pacer?.takeLateness();
      return answer();
    case "close window":
      return answer();
    case "stop publishing":
      pacer?.stop();
      return answer();
    case "finish":
      isFinished = true;
      await drained(order.lastFrames, order.patienceSeconds);
      return { ...answer(), players: report(order.lastFrames) };
  }
}

/** Not all at once: that would be another test. */
async function many(count: number, connect: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await connect(next++);
  };
  await Promise.all(Array.from({ length: CONNECTING }, worker));
}

async function comeAndGo(port: number): Promise<void> {
  while (!isFinished) {
    const player = new Player(port, 0, nameOf(0), log);
    players.push(player);
    await delay(1000 + random.below(3000));
    // Those that are there at the end stay, and must get the last frame as everyone else.
    if (!isFinished) player.leave();
  }
}

async function drained(lastFrames: readonly number[], patienceSeconds: number): Promise<void> {
  const end = now() + patienceSeconds * 1000;
  const isBehind = (player: Player): boolean => isHere(player) && player.lastFrame < (lastFrames[player.stream] ?? -1);
  while (now() < end && players.some(isBehind)) await delay(100);
}

function answer(): Answer {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    mediaBytes:
      sum([...players, ...neverReading].map((one) => one.mediaBytes)) + sum(publishers.map((one) => one.sentBytes)),
    lastFrames: publishers.map(({ frames }) => frames - 1),
    lateness: pacer?.takeLateness() ?? [],
    closed: [...publishers, ...idle, ...players].filter(({ isClosed }) => isClosed).length,
    players: null,
  };
}

function report(lastFrames: readonly number[]): PlayersReport {
  const sum = (value: (player: Player) => number): number => players.reduce((total, one) => total + value(one), 0);
  const started = players.filter(({ lastFrame }) => lastFrame >= 0);
  const missingAtEnd = (player: Player): number =>
    player.isLeaving ? 0 : Math.max(0, (lastFrames[player.stream] ?? -1) - player.lastFrame);
  return {
    lostFrames: sum(({ lostFrames }) => lostFrames) + started.reduce((total, one) => total + missingAtEnd(one), 0),
    lostAudioTags: sum(({ lostAudioTags }) => lostAudioTags),
    brokenFrames: sum(({ brokenFrames }) => brokenFrames),
    startedWithoutKeyframe: players.filter(({ framesBeforeKeyframe }) => framesBeforeKeyframe > 0).length,
    withoutKeyframe: players.filter((player) => !player.isLeaving && player.lastFrame < 0).length,
    chunkSizes: [...new Set(players.map(({ reader }) => reader.chunkSize))],
    latencies: log.all(),
    firstByteAfter: players.flatMap(({ firstByteAfter }) => firstByteAfter ?? []),
    keyframeAfter: players.flatMap(({ keyframeAfter }) => keyframeAfter ?? []),
  };
}

function isHere({ isClosed, isLeaving }: Player): boolean {
  return !isClosed && !isLeaving;
}

function nameOf(stream: number): string {
  return `stream${stream}`;
}
