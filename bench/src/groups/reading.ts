import { ChunkParser, MessageReader } from "@millrace/core/chunk";
import { switchOnBytes, WalkState, walkHeaders } from "../controls.ts";
import { apart, type Input, pool, viewOf } from "../inputs/input.ts";
import { spreadOver, syntheticMessages } from "../inputs/messages.ts";
import { interleavedInput, plainInput } from "../inputs/synthetic.ts";
import { librtmpSubject } from "../peers/librtmp.ts";
import { nodeMediaServerSubject } from "../peers/node-media-server.ts";
import { readMessages, readSpans } from "../readers.ts";
import type { Announce, Group, Subject, Work } from "../subject.ts";
import { touched } from "../touched.ts";

/** What a read from a socket brings at most in Node, and about what an Ethernet frame brings. */
const LARGE_PIECE = 65_536;
const FRAME = 1448;
const MESSAGES = 20_000;
/** So many messages are half a megabyte: they stay in the second-level cache of the processor. */
const HOT_MESSAGES = 120;
const CHUNK_STREAMS = 60;

/** Reading of the synthetic messages in one chunk size. */
export function readingGroup(chunkSize: number): Group {
  return {
    name: `reading ${chunkSize}`,
    prepare: (announce) => {
      const messages = syntheticMessages(MESSAGES);
      const plain = plainInput(`synthetic ${chunkSize}`, messages, chunkSize);
      const hot = plainInput(`synthetic ${chunkSize}, hot`, messages.slice(0, HOT_MESSAGES), chunkSize);
      const name = `synthetic ${chunkSize}, ${CHUNK_STREAMS} chunk streams`;
      const interleaved = interleavedInput(name, spreadOver(CHUNK_STREAMS, messages), chunkSize, CHUNK_STREAMS);
      const inPieces = { ...plain, name: `${plain.name}, pieces of ${FRAME}` };
      const ofPlain = readingSubjects(plain, LARGE_PIECE, announce);
      return [
        ...ofPlain,
        ...readingSubjects(hot, LARGE_PIECE, announce),
        ...readingSubjects(interleaved, LARGE_PIECE, announce, ofPlain),
        ...readingSubjects(inPieces, FRAME, announce),
      ];
    },
  };
}

/** The worst cases: input in pieces of one byte, and chunks of one byte. */
export const bytewiseGroup: Group = {
  name: "reading bytewise",
  prepare: (announce) => {
    const messages = syntheticMessages(HOT_MESSAGES);
    const pieces = plainInput("synthetic 128, pieces of 1", messages, 128);
    const chunks = plainInput("synthetic 1", messages, 1);
    const readers = [...readingSubjects(pieces, 1, announce), ...readingSubjects(chunks, LARGE_PIECE, announce)];
    // The other controls do not look at each byte.
    return [byteLoop(pieces), byteLoop(chunks), ...readers.filter(({ kind }) => kind !== "control")];
  },
};

/** Reading of bytes that lie somewhere else than what is gathered: in a process of its own, because V8 learns from both. */
export const apartGroup: Group = {
  name: "reading apart",
  prepare: (announce) => {
    const messages = syntheticMessages(MESSAGES);
    return [128, 4096].flatMap((chunkSize) => {
      const cold = plainInput(`synthetic ${chunkSize}`, messages, chunkSize);
      const hot = plainInput(`synthetic ${chunkSize}, hot`, messages.slice(0, HOT_MESSAGES), chunkSize);
      return [cold, hot].flatMap((input) => readingSubjects(apart(input), LARGE_PIECE, announce));
    });
  },
};

/** All readers of an input in pieces of this length, and the controls. */
export function readingSubjects(
  input: Input,
  piece: number,
  announce: Announce,
  onOneChunkStream: readonly Subject[] = [],
): Subject[] {
  const { memory, start, end, tally, name } = input;
  const work = workOf(input);
  const expect = (bytes: number): void => {
    if (bytes !== tally.bytes) throw new Error(`${bytes} payload bytes in ${name}, not ${tally.bytes}.`);
  };
  const own = (subject: string, pass: () => void): Subject => {
    const plain = onOneChunkStream.find((other) => other.name === subject);
    const against = plain === undefined ? {} : { "one message at a time": plain };
    return { name: subject, input: name, kind: "own", work, run: { pass }, against };
  };
  const parser = new ChunkParser();
  const reader = new MessageReader(pool);
  const subjects = [
    headerWalk(input),
    memcpy(input),
    own("spans", () => expect(readSpans(parser, memory, start, end, piece))),
    own("messages", () => expect(readMessages(reader, memory, start, end, piece))),
    nodeMediaServerSubject(name, input, piece, announce),
    librtmpSubject(name, input, piece, announce),
  ];
  return subjects.filter((subject) => subject !== null);
}

function headerWalk(input: Input): Subject | null {
  return control("header walk", input, walkHeaders);
}

function byteLoop(input: Input): Subject {
  const loop = control("byte loop", input, switchOnBytes);
  if (loop === null) throw new Error(`The byte loop does not find the chunks of ${input.name}.`);
  return loop;
}

/** Null when it does not know how to read this input: there are extended timestamps, or long chunk stream ids. */
function control(name: string, input: Input, walk: typeof walkHeaders): Subject | null {
  const { memory, stretches } = input;
  const state = new WalkState();
  const walkAll = (): number => {
    let chunks = 0;
    for (const stretch of stretches) chunks += walk(memory, stretch, state);
    return chunks;
  };
  if (walkAll() !== input.chunks) return null;
  const pass = (): void => {
    if (walkAll() !== input.chunks) throw new Error(`The ${name} lost its way in ${input.name}.`);
  };
  return { name, input: input.name, kind: "control", work: workOf(input), run: { pass } };
}

/** One copy of all bytes, headers included, to memory that is touched already. */
function memcpy(input: Input): Subject {
  const from = viewOf(input);
  const to = touched(from.length);
  return { name: "memcpy", input: input.name, kind: "control", work: workOf(input), run: { pass: () => to.set(from) } };
}

function workOf({ chunks, tally, start, end }: Input): Work {
  return { chunks, messages: tally.messages, bytes: end - start };
}
