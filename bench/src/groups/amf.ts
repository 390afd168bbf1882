import { Amf0Reader, Amf0Writer, type AmfValue } from "@millrace/core/amf";
import { type AmfMessage, canonical, connect, onMetaData, onStatus, toAmf } from "../inputs/amf-values.ts";
import { type AmfPeer, amfPeers } from "../peers/amf.ts";
import type { Announce, Group, Kind, Subject } from "../subject.ts";

/** Messages in a pass, so that it is long beside a look at the clock. */
const REPEATS = 1000;

/** AMF0 of the messages that every connection has. */
export const amfGroup: Group = {
  name: "amf0",
  prepare: (announce) => {
    const peers = amfPeers();
    return [connect, onMetaData, onStatus].flatMap((message) => [
      ...decoding(message, peers, announce),
      ...encoding(message, peers, announce),
    ]);
  },
};

function decoding(message: AmfMessage, peers: readonly AmfPeer[], announce: Announce): Subject[] {
  const bytes = Buffer.from(encodeWith(new Amf0Writer(), toAmf(message)));
  const reader = new Amf0Reader();
  const ends = valueEnds(reader, bytes);
  const expected = canonical(message.values);
  const label = `AMF0 ${message.name}, decode`;
  const subjects: Subject[] = [];
  const add = (name: string, kind: Kind, decode: AmfPeer["decode"]): void => {
    const obstacle = obstacleOf(() => canonical(decode(bytes, ends)), expected);
    if (obstacle === null) subjects.push(repeated(name, kind, label, bytes.length, () => decode(bytes, ends)));
    else announce(`${name} does not count for ${label}: ${obstacle}`);
  };
  add("Amf0Reader", "own", (payload) => decodeWith(reader, payload));
  for (const peer of peers) add(peer.name, "peer", peer.decode);
  return subjects;
}

function encoding(message: AmfMessage, peers: readonly AmfPeer[], announce: Announce): Subject[] {
  const values = toAmf(message);
  const writer = new Amf0Writer();
  const { length } = encodeWith(writer, values);
  const expected = canonical(message.values);
  const label = `AMF0 ${message.name}, encode`;
  const subjects: Subject[] = [];
  const add = (name: string, kind: Kind, encode: () => Uint8Array): void => {
    // Objects and ECMA arrays count as the same: some packages write only one of the two.
    const obstacle = obstacleOf(() => canonical(decodeWith(new Amf0Reader(), encode())), expected);
    if (obstacle === null) subjects.push(repeated(name, kind, label, length, encode));
    else announce(`${name} does not count for ${label}: ${obstacle}`);
  };
  add("Amf0Writer", "own", () => encodeWith(writer, values));
  for (const peer of peers) add(peer.name, "peer", peer.encoder(message));
  return subjects;
}

function decodeWith(reader: Amf0Reader, bytes: Uint8Array): AmfValue[] {
  const values: AmfValue[] = [];
  reader.reset(bytes);
  while (!reader.atEnd && reader.error === null) values.push(reader.read());
  return values;
}

function valueEnds(reader: Amf0Reader, bytes: Uint8Array): number[] {
  const ends: number[] = [];
  reader.reset(bytes);
  while (!reader.atEnd && reader.skip()) ends.push(reader.position);
  return ends;
}

const memory = new Uint8Array(4096);

function encodeWith(writer: Amf0Writer, values: readonly AmfValue[]): Uint8Array {
  writer.reset(memory);
  for (const value of values) writer.write(value);
  return memory.subarray(0, writer.position);
}

/** What is wrong with a result; null when nothing is. */
function obstacleOf(result: () => string, expected: string): string | null {
  try {
    return result() === expected ? null : "the values are others";
  } catch (error) {
    return `${error}`.split("\n", 1).join();
  }
}

/** Holds the last result, so that no call can be left out as useless. */
let kept: unknown;

function repeated(name: string, kind: Kind, input: string, bytes: number, call: () => unknown): Subject {
  const pass = (): void => {
    for (let count = 0; count < REPEATS; count++) kept = call();
    if (kept === undefined) throw new Error(`${name} answered nothing.`);
  };
  return { name, input, kind, work: { chunks: 0, messages: REPEATS, bytes: REPEATS * bytes }, run: { pass } };
}
