/** How much of a message's start is kept: enough for every command that matters here. */
const HEAD = 512;

/** How much of it is kept of media: enough for the marker. */
const MEDIA_HEAD = 32;

const TAIL = 4;

/** A chunk stream, and what is known of its message. */
export class IncomingMessage {
  timestamp = 0;
  delta = 0;
  length = 0;
  type = 0;
  received = 0;
  isExtended = false;
  /** Its first bytes: at least 32 of media, 512 of all else, or the whole of it. */
  readonly head: Buffer = Buffer.alloc(HEAD);
  /** Its last four bytes, when it has so many. */
  readonly tail: Buffer = Buffer.alloc(TAIL);
}

export interface MessageSink {
  /** The first byte of a message has arrived. */
  started(message: IncomingMessage): void;
  /** All of it has. It is lent until the call returns. */
  ended(message: IncomingMessage): void;
}

/** Finds messages in chunks, and keeps only their ends. It trusts the server: a nonsense is not found out here. */
export class ChunkReader {
  chunkSize = 128;
  private readonly sink: MessageSink;
  private readonly streams = new Map<number, IncomingMessage>();
  /** A chunk's header, until it is whole: 3 + 11 + 4 bytes at most. */
  private readonly header = Buffer.alloc(18);
  private headerLength = 0;
  private current: IncomingMessage | null = null;
  private leftOfChunk = 0;

  constructor(sink: MessageSink) {
    this.sink = sink;
  }

  /** Reads bytes[at, end), which are lent. */
  read(bytes: Uint8Array, at: number, end: number): void {
    let position = at;
    while (position < end) {
      if (this.current === null) {
        this.header[this.headerLength++] = bytes[position++] ?? 0;
        if (this.headerLength === this.wholeHeaderLength()) this.startChunk();
      } else {
        const length = Math.min(this.leftOfChunk, end - position);
        this.payload(this.current, bytes, position, length);
        position += length;
      }
    }
  }

  /** Of the header of which the first bytes are there. */
  private wholeHeaderLength(): number {
    const { header, headerLength } = this;
    const id = (header[0] ?? 0) & 0x3f;
    const basic = id === 0 ? 2 : id === 1 ? 3 : 1;
    if (headerLength < basic) return basic;
    const format = (header[0] ?? 0) >> 6;
    const plain = basic + (format === 0 ? 11 : format === 1 ? 7 : format === 2 ? 3 : 0);
    if (headerLength < plain) return plain;
    const isExtended = format === 3 ? this.streamOf(basic).isExtended : header.readUIntBE(basic, 3) === 0xffffff;
    return isExtended ? plain + 4 : plain;
  }

  private streamOf(basic: number): IncomingMessage {
    const { header } = this;
    const id =
      basic === 1 ? (header[0] ?? 0) & 0x3f : basic === 2 ? 64 + (header[1] ?? 0) : 64 + header.readUInt16LE(1);
    let stream = this.streams.get(id);
    if (stream === undefined) {
      stream = new IncomingMessage();
      this.streams.set(id, stream);
    }
    return stream;
  }

  private startChunk(): void {
    const { header } = this;
    const id = (header[0] ?? 0) & 0x3f;
    const basic = id === 0 ? 2 : id === 1 ? 3 : 1;
    const format = (header[0] ?? 0) >> 6;
    const stream = this.streamOf(basic);
    if (format < 3) {
      const field = header.readUIntBE(basic, 3);
      stream.isExtended = field === 0xffffff;
      stream.delta = stream.isExtended ? header.readUInt32BE(this.headerLength - 4) : field;
    }
    if (format < 2) {
      stream.length = header.readUIntBE(basic + 3, 3);
      stream.type = header[basic + 6] ?? 0;
    }
    this.headerLength = 0;
    if (stream.received === 0) {
      stream.timestamp = format === 0 ? stream.delta : stream.timestamp + stream.delta;
    }
    this.leftOfChunk = Math.min(this.chunkSize, stream.length - stream.received);
    if (stream.length === 0) this.sink.ended(stream);
    else this.current = stream;
  }

  private payload(stream: IncomingMessage, bytes: Uint8Array, at: number, length: number): void {
    const { received } = stream;
    const wanted = stream.type === 8 || stream.type === 9 ? MEDIA_HEAD : HEAD;
    for (let index = received; index < wanted && index < received + length; index++) {
      stream.head[index] = bytes[at + index - received] ?? 0;
    }
    const tailStart = stream.length - TAIL;
    for (let index = Math.max(tailStart, received, 0); index < received + length; index++) {
      stream.tail[index - tailStart] = bytes[at + index - received] ?? 0;
    }
    stream.received += length;
    this.leftOfChunk -= length;
    if (received === 0) this.sink.started(stream);
    if (this.leftOfChunk > 0) return;
    this.current = null;
    if (stream.received < stream.length) return;
    stream.received = 0;
    this.sink.ended(stream);
  }
}
