import { createServer } from "@millrace/node-adapter";
import { Command, InvalidArgumentError, Option } from "commander";
import { JsonReport } from "./json-report.ts";
import type { Report } from "./report.ts";
import { TextReport } from "./text-report.ts";

interface ServeOptions {
  readonly port: number;
  readonly host?: string;
  readonly json: boolean;
  readonly takeoverAfter: number;
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
    .option("--json", "tell machines: one JSON object a line", false)
    .action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  const report: Report = options.json ? new JsonReport() : new TextReport();
  const server = createServer({
    takeoverAfter: options.takeoverAfter,
    onEvent: report.event,
  });
  try {
    await server.listen(options.port, options.host);
  } catch (error) {
    process.stderr.write(`millrace: ${whyNotListening(error, options)}\n`);
    process.exitCode = 1;
    return;
  }
  report.listening(server, options.host ?? null, server.address?.port ?? options.port);
  let isStopping = false;
  const stop = (): void => {
    // Asked twice, it stops at once.
    if (isStopping) process.exit(1);
    isStopping = true;
    report.closing();
    void server.close().then(() => process.exit(0));
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
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

function milliseconds(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It is a number of milliseconds.");
  return Number(text);
}
