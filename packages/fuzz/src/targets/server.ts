import { ConnectionEvent, errorName, LiveStream, ServerConnection } from "@millrace/core";
import { clientSession } from "../grammar/session.ts";
import { cutsOf, lend } from "../lending.ts";
import { concat } from "../mutation.ts";
import type { Random } from "../random.ts";
import { captures } from "../seeds.ts";
import { check, checkPolls, checkSame, type Target } from "../target.ts";
import {
  checkFailed,
  checkGivenBack,
  checkMemory,
  echo,
  listenerPool,
  messageLine,
  plainHandshake,
  pool,
  random,
  streamLine,
  waitFor,
} from "./connection.ts";
import { Listener } from "./listener.ts";

const LONGEST = 32_768;
const { NeedData, Waiting, Request, Message, Command, StreamEnded, Answer, Failed, Closed } = ConnectionEvent;

// In the first byte of an input: what the application does.
const DECIDES_LATER = 1;
const REFUSES_PUBLISH = 2;
const REFUSES_PLAY = 4;
const WITHOUT_SINK = 8;
const ANSWERS = 16;

/** A server's application, and the one stream that it has. */
class Host {
  readonly log: string[] = [];
  polls = 0;
  readonly connection: ServerConnection = new ServerConnection({ pool, random, now: 0 });
  private readonly live = new LiveStream(pool, { segmentBytes: 2 ** 14, maximumBytes: 2 ** 18 });
  private readonly listener = new Listener(listenerPool);
  private readonly options: number;
  private received = 0;
  private publishing = 0;

  constructor(options: number) {
    this.options = options;
  }

  take(bytes: Uint8Array, start: number, end: number): void {
    this.received += end - start;
    this.connection.tick(0);
    this.connection.feed(bytes, start, end);
    this.poll(bytes);
    this.listener.hear(this.connection.output);
  }

  /** Polls until nothing more happens. @param lent - where what was fed lies */
  poll(lent: Uint8Array | null = null): void {
    const { connection, log } = this;
    for (;;) {
      this.polls++;
      const event = connection.poll();
      checkMemory(this.received);
      switch (event) {
        case NeedData:
          return;
        case Request:
          log.push(`request ${JSON.stringify({ ...connection.request, properties: null, arguments: null })}`);
          if ((this.options & DECIDES_LATER) === 0) this.decide();
          break;
        case Waiting:
          // Who cannot keep the bytes has them copied.
          connection.keepUnread();
          lent?.fill(0xdd);
          this.decide();
          break;
        case Message:
          log.push(messageLine(connection.message));
          break;
        case Command: {
          const { command } = connection;
          check(command !== null, "There is no command.");
          log.push(`command ${JSON.stringify(command.name)} ${command.transactionId} ${command.arguments.length}`);
          if ((this.options & ANSWERS) !== 0) echo(connection, command);
          break;
        }
        case StreamEnded:
          log.push(`ended ${JSON.stringify({ ...connection.ended, sink: null })}`);
          if (connection.ended?.sink === this.live) this.live.endPublication();
          break;
        case Answer:
          log.push(`answer ${connection.answered?.outcome}`);
          break;
        case Failed:
        case Closed:
          this.end(event);
          return;
      }
    }
  }

  close(): void {
    const { connection } = this;
    if (connection.error !== null) checkFailed(connection, Failed, () => connection.poll());
    this.listener.hear(connection.output);
    connection.close();
    this.log.push(streamLine(this.live));
    this.live.close();
    this.listener.close();
    checkGivenBack();
  }

  private end(event: typeof Failed | typeof Closed): void {
    const { error } = this.connection;
    const line = event === Closed || error === null ? "closed" : `failed ${errorName(error.code)} at ${error.offset}`;
    if (this.log.at(-1) !== line) this.log.push(line);
  }

  private decide(): void {
    const { connection, options, live } = this;
    const { request } = connection;
    check(request !== null, "There is no request.");
    if (request.kind === "connect") connection.acceptConnect();
    else if (request.kind === "play") {
      if ((options & REFUSES_PLAY) === 0) connection.acceptPlay(live);
      else connection.refuse("No.");
    } else if ((options & REFUSES_PUBLISH) !== 0) connection.refuse("No.");
    else if ((options & WITHOUT_SINK) !== 0) connection.acceptPublish(null);
    else if (live.isPublished) connection.refuse("Somebody else does.");
    else {
      live.beginPublication();
      this.publishing++;
      check(this.publishing <= this.received, "More publications than bytes.");
      connection.acceptPublish(live);
    }
  }
}

function logOf(input: Uint8Array, ends: readonly number[]): string[] {
  const host = new Host(input[0] ?? 0);
  host.take(plainHandshake, 0, plainHandshake.length);
  const before = host.polls;
  lend(input.subarray(1), ends, (bytes, start, end) => host.take(bytes, start, end));
  checkPolls(host.polls - before, input.length, ends.length);
  waitFor(host.connection, 8, () => host.poll());
  host.close();
  return host.log;
}

/** A server, and a client that may say anything. */
export const server: Target = {
  name: "server",
  covers: /core\/dist\/(connection|live|message|chunk|bytes)\//,
  longest: LONGEST,
  seeds: () => captures("c2s", 12_000).map((bytes) => concat(Uint8Array.of(0), bytes)),
  make: (chosen: Random) => {
    const options = chosen.oneIn(2) ? 0 : chosen.below(32);
    return concat(Uint8Array.of(options), clientSession(chosen)).subarray(0, LONGEST);
  },
  run(input) {
    const [whole = [], ...others] = cutsOf(input.subarray(1));
    const expected = logOf(input, whole);
    for (const ends of others) checkSame(expected, logOf(input, ends), "The same bytes in other pieces");
  },
};
