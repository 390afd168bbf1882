// A ClientConnection and a ServerConnection in memory, with virtual time.
import { BufferPool } from "../../../src/bytes/index.ts";
import {
  ClientConnection,
  type ClientConnectionOptions,
  ClientEvent,
  ConnectionEvent,
  type Output,
  ServerConnection,
} from "../../../src/connection/index.ts";
import { errorName } from "../../../src/errors.ts";
import { type Limits, limitsWith } from "../../../src/limits.ts";
import { LiveStream } from "../../../src/live/index.ts";
import { randomBytes } from "../../handshake/reference.ts";
import { mediaLine } from "../message-log.ts";

export interface PairOptions {
  limits?: Partial<Limits>;
  client?: Partial<ClientConnectionOptions>;
  /** What the server's application says: `accept` (default), `later`, or a reason for which it refuses. */
  connect?: string;
  publish?: string;
  play?: string;
  /** How many bytes go over at a time, one number after the other, again and again. Default: all there are. */
  cuts?: readonly number[];
}

/** Memory is expensive to make: one pool for the servers' streams, one for all else. */
const serverPool = new BufferPool(2 ** 25);
const clientPool = new BufferPool(2 ** 25);
const randoms = { client: randomBytes(1528, 21), server: randomBytes(1528, 22) };

export function liveStream(): LiveStream {
  const live = new LiveStream(clientPool, { segmentBytes: 2 ** 14, maximumBytes: 2 ** 20, maximumTime: 2 ** 31 - 1 });
  live.subscribe(); // so that all is kept
  return live;
}

/** Both ends, and what their `poll` answered: NeedData apart, in words. */
export class Pair {
  readonly client: ClientConnection;
  readonly server: ServerConnection;
  readonly clientPool: BufferPool;
  /** What the server's publishers publish into, and its players play. */
  readonly live: LiveStream = new LiveStream(serverPool, {
    segmentBytes: 2 ** 14,
    maximumBytes: 2 ** 20,
    maximumTime: 2 ** 31 - 1,
  });
  readonly clientEvents: string[] = [];
  readonly serverEvents: string[] = [];
  /** Bytes that went each way. */
  toServer = 0;
  toClient = 0;
  /** Where a wire is cut: after so many bytes nothing goes that way any more. */
  cutToServer: number = Number.POSITIVE_INFINITY;
  cutToClient: number = Number.POSITIVE_INFINITY;
  now = 0;
  /** What the client's application does with a command of the server's. */
  onCommand: (() => void) | null = null;
  /** Which live stream a name stands for. */
  find: (name: string) => LiveStream = () => this.live;

  private readonly options: PairOptions;
  private turn = 0;

  constructor(options: PairOptions = {}) {
    this.live.subscribe(); // so that all is kept
    this.options = options;
    const limits = limitsWith(options.limits ?? {});
    this.clientPool = options.client?.pool ?? clientPool;
    this.client = new ClientConnection({
      pool: this.clientPool,
      random: randoms.client,
      now: 0,
      limits,
      connect: { app: "live", tcUrl: "rtmp://host/live" },
      ...options.client,
    });
    this.server = new ServerConnection({ pool: serverPool, random: randoms.server, now: 0, limits });
  }

  /** A pair whose client was let in. */
  static connected(options: PairOptions = {}): Pair {
    const pair = new Pair(options);
    pair.run();
    pair.forget();
    return pair;
  }

  /** Carries bytes to and fro until neither end has any left. */
  run(): void {
    for (;;) {
      const sent = this.carry(this.client.output, true) + this.carry(this.server.output, false);
      if (sent === 0) return;
    }
  }

  wait(milliseconds: number): void {
    this.now += milliseconds;
    this.client.tick(this.now);
    this.server.tick(this.now);
    this.pollClient();
    this.pollServer();
  }

  forget(): void {
    this.clientEvents.length = 0;
    this.serverEvents.length = 0;
  }

  close(): void {
    this.client.close();
    this.server.close();
    this.live.close();
  }

