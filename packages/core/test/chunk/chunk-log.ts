import { BufferPool } from "../../src/bytes/index.ts";
import {
  Assembly,
  ChunkEvent,
  ChunkParser,
  type ChunkTolerances,
  defaultTolerances,
  MessageAssembler,
  MessageEvent,
  MessageReader,
} from "../../src/chunk/index.ts";
import type { ProtocolError } from "../../src/errors.ts";
import { errorLine, hexOf, limitsOf, type Setting } from "../vector-file.ts";

/** For all cases: what one leaves in it is found by the next. */
const pool = new BufferPool(2 ** 22);

/**
 * Writes down chunks, messages, aborts and the error of one direction. A chunk is named once its last byte is there, so
 * that the log does not depend on how the input was cut.
 */
export class ChunkLog {
  readonly log: string[] = [];
  private readonly parser: ChunkParser;
  private readonly assembler: MessageAssembler;
  /** Reads the same input and must find the same messages. */
  private readonly reader: MessageReader;
  private readonly messages: string[] = [];

  constructor(settings: readonly Setting[]) {
    const limits = limitsOf(settings);
    const tolerances = tolerancesOf(settings);
    this.parser = new ChunkParser({ limits, tolerances });
    this.assembler = new MessageAssembler(pool, limits);
    this.reader = new MessageReader(pool, { limits, tolerances });
  }

  read(bytes: Uint8Array, start: number, end: number): void {
    this.readChunks(bytes, start, end);
    this.readMessages(bytes, start, end);
  }

  end(): void {
    this.assembler.close();
    this.reader.close();
    if (pool.lentBlocks !== 0) throw new Error(`${pool.lentBlocks} blocks were not given back.`);
    const messages = this.log.filter((line) => line.startsWith("message") || line.startsWith("error"));
    if (messages.join("\n") !== this.messages.join("\n")) {
      throw new Error(`MessageReader says otherwise:\n${this.messages.join("\n")}`);
    }
  }

  private readChunks(bytes: Uint8Array, start: number, end: number): void {
    const { parser, assembler, log } = this;
    if (parser.error !== null) return;
    parser.feed(bytes, start, end);
    for (let event = parser.poll(); event !== ChunkEvent.NeedData; event = parser.poll()) {
      if (event === ChunkEvent.Failed) {
        log.push(failureLine(parser.error));
        return;
      }
      if (event === ChunkEvent.Aborted) {
        assembler.abort(parser.slot);
        log.push(`abort csid=${parser.chunkStreamId}`);
        continue;
      }
      const payload = parser.chunkOffset + parser.end - parser.start;
      if (parser.isLast || payload === parser.chunkSize) {
        const { chunkStreamId, format, headerLength } = parser;
        log.push(`chunk csid=${chunkStreamId} fmt=${format} header=${headerLength} payload=${payload}`);
      }
      const assembly = assembler.add(parser);
      if (assembly === Assembly.Failed) throw new Error("The vectors do not exhaust memory.");
      if (assembly === Assembly.Complete) {
        log.push(messageLine(parser, assembler.bytes, assembler.start, assembler.end));
      }
    }
  }

  private readMessages(bytes: Uint8Array, start: number, end: number): void {
    const { reader } = this;
    if (reader.error !== null) return;
    reader.feed(bytes, start, end);
    for (let event = reader.poll(); event !== MessageEvent.NeedData; event = reader.poll()) {
      if (event === MessageEvent.Failed) {
        this.messages.push(failureLine(reader.error));
        return;
      }
      this.messages.push(messageLine(reader, reader.bytes, reader.start, reader.end));
    }
  }
}

interface MessageFields {
  readonly chunkStreamId: number;
  readonly messageType: number;
  readonly messageStreamId: number;
  readonly timestamp: number;
}

function messageLine(message: MessageFields, bytes: Uint8Array, start: number, end: number): string {
  const { chunkStreamId, messageType, messageStreamId, timestamp } = message;
  const fields = `csid=${chunkStreamId} type=${messageType} stream=${messageStreamId} timestamp=${timestamp}`;
  const payload = start === end ? "" : ` payload=${hexOf(bytes, start, end)}`;
  return `message ${fields} length=${end - start}${payload}`;
}

function failureLine(error: ProtocolError | null): string {
  if (error === null) throw new Error("Failed without an error.");
  return errorLine(error);
}

function tolerancesOf(settings: readonly Setting[]): Readonly<ChunkTolerances> {
  const changes: Record<string, unknown> = {};
  for (const { kind, name, value } of settings) {
    if (kind !== "option") continue;
    if (!Object.hasOwn(defaultTolerances, name)) throw new Error(`There is no tolerance ${name}.`);
    changes[name] = name === "firstShortHeader" ? shortHeaderOf(value) : value === "false" ? false : value;
  }
  return { ...defaultTolerances, ...changes };
}

/** `option firstShortHeader=TYPE/LENGTH` */
function shortHeaderOf(value: string): ChunkTolerances["firstShortHeader"] {
  const [messageType, messageLength] = value.split("/").map(Number);
  return { messageType: messageType ?? 0, messageLength: messageLength ?? 0 };
}
