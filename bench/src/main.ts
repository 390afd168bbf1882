import { argv, stderr, stdout } from "node:process";
import { budgets } from "./budget.ts";
import { groups } from "./groups/index.ts";
import { type Options, parseOptions, usage } from "./options.ts";
import { installPeers, isInstalled } from "./peers/installed.ts";
import { librtmpObstacle } from "./peers/librtmp.ts";
import { rowsOf } from "./row.ts";
import { runAll } from "./run.ts";
import { loadRun, saveRun } from "./saved.ts";
import { comparison, markdownTable, textTable } from "./table.ts";

try {
  process.exitCode = await main(parseOptions(argv.slice(2)));
} catch (error) {
  stderr.write(`bench: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

async function main(options: Options): Promise<number> {
  if (options.help) return say(usage);
  if (options.list) return say(groups.map(({ name }) => `${name}\n`).join(""));
  if (options.installPeers) return installPeers();
  const chosen = groups.filter(({ name }) => name.includes(options.filter));
  if (chosen.length === 0) throw new RangeError(`No group's name contains "${options.filter}"; see --list.`);
  const before = options.compare === null ? null : loadRun(options.compare);

  announceAbsentPeers();
  const pace = options.quick ? "quick" : "full";
  const results = await runAll({
    groups: chosen,
    processes: options.processes || budgets[pace].processes,
    pace,
    progress: (text) => stderr.write(`${text}\n`),
  });
  const announcements = new Set(results.flatMap((result) => (result.role === "announcement" ? [result.text] : [])));
  for (const text of announcements) stderr.write(`${text}\n`);

  const rows = rowsOf(results);
  if (options.save !== null) saveRun(options.save, rows);
  if (options.json) return say(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  say(`${options.markdown ? markdownTable(rows) : textTable(rows)}\n`);
  return before === null ? 0 : say(`\nCompared with ${options.compare}\n${comparison(before, rows)}\n`);
}

function announceAbsentPeers(): void {
  const obstacle = librtmpObstacle();
  if (obstacle !== null) stderr.write(`absent: librtmp, because ${obstacle}\n`);
  const packages = ["node-media-server/src/protocol/rtmp.js", "amfjs", "@astronautlabs/amf", "rtmp-amf"];
  for (const name of packages) {
    if (!isInstalled(name)) stderr.write(`absent: ${name.replace(/\/src.*/, "")} (npm run bench -- --install-peers)\n`);
  }
}

function say(text: string): 0 {
  stdout.write(text);
  return 0;
}
