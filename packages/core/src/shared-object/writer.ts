import { Amf0Marker } from "../amf/index.ts";
import { utf8Length, writeUint16, writeUint32, writeUtf8 } from "../bytes/index.ts";
import { MessageType } from "../chunk/index.ts";
import { type SharedObjectEvent, SharedObjectEventType, type SharedObjectMessage } from "./event.ts";

/** A message to be sent on message stream 0. Several connections may be given the same payload: nobody changes it. */
export interface OutgoingSharedObjectMessage {
  readonly messageType: number;
  readonly payload: Uint8Array;
}

/** Red5 answers no more of a message at a time, by default. */
const MOST_EVENTS = 64;
/** A message grows no further; a single value may be longer. Receivers allow for less than the 16 MiB of the format. */
const MOST_BYTES = 65_536;
const FLAG_PERSISTENT = 2;

/**
 * Writes events into as many messages as they need. One property to an event, as Red5 and Flash do; a `Status` stands in
 * one message with the event before it.
 *
 * @param isAmf3Kind - as type 16 and not 19, for peers that speak so. The values are AMF0 all the same, which the first
 * byte says.
 * @throws RangeError when a name is longer than 65,535 bytes.
 */
export function* sharedObjectMessages(
  message: SharedObjectMessage,
  isAmf3Kind: boolean,
): Generator<OutgoingSharedObjectMessage> {
  const { events } = message;
  for (let from = 0; from < events.length; ) {
    const to = messageEnd(events, from);
    yield {
      messageType: isAmf3Kind ? MessageType.SharedObjectAmf3 : MessageType.SharedObjectAmf0,
      payload: writeSharedObjectMessage({ ...message, events: events.slice(from, to) }, isAmf3Kind),
    };
    from = to;
  }
}

/** The payload of one message with all of its events, however many they are. Otherwise as {@link sharedObjectMessages}. */
export function writeSharedObjectMessage(message: SharedObjectMessage, isAmf3Kind: boolean): Uint8Array {
  const { name, version, isPersistent, events } = message;
  let length = (isAmf3Kind ? 1 : 0) + nameBytes(name) + 12;
  for (const event of events) length += 5 + dataBytes(event);
  const into = new Uint8Array(length);
  let at = isAmf3Kind ? 1 : 0; // encoding 0
  at = putName(name, into, at);
  writeUint32(into, at, version);
  writeUint32(into, at + 4, isPersistent ? FLAG_PERSISTENT : 0);
  at += 12;
  for (const event of events) {
    into[at] = event.type;
    writeUint32(into, at + 1, dataBytes(event));
    at = putData(event, into, at + 5);
  }
  return into;
}

/** Where the message ends that begins with the event `from`. */
function messageEnd(events: readonly SharedObjectEvent[], from: number): number {
  let bytes = 0;
  let to = from;
  for (const event of events.slice(from, from + MOST_EVENTS)) {
    bytes += dataBytes(event);
    if (to > from && bytes > MOST_BYTES) break;
    to++;
  }
  // What a Status is about stands before it.
  return events[to]?.type === SharedObjectEventType.Status ? to + 1 : to;
}

function dataBytes(event: SharedObjectEvent): number {
  switch (event.type) {
    case SharedObjectEventType.RequestChange:
    case SharedObjectEventType.Change:
      return nameBytes(event.name) + event.value.length;
    case SharedObjectEventType.Success:
    case SharedObjectEventType.Remove:
    case SharedObjectEventType.RequestRemove:
      return nameBytes(event.name);
    case SharedObjectEventType.SendMessage:
      return 1 + nameBytes(event.handler) + event.values.length;
    case SharedObjectEventType.Status:
      return nameBytes(event.code) + nameBytes(event.level);
    default:
      return 0;
  }
}

function putData(event: SharedObjectEvent, into: Uint8Array, at: number): number {
  switch (event.type) {
    case SharedObjectEventType.RequestChange:
    case SharedObjectEventType.Change:
      return putBytes(event.value, into, putName(event.name, into, at));
    case SharedObjectEventType.Success:
    case SharedObjectEventType.Remove:
    case SharedObjectEventType.RequestRemove:
      return putName(event.name, into, at);
    case SharedObjectEventType.SendMessage:
      into[at] = Amf0Marker.String;
      return putBytes(event.values, into, putName(event.handler, into, at + 1));
    case SharedObjectEventType.Status:
      return putName(event.level, into, putName(event.code, into, at));
    default:
      return at;
  }
}

function nameBytes(name: string): number {
  const length = utf8Length(name);
  if (length > 0xffff) throw new RangeError(`A name of ${length} bytes: 65,535 are the most.`);
  return 2 + length;
}

function putName(name: string, into: Uint8Array, at: number): number {
  const length = writeUtf8(name, into, at + 2);
  writeUint16(into, at, length);
  return at + 2 + length;
}

function putBytes(bytes: Uint8Array, into: Uint8Array, at: number): number {
  into.set(bytes, at);
  return at + bytes.length;
}
