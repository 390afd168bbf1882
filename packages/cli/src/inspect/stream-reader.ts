import type { BufferPool } from "@millrace/core/bytes";
import { Assembly, ChunkEvent, ChunkParser, MessageAssembler } from "@millrace/core/chunk";
import { errorName, type ProtocolError } from "@millrace/core/errors";
import type { Gap, Piece } from "../capture/index.ts";
import { type ChunkHeader, type Failure, type InspectEvent, type Message, type Place, placeText } from "./events.ts";
import { inspectLimits } from "./limits.ts";
import { HANDSHAKE_BYTES, OPENING_BYTES, Opening, recogniseOpening } from "./opening.ts";

const nothing: Uint8Array = new Uint8Array(0);

/** One direction of a connection: recognises how it begins, and reads its messages. */
export class StreamReader {
  readonly place: Place;
  opening: Opening = Opening.Undecided;
  /** Whether there is RTMP in it, readable or not. */
  isRtmp = false;

  private readonly isRaw: boolean;
  private readonly parser: ChunkParser = new ChunkParser({ limits: inspectLimits });
  private readonly assembler: MessageAssembler;
  /** The first bytes, until the opening is decided: first[0, gathered). */
  private first: Uint8Array = new Uint8Array(OPENING_BYTES);
  private gathered = 0;
  /** Bytes of the handshake that are still to come. */
  private handshakeLeft = 0;
  /** In front of the first chunk. */
  private chunksOffset = 0;
  private hasFailed = false;
  /** Chunk streams whose message is not complete. */
  private readonly unfinished = new Set<number>();

  /** @param isRaw - the bytes were named as RTMP by the user, so they are read as chunks when they look like nothing else. */
  constructor(place: Place, isRaw: boolean, pool: BufferPool) {
    this.place = place;
    this.isRaw = isRaw;
    this.assembler = new MessageAssembler(pool, inspectLimits);
  }

  /** Reads the next bytes of this direction, which are lent until the last of their events was taken. */
  *read({ bytes, start, end, time }: Piece): Generator<InspectEvent> {
    let at = start;
    if (this.opening === Opening.Undecided) {
      at = Math.min(end, start + OPENING_BYTES - this.gathered);
      this.first.set(bytes.subarray(start, at), this.gathered);
      this.gathered += at - start;
      yield* this.decide(false, time);
    }
    if (this.opening === Opening.Handshake) {
      const skipped = Math.min(end - at, this.handshakeLeft);
      this.handshakeLeft -= skipped;
      at += skipped;
      if (this.handshakeLeft > 0) return;
    } else if (this.opening !== Opening.Chunks) return;
    yield* this.readChunks(bytes, at, end, time);
  }

  /** No more bytes will come; `gap` is what the capture lost in front of those that did not. */
  *end(gap: Gap | null): Generator<InspectEvent> {
    if (this.opening === Opening.Undecided) yield* this.decide(true, null);
    this.assembler.close();
    if (!this.isRtmp || this.hasFailed || this.opening === Opening.Encrypted) return;
    if (gap !== null) {
      const message = `The capture lacks ${gap.length} bytes here; nothing behind them can be read.`;
      yield { kind: "failure", place: this.place, code: "CaptureGap", number: null, message, offset: gap.offset };
    } else if (this.handshakeLeft > 0) {
      yield { kind: "notice", text: `${placeText(this.place)} ends inside the handshake` };
    } else if (this.unfinished.size > 0) {
      const ids = [...this.unfinished].slice(0, 8).join(", ");
      yield { kind: "notice", text: `${placeText(this.place)} ends inside a message, on chunk stream ${ids}` };
    }
  }

  private *decide(isWhole: boolean, time: number | null): Generator<InspectEvent> {
    const { first, gathered } = this;
    const opening = recogniseOpening(first, 0, gathered, isWhole);
    if (opening === Opening.Undecided) return;
    this.first = nothing;
    this.isRtmp = opening !== Opening.Foreign;
    this.opening = opening === Opening.Foreign && this.isRaw ? Opening.Chunks : opening;
    if (this.opening === Opening.Handshake) {
      this.handshakeLeft = HANDSHAKE_BYTES - gathered;
      this.chunksOffset = HANDSHAKE_BYTES;
    } else if (this.opening === Opening.Encrypted) {
      yield { kind: "notice", text: `${placeText(this.place)} is encrypted (RTMPE version ${first[0]}), not shown` };
    } else if (this.opening === Opening.Chunks) {
      if (!this.isRtmp)
        yield { kind: "notice", text: "it does not begin like RTMP, and is read as chunks all the same" };
      yield* this.readChunks(first, 0, gathered, time);
    }
  }

  private *readChunks(bytes: Uint8Array, start: number, end: number, time: number | null): Generator<InspectEvent> {
    const { parser, assembler } = this;
    if (this.hasFailed) return;
    parser.feed(bytes, start, end);
    for (;;) {
      // Asked before: the last byte of a Set Chunk Size changes it for the chunks that follow.
      const { chunkSize } = parser;
      const event = parser.poll();
      if (event === ChunkEvent.NeedData) return;
      if (event === ChunkEvent.Failed) return yield this.fail(parser.error);
      if (event === ChunkEvent.Aborted) {
        assembler.abort(parser.slot);
        this.unfinished.delete(parser.chunkStreamId);
        continue;
      }
      if (parser.chunkOffset === 0) {
        yield this.chunkHeader(chunkSize, time);
        if (!parser.isLast) this.unfinished.add(parser.chunkStreamId);
      }
      const assembly = assembler.add(parser);
      if (assembly === Assembly.Failed) return yield this.fail(assembler.error);
      if (assembly === Assembly.Complete) {
        this.unfinished.delete(parser.chunkStreamId);
        this.isRtmp = true;
        yield this.message(time);
      }
    }
  }

  private chunkHeader(chunkSize: number, time: number | null): ChunkHeader {
    const { chunkStreamId, format, headerLength, messageLength, payloadOffset } = this.parser;
    const payloadLength = Math.min(messageLength - payloadOffset, chunkSize);
    return { kind: "chunk", place: this.place, time, chunkStreamId, format, headerLength, payloadLength };
  }

  private message(time: number | null): Message {
    const { chunkStreamId, messageType: type, messageStreamId: streamId, timestamp } = this.parser;
    const { bytes, start, end } = this.assembler;
    return { kind: "message", place: this.place, time, chunkStreamId, type, streamId, timestamp, bytes, start, end };
  }

  private fail(error: ProtocolError | null): Failure {
    if (error === null) throw new TypeError("A reader that failed names its error.");
    this.hasFailed = true;
    this.isRtmp = true;
    const { code: number, message, offset } = error;
    const code = errorName(number);
    return { kind: "failure", place: this.place, code, number, message, offset: this.chunksOffset + offset };
  }
}
