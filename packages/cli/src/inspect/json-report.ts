import { MessageType } from "@millrace/core/chunk";
import { errorName, ProtocolError } from "@millrace/core/errors";
import { readCommand } from "@millrace/core/message";
import { printable } from "../printable.ts";
import { amfToJson } from "./amf-json.ts";
import { readData } from "./data.ts";
import type { ChunkHeader, Failure, Message, Place } from "./events.ts";
import { inspectLimits } from "./limits.ts";
import type { Report } from "./report.ts";
import { sha1 } from "./sha1.ts";
import { typeName } from "./type-name.ts";

/** For machines: a JSON object per line. */
export class JsonReport implements Report {
  readonly heading = null;
  private readonly withHash: boolean;

  constructor(withHash: boolean) {
    this.withHash = withHash;
  }

  message(message: Message): string {
    const { chunkStreamId: csid, type, streamId, timestamp, bytes, start, end } = message;
    return lineOf({
      ...placeFields(message.place),
      csid,
      type,
      name: typeName(type),
      streamId,
      timestamp,
      length: end - start,
      ...timeField(message.time),
      ...(this.withHash ? { sha1: sha1(bytes, start, end) } : {}),
      ...contentFields(message),
    });
  }

  chunk({ place, time, chunkStreamId: csid, format, headerLength, payloadLength }: ChunkHeader): string {
    return lineOf({ ...placeFields(place), csid, ...timeField(time), chunk: { format, headerLength, payloadLength } });
  }

  failure({ place, code, number, message, offset }: Failure): string {
    const where = place === null || place.direction === null ? {} : placeFields(place);
    return lineOf({ error: { code, number, message, offset }, ...where });
  }
}

/** Raw bytes are one direction of one connection, so theirs has no number. */
function placeFields({ connection, direction }: Place): object {
  return direction === null ? { direction } : { connection, direction };
}

/** Milliseconds since 1970, to the microsecond. */
function timeField(time: number | null): object {
  return time === null ? {} : { time: Math.round(time * 1000) / 1000 };
}

/** What commands and data messages say. */
function contentFields(message: Message): object {
  const { bytes, start, end, type } = message;
  if (type === MessageType.CommandAmf0 || type === MessageType.CommandAmf3) {
    const command = readCommand(bytes, start, end, type === MessageType.CommandAmf3, inspectLimits);
    if (command instanceof ProtocolError) return unreadable(command);
    const [object = null, ...values] = amfToJson([command.object, ...command.arguments]);
    const { name, transactionId } = command;
    return { command: { name, transactionId, object, arguments: values } };
  }
  if (type === MessageType.DataAmf0 || type === MessageType.DataAmf3) {
    const { handler, values, error } = readData(message);
    return { data: { handler, values: amfToJson(values) }, ...(error === null ? {} : unreadable(error)) };
  }
  return {};
}

/** The message is whole but its content is not AMF; its offset counts from the start of the payload. */
function unreadable({ code, message, offset }: ProtocolError): object {
  return { unreadable: { code: errorName(code), number: code, message, offset } };
}

/** JSON escapes some control characters itself; the others are as dangerous to a terminal. */
function lineOf(value: object): string {
  return printable(JSON.stringify(value));
}
