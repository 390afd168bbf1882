import { ErrorCode } from "../errors.ts";
import type { Limits } from "../limits.ts";

/** What a message is (RTMP 5.4, 6.2, 7.1). Ids that are not here are defined by no specification. */
export const MessageType = {
  SetChunkSize: 1,
  Abort: 2,
  Acknowledgement: 3,
  UserControl: 4,
  WindowAcknowledgementSize: 5,
  SetPeerBandwidth: 6,
  Audio: 8,
  Video: 9,
  DataAmf3: 15,
  SharedObjectAmf3: 16,
  CommandAmf3: 17,
  DataAmf0: 18,
  SharedObjectAmf0: 19,
  CommandAmf0: 20,
  Aggregate: 22,
} as const;

/** The length limit that holds for a message, and the code that says so when it is passed. */
export interface LengthLimit {
  readonly name: keyof Limits;
  readonly code: ErrorCode;
}

const control: LengthLimit = { name: "controlMessageLength", code: ErrorCode.ControlMessageLengthLimit };
const userControl: LengthLimit = { name: "userControlMessageLength", code: ErrorCode.UserControlMessageLengthLimit };
const command: LengthLimit = { name: "commandMessageLength", code: ErrorCode.CommandMessageLengthLimit };
const data: LengthLimit = { name: "dataMessageLength", code: ErrorCode.DataMessageLengthLimit };
const media: LengthLimit = { name: "mediaMessageLength", code: ErrorCode.MediaMessageLengthLimit };

/** Which length limit holds for a type. Unknown types are treated as media: they are only passed on. */
export function lengthLimitOf(messageType: number): LengthLimit {
  switch (messageType) {
    case MessageType.SetChunkSize:
    case MessageType.Abort:
    case MessageType.Acknowledgement:
    case MessageType.WindowAcknowledgementSize:
    case MessageType.SetPeerBandwidth:
      return control;
    case MessageType.UserControl:
      return userControl;
    case MessageType.CommandAmf0:
    case MessageType.CommandAmf3:
      return command;
    case MessageType.DataAmf0:
    case MessageType.DataAmf3:
    case MessageType.SharedObjectAmf0:
    case MessageType.SharedObjectAmf3:
      return data;
    default:
      return media;
  }
}

/** What a length field can say at most: 24 bits. */
const LARGEST_LENGTH = 0xffffff;

const tables = new WeakMap<Readonly<Limits>, Int32Array>();

/** For each type the greatest length that it may have: one table for all parsers that share these limits. */
export function lengthTable(limits: Readonly<Limits>): Int32Array {
  let table = tables.get(limits);
  if (table === undefined) {
    table = Int32Array.from({ length: 256 }, (_, messageType) =>
      Math.min(limits[lengthLimitOf(messageType).name], LARGEST_LENGTH),
    );
    tables.set(limits, table);
  }
  return table;
}
