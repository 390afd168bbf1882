import { BufferPool, type Command, type Connection, type LiveStream, type ReceivedMessage } from "@millrace/core";
import { hashOf, Random } from "../random.ts";
import { HANDSHAKE_BYTES } from "../seeds.ts";
import { check } from "../target.ts";

/** Of all connections under test: each gives back what it took. */
export const pool: BufferPool = new BufferPool(2 ** 26);
/** Of those who listen to them. */
export const listenerPool: BufferPool = new BufferPool(2 ** 24);
export const random: Uint8Array = new Random(11).bytes(1528);
/** What a peer says in a plain handshake: nobody looks at it but for the first byte. */
export const plainHandshake: Uint8Array = new Uint8Array(HANDSHAKE_BYTES);
plainHandshake[0] = 3;

/** What a connection may hold beside what came: its output, rings of its streams, blocks of 64 chunk streams. */
const HELD_AT_ALL = 2 ** 22;
/** And for each byte that came: a block of memory is four times as large as what is in it, and a power of two. */
const HELD_BY_BYTE = 16;

export function checkMemory(received: number): void {
  const most = HELD_AT_ALL + HELD_BY_BYTE * received;
  check(pool.lentBytes <= most, `${pool.lentBytes} bytes are held after ${received}.`);
}

export function checkGivenBack(): void {
  check(pool.lentBytes === 0, `${pool.lentBytes} bytes of the pool were not given back.`);
  check(listenerPool.lentBytes === 0, `${listenerPool.lentBytes} bytes of the listener's were not given back.`);
}

export function messageLine({ messageType, messageStreamId, timestamp, bytes, start, end }: ReceivedMessage): string {
  const payload = `${end - start} bytes ${hashOf(bytes, start, end)}`;
  return `message type ${messageType} stream ${messageStreamId} @${timestamp} ${payload}`;
}

/** What a live stream was given: the same, however it came in. */
export function streamLine({ receivedMessages, isPublished, publication }: LiveStream): string {
  return `stream ${receivedMessages} messages, published ${isPublished} ${publication}`;
}

/** Nothing that comes now is read, and what it was is not forgotten. @param poll - of the connection */
export function checkFailed(connection: Connection<number>, failed: number, poll: () => number): void {
  const { error } = connection;
  check(error !== null && error.message.length > 0, "It failed without an error.");
  check(error.message.length < 2_000, `The error has a text of ${error.message.length} characters.`);
  connection.feed(plainHandshake, 0, 100);
  check(poll() === failed && connection.error === error, "An error is not final.");
}

/** Lets time pass until nothing more happens, or for as many deadlines. */
export function waitFor(connection: Connection<number>, deadlines: number, poll: () => void): void {
  for (let count = deadlines; count > 0 && Number.isFinite(connection.deadline); count--) {
    connection.tick(connection.deadline);
    poll();
  }
}

/** Answers with the first argument. What is too long for a message when it is written out is refused as wrong use. */
export function echo(connection: Connection<number>, command: Command): void {
  try {
    connection.answer(command, command.arguments[0]);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    connection.answerError(command, "Too long.");
  }
}
