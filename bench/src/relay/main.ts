// Measures relays as a whole: npm run bench:relay.
import { platform } from "node:os";
import { argv, stderr, stdout } from "node:process";
import { judged } from "./bars.ts";
import type { Measurement } from "./measurement.ts";
import { type Options, parseOptions, usage } from "./options.ts";
import { openFileLimit } from "./proc.ts";
import { rowsOf } from "./row.ts";
import { measure } from "./run.ts";
import { changed, FIRST_IDLE, type Scenario, scenarios } from "./scenarios.ts";
import { allServers, bareSockets, millrace } from "./servers/index.ts";
import type { Server } from "./servers/server.ts";
import { textTable } from "./table.ts";

try {
  process.exitCode = await main(parseOptions(argv.slice(2)));
} catch (error) {
  stderr.write(`bench:relay: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

async function main(options: Options): Promise<number> {
  if (options.help) return say(usage);
  const servers = allServers(options.srs);
  if (options.list) return say(listOf(servers));
  if (platform() !== "linux") throw new Error("It reads times and memory from /proc, so it runs on Linux alone.");
  const chosen = chosenOf("scenario", scenarios, options.scenarios).map((scenario) => changed(scenario, options));
  const present = chosenOf("server", servers, options.servers).filter((server) => {
    const obstacle = server.obstacle();
    if (obstacle !== null) stderr.write(`absent: ${server.name}, because ${obstacle}\n`);
    return obstacle === null;
  });
  requireOpenFiles(chosen);

  const rounds: Measurement[][] = [];
  for (let round = 0; round < options.rounds; round++) {
    const measured: Measurement[] = [];
    rounds.push(measured);
    for (const scenario of chosen) {
      // Every other round goes the other way, so that no server always has the machine as another left it.
      for (const server of round % 2 === 0 ? present : [...present].reverse()) {
        if (server === bareSockets && !scenario.forBareSockets) continue;
        stderr.write(`round ${round + 1} of ${options.rounds}, ${scenario.name}: ${server.name}\n`);
        try {
          measured.push(await measure(scenario, server, options.processes));
        } catch (error) {
          stderr.write(`no figures: ${error instanceof Error ? error.message : error}\n`);
        }
      }
    }
  }

  const rows = rowsOf(millrace.name, rounds);
  if (rows.length === 0) throw new Error("Nothing was measured.");
  for (const { scenario, server, metrics } of rows) {
    if (metrics.generatorCores > 0.9) {
      stderr.write(`beware: in ${scenario} with ${server} the load generator was at its limit; see --processes\n`);
    }
  }
  if (options.json) return say(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const about = (name: string): string => scenarios.find((scenario) => scenario.name === name)?.about ?? "";
  say(`${textTable(rows, millrace.name, about)}\n`);
  const verdicts = judged(millrace.name, rows);
  return verdicts.length === 0 ? 0 : say(`\nbars\n${verdicts.join("\n")}\n`);
}

function chosenOf<Named extends { readonly name: string }>(
  kind: string,
  all: readonly Named[],
  names: readonly string[],
): Named[] {
  for (const name of names) {
    if (!all.some((one) => one.name === name)) throw new RangeError(`There is no ${kind} "${name}"; see --list.`);
  }
  return all.filter(({ name }) => names.length === 0 || names.includes(name));
}

/** A server and a generator process have a socket per connection each. */
function requireOpenFiles(chosen: readonly Scenario[]): void {
  const wanted = chosen.map(
    ({ publishers, players, joining, comingAndGoing, idle }) =>
      publishers + players + joining + 2 * comingAndGoing + idle + FIRST_IDLE,
  );
  const most = Math.max(...wanted) + 100;
  const limit = openFileLimit();
  if (limit < most) {
    throw new RangeError(
      `A process may open ${limit} files, but ${most} are needed: raise it with "ulimit -n ${most}".`,
    );
  }
}

function listOf(servers: readonly Server[]): string {
  const lines = scenarios.map(({ name, about }) => `${name.padEnd(16)}${about}`);
  return [...lines, "", ...servers.map(({ name }) => name), ""].join("\n");
}

function say(text: string): 0 {
  stdout.write(text);
  return 0;
}
