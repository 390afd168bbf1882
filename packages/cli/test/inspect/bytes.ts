/** Streams made by hand. */

import type { AmfValue } from "@millrace/core/amf";
import { writeFullHeader } from "@millrace/core/chunk";
import { encodeValues } from "@millrace/core/message";
import { concat, hex } from "../capture/builder.ts";

/** A message in one chunk with a fmt 0 header; the payload in hex, or as it is. */
export function message(csid: number, type: number, streamId: number, timestamp: number, payload: string | Uint8Array) {
  const body = typeof payload === "string" ? hex(payload) : payload;
  const header = new Uint8Array(18);
  const end = writeFullHeader(header, 0, csid, timestamp, body.length, type, streamId);
  return concat(header.subarray(0, end), body);
}

export function command(...values: AmfValue[]): Uint8Array {
  return message(3, 20, 0, 0, encodeValues(...values));
}

export const createStream: Uint8Array = command("createStream", 2, null);

/** A handshake of one direction as an encoder sends it: its time, zero or its version, and noise. */
export function handshake(version = 3, time = "00000000", zero = "00000000"): Uint8Array {
  const noise = Uint8Array.from({ length: 1528 + 1536 }, (_, index) => (index * 167 + 13) >> 1);
  return concat(Uint8Array.of(version), hex(time), hex(zero), noise);
}
