import { BufferPool } from "@millrace/core/bytes";
import { ChunkEvent, ChunkParser, MessageEvent, MessageReader } from "@millrace/core/chunk";
import { count, type Tally } from "../checksum.ts";

/** Chunks of one size, one behind the other: what a walk from header to header needs to know. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly chunkSize: number;
}

/**
 * One direction of a connection from behind the handshake on. It begins and ends with a chunk size of 128 and with no message
 * under way, so that one reader can read it any number of times. Its bytes lie in the pool unless {@link apart} took them
 * out.
 */
export interface Input {
  readonly name: string;
  /** The bytes are memory[start, end). */
  readonly memory: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly stretches: readonly Stretch[];
  readonly chunks: number;
  readonly tally: Readonly<Tally>;
}

/** For all inputs of a process, and for what its readers gather. Pages that are not touched cost nothing. */
export const pool: BufferPool = new BufferPool(2 ** 29);

/** Puts the bytes into the pool and reads them once, as one piece. */
export function inputOf(name: string, bytes: Uint8Array): Input {
  const start = pool.take(bytes.length);
  if (start < 0) throw new RangeError(`The pool has no room for the ${bytes.length} bytes of ${name}.`);
  pool.memory.set(bytes, start);
  const end = start + bytes.length;
  return {
    name,
    memory: pool.memory,
    start,
    end,
    ...survey(pool.memory, start, end),
    tally: tallyOf(pool.memory, start, end),
  };
}

/** The same input in memory of its own. */
export function apart(input: Input): Input {
  const { name, start, end, stretches } = input;
  const moved = stretches.map((one) => ({ ...one, start: one.start - start, end: one.end - start }));
  return {
    ...input,
    name: `${name}, not in the pool`,
    memory: viewOf(input).slice(),
    start: 0,
    end: end - start,
    stretches: moved,
  };
}

/** The input's bytes as a view. */
export function viewOf({ memory, start, end }: Input): Uint8Array {
  return memory.subarray(start, end);
}

function survey(bytes: Uint8Array, start: number, end: number): { chunks: number; stretches: Stretch[] } {
  const parser = new ChunkParser();
  parser.feed(bytes, start, end);
  const stretches: Stretch[] = [];
  let chunks = 0;
  let stretchStart = start;
  let { chunkSize } = parser;
  while (parser.poll() === ChunkEvent.Payload) {
    chunks++;
    if (parser.chunkSize === chunkSize) continue;
    stretches.push({ start: stretchStart, end: parser.end, chunkSize });
    stretchStart = parser.end;
    chunkSize = parser.chunkSize;
  }
  if (parser.error !== null) throw new Error(`The parser refuses an input: ${parser.error.message}`);
  if (chunkSize !== 128) throw new Error("An input must end by setting the chunk size to 128.");
  if (stretchStart < end) stretches.push({ start: stretchStart, end, chunkSize });
  return { chunks, stretches };
}

function tallyOf(bytes: Uint8Array, start: number, end: number): Tally {
  const reader = new MessageReader(pool);
  const tally = { messages: 0, bytes: 0, checksum: 0 };
  reader.feed(bytes, start, end);
  while (reader.poll() === MessageEvent.Message) {
    count(tally, reader.messageType, reader.bytes, reader.start, reader.end);
  }
  reader.close();
  return tally;
}
