import {
  AggregateReader,
  aggregatePayload,
  defaultLimits,
  MessageType,
  ProtocolError,
  readCommand,
  readData,
  readDataHead,
  readUserControl,
} from "@millrace/core";
import { amf0 } from "../grammar/amf.ts";
import { audio } from "../grammar/media.ts";
import { uint } from "../grammar/numbers.ts";
import { amid } from "../lending.ts";
import { concat } from "../mutation.ts";
import type { Random } from "../random.ts";
import { vectors } from "../seeds.ts";
import { check, checkSame, type Target } from "../target.ts";

const LONGEST = 8_192;
/** Of a part of an aggregate. */
const LEAST_PART = 11;

interface Part {
  readonly messageType: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

function partsOf(bytes: Uint8Array, start: number, end: number, timestamp: number): Part[] {
  const reader = new AggregateReader();
  reader.reset(bytes, start, end, timestamp);
  const parts: Part[] = [];
  let before = start;
  while (reader.next()) {
    check(
      reader.start >= before + LEAST_PART && reader.end >= reader.start && reader.end <= end,
      "A part lies outside.",
    );
    before = reader.end;
    parts.push({
      messageType: reader.messageType,
      timestamp: reader.timestamp,
      payload: bytes.slice(reader.start, reader.end),
    });
  }
  check(!reader.next(), "An aggregate goes on behind its end.");
  return parts;
}

function lines(parts: readonly Part[]): string[] {
  return parts.map(({ messageType, timestamp, payload }) => {
    return `type ${messageType} @${timestamp} ${Buffer.from(payload).toString("hex")}`;
  });
}

/** The first four bytes of an input are the timestamp of the aggregate. */
function runAggregate(input: Uint8Array): void {
  const timestamp = Buffer.concat([input.subarray(0, 4), Buffer.alloc(4)]).readUInt32BE(0);
  const payload = input.subarray(Math.min(4, input.length));
  const [plain = [], other = []] = [0x00, 0xff].map((noise) => {
    const { bytes, start, end } = amid(payload, noise);
    return partsOf(bytes, start, end, timestamp);
  });
  checkSame(lines(plain), lines(other), "With other bytes around it");
  const parts = plain.filter(({ messageType }) => messageType !== MessageType.Aggregate);
  const written = aggregatePayload(parts);
  const back = partsOf(written, 0, written.length, parts[0]?.timestamp ?? 0);
  checkSame(lines(parts), lines(back), "Written and read again");
}

/** Aggregate messages (RTMP 7.1.6). */
export const aggregate: Target = {
  name: "aggregate",
  covers: /core\/dist\/message\/aggregate/,
  longest: LONGEST,
  seeds: () => [],
  make(random: Random) {
    const first = random.oneIn(3) ? random.edge() : random.below(2 ** 26);
    const parts = Array.from({ length: random.small(random.oneIn(10) ? 500 : 12) }, (_, index) => {
      const payload = audio(random).subarray(0, 40);
      const time = (first + index * 20) % 2 ** 32;
      const [head, tail] = random.oneIn(4)
        ? [uint(time, 4), new Uint8Array(0)]
        : [uint(time % 2 ** 24, 3), uint(Math.floor(time / 2 ** 24), 1)];
      const length = random.oneIn(30) ? random.edge() : payload.length;
      return concat(
        uint(8, 1),
        uint(length, 3),
        head,
        tail,
        uint(1, 3),
        payload,
        uint(random.oneIn(20) ? 0 : length + 11, 4),
      );
    });
    return concat(uint(random.oneIn(4) ? random.edge() : first, 4), ...parts);
  },
  run: runAggregate,
};

/** What commands, data and user control say: the first byte is the type of the message. */
function runMessage(input: Uint8Array): void {
  const messageType = input[0] ?? 0;
  const logs = [0x00, 0xff].map((noise) => {
    const { bytes, start, end } = amid(input.subarray(1), noise);
    const command = readCommand(bytes, start, end, (messageType & 1) === 1, defaultLimits);
    const data = readData(bytes, start, end, (messageType & 1) === 1, defaultLimits);
    const head = readDataHead(bytes, start, end, defaultLimits);
    const control = readUserControl(bytes, start, end);
    check(head.start >= start && head.start <= end, `The data begin at ${head.start}.`);
    if (!(data instanceof ProtocolError) && (messageType & 1) === 0) {
      check(
        data.kind === head.kind && data.handler === head.handler,
        "A data message and its head say different things.",
      );
    }
    return [command, data]
      .map((found) => (found instanceof ProtocolError ? `${found.code} at ${found.offset}` : "read"))
      .concat(`${head.kind} ${head.handler} ${head.start}`, JSON.stringify(control));
  });
  checkSame(logs[0] ?? [], logs[1] ?? [], "With other bytes around it");
}

/** Commands, data messages and user control. */
export const message: Target = {
  name: "message",
  covers: /core\/dist\/message\/(command|data|control)/,
  longest: LONGEST,
  seeds: () =>
    [...vectors("amf0"), ...vectors("amf3")].flatMap(({ bytes }) =>
      [0, 1].map((kind) => concat(Uint8Array.of(kind), bytes)),
    ),
  make(random: Random) {
    const names = ["\x02\x00\x0d@setDataFrame", "\x02\x00\x0aonMetaData", "\x00\x02\x00\x07publish", ""];
    const head = Uint8Array.from(random.pick(names), (character) => character.charCodeAt(0));
    return concat(Uint8Array.of(random.below(2)), head, ...Array.from({ length: random.small(5) }, () => amf0(random)));
  },
  run: runMessage,
};
