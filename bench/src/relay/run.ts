import { setTimeout as delay } from "node:timers/promises";
import { median } from "../median.ts";
import { Generator } from "./generator.ts";
import type { Answer, PlayersReport } from "./load/orders.ts";
import type { Measurement, Metrics } from "./measurement.ts";
import { cpuSeconds } from "./proc.ts";
import { quantile } from "./quantile.ts";
import { FIRST_IDLE, type Scenario } from "./scenarios.ts";
import type { Server } from "./servers/server.ts";
import type { ServerProcess } from "./servers/server-process.ts";
import { Watch } from "./watch.ts";

/** How long players may take to get what was sent, once the publishers are silent. */
const PATIENCE_SECONDS = 10;

/** Starts a server, puts the load of a scenario on it, and stops all. */
export async function measure(scenario: Scenario, server: Server, processes: number): Promise<Measurement> {
  const running = await server.start();
  const watch = new Watch(running.pid);
  const publishing = new Generator();
  const playing = Array.from({ length: processes }, () => new Generator());
  try {
    return await load(scenario, server.name, running, watch, publishing, playing);
  } catch (error) {
    const words = running.lastWords;
    throw new Error(`${server.name}: ${error instanceof Error ? error.message : error}\n${words}`, { cause: error });
  } finally {
    watch.stop();
    for (const generator of [publishing, ...playing]) generator.stop();
    await running.stop();
  }
}

async function load(
  scenario: Scenario,
  serverName: string,
  server: ServerProcess,
  watch: Watch,
  publishing: Generator,
  playing: readonly Generator[],
): Promise<Measurement> {
  const { port, pid } = server;
  const { publishers, bitsPerSecond, gopSeconds, players, neverReading, idle, joining, comingAndGoing } = scenario;
  const generators = [publishing, ...playing];
  const bare = serverName === "bare sockets";
  /** A share of a number for each process. */
  const share = (count: number, index: number): number =>
    Math.floor(((index + 1) * count) / playing.length) - Math.floor((index * count) / playing.length);

  // Who is there before anything is counted.
  const media = { bitsPerSecond, gopSeconds };
  if (publishers > 0) await publishing.tell({ order: "publish", port, count: publishers, media });
  if (idle > 0) await publishing.tell({ order: "idle", port, count: FIRST_IDLE, bare });
  await delay(2000);
  const before = watch.look();

  await Promise.all(
    playing.map((generator, index) =>
      idle > 0
        ? generator.tell({ order: "idle", port, count: share(idle, index), bare })
        : generator.tell({
            order: "play",
            port,
            count: share(players, index),
            streams: publishers,
            neverReading: share(neverReading, index),
          }),
    ),
  );
  const allThere = performance.now();
  await eachWithShare(comingAndGoing, (generator, count) => generator.tell({ order: "come and go", port, count }));
  await delay(scenario.warmUpSeconds * 1000);

  // The window. All look at their counters at the same time, which is when the server's time is read.
  const cpuOf = (): number[] => generators.map((generator) => generator.cpuSeconds);
  const looked = (order: "open window" | "close window"): Promise<Answer[]> =>
    Promise.all(generators.map((generator) => generator.tell({ order })));
  const opened = await looked("open window");
  const [openedAt, cpuBefore, generatorsBefore] = [performance.now(), cpuSeconds(pid), cpuOf()];
  // Those who come within the window come early enough to see a keyframe even where there is no cache.
  const withinSeconds = Math.max(1, scenario.seconds - gopSeconds - 1);
  await eachWithShare(joining, (generator, count) => generator.tell({ order: "join", port, count, withinSeconds }));
  await delay(scenario.seconds * 1000);
  const closed = await looked("close window");
  const [closedAt, cpuAfter, generatorsAfter] = [performance.now(), cpuSeconds(pid), cpuOf()];
  const atEnd = watch.look();
  if (!server.isRunning) throw new Error("The server has ended under load.");

  // What is on its way may still arrive.
  const silent = await publishing.tell({ order: "stop publishing" });
  const finished = await Promise.all(
    playing.map((generator) =>
      generator.tell({ order: "finish", lastFrames: silent.lastFrames, patienceSeconds: PATIENCE_SECONDS }),
    ),
  );

  const seconds = (closedAt - openedAt) / 1000;
  const hasPlayers = players + joining + comingAndGoing > 0;
  const counted = hasPlayers ? [1, generators.length] : [0, 1];
  const reports = finished.flatMap((answer) => answer.players ?? []);
  const mediaBytes = (answers: readonly Answer[]): number =>
    sum(answers.slice(...counted), (answer) => answer.mediaBytes);
  const gigabits = ((mediaBytes(closed) - mediaBytes(opened)) * 8) / 1e9;
  const connections = players + idle;
  const closedPlayers = sum(finished, (answer) => answer.closed);
  const held = atEnd.files - before.files - (players - neverReading - closedPlayers);
  const afterAll = watch.since(allThere);
  const firstClosed = afterAll.find(({ files }) => files < before.files + players);
  const resident = median(watch.since(openedAt).map((sample) => sample.resident));
  const pauses = server.pauses.filter(({ heardAt }) => heardAt >= openedAt && heardAt <= closedAt);
  const gc = pauses.map(({ milliseconds }) => milliseconds);

  const metrics: Metrics = {
    seconds,
    gigabits: gigabits > 0 ? gigabits : null,
    cpuPerGigabit: gigabits > 0 ? (cpuAfter - cpuBefore) / gigabits : null,
    serverCores: (cpuAfter - cpuBefore) / seconds,
    ...ofPlayers(hasPlayers ? reports : []),
    ...ofJoins(joining + comingAndGoing > 0 ? reports : []),
    residentBefore: before.resident,
    resident,
    residentPeak: Math.max(...afterAll.map((sample) => sample.resident)),
    bytesPerConnection: connections > 0 && comingAndGoing === 0 ? (resident - before.resident) / connections : null,
    closed: silent.closed + closedPlayers,
    neverReadingLeft: neverReading > 0 ? Math.min(neverReading, Math.max(0, held)) : null,
    neverReadingClosedAfter:
      neverReading > 0 && firstClosed !== undefined ? (firstClosed.time - allThere) / 1000 : null,
    gcPauses: server.pauses.length > 0 ? gc.length : null,
    gcP99: quantileOrNull(gc, 0.99),
    gcMax: quantileOrNull(gc, 1),
    generatorCores: Math.max(
      ...generatorsAfter.map((after, index) => (after - (generatorsBefore[index] ?? 0)) / seconds),
    ),
    latenessP99: quantileOrNull(closed[0]?.lateness ?? [], 0.99),
  };
  const everySecond = afterAll.filter((_, index) => index % 2 === 0);
  const residentOverTime = everySecond.map((sample) => Math.round(sample.resident / 1e6));
  return { scenario: scenario.name, server: serverName, metrics, residentOverTime };

  async function eachWithShare(
    count: number,
    tell: (generator: Generator, count: number) => Promise<Answer>,
  ): Promise<void> {
    if (count > 0) await Promise.all(playing.map((generator, index) => tell(generator, share(count, index))));
  }
}

