import { availableParallelism } from "node:os";
import { createServer, startWorkers } from "@millrace/node-adapter";
import { Command, InvalidArgumentError, Option } from "commander";
import { JsonReport } from "./json-report.ts";
import type { LoadSource } from "./load.ts";
import type { Report } from "./report.ts";
import { TextReport } from "./text-report.ts";

interface ServeOptions {
  readonly port: number;
  readonly host?: string;
  readonly json: boolean;
  readonly takeoverAfter: number;
  readonly workers: number;
}

/** The relay, in this process or in several. */
interface Relaying {
  readonly load: LoadSource;
  readonly port: number;
  close(): Promise<void>;
}

/** `millrace serve`: a relay that publishers and players connect to. */
export function serveCommand(): Command {
  return new Command("serve")
    .description("relay live streams from publishers to players")
    .addOption(new Option("-p, --port <port>", "TCP port, 0 for any free one").default(1935).argParser(portNumber))
    .option("--host <address>", "address of this machine to listen on (default: all of them)")
    .addOption(
      new Option("--takeover-after <ms>", "a publisher that was silent for so long gives way to another of its name")
        .default(5_000)
        .argParser(milliseconds),
    )
    .addOption(
      new Option("--workers <n>", 'processes that share the work; "auto" for one on each core')
        .default(1)
        .argParser(workerCount),
    )
    .option("--json", "tell machines: one JSON object a line", false)
    .action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  const report: Report = options.json ? new JsonReport() : new TextReport();
  let relaying: Relaying | null = null;
  let isStopping = false;
  const stop = (): void => {
    // Asked twice, or before it serves, it stops at once.
    if (isStopping || relaying === null) process.exit(1);
    isStopping = true;
    report.closing();
    void relaying.close().then(() => process.exit(0));
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  try {
    relaying = options.workers === 1 ? await serveHere(options, report) : await serveByWorkers(options, report);
  } catch (error) {
    process.stderr.write(`millrace: ${whyNotListening(error, options)}\n`);
    process.exitCode = 1;
    return;
  }
  report.listening(relaying.load, options.host ?? null, relaying.port);
}

async function serveHere({ port, host, takeoverAfter }: ServeOptions, report: Report): Promise<Relaying> {
  const server = createServer({ takeoverAfter, onEvent: report.event });
  await server.listen(port, host);
  return { load: server, port: server.address?.port ?? port, close: () => server.close() };
}

async function serveByWorkers(options: ServeOptions, report: Report): Promise<Relaying> {
  const { workers: count, port, host, takeoverAfter } = options;
  const workers = await startWorkers({
    file: new URL("./worker.js", import.meta.url),
    args: [String(takeoverAfter)],
    count,
    port,
    ...(host === undefined ? {} : { host }),
    onEvent: report.event,
  });
  return { load: workers, port: workers.port, close: () => workers.close() };
}

function whyNotListening(error: unknown, { port, host }: ServeOptions): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") return `port ${port} is in use; choose another one with --port.`;
  if (code === "EACCES") return `port ${port} may not be used by this user; choose one from 1024 on with --port.`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
    return `${host ?? "The host"} is no address of this machine; see --host.`;
  return error instanceof Error ? error.message : String(error);
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError("A port is a number from 0 to 65535.");
  return port;
}

function workerCount(text: string): number {
  const count = text === "auto" ? availableParallelism() : Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('It is a number from 1 on, or "auto".');
  return count;
}

function milliseconds(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It is a number of milliseconds.");
  return Number(text);
}
