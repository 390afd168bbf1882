import { payloadLength, type Segment } from "./tcp.ts";

/** What one direction may hold back behind a gap: 16 MiB, far beyond any TCP window in use. */
export const MAXIMUM_HELD_BYTES: number = 2 ** 24;
/** And in how many pieces, so that sorting them in stays cheap whatever the file holds. */
export const MAXIMUM_HELD_SPANS = 16_384;

/** Bytes of a flow that lie in one piece in the file. */
export interface Span {
  /** Of the first byte, counted from the start of the flow. */
  offset: number;
  start: number;
  end: number;
  time: number | null;
}

/** Bytes that are missing in a flow. */
export interface Gap {
  /** Of the first missing byte, counted from the start of the flow. */
  offset: number;
  length: number;
}

/**
 * One direction of a TCP connection: puts its segments in order. Of bytes that come more than once, the first seen count.
 *
 * Holds one record per segment beside the file itself.
 */
export class Flow {
  /** Bytes that were delivered: all without a gap from the start. */
  delivered = 0;
  /** Segments that repeated bytes with another content. */
  contradictions = 0;
  /** Where the sender ended the stream; null while it has not. */
  finOffset: number | null = null;

  private readonly bytes: Uint8Array;
  /** Sequence number of the byte at offset 0; null before the first segment that tells. */
  private origin: number | null = null;
  /** How far the sender has come, as far as is known. */
  private furthest = 0;
  /** All that was received, in order and disjoint: first what was delivered, then what is held behind a gap. */
  private readonly spans: Span[] = [];
  private deliveredSpans = 0;
  private heldBytes = 0;

  /** @param bytes the file, in which the spans lie. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** What is missing before the next byte: at the end of the capture, what was lost. Null when nothing is known to be. */
  get gap(): Gap | null {
    const end = this.spans[this.deliveredSpans]?.offset ?? this.furthest;
    return end > this.delivered ? { offset: this.delivered, length: end - this.delivered } : null;
  }

  /** Where in the flow the segment's payload belongs, within 2^31 of what was delivered; null before the flow began. */
  offsetOf(segment: Segment): number | null {
    if (this.origin === null) return null;
    const expected = (this.origin + this.delivered) >>> 0;
    // Sequence numbers wrap at 2^32: the difference is a signed 32-bit number (RFC 9293, 3.4).
    return this.delivered + ((payloadSequence(segment) - expected) | 0);
  }

  /** Takes a segment in and returns the spans that are next in order: none, one, or more when it closes a gap. */
  receive(segment: Segment): Span[] {
    const sent = payloadLength(segment);
    // A bare acknowledgement says nothing: a keep-alive probe carries a sequence number that is one too low.
    if (sent === 0 && !segment.syn && !segment.fin) return [];
    this.origin ??= payloadSequence(segment);
    const offset = this.offsetOf(segment) ?? 0;
    if (segment.fin) this.finOffset ??= offset + sent;
    // Some systems probe with one byte of rubbish, in the place of the last byte that they sent (RFC 1122, 4.2.3.6).
    const isKeepAlive = sent === 1 && offset + 1 === this.furthest;
    this.furthest = Math.max(this.furthest, offset + sent);
    if (offset > this.delivered && this.isFull()) return [];
    if (this.insert(offset, segment) && !isKeepAlive) this.contradictions++;
    return this.advance();
  }

  private isFull(): boolean {
    return this.heldBytes >= MAXIMUM_HELD_BYTES || this.spans.length - this.deliveredSpans >= MAXIMUM_HELD_SPANS;
  }

  /** Fills the holes that the segment covers and says whether it contradicts what was there. */
  private insert(offset: number, { start, end, time }: Segment): boolean {
    const until = offset + end - start;
    const shift = start - offset;
    let contradicts = false;
    // What lies before the start of the flow was sent before the capture began.
    let from = Math.max(offset, 0);
    let index = this.firstSpanEndingBehind(from);
    while (from < until) {
      const known = this.spans[index];
      if (known === undefined || from < known.offset) {
        const holeEnd = known === undefined ? until : Math.min(known.offset, until);
        this.spans.splice(index, 0, { offset: from, start: from + shift, end: holeEnd + shift, time });
        this.heldBytes += holeEnd - from;
        from = holeEnd;
      } else {
        const overlapEnd = Math.min(endOf(known), until);
        contradicts ||= this.differ(known.start + from - known.offset, from + shift, overlapEnd - from);
        from = overlapEnd;
      }
      index++;
    }
    return contradicts;
  }

  private advance(): Span[] {
    const ready: Span[] = [];
    for (;;) {
      const span = this.spans[this.deliveredSpans];
      if (span === undefined || span.offset > this.delivered) return ready;
      this.deliveredSpans++;
      this.delivered = endOf(span);
      this.heldBytes -= span.end - span.start;
      ready.push(span);
    }
  }

  private firstSpanEndingBehind(offset: number): number {
    let low = 0;
    let high = this.spans.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const span = this.spans[middle];
      if (span !== undefined && endOf(span) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private differ(one: number, other: number, length: number): boolean {
    for (let index = 0; index < length; index++) {
      if (this.bytes[one + index] !== this.bytes[other + index]) return true;
    }
    return false;
  }
}

/** A SYN takes a sequence number of its own, before the payload's. */
function payloadSequence(segment: Segment): number {
  return segment.syn ? (segment.sequence + 1) >>> 0 : segment.sequence;
}

function endOf(span: Span): number {
  return span.offset + span.end - span.start;
}
