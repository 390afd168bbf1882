import { BufferPool } from "@millrace/core/bytes";
import { type Capture, CaptureError, describeLosses, type Gap, openCapture } from "../capture/index.ts";
import { type Failure, type InspectEvent, placeText } from "./events.ts";
import { INSPECT_POOL_BYTES } from "./limits.ts";
import { Opening } from "./opening.ts";
import { StreamReader } from "./stream-reader.ts";

/** So many streams are named of those that were left out. */
const NAMED = 8;

/**
 * Says what is in a capture, in the order in which it became complete over all connections and directions; at the end what
 * was lost or left out.
 *
 * @param file the whole file; it must stay unchanged until the last event was taken.
 */
export function* inspectCapture(file: Uint8Array): Generator<InspectEvent> {
  const capture = openCapture(file);
  const pool = new BufferPool(INSPECT_POOL_BYTES);
  const streams = new Map<string, StreamReader>();
  const readerOf = (connection: number, direction: StreamReader["place"]["direction"]): StreamReader => {
    const key = `${connection} ${direction}`;
    let reader = streams.get(key);
    if (reader === undefined) {
      reader = new StreamReader({ connection, direction }, capture.format === "raw", pool);
      streams.set(key, reader);
    }
    return reader;
  };

  let malformed: CaptureError | null = null;
  try {
    for (const piece of capture.pieces) yield* readerOf(piece.connection, piece.direction).read(piece);
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    malformed = error;
  }
  for (const stream of streams.values()) yield* stream.end(gapOf(capture, stream));

  const readers = [...streams.values()];
  yield* foreignNotice(readers.filter((stream) => stream.opening === Opening.Foreign));
  for (const text of describeLosses(capture.report)) yield { kind: "notice", text };
  if (malformed !== null) yield fileFailure("CaptureMalformed", malformed.message, malformed.offset);
  else if (!readers.some((stream) => stream.isRtmp)) yield fileFailure("NoRtmp", "there is no RTMP in it", 0);
}

function gapOf({ report }: Capture, { place }: StreamReader): Gap | null {
  return place.direction === null ? null : (report.connections[place.connection]?.[place.direction].gap ?? null);
}

function* foreignNotice(streams: readonly StreamReader[]): Generator<InspectEvent> {
  if (streams.length === 0) return;
  const names = streams.slice(0, NAMED).map((stream) => placeText(stream.place));
  if (streams.length > NAMED) names.push(`and ${streams.length - NAMED} more`);
  yield { kind: "notice", text: `not RTMP, left out: ${names.join(", ")}` };
}

function fileFailure(code: string, message: string, offset: number): Failure {
  return { kind: "failure", place: null, code, number: null, message, offset };
}
