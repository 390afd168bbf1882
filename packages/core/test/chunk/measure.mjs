// Run by allocation.test.ts and complexity.test.ts in a process of its own, on built code: a test runner transforms imports
// and allocates for itself.
//
//   node --trace-gc --expose-gc measure.mjs collections <subject>   runs the subject's input until ten million chunks were parsed,
//                                                       and prints a line before and one behind that
//   node measure.mjs slopes                             prints, for each subject, how its time grows with its input
import { BufferPool } from "../../dist/bytes/index.js";
import { ChunkEvent, ChunkParser, ChunkWriter, MessageReader } from "../../dist/chunk/index.js";

const MiB = 2 ** 20;
const INPUT = 16 * MiB;
const CHUNKS = 10_000_000;
const PIECE = 65_536;

/** Feeds bytes[start, end) in pieces of this length; answers how many spans or messages came. */
function feedAll(machine, bytes, start, end, piece) {
  let events = 0;
  for (let at = start; at < end; at += piece) {
    machine.feed(bytes, at, Math.min(end, at + piece));
    let event = machine.poll();
    // ChunkEvent and MessageEvent have the same numbers for these two.
    for (; event === ChunkEvent.Payload; event = machine.poll()) events++;
    if (event !== ChunkEvent.NeedData) throw new Error(machine.error?.message ?? `event ${event}`);
  }
  return events;
}

/** Messages of these lengths in turn over these chunk streams, as the writer writes them, until `size` bytes are full. */
function written(size, chunkSize, chunkStreams, lengths) {
  const writer = new ChunkWriter(new BufferPool(1024));
  const bytes = new Uint8Array(size);
  const payload = new Uint8Array(MiB).fill(0x5a);
  writer.announceChunkSize(chunkSize);
  let at = 0;
  for (let index = 0; ; index++) {
    const length = lengths[index % lengths.length];
    // Timestamps need 32 bits from time to time, and pass 2^31: those are what V8 would box.
    const timestamp = (index * 40 + (index & 1 ? 0xf0000000 : 0)) % 2 ** 32;
    writer.lend(chunkStreams[index % chunkStreams.length], 9, 1, timestamp, payload, 0, length);
    const written = writer.transmit(bytes, at, size);
    if (writer.pendingMessages > 0) return bytes.slice(0, at);
    at += written;
  }
}

/** One message on each of `count` chunk streams, their chunks in turn. */
function interleaved(size, chunkSize, count) {
  const chunks = Math.floor(size / count / (chunkSize + 1));
  const length = chunks * chunkSize;
  const bytes = new Uint8Array(16 + count * (11 + chunks * (chunkSize + 1)));
  bytes.set([2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, chunkSize >>> 24, chunkSize >>> 16, chunkSize >>> 8, chunkSize]);
  let at = 16;
  for (let chunk = 0; chunk < chunks; chunk++) {
    for (let id = 3; id < 3 + count; id++) {
      bytes[at++] = chunk === 0 ? id : 0xc0 | id;
      if (chunk === 0) {
        bytes.set([0, 0, 0, length >>> 16, length >>> 8, length, 9, 1, 0, 0, 0], at);
        at += 11;
      }
      at += chunkSize;
    }
  }
  return bytes.subarray(0, at);
}

/** What a subject parses; the readers' bytes lie in the pool's memory, as received ones do. */
const allocationSubjects = {
  // Chunks of 128 bytes; messages of one chunk and of many.
  parser: () => parses(written(INPUT, 128, [4, 6], [64, 128, 2000, 9000])),
  "parser, 40 chunk streams": () =>
    parses(
      written(
        INPUT,
        128,
        Array.from({ length: 40 }, (_, i) => 44 + i),
        [64, 2000],
      ),
    ),
  "reader, messages in one piece": () => reads(written(INPUT, 4096, [4, 6], [64, 128, 100])),
  "reader, messages in many pieces": () => reads(written(INPUT, 128, [4, 6], [300, 2000, 40_000])),
  // Makes a view for each span: the test itself is tested by it.
  garbage: () => {
    const { machine, ...rest } = parses(written(INPUT, 128, [4, 6], [64, 128, 2000, 9000]));
    let view = null;
    const viewing = {
      feed: (bytes, start, end) => machine.feed(bytes, start, end),
      poll: () => {
        const event = machine.poll();
        view = machine.buffer.subarray(machine.start, machine.end);
        return event;
      },
      view: () => view,
    };
    return { machine: viewing, ...rest };
  },
};

