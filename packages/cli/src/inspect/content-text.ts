import { MessageType } from "@millrace/core/chunk";
import { errorName, ProtocolError } from "@millrace/core/errors";
import {
  BandwidthLimit,
  DataKind,
  readBandwidthLimit,
  readCommand,
  readControlValue,
  readUserControl,
  UserControlEvent,
} from "@millrace/core/message";
import { printable } from "../printable.ts";
import { amfText } from "./amf-text.ts";
import { readData } from "./data.ts";
import type { Message } from "./events.ts";
import { inspectLimits } from "./limits.ts";
import { audioText, videoText } from "./media-text.ts";

/** The most characters that the values of a message take. */
const VALUES_LENGTH = 400;
const NAME_LENGTH = 80;
/** Of a payload that is not understood so many bytes are shown. */
const SHOWN_BYTES = 16;

const eventNames = new Map<number, string>(Object.entries(UserControlEvent).map(([name, event]) => [event, name]));
const bandwidthLimits = new Map<number, string>(
  Object.entries(BandwidthLimit).map(([name, limit]) => [limit, name.toLowerCase()]),
);

/** What a message says, in a few words on one line. */
export function contentText(message: Message): string {
  const { bytes, start, end, type } = message;
  switch (type) {
    case MessageType.SetChunkSize:
    case MessageType.Acknowledgement:
    case MessageType.WindowAcknowledgementSize:
      return numberText(message, (value) => `${value} bytes`);
    case MessageType.Abort:
      return numberText(message, (value) => `chunk stream ${value}`);
    case MessageType.SetPeerBandwidth: {
      const limit = readBandwidthLimit(bytes, start, end);
      return numberText(message, (value) => `${value} bytes, ${bandwidthLimits.get(limit) ?? `limit type ${limit}`}`);
    }
    case MessageType.UserControl:
      return userControlText(message);
    case MessageType.Audio:
      return audioText(bytes.subarray(start, end));
    case MessageType.Video:
      return videoText(bytes.subarray(start, end));
    case MessageType.CommandAmf0:
    case MessageType.CommandAmf3:
      return commandText(message);
    case MessageType.DataAmf0:
    case MessageType.DataAmf3:
      return dataText(message);
    default:
      return bytesText(message);
  }
}

function numberText(message: Message, textOf: (value: number) => string): string {
  const value = readControlValue(message.bytes, message.start, message.end);
  return value === null ? bytesText(message) : textOf(value);
}

function userControlText(message: Message): string {
  const control = readUserControl(message.bytes, message.start, message.end);
  if (control === null) return bytesText(message);
  const { event, value, second } = control;
  const name = eventNames.get(event) ?? `event ${event}`;
  switch (event) {
    case UserControlEvent.PingRequest:
    case UserControlEvent.PingResponse:
      return `${name} ${value} ms`;
    case UserControlEvent.SetBufferLength:
      return `${name} stream ${value}, ${second} ms`;
    case UserControlEvent.StreamBegin:
    case UserControlEvent.StreamEof:
    case UserControlEvent.StreamDry:
    case UserControlEvent.StreamIsRecorded:
    case UserControlEvent.BufferEmpty:
    case UserControlEvent.BufferReady:
      return `${name} stream ${value}`;
    case UserControlEvent.SwfVerifyRequest:
      return name;
    default:
      return `${name} ${bytesText({ ...message, start: message.start + 2 })}`;
  }
}

function commandText(message: Message): string {
  const { bytes, start, end, type } = message;
  const command = readCommand(bytes, start, end, type === MessageType.CommandAmf3, inspectLimits);
  if (command instanceof ProtocolError) return unreadableText(command, message);
  const { name, transactionId, object, arguments: values } = command;
  return `${nameText(name)} ${transactionId} ${amfText([object, ...values], VALUES_LENGTH)}`;
}

function dataText(message: Message): string {
  const { kind, handler, values, error } = readData(message);
  if (handler === "") return bytesText(message);
  const request =
    kind === DataKind.SetDataFrame ? "@setDataFrame " : kind === DataKind.ClearDataFrame ? "@clearDataFrame " : "";
  const text = `${request}${nameText(handler)} ${amfText(values, VALUES_LENGTH)}`.trimEnd();
  return error === null ? text : `${text}, then ${unreadableText(error, message)}`;
}

function unreadableText({ code, message: text }: ProtocolError, message: Message): string {
  return `unreadable (${errorName(code)}: ${text}) ${bytesText(message)}`;
}

function nameText(name: string): string {
  return printable(name.length > NAME_LENGTH ? `${name.slice(0, NAME_LENGTH)}…` : name);
}

function bytesText({ bytes, start, end }: Message): string {
  const shown = Buffer.from(bytes.subarray(start, Math.min(end, start + SHOWN_BYTES))).toString("hex");
  return end - start > SHOWN_BYTES ? `${shown}…` : shown;
}
