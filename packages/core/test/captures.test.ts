import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { BufferPool } from "../src/bytes/index.ts";
import { MessageEvent, MessageReader } from "../src/chunk/index.ts";

const folder = fileURLToPath(new URL("../../../fixtures/captures/", import.meta.url));
const names = readdirSync(folder).filter((name) => name.endsWith(".bin"));

/** Versions and packets (RTMP 5.2): the chunks begin behind them. */
const HANDSHAKE_BYTES = 3073;
/** The head of a stream is cut at every one of its first bytes: the commands, the first frames. */
const HEAD_BYTES = 12_288;
const EVERY_BYTE = 4096;
/** And the whole of it at so many places. */
const SAMPLES = 500;
const NOISE = 0xee;

const pool = new BufferPool(2 ** 22);
/** Where pieces lie while they are lent. */
const lent = new Uint8Array(2 ** 18);

interface Message {
  readonly csid: number;
  readonly type: number;
  readonly streamId: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

/** Tells of each message of a stream that comes in pieces which end at these places, each overwritten once it was read. */
function readInPieces(bytes: Uint8Array, ends: Iterable<number>, tell: (reader: MessageReader) => void): void {
  const reader = new MessageReader(pool);
  let start = 0;
  for (const end of ends) {
    lent.set(bytes.subarray(start, end));
    reader.feed(lent, 0, end - start);
    let event = reader.poll();
    for (; event === MessageEvent.Message; event = reader.poll()) tell(reader);
    if (event === MessageEvent.Failed) throw new Error(`${reader.error?.message} (byte ${reader.error?.offset})`);
    lent.fill(NOISE, 0, end - start);
    start = end;
  }
  reader.close();
}

function messagesOf(bytes: Uint8Array, ends: Iterable<number>): Message[] {
  const messages: Message[] = [];
  readInPieces(bytes, ends, (reader) => {
    const payload = reader.bytes.slice(reader.start, reader.end);
    const { chunkStreamId: csid, messageType: type, messageStreamId: streamId, timestamp } = reader;
    messages.push({ csid, type, streamId, timestamp, payload });
  });
  return messages;
}

/** For people, and for comparing: payloads as one string each, which takes far less time than byte by byte. */
function logOf(messages: readonly Message[]): object[] {
  return messages.map(({ payload, ...message }) => ({ ...message, payload: Buffer.from(payload).toString("hex") }));
}

/** Whether the messages are the expected ones: two logs less to make, a thousand times. */
function agrees(bytes: Uint8Array, ends: Iterable<number>, expected: readonly Message[]): boolean {
  let count = 0;
  let isSame = true;
  readInPieces(bytes, ends, (reader) => {
    const message = expected[count++];
    isSame &&=
      message !== undefined &&
      message.csid === reader.chunkStreamId &&
      message.type === reader.messageType &&
      message.streamId === reader.messageStreamId &&
      message.timestamp === reader.timestamp &&
      Buffer.compare(message.payload, reader.bytes.subarray(reader.start, reader.end)) === 0;
  });
  return isSame && count === expected.length;
}

function* everyByte(length: number): Generator<number> {
  for (let end = 1; end <= length; end++) yield end;
}

/** The same places each time: a linear congruential generator (Numerical Recipes). */
function* samplesOf(length: number): Generator<number> {
  let random = length;
  for (let sample = 0; sample < SAMPLES; sample++) {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    yield random % length;
  }
}

function expectSameAt(cuts: Iterable<number>, bytes: Uint8Array): void {
  const { length } = bytes;
  const whole = messagesOf(bytes, [length]);
  for (const cut of cuts) {
    if (agrees(bytes, [cut, length], whole)) continue;
    expect(logOf(messagesOf(bytes, [cut, length])), `cut at ${cut}`).toEqual(logOf(whole));
  }
}

it.each(names)("%s has the same messages however it is cut", (name) => {
  const bytes = readFileSync(`${folder}${name}`).subarray(HANDSHAKE_BYTES);
  const whole = messagesOf(bytes, [bytes.length]);
  expect(whole.length).toBeGreaterThan(3);
  expect(logOf(messagesOf(bytes, everyByte(bytes.length))), "byte by byte").toEqual(logOf(whole));
  const head = bytes.subarray(0, HEAD_BYTES);
  expectSameAt(everyByte(Math.min(EVERY_BYTE, head.length)), head);
  if (bytes.length > EVERY_BYTE) expectSameAt(samplesOf(bytes.length), bytes);
  expect(pool.lentBlocks).toBe(0);
});
