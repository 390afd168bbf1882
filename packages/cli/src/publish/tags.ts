import { createReadStream } from "node:fs";
import { FlvEvent, FlvReader } from "@millrace/core";
import { Complaint, complaintOf } from "../attempt.ts";
import { isMedia } from "../media.ts";

/** A tag as it lies in a file: what an RTMP message needs. */
export interface Tag {
  /** 8 audio, 9 video, 18 data (AMF0), 15 data (AMF3). */
  readonly messageType: number;
  /** Milliseconds, as the file has it: -2^31 to 2^31 - 1. */
  readonly timestamp: number;
  readonly payload: Uint8Array;
  /** Where it ends in the file. */
  readonly fileOffset: number;
}

const PIECE = 65_536;

/**
 * Reads the tags of an FLV file that can be published, in order. Each is valid until the next is asked for.
 *
 * @param notice - told, at the end, of what was left out.
 * @throws Complaint when it cannot be read.
 */
export async function* readTags(path: string, notice: (text: string) => void): AsyncGenerator<Tag, void, void> {
  const reader = new FlvReader();
  try {
    for await (const piece of createReadStream(path, { highWaterMark: PIECE })) {
      yield* tagsIn(reader, piece, path);
    }
  } catch (error) {
    throw complaintOf(path, error);
  }
  reader.finish();
  checkReader(reader, path);
  const { truncatedBytes } = reader;
  if (truncatedBytes > 0) notice(`${path}: its end is cut off: the last ${truncatedBytes} bytes are left out.`);
}

function* tagsIn(reader: FlvReader, piece: Uint8Array, path: string): Generator<Tag, void, void> {
  reader.feed(piece, 0, piece.length);
  for (let event = reader.poll(); event !== FlvEvent.NeedData; event = reader.poll()) {
    checkReader(reader, path);
    if (event !== FlvEvent.Tag || !isMedia(reader.tagType)) continue;
    const { tagType: messageType, timestamp, bytes, start, end, lastTagEnd: fileOffset, isEncrypted } = reader;
    if (isEncrypted) throw new Complaint(`${path}: what it holds is encrypted and cannot be published.`);
    yield { messageType, timestamp, payload: bytes.subarray(start, end), fileOffset };
  }
}

function checkReader({ error }: FlvReader, path: string): void {
  if (error === null) return;
  throw new Complaint(`${path} cannot be read behind byte ${error.offset}: ${error.message}`);
}
