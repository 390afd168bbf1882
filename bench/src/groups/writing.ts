import { ChunkWriter, MessageReader } from "@millrace/core/chunk";
import { count } from "../checksum.ts";
import { type Input, inputOf, pool } from "../inputs/input.ts";
import { type Message, syntheticMessages } from "../inputs/messages.ts";
import { readMessages } from "../readers.ts";
import type { Group, Subject } from "../subject.ts";
import { touched } from "../touched.ts";

const MESSAGES = 20_000;
/** Of the block that is written to, over and over, like the one that goes to a socket. */
const OUTPUT = 65_536;

/** A message whose payload lies in memory of the pool. */
interface PlacedMessage extends Omit<Message, "payload"> {
  readonly start: number;
  readonly end: number;
}

/** The chunk writer, beside a memcpy of the payloads and beside the reading of what it wrote. */
export function writingGroup(chunkSize: number): Group {
  return {
    name: `writing ${chunkSize}`,
    prepare: () => {
      const messages = place(syntheticMessages(MESSAGES));
      const output = pool.take(OUTPUT);
      const input = readBack(messages, chunkSize, output);
      const work = { chunks: input.chunks, messages: messages.length, bytes: input.end - input.start };
      const label = `synthetic ${chunkSize}, written`;
      const reader = new MessageReader(pool);
      const reading: Subject = {
        name: "messages",
        input: label,
        kind: "own",
        work: { ...work, messages: input.tally.messages },
        run: { pass: () => readMessages(reader, pool.memory, input.start, input.end, OUTPUT) },
      };
      const writer = writerOf(chunkSize, output);
      const pass = (): void => {
        const length = write(writer, messages, output, nowhere);
        // From the second pass on the first header of each chunk stream may be longer: time goes back.
        if (Math.abs(length - work.bytes) > 64) throw new Error(`${length} bytes were written, not ${work.bytes}.`);
      };
      const writing: Subject = {
        name: "chunk writer",
        input: label,
        kind: "own",
        work,
        run: { pass },
        against: { messages: reading },
      };
      return [memcpyOfPayloads(messages, label), reading, writing];
    },
  };
}

function place(messages: readonly Message[]): PlacedMessage[] {
  let at = pool.take(messages.reduce((sum, { payload }) => sum + payload.length, 0));
  return messages.map(({ chunkStreamId, messageType, messageStreamId, timestamp, payload }) => {
    pool.memory.set(payload, at);
    const start = at;
    at += payload.length;
    // Written out, because V8 makes slow objects of those that are spread from a rest.
    return { chunkStreamId, messageType, messageStreamId, timestamp, start, end: at };
  });
}

function writerOf(chunkSize: number, output: number): ChunkWriter {
  const writer = new ChunkWriter(pool);
  writer.announceChunkSize(chunkSize);
  writer.transmit(pool.memory, output, output + OUTPUT);
  return writer;
}

type Flush = (start: number, end: number) => void;
const nowhere: Flush = () => {};

/** Writes each message as it comes, into one block that is flushed whenever it is full. @returns how many bytes. */
function write(writer: ChunkWriter, messages: readonly PlacedMessage[], output: number, flush: Flush): number {
  const { memory } = pool;
  const end = output + OUTPUT;
  let at = output;
  let total = 0;
  for (const message of messages) {
    const { chunkStreamId, messageType, messageStreamId, timestamp } = message;
    writer.lend(chunkStreamId, messageType, messageStreamId, timestamp, memory, message.start, message.end);
    at += writer.transmit(memory, at, end);
    while (at === end) {
      flush(output, at);
      total += OUTPUT;
      at = output + writer.transmit(memory, output, end);
    }
  }
  flush(output, at);
  return total + at - output;
}

/** What the writer wrote, once it is certain that it is what it was given. */
function readBack(messages: readonly PlacedMessage[], chunkSize: number, output: number): Input {
  const last = messages.at(-1)?.end ?? 0;
  const first = messages[0]?.start ?? 0;
  const bytes = new Uint8Array(64 + (last - first) * 2);
  let length = 0;
  const writer = new ChunkWriter(pool);
  const flush: Flush = (start, end) => {
    bytes.set(pool.memory.subarray(start, end), length);
    length += end - start;
  };
  writer.announceChunkSize(chunkSize);
  write(writer, messages, output, flush);
  writer.announceChunkSize(128);
  flush(output, output + writer.transmit(pool.memory, output, output + OUTPUT));

  const input = inputOf("what was written", bytes.subarray(0, length));
  const given = { messages: 0, bytes: 0, checksum: 0 };
  count(given, 1, Uint8Array.of(0, chunkSize >> 16, chunkSize >> 8, chunkSize), 0, 4);
  for (const { messageType, start, end } of messages) count(given, messageType, pool.memory, start, end);
  count(given, 1, Uint8Array.of(0, 0, 0, 128), 0, 4);
  if (given.checksum !== input.tally.checksum) throw new Error("The writer wrote something else than it was given.");
  return input;
}

function memcpyOfPayloads(messages: readonly PlacedMessage[], input: string): Subject {
  const from = pool.memory.subarray(messages[0]?.start ?? 0, messages.at(-1)?.end ?? 0);
  const to = touched(from.length);
  const work = { chunks: 0, messages: messages.length, bytes: from.length };
  return { name: "memcpy of the payloads", input, kind: "control", work, run: { pass: () => to.set(from) } };
}
