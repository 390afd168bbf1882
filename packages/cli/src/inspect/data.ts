import { Amf0Reader, type AmfValue } from "@millrace/core/amf";
import { MessageType } from "@millrace/core/chunk";
import type { ProtocolError } from "@millrace/core/errors";
import { type DataKind, readDataHead } from "@millrace/core/message";
import type { Message } from "./events.ts";
import { inspectLimits } from "./limits.ts";

/** A data message as far as it can be read. */
export interface Data {
  readonly kind: DataKind;
  /** Empty when the message does not begin with one. */
  readonly handler: string;
  readonly values: readonly AmfValue[];
  /** What ended the values, when it was not the end of the message. */
  readonly error: ProtocolError | null;
}

/** Reads all of a data message (RTMP 7.1.2); of the AMF3 kind, behind the byte that selects its format. */
export function readData({ bytes, start, end, type }: Message): Data {
  const hasSelector = type === MessageType.DataAmf3 && start < end && bytes[start] === 0;
  const { kind, handler, start: head } = readDataHead(bytes, hasSelector ? start + 1 : start, end, inspectLimits);
  const reader = new Amf0Reader(inspectLimits);
  reader.reset(bytes, head, end);
  const values: AmfValue[] = [];
  if (reader.readString() !== null) {
    while (!reader.atEnd && reader.error === null) {
      const value = reader.read();
      if (reader.error === null) values.push(value);
    }
  }
  return { kind, handler, values, error: reader.error };
}
