import { Chunker } from "./chunker.ts";
import { type Input, inputOf } from "./input.ts";
import type { Message } from "./messages.ts";

/** One message behind the other. */
export function plainInput(name: string, messages: readonly Message[], chunkSize: number): Input {
  return written(name, messages, chunkSize, 1);
}

/** So many messages at a time, a chunk of each in turn. They are on chunk streams of their own. */
export function interleavedInput(name: string, messages: readonly Message[], chunkSize: number, ways: number): Input {
  return written(name, messages, chunkSize, ways);
}

function written(name: string, messages: readonly Message[], chunkSize: number, ways: number): Input {
  const chunker = new Chunker(messages.reduce((sum, { payload }) => sum + wireBound(payload.length, chunkSize), 64));
  chunker.setChunkSize(chunkSize);
  for (let index = 0; index < messages.length; index += ways) chunker.interleave(messages.slice(index, index + ways));
  chunker.setChunkSize(128);
  const input = inputOf(name, chunker.bytes.subarray(0, chunker.length));
  const bytes = messages.reduce((sum, { payload }) => sum + payload.length, 8);
  if (input.chunks !== chunker.chunks || input.tally.messages !== messages.length + 2 || input.tally.bytes !== bytes) {
    throw new Error(`The parser finds other chunks or messages in ${name} than were written.`);
  }
  return input;
}

function wireBound(length: number, chunkSize: number): number {
  return 12 + length + Math.ceil(length / chunkSize);
}
