import type { BufferPool } from "../bytes/index.ts";
import type { ProtocolError } from "../errors.ts";
import { Assembly, MessageAssembler } from "./assembler.ts";
import { ChunkEvent, ChunkParser, type ChunkParserOptions } from "./parser.ts";

/** What {@link MessageReader.poll} found. */
export const MessageEvent = {
  /** All lent bytes are used up: the caller may reuse them and feed more. */
  NeedData: 0,
  /** A whole message; see the fields of the reader. */
  Message: 1,
  /** The peer broke the protocol; see `error`. Nothing more is read. */
  Failed: 2,
} as const;
export type MessageEvent = (typeof MessageEvent)[keyof typeof MessageEvent];

/**
 * A chunk parser and an assembler in one: bytes of one direction, from behind the handshake on, to whole messages in the
 * order of their completion.
 *
 * @example
 * const reader = new MessageReader(new BufferPool());
 * reader.feed(bytes, 0, bytes.length);
 * while (reader.poll() === MessageEvent.Message) {
 *   console.log(reader.messageType, reader.timestamp, reader.end - reader.start);
 * }
 */
export class MessageReader {
  readonly parser: ChunkParser;
  readonly assembler: MessageAssembler;

  constructor(pool: BufferPool, options: ChunkParserOptions = {}) {
    this.parser = new ChunkParser(options);
    this.assembler = new MessageAssembler(pool, options.limits);
  }

  /** The payload is bytes[start, end), valid until the next `poll` or `feed`. */
  get bytes(): Uint8Array {
    return this.assembler.bytes;
  }
  get start(): number {
    return this.assembler.start;
  }
  get end(): number {
    return this.assembler.end;
  }
  get chunkStreamId(): number {
    return this.parser.chunkStreamId;
  }
  get messageType(): number {
    return this.parser.messageType;
  }
  get messageStreamId(): number {
    return this.parser.messageStreamId;
  }
  /** Milliseconds, modulo 2^32. */
  get timestamp(): number {
    return this.parser.timestamp;
  }
  get error(): ProtocolError | null {
    return this.parser.error ?? this.assembler.error;
  }

  /** As {@link ChunkParser.feed}. */
  feed(bytes: Uint8Array, start: number, end: number): void {
    this.parser.feed(bytes, start, end);
  }

  /** Does the work up to the next whole message. */
  poll(): MessageEvent {
    if (this.assembler.error !== null) return MessageEvent.Failed;
    for (;;) {
      this.assembler.gather(this.parser);
      const event = this.parser.poll();
      if (event === ChunkEvent.Payload) {
        const assembly = this.assembler.add(this.parser);
        if (assembly === Assembly.Incomplete) continue;
        return assembly === Assembly.Complete ? MessageEvent.Message : MessageEvent.Failed;
      }
      if (event === ChunkEvent.NeedData) return MessageEvent.NeedData;
      if (event === ChunkEvent.Failed) return MessageEvent.Failed;
      this.assembler.abort(this.parser.slot);
    }
  }

  /** Gives all memory back to the pool. */
  close(): void {
    this.assembler.close();
  }
}
