import cluster from "node:cluster";
import { rmSync } from "node:fs";
import { createServer as createNetServer, type Server as NetServer } from "node:net";
import type { Hooks, ServerEvent } from "@millrace/core";
import { pathOf, StatusCode } from "@millrace/core";
import { createServer, type Server, type ServerOptions } from "../server.ts";
import { Claims } from "./claims.ts";
import { LinkHost } from "./link-host.ts";
import { linkSocket, type ToPrimary, type ToWorker, WORKER_NUMBER } from "./messages.ts";
import { Pulls } from "./pulls.ts";

/** How often the primary is told what goes on here, in milliseconds. */
const LOAD_INTERVAL = 1_000;
/** Of the numbers of peers, so many belong to each worker. */
const PEERS = 2 ** 32;

/**
 * Serves in a process that {@link startWorkers} has started. The server listens where the primary says; hooks and events
 * are this worker's, and events are told to the primary as well. The process ends when the primary ends.
 *
 * @returns the server, before it listens. Do not close it: the primary does.
 * @throws TypeError in any other process.
 */
export function runWorker(options: ServerOptions = {}): Server {
  const number = process.env[WORKER_NUMBER];
  if (!cluster.isWorker || number === undefined) {
    throw new TypeError("Only a process that startWorkers has started can be a worker.");
  }
  return new WorkerSide(Number(number), options).server;
}

/** Connects a server to the primary and to the other workers. */
class WorkerSide {
  readonly server: Server;
  private readonly id: number;
  private readonly claims: Claims;
  private readonly pulls: Pulls;
  private readonly linkServer: NetServer;

  constructor(id: number, options: ServerOptions) {
    this.id = id;
    const onEvent = (event: ServerEvent): void => {
      options.onEvent?.(event);
      this.note(event);
    };
    const onPublish: Hooks["onPublish"] = async (request, peer) => {
      const answer = await options.onPublish?.(request, peer);
      if (answer !== undefined && answer !== true) return answer;
      const path = pathOf(request);
      if (await this.claims.claim(path)) return true;
      return { reason: `${path} is published by somebody else.`, code: StatusCode.PublishBadName };
    };
    this.server = createServer({ ...options, onEvent, onPublish, peersFrom: id * PEERS });
    this.claims = new Claims(this.server.relay, tell);
    this.pulls = new Pulls(this.server, id);
    // Who asks for what is live or else recorded gets what another worker has.
    this.server.relay.isPublishedElsewhere = (path) => this.pulls.hasOwner(path);
    const host = new LinkHost(this.server);
    const sockets = { allowHalfOpen: true, pauseOnConnect: true };
    this.linkServer = createNetServer(sockets, (socket) => this.server.acceptLink(socket, host));
    process.on("message", (message: ToWorker) => this.hear(message));
    // Ctrl-C reaches all processes of a terminal. When to end is the primary's to say.
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});
    tell({ type: "ready" });
  }

  private hear(message: ToWorker): void {
    switch (message.type) {
      case "start":
        void this.start(message);
        break;
      case "owner":
        this.pulls.ownerChanged(message.path, message.worker);
        break;
      case "claimed":
        this.claims.answer(message.question, message.isGranted);
        break;
      case "yield":
        tell({
          type: "yielded",
          question: message.question,
          isFree: this.claims.yields(message.path, this.server.now()),
        });
        // Who gave way is told so.
        this.server.wakePlayers();
        break;
      case "close":
        void this.close(message.deadline);
        break;
    }
  }

  /** What goes wrong here ends the process, and is told on its standard error. */
  private async start({ port, host, folder }: ToWorker & { type: "start" }): Promise<void> {
    this.pulls.folder = folder;
    process.once("exit", () => {
      // The primary was killed, and all workers end: nobody else removes it.
      if (!process.connected) rmSync(folder, { recursive: true, force: true });
    });
    // Exclusive: by default the primary would take the connections of this one too.
    const links = { path: linkSocket(folder, this.id), exclusive: true };
    await new Promise<void>((resolve) => this.linkServer.listen(links, resolve));
    await this.server.listen(port, host);
    setInterval(() => this.tellLoad(), LOAD_INTERVAL);
    tell({ type: "listening" });
  }

  private note(event: ServerEvent): void {
    // An error need not survive the way to another process.
    tell({ type: "event", event: event.type === "hook-failed" ? { ...event, error: String(event.error) } : event });
    if (!("path" in event)) return;
    this.claims.review(event.path);
    this.pulls.review(event.path);
  }

  private tellLoad(): void {
    const { receivedBytes, streams } = this.server;
    tell({ type: "load", receivedBytes, streams });
  }

  private async close(deadline: number): Promise<void> {
    this.pulls.close();
    this.linkServer.close();
    await this.server.close(deadline);
    // The last message: when it is on its way, all before it are.
    tell({ type: "load", receivedBytes: this.server.receivedBytes, streams: [] }, () => process.exit(0));
  }
}

/** @param sent - called even where the primary is gone: this process is about to end then as well. */
function tell(message: ToPrimary, sent: () => void = () => {}): void {
  process.send?.(message, sent);
}
