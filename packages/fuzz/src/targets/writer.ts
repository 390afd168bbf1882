import { BufferPool, ChunkWriter, limitsWith, MessageEvent, MessageReader, Priority } from "@millrace/core";
import { hashOf, type Random } from "../random.ts";
import { check, checkSame, type Target } from "../target.ts";

const LONGEST = 2_048;
const pool = new BufferPool(2 ** 26);
/** Of a message in the input. */
const STEP_BYTES = 12;
const LONGEST_MESSAGE = 8_192;
const most = 2 ** 24;
const limits = limitsWith({
  chunkStreams: 65_600,
  mediaMessageLength: most,
  dataMessageLength: most,
  commandMessageLength: most,
  controlMessageLength: most,
  userControlMessageLength: most,
});
const payloads = Uint8Array.from({ length: 2 ** 17 }, (_, index) => (index * 31) ^ (index >> 8));

/** Reads what a writer wrote. */
class Listener {
  /** By chunk stream: between two of them the order may be another. */
  readonly heard = new Map<number, string[]>();
  private readonly reader = new MessageReader(pool, { limits });

  take(bytes: Uint8Array, length: number): void {
    this.reader.feed(bytes, 0, length);
    for (let event = this.reader.poll(); event !== MessageEvent.NeedData; event = this.reader.poll()) {
      const { error, chunkStreamId, messageType, messageStreamId, timestamp, bytes: payload, start, end } = this.reader;
      check(event === MessageEvent.Message, `The writer wrote what cannot be read: ${error?.message}`);
      if (messageType === 1) continue; // Set Chunk Size
      const line = `type ${messageType} stream ${messageStreamId} @${timestamp} ${hashOf(payload, start, end)}`;
      note(this.heard, chunkStreamId, line);
    }
  }

  close(): void {
    this.reader.close();
  }
}

function note(lines: Map<number, string[]>, chunkStreamId: number, line: string): void {
  const known = lines.get(chunkStreamId);
  if (known === undefined) lines.set(chunkStreamId, [line]);
  else known.push(line);
}

/** The input says which messages are written, and in which pieces they are taken. */
function run(input: Uint8Array): void {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const writer = new ChunkWriter(pool, { shortHeaders: ((input[0] ?? 0) & 1) === 0 });
  const listener = new Listener();
  const said = new Map<number, string[]>();
  const memory = new Uint8Array(5_000);
  const takeSome = (size: number): number => {
    const length = writer.transmit(memory, 0, size);
    check(length <= size, `transmit wrote ${length} bytes into ${size}.`);
    listener.take(memory, length);
    return length;
  };
  for (let at = 1; at + STEP_BYTES <= input.length; at += STEP_BYTES) {
    const what = view.getUint8(at);
    if (what < 20) {
      writer.announceChunkSize(1 + (view.getUint32(at + 1) % (what < 10 ? 200 : 0xff_ffff)));
      continue;
    }
    if (what < 80) takeSome(1 + (view.getUint16(at + 1) % memory.length));
    const chunkStreamId = 2 + (what & 1 ? view.getUint16(at + 1) % 65_598 : view.getUint8(at + 1) % 6);
    if (what < 30 && chunkStreamId < 64 && !said.has(chunkStreamId)) writer.setPriority(chunkStreamId, Priority.Video);
    const messageType = 3 + (view.getUint8(at + 3) % 20);
    const streamId = what & 2 ? view.getUint32(at + 2) : what & 4;
    const timestamp = what & 8 ? view.getUint32(at + 6) : view.getUint16(at + 6);
    const length = view.getUint16(at + 10) % (what & 16 ? LONGEST_MESSAGE : 256);
    const start = view.getUint16(at + 4);
    if (what & 32) writer.lend(chunkStreamId, messageType, streamId, timestamp, payloads, start, start + length);
    else
      check(
        writer.copy(chunkStreamId, messageType, streamId, timestamp, payloads, start, start + length),
        "No memory.",
      );
    const payload = hashOf(payloads, start, start + length);
    note(said, chunkStreamId, `type ${messageType} stream ${streamId} @${timestamp} ${payload}`);
  }
  while (takeSome(memory.length) > 0);
  check(writer.pendingMessages === 0 && writer.pendingBytes === 0, "Messages wait although all was taken.");
  writer.close();
  listener.close();
  check(pool.lentBytes === 0, `${pool.lentBytes} bytes of the pool were not given back.`);
  for (const [chunkStreamId, lines] of said) {
    checkSame(lines, listener.heard.get(chunkStreamId) ?? [], `Chunk stream ${chunkStreamId}, written and read`);
  }
  check(said.size === listener.heard.size, "Something was read that was not written.");
}

/** The chunk writer: whatever it is given, the parser reads it back. */
export const writer: Target = {
  name: "writer",
  covers: /core\/dist\/chunk\/(writer|outgoing-queue|header)\.js/,
  longest: LONGEST,
  seeds: () => [],
  make: (random: Random) => random.bytes(1 + STEP_BYTES * random.small(60)),
  run,
};
