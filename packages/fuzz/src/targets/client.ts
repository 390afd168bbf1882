import { ClientConnection, ClientEvent, errorName, LiveStream, MessageType } from "@millrace/core";
import { serverSession } from "../grammar/session.ts";
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
const { NeedData, Connected, Status, Message, Command, Answer, Failed, Closed } = ClientEvent;
const keyframe = Uint8Array.from([0x17, 1, 0, 0, 0, 9, 9, 9]);

// In the first byte of an input: what the client wants.
const PLAYS = 1;
const PUBLISHES = 2;
const PUBLISHES_A_STREAM = 4;
const WITHOUT_SINK = 8;
const HAS_CREDENTIALS = 16;
const CALLS = 32;
const ANSWERS = 64;

/** A client's application: what it plays, and what it publishes. */
class Host {
  readonly log: string[] = [];
  polls = 0;
  readonly connection: ClientConnection;
  private readonly played = new LiveStream(pool, { segmentBytes: 2 ** 14, maximumBytes: 2 ** 18 });
  private readonly published = new LiveStream(pool, { segmentBytes: 2 ** 14, maximumBytes: 2 ** 18 });
  private readonly listener = new Listener(listenerPool);
  private readonly options: number;
  private received = 0;

  constructor(options: number) {
    this.options = options;
    const credentials =
      (options & HAS_CREDENTIALS) === 0 ? {} : { credentials: { user: "u", password: "p", random: 7 } };
    const connect = { app: "live", tcUrl: "rtmp://h/live" };
    this.connection = new ClientConnection({ pool, random, now: 0, connect, ...credentials });
    this.published.beginPublication();
    this.published.push(MessageType.Video, 0, keyframe, 0, keyframe.length);
  }

  take(bytes: Uint8Array, start: number, end: number): void {
    this.received += end - start;
    this.connection.tick(0);
    this.connection.feed(bytes, start, end);
    this.poll();
    this.listener.hear(this.connection.output);
  }

  poll(): void {
    const { connection, log, options } = this;
    for (;;) {
      this.polls++;
      const event = connection.poll();
      checkMemory(this.received);
      switch (event) {
        case NeedData:
          return;
        case Connected:
          log.push("connected");
          this.begin();
          break;
        case Status: {
          const { status } = connection;
          check(status !== null, "There is no status.");
          const { stream, code } = status;
          log.push(`status ${JSON.stringify(code)} ${stream?.name} ${stream?.id} ${stream?.state}`);
          break;
        }
        case Message:
          log.push(messageLine(connection.message));
          break;
        case Command: {
          const { command } = connection;
          check(command !== null, "There is no command.");
          log.push(`command ${JSON.stringify(command.name)} ${command.transactionId} ${command.arguments.length}`);
          if ((options & ANSWERS) !== 0) echo(connection, command);
          break;
        }
        case Answer:
          log.push(`answer ${connection.answered?.transactionId} ${connection.answered?.outcome}`);
          break;
        case Failed:
        case Closed: {
          const { error } = connection;
          const line =
            event === Closed || error === null ? "closed" : `failed ${errorName(error.code)} at ${error.offset}`;
          if (log.at(-1) !== line) log.push(line);
          return;
        }
      }
    }
  }

  close(): void {
    const { connection } = this;
    if (connection.error !== null) checkFailed(connection, Failed, () => connection.poll());
    else connection.leave();
    this.listener.hear(connection.output);
    connection.close();
    check(connection.streams.size === 0, "Message streams outlive their connection.");
    this.log.push(streamLine(this.played));
    this.played.close();
    this.published.close();
    this.listener.close();
    checkGivenBack();
  }

  private begin(): void {
    const { connection, options } = this;
    if ((options & PLAYS) !== 0) connection.play("key", (options & WITHOUT_SINK) === 0 ? this.played : null);
    if ((options & PUBLISHES) !== 0) connection.publish("mine");
    if ((options & PUBLISHES_A_STREAM) !== 0) connection.publish("other", "live", this.published);
    if ((options & CALLS) !== 0) connection.call("echo", 1, "two");
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

/** A client, and a server that may say anything. */
export const client: Target = {
  name: "client",
  covers: /core\/dist\/(connection|live|message|chunk|bytes)\//,
  longest: LONGEST,
  seeds: () =>
    captures("s2c", 12_000).flatMap((bytes) => [PLAYS, PUBLISHES].map((wish) => concat(Uint8Array.of(wish), bytes))),
  make: (chosen: Random) =>
    concat(Uint8Array.of(chosen.oneIn(2) ? PLAYS | PUBLISHES_A_STREAM : chosen.next()), serverSession(chosen)).subarray(
      0,
      LONGEST,
    ),
  run(input) {
    const [whole = [], ...others] = cutsOf(input.subarray(1));
    const expected = logOf(input, whole);
    for (const ends of others) checkSame(expected, logOf(input, ends), "The same bytes in other pieces");
  },
};