function parses(bytes) {
  return { machine: new ChunkParser(), bytes, start: 0, end: bytes.length };
}

function reads(bytes) {
  const pool = new BufferPool(2 * INPUT);
  const start = pool.take(INPUT);
  pool.memory.set(bytes, start);
  return { machine: new MessageReader(pool), bytes: pool.memory, start, end: start + bytes.length };
}

/** How many chunks there are: as many as spans, when the bytes are fed as one piece. */
function countChunks(bytes, start, end) {
  return feedAll(new ChunkParser(), bytes, start, end, end - start);
}

function measureCollections(name) {
  const { machine, bytes, start, end } = allocationSubjects[name]();
  const chunks = countChunks(bytes, start, end);
  const rounds = Math.ceil(CHUNKS / chunks);
  for (let round = 0; round < Math.ceil(rounds / 4); round++) feedAll(machine, bytes, start, end, PIECE);
  // What start-up and compiling left behind is not the subject's.
  globalThis.gc();
  process.stdout.write("measuring\n");
  for (let round = 0; round < rounds; round++) feedAll(machine, bytes, start, end, PIECE);
  process.stdout.write(`measured ${rounds * chunks} chunks\n`);
}

const slopeSubjects = {
  "parser, pieces of 1 byte": (size) => [new ChunkParser(), written(size, 128, [4, 6], [64, 2000]), 1],
  "parser, chunks of 1 byte": (size) => [new ChunkParser(), interleaved(size, 1, 1), PIECE],
  "parser, 60 chunk streams in turn": (size) => [new ChunkParser(), interleaved(size, 8, 60), PIECE],
  "reader, pieces of 1 byte": (size) => [new MessageReader(new BufferPool(64 * MiB)), interleaved(size, 4096, 1), 1],
  "reader, chunks of 1 byte": (size) => [new MessageReader(new BufferPool(64 * MiB)), interleaved(size, 1, 1), PIECE],
  "reader, 60 chunk streams in turn": (size) => [
    new MessageReader(new BufferPool(64 * MiB)),
    interleaved(size, 8, 60),
    PIECE,
  ],
};
const SIZES = [MiB / 32, MiB / 8, MiB / 2, 2 * MiB];
const REPEATS = 3;

/** The least CPU time of several runs: what is above it is other processes' doing. */
function leastTime(make, size) {
  let least = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const [machine, bytes, piece] = make(size);
    const before = process.cpuUsage();
    feedAll(machine, bytes, 0, bytes.length, piece);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
    machine.close?.();
  }
  return least;
}

/** The slope of the straight line through the points (log size, log time): the exponent of the cost. */
function exponent(sizes, times) {
  const xs = sizes.map(Math.log);
  const ys = times.map(Math.log);
  const mean = (values) => values.reduce((sum, value) => sum + value) / values.length;
  const [x, y] = [mean(xs), mean(ys)];
  const products = xs.map((value, index) => (value - x) * (ys[index] - y));
  return mean(products) / mean(xs.map((value) => (value - x) ** 2));
}

function measureSlopes() {
  const slopes = {};
  for (const [name, make] of Object.entries(slopeSubjects)) {
    // Once beforehand, so that all is compiled.
    leastTime(make, SIZES[2]);
    const milliseconds = SIZES.map((size) => leastTime(make, size));
    slopes[name] = { exponent: exponent(SIZES, milliseconds), milliseconds };
  }
  process.stdout.write(JSON.stringify(slopes));
}

const [subject, name] = process.argv.slice(2);
if (subject === "collections") measureCollections(name);
else measureSlopes();
