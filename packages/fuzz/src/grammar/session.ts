import {
  AmfEcmaArray,
  AmfObject,
  type AmfValue,
  aggregatePayload,
  encodeAmf3Values,
  encodeValues,
} from "@millrace/core";
import { concat } from "../mutation.ts";
import type { Random } from "../random.ts";
import { amf0 } from "./amf.ts";
import { anyMessage, chunks, type Message } from "./chunks.ts";
import { audio, video } from "./media.ts";
import { uint } from "./numbers.ts";
import { sharedObject } from "./shared-object.ts";

const NAMES = ["key", "key", "key", "other", "", "key?a=b", "__proto__", "x".repeat(1_025), "a\nb", "\u0000"];
const CODES = [
  "NetStream.Publish.Start",
  "NetStream.Publish.BadName",
  "NetStream.Play.Start",
  "NetStream.Play.Reset",
  "NetStream.Play.StreamNotFound",
  "NetStream.Play.PublishNotify",
  "NetStream.Play.UnpublishNotify",
  "NetStream.Play.Stop",
  "NetStream.Unpublish.Success",
  "NetStream.Seek.Failed",
  "NetConnection.Connect.Success",
  "NetConnection.Connect.Rejected",
  "NetConnection.Connect.Closed",
  "",
];

const COMMANDS = [
  "releaseStream",
  "FCPublish",
  "FCUnpublish",
  "FCSubscribe",
  "FCUnsubscribe",
  "getStreamLength",
  "_checkbw",
  "deleteStream",
  "closeStream",
  "pause",
  "pauseRaw",
  "seek",
  "play2",
  "receiveAudio",
  "receiveVideo",
  "_result",
  "_error",
  "onStatus",
  "onBWDone",
  "echo",
  "toString",
  "__proto__",
  "connect",
  "close",
];

function value(random: Random): AmfValue {
  return random.pick<AmfValue>([
    null,
    undefined,
    true,
    false,
    0,
    1,
    2,
    3,
    -1,
    Number.NaN,
    2 ** 32,
    random.pick(NAMES),
    AmfObject.of({ code: random.pick(CODES), level: random.pick(["status", "error", "x"]), description: "d" }),
    AmfEcmaArray.of({ width: 1, __proto: 2 }),
  ]);
}

function values(random: Random): AmfValue[] {
  return Array.from({ length: random.small(5) }, () => value(random));
}

function command(random: Random, name: string, streamId: number, ...rest: readonly AmfValue[]): Message {
  const transaction = random.oneIn(20) ? Number.NaN : 1 + random.below(10);
  const isAmf3 = random.oneIn(12);
  const plain = isAmf3 ? encodeAmf3Values(name, transaction, ...rest) : encodeValues(name, transaction, ...rest);
  const payload = random.oneIn(15) ? concat(plain, amf0(random)) : plain;
  return { chunkStreamId: 3, messageType: isAmf3 ? 17 : 20, messageStreamId: streamId, timestamp: 0, payload };
}

function data(random: Random, streamId: number): Message {
  const heads: AmfValue[][] = [
    ["@setDataFrame", "onMetaData"],
    ["onMetaData"],
    ["@clearDataFrame", "onMetaData"],
    ["@setDataFrame", "|RtmpSampleAccess"],
    ["@setDataFrame"],
    ["onTextData"],
    ["onStatus"],
    [],
  ];
  const isAmf3 = random.oneIn(8);
  const items = [...random.pick(heads), ...values(random)];
  const payload = concat(encodeValues(...items), random.oneIn(4) ? amf0(random) : new Uint8Array(0));
  return { chunkStreamId: 4, messageType: isAmf3 ? 15 : 18, messageStreamId: streamId, timestamp: 0, payload };
}

function media(random: Random, streamId: number, clock: number): Message {
  const isVideo = random.oneIn(2);
  const timestamp = random.oneIn(10) ? random.edge() : clock;
  const payload = random.oneIn(20) ? new Uint8Array(0) : isVideo ? video(random) : audio(random);
  return {
    chunkStreamId: isVideo ? 6 : 4,
    messageType: isVideo ? 9 : 8,
    messageStreamId: streamId,
    timestamp,
    payload,
  };
}

