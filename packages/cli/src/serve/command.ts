import { availableParallelism } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { createServer, type Server, startWorkers } from "@millrace/node-adapter";
import { Command, InvalidArgumentError, Option } from "commander";
import type { AuthoritySettings } from "./authority.ts";
import { JsonReport } from "./json-report.ts";
import type { LoadSource } from "./load.ts";
import { pullArgument, pushArgument, type RemoteArgument } from "./remote-argument.ts";
import type { Report } from "./report.ts";
import { optionsOf, pushAll, type ServerSettings } from "./settings.ts";
import { TextReport } from "./text-report.ts";

/** How long clients that were asked to connect elsewhere are waited for, and how often is looked, in milliseconds. */
const PATIENCE = 10_000;
const GLANCE = 50;

interface ServeOptions extends AuthoritySettings {
  readonly port?: number;
  readonly host?: string;
  readonly json: boolean;
  readonly takeoverAfter: number;
  readonly workers: number;
  readonly push: readonly RemoteArgument[];
  readonly pull: readonly RemoteArgument[];
  readonly reconnectTo?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly objects?: string;
  readonly recordTo?: string;
  readonly recordAll: boolean;
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
    .addOption(
      new Option("-p, --port <port>", "TCP port, 0 for any free one (default: 1935, with TLS 443)").argParser(
        portNumber,
      ),
    )
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
    .addOption(
      new Option("--push <[path=]url>", "publish all streams to an app there, or the one of that path; may be repeated")
        .default([], "none")
        .argParser(pushArgument),
    )
    .addOption(
      new Option("--pull <[path=]url>", "play a stream there and publish it here; may be repeated")
        .default([], "none")
        .argParser(pullArgument)
        .conflicts("workers"),
    )
    .addOption(
      new Option("--reconnect-to <url>", "before it stops, ask clients to connect there: rtmp://host/app").conflicts(
        "workers",
      ),
    )
    .option("--publish-key <key>", "whoever publishes has to know it: name?key=KEY")
    .option(
      "--keys-file <file>",
      "the same by stream: lines of a path, or *, and its key; read again for each publisher",
    )
    .option("--hook <url>", "ask there, by HTTP POST as nginx-rtmp does, before anything is published or played")
    .option("--tls-cert <file>", "speak RTMPS, with this certificate (PEM); it is read again when it has changed")
    .option("--tls-key <file>", "the certificate's key (PEM)")
    .option("--record-to <folder>", "record what is published to be recorded, and play recordings from there")
    .option("--record-all", "record what is published live as well", false)
    .addOption(
      new Option("--objects <folder>", "let clients use persistent shared objects, which are kept there").conflicts(
        "workers",
      ),
    )
    .option("--json", "tell machines: one JSON object a line", false)
    .action(serve);
}

async function serve(options: ServeOptions, command: Command): Promise<void> {
  const { tlsCert, tlsKey, recordTo, recordAll } = options;
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    command.error("error: --tls-cert and --tls-key belong together.");
  if (recordAll && recordTo === undefined) command.error("error: --record-all needs --record-to.");
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
  const { host = null } = options;
  report.listening(relaying.load, { scheme: tlsCert === undefined ? "rtmp" : "rtmps", host, port: relaying.port });
}

async function serveHere(options: ServeOptions, report: Report): Promise<Relaying> {
  const { host } = options;
  const port = portOf(options);
  const settings = settingsOf(options);
  const server = createServer({ ...optionsOf(settings), onEvent: report.event });
  await server.listen(port, host);
  pushAll(server, settings);
  for (const { url, path } of options.pull) server.pull(url, path ?? undefined);
  const close = async (): Promise<void> => {
    if (options.reconnectTo !== undefined) await moved(server, server.requestReconnect(options.reconnectTo));
    await server.close();
  };
  return { load: server, port: server.address?.port ?? port, close };
}

async function serveByWorkers(options: ServeOptions, report: Report): Promise<Relaying> {
  const { workers: count, host } = options;
  const workers = await startWorkers({
    file: new URL("./worker.js", import.meta.url),
    args: [JSON.stringify(settingsOf(options))],
    count,
    port: portOf(options),
    ...(host === undefined ? {} : { host }),
    onEvent: report.event,
  });
  return { load: workers, port: workers.port, close: () => workers.close() };
}

/** Waits until so many clients have gone, but not for long. */
async function moved(server: Server, asked: number): Promise<void> {
  const left = server.connectionCount - asked;
  const deadline = performance.now() + PATIENCE;
  while (server.connectionCount > left && performance.now() < deadline) await delay(GLANCE);
}

function portOf({ port, tlsCert }: ServeOptions): number {
  return port ?? (tlsCert === undefined ? 1935 : 443);
}

function settingsOf(options: ServeOptions): ServerSettings {
  const {
    takeoverAfter,
    push: pushes,
    tlsCert,
    tlsKey,
    publishKey,
    keysFile,
    hook,
    recordTo,
    recordAll,
    objects,
  } = options;
  return {
    takeoverAfter,
    pushes,
    recordAll,
    ...(recordTo === undefined ? {} : { recordTo }),
    ...(objects === undefined ? {} : { objects }),
    ...(tlsCert === undefined ? {} : { certFile: tlsCert }),
    ...(tlsKey === undefined ? {} : { keyFile: tlsKey }),
    ...(publishKey === undefined ? {} : { publishKey }),
    ...(keysFile === undefined ? {} : { keysFile }),
    ...(hook === undefined ? {} : { hook }),
  };
}

function whyNotListening(error: unknown, options: ServeOptions): string {
  const { host } = options;
  const port = portOf(options);
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