  pollClient(): void {
    const { client, clientEvents } = this;
    for (;;) {
      const event = client.poll();
      switch (event) {
        case ClientEvent.NeedData:
          return;
        case ClientEvent.Failed:
        case ClientEvent.Closed:
          push(clientEvents, event === ClientEvent.Closed ? "closed" : `failed ${nameOf(client)}`);
          return;
        case ClientEvent.Connected:
          clientEvents.push("connected");
          break;
        case ClientEvent.Status:
          clientEvents.push(`status ${client.status?.stream?.name ?? "-"} ${client.status?.code}`);
          break;
        case ClientEvent.Message: {
          const { messageType, messageStreamId, timestamp, bytes, start, end } = client.message;
          clientEvents.push(`message ${messageStreamId}: ${mediaLine(messageType, timestamp, bytes, start, end)}`);
          break;
        }
        case ClientEvent.Command:
          clientEvents.push(`command ${client.command?.name}`);
          this.onCommand?.();
          break;
        case ClientEvent.Answer:
          clientEvents.push(`${client.answered?.outcome} ${client.answered?.transactionId}`);
          break;
      }
    }
  }

  private carry(output: Output, isToServer: boolean): number {
    const { cuts = [] } = this.options;
    const cut = cuts.length === 0 ? 65_536 : (cuts[this.turn++ % cuts.length] ?? 1);
    const memory = new Uint8Array(cut);
    const length = output.transmit(memory, 0, cut);
    const gone = isToServer ? this.toServer : this.toClient;
    const kept = Math.min(length, (isToServer ? this.cutToServer : this.cutToClient) - gone);
    if (isToServer) this.toServer += kept;
    else this.toClient += kept;
    if (kept <= 0) return length;
    const end = isToServer ? this.server : this.client;
    end.tick(this.now);
    end.feed(memory, 0, kept);
    if (isToServer) this.pollServer();
    else this.pollClient();
    // Lent bytes are the lender's again.
    if (this.server.request === null) memory.fill(0xee);
    return length;
  }

  private pollServer(): void {
    const { server, serverEvents } = this;
    for (;;) {
      const event = server.poll();
      switch (event) {
        case ConnectionEvent.NeedData:
        case ConnectionEvent.Waiting:
          return;
        case ConnectionEvent.Failed:
        case ConnectionEvent.Closed:
          push(serverEvents, event === ConnectionEvent.Closed ? "closed" : `failed ${nameOf(server)}`);
          return;
        case ConnectionEvent.Request:
          this.decide();
          break;
        case ConnectionEvent.Message:
          serverEvents.push("message");
          break;
        case ConnectionEvent.Command:
          serverEvents.push(`command ${server.command?.name} ${server.command?.transactionId}`);
          break;
        case ConnectionEvent.Answer:
          serverEvents.push(`${server.answered?.outcome} ${server.answered?.transactionId}`);
          break;
        case ConnectionEvent.StreamEnded:
          serverEvents.push(`ended ${server.ended?.wasPublishing ? "publishing" : "playing"} ${server.ended?.name}`);
          break;
      }
    }
  }

  private decide(): void {
    const { server, options } = this;
    const { request } = server;
    if (request === null) throw new Error("Request without a request.");
    const answer = options[request.kind] ?? "accept";
    this.serverEvents.push(`request ${request.kind} ${request.kind === "connect" ? request.app : request.name}`);
    if (answer === "later") return;
    if (answer !== "accept") server.refuse(answer);
    else if (request.kind === "connect") server.acceptConnect();
    else if (request.kind === "play") server.acceptPlay(this.find(request.name));
    else {
      const live = this.find(request.name);
      if (!live.isPublished) live.beginPublication();
      server.acceptPublish(live);
    }
  }
}

function nameOf(end: ClientConnection | ServerConnection): string {
  return end.error === null ? "without an error" : errorName(end.error.code);
}

/** Once: the end stays what it is. */
function push(events: string[], line: string): void {
  if (events.at(-1) !== line) events.push(line);
}