function aggregate(random: Random, streamId: number, clock: number): Message {
  const parts = Array.from({ length: random.oneIn(10) ? 200 : random.small(6) }, (_, index) => {
    const { messageType, payload } = random.oneIn(4) ? data(random, 0) : media(random, 0, 0);
    return { messageType, timestamp: clock + index, payload: payload.subarray(0, 60) };
  });
  const payload = aggregatePayload(parts);
  return { chunkStreamId: 6, messageType: 22, messageStreamId: streamId, timestamp: clock, payload };
}

function sharedObjectMessage(random: Random): Message {
  const isAmf3Kind = random.oneIn(4);
  const payload = sharedObject(random, isAmf3Kind);
  return { chunkStreamId: 3, messageType: isAmf3Kind ? 16 : 19, messageStreamId: 0, timestamp: 0, payload };
}

/** What both ends may say at any time. */
function anything(random: Random, clock: number): Message {
  const streamId = random.oneIn(10) ? random.edge() : random.below(3);
  switch (random.below(8)) {
    case 0:
      return command(random, random.pick(COMMANDS), streamId, ...values(random));
    case 1:
      return data(random, streamId);
    case 2:
      return aggregate(random, streamId, clock);
    case 3:
      return random.oneIn(2) ? sharedObjectMessage(random) : anyMessage(random);
    case 4: {
      const ping = concat(uint(random.pick([0, 1, 3, 6, 7, 31]), 2), uint(random.below(3), 4), uint(3_000, 4));
      return { chunkStreamId: 2, messageType: 4, messageStreamId: 0, timestamp: 0, payload: ping };
    }
    default:
      return media(random, streamId, clock);
  }
}

const WRONGNESS = [1e9, 1e9, 200, 30];

/** What a client says to a server, from behind the handshake on. */
export function clientSession(random: Random): Uint8Array {
  const messages: Message[] = [];
  const app = random.oneIn(20) ? random.pick(NAMES) : "live";
  const more: Record<string, AmfValue> = random.oneIn(3)
    ? { capsEx: value(random), fourCcList: [value(random), "av01"], objectEncoding: 3 }
    : {};
  const maps: Record<string, AmfValue> = random.oneIn(3)
    ? { videoFourCcInfoMap: value(random), audioFourCcInfoMap: AmfObject.of({ "*": 4 }) }
    : {};
  const object = AmfObject.of({ app, tcUrl: "rtmp://h/live", ...more, ...maps });
  if (!random.oneIn(20)) messages.push(command(random, "connect", 0, object, ...values(random).slice(0, 1)));
  for (let count = random.below(4); count > 0; count--) messages.push(command(random, "createStream", 0, null));
  for (let count = random.small(40), clock = 0; count > 0; count--, clock += 20) {
    const streamId = random.below(3);
    const choice = random.below(6);
    if (choice === 0) messages.push(command(random, "publish", streamId, null, random.pick(NAMES), "live"));
    else if (choice === 1) messages.push(command(random, "play", streamId, null, random.pick(NAMES)));
    else messages.push(anything(random, clock));
  }
  return chunks(messages, random, random.pick(WRONGNESS));
}

/** What a server says to a client that plays and publishes, from behind the handshake on. */
export function serverSession(random: Random): Uint8Array {
  const answer = AmfObject.of({ code: "NetConnection.Connect.Success", level: "status" });
  const messages: Message[] = [];
  const reply = (name: string, transaction: number, ...rest: AmfValue[]): Message => {
    const payload = encodeValues(name, transaction, ...rest);
    return { chunkStreamId: 3, messageType: 20, messageStreamId: 0, timestamp: 0, payload };
  };
  if (!random.oneIn(20)) messages.push(reply("_result", 1, null, answer));
  // The client's calls are numbered from 2 on.
  for (let transaction = 2; transaction < 9; transaction++) {
    if (!random.oneIn(3))
      messages.push(reply(random.oneIn(8) ? "_error" : "_result", transaction, null, random.below(4)));
  }
  for (let count = random.small(40), clock = 0; count > 0; count--, clock += 20) {
    const status = AmfObject.of({ code: random.pick(CODES), level: random.pick(["status", "error"]) });
    if (random.oneIn(4)) messages.push(command(random, "onStatus", random.below(4), null, status));
    else messages.push(anything(random, clock));
  }
  return chunks(messages, random, random.pick(WRONGNESS));
}