/** What applies to every player. */
function ofPlayers(reports: readonly PlayersReport[]) {
  const latencies = Float64Array.from(reports.flatMap((report) => Array.from(report.latencies)));
  return {
    latencyP50: quantileOrNull(latencies, 0.5),
    latencyP99: quantileOrNull(latencies, 0.99),
    lostFrames: totalOrNull(reports, (report) => report.lostFrames),
    lostAudioTags: totalOrNull(reports, (report) => report.lostAudioTags),
    brokenFrames: totalOrNull(reports, (report) => report.brokenFrames),
    withoutKeyframe: totalOrNull(reports, (report) => report.withoutKeyframe),
    chunkSize: quantileOrNull(
      reports.flatMap((report) => report.chunkSizes),
      0,
    ),
  };
}

/** What applies where players come while others are measured. */
function ofJoins(reports: readonly PlayersReport[]) {
  const firstByte = reports.flatMap((report) => report.firstByteAfter);
  const keyframe = reports.flatMap((report) => report.keyframeAfter);
  return {
    startedWithoutKeyframe: totalOrNull(reports, (report) => report.startedWithoutKeyframe),
    firstByteP50: quantileOrNull(firstByte, 0.5),
    firstByteMax: quantileOrNull(firstByte, 1),
    keyframeP50: quantileOrNull(keyframe, 0.5),
    keyframeMax: quantileOrNull(keyframe, 1),
  };
}

function sum<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

function quantileOrNull(values: ArrayLike<number>, part: number): number | null {
  return values.length === 0 ? null : quantile(values, part);
}

function totalOrNull(reports: readonly PlayersReport[], value: (report: PlayersReport) => number): number | null {
  return reports.length === 0 ? null : sum(reports, value);
}
