import { readInt } from "../bytes/index.ts";

// One message is eight words, for the reasons given in the parser; its bytes are kept beside them.
const WORDS_BITS = 3;
const CHUNK_STREAM_ID = 0;
const TYPE = 1;
const STREAM_ID = 2;
const TIMESTAMP = 3;
const START = 4;
const END = 5;
const IS_OWNED = 6;

/** As much as V8 keeps beside the object: a larger array of words has memory of its own. */
const FIRST_CAPACITY = 2;
const nothing: Uint8Array = new Uint8Array(0);

/** Messages that wait to be sent, first in, first out. Its fields describe the first one. */
export class OutgoingQueue {
  length = 0;
  /** Payload bytes of the first message that are in chunks already. */
  sent = 0;
  private capacity = FIRST_CAPACITY;
  private first = 0;
  private words: Int32Array = new Int32Array(FIRST_CAPACITY << WORDS_BITS);
  private payloads: Uint8Array[] = new Array<Uint8Array>(FIRST_CAPACITY).fill(nothing);

  get chunkStreamId(): number {
    return this.word(CHUNK_STREAM_ID);
  }
  get messageType(): number {
    return this.word(TYPE);
  }
  get messageStreamId(): number {
    return this.word(STREAM_ID) >>> 0;
  }
  get timestamp(): number {
    return this.word(TIMESTAMP) >>> 0;
  }
  get start(): number {
    return this.word(START);
  }
  get end(): number {
    return this.word(END);
  }
  /** Whether the payload lies in a block of the pool that is given back when it was sent. */
  get isOwned(): boolean {
    return this.word(IS_OWNED) !== 0;
  }
  get bytes(): Uint8Array {
    return this.payloads[this.first] ?? nothing;
  }

  push(
    chunkStreamId: number,
    messageType: number,
    messageStreamId: number,
    timestamp: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    isOwned: boolean,
  ): void {
    if (this.length === this.capacity) this.grow();
    const place = (this.first + this.length) & (this.capacity - 1);
    const words = this.words;
    const base = place << WORDS_BITS;
    words[base + CHUNK_STREAM_ID] = chunkStreamId;
    words[base + TYPE] = messageType;
    words[base + STREAM_ID] = messageStreamId;
    words[base + TIMESTAMP] = timestamp;
    words[base + START] = start;
    words[base + END] = end;
    words[base + IS_OWNED] = isOwned ? 1 : 0;
    this.payloads[place] = bytes;
    this.length++;
  }

  /** Drops the first message. */
  shift(): void {
    this.payloads[this.first] = nothing;
    this.first = (this.first + 1) & (this.capacity - 1);
    this.length--;
    this.sent = 0;
  }

  private word(index: number): number {
    return readInt(this.words, (this.first << WORDS_BITS) + index);
  }

  private grow(): void {
    const words = new Int32Array(this.words.length * 2);
    const turned = this.words.subarray(this.first << WORDS_BITS);
    words.set(turned);
    words.set(this.words.subarray(0, this.first << WORDS_BITS), turned.length);
    const payloads = [...this.payloads.slice(this.first), ...this.payloads.slice(0, this.first)];
    this.words = words;
    this.payloads = payloads.concat(new Array<Uint8Array>(this.capacity).fill(nothing));
    this.capacity *= 2;
    this.first = 0;
  }
}
