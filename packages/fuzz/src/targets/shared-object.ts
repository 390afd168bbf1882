import {
  decodeValue,
  decodeValues,
  defaultLimits,
  ProtocolError,
  readSharedObjectMessage,
  readSnapshot,
  type SharedObjectMessage,
  writeSharedObjectMessage,
} from "@millrace/core";
import { sharedObject as grammar } from "../grammar/shared-object.ts";
import { amid } from "../lending.ts";
import { concat } from "../mutation.ts";
import type { Random } from "../random.ts";
import { check, checkSame, type Target } from "../target.ts";

const LONGEST = 8_192;

function lines(message: SharedObjectMessage | ProtocolError): string[] {
  if (message instanceof ProtocolError) return [`${message.code} at ${message.offset}: ${message.message}`];
  const events = message.events.map((event) => {
    if ("value" in event) return `${event.type} ${event.name} ${Buffer.from(event.value).toString("hex")}`;
    if ("values" in event) return `${event.type} ${event.handler} ${Buffer.from(event.values).toString("hex")}`;
    return JSON.stringify(event);
  });
  return [`${message.name} ${message.version} ${message.isPersistent}`, ...events];
}

/** Shared object messages, written and read again; the first byte is odd for those of the AMF3 kind. */
export const sharedObject: Target = {
  name: "shared-object",
  covers: /core\/dist\/shared-object\/(reader|writer|value|event)/,
  longest: LONGEST,
  seeds: () => [],
  make(random: Random) {
    const kind = random.below(2);
    return concat(Uint8Array.of(kind), grammar(random, kind === 1)).subarray(0, LONGEST);
  },
  run(input) {
    const isAmf3Kind = ((input[0] ?? 0) & 1) === 1;
    const [message, other] = [0x00, 0xff].map((noise) => {
      const { bytes, start, end } = amid(input.subarray(1), noise);
      return readSharedObjectMessage(bytes, start, end, isAmf3Kind, defaultLimits);
    });
    check(message !== undefined && other !== undefined, "Nothing was read.");
    checkSame(lines(message), lines(other), "With other bytes around it");
    const snapshot = readSnapshot(input);
    check(snapshot instanceof ProtocolError || snapshot.properties.size <= input.length, "More properties than bytes.");
    if (message instanceof ProtocolError) return;
    for (const event of message.events) {
      if ("value" in event) decodeValue(event.value);
      if ("values" in event) decodeValues(event.values);
    }
    const payload = writeSharedObjectMessage(message, isAmf3Kind);
    const limits = { ...defaultLimits, amfValues: 2 ** 20, amfStringBytes: 2 ** 24 };
    const again = readSharedObjectMessage(payload, 0, payload.length, isAmf3Kind, limits);
    checkSame(lines(message), lines(again), "Written and read again");
  },
};
