// Every limit in three trials: one below it, at it, and one above. A limit without an entry fails.
import { describe, expect, it } from "vitest";
import type { AmfValue } from "../src/amf/index.ts";
import { MessageType } from "../src/chunk/index.ts";
import { errorName, type ProtocolError } from "../src/errors.ts";
import { defaultLimits, type Limits, limitsWith } from "../src/limits.ts";
import { aggregatePayload, UserControlEvent } from "../src/message/index.ts";
import { type ClientOptions, TestClient } from "./connection/client.ts";
import { call, change, Server, use } from "./shared-object/talk.ts";

/** What a peer does, and what it comes to. */
interface Trial {
  /** The limit of the trial: far below the default, so that it is reached soon. */
  readonly limit: number;
  /** By how much the trials beside the limit miss it. Default 1. */
  readonly step?: number;
  /** What is let pass: up to the limit (default), only what stays below it, as with times, or only from the limit on. */
  readonly passes?: "up to it" | "below it" | "from it on";
  /** The name of the error code; in words where passing the limit is no error. */
  readonly refusal: string;
  /** Does so much of it, under these limits. @returns the refusal; null when there is none */
  readonly attempt: (amount: number, limits: Partial<Limits>) => string | null;
}

const { Acknowledgement, Aggregate, Audio, DataAmf0, Video } = MessageType;
const repeat = (count: number, act: (index: number) => void): void => {
  for (let index = 0; index < count; index++) act(index);
};

function codeOf(error: ProtocolError | null): string | null {
  return error === null ? null : errorName(error.code);
}

/** A trial of a server, by a client that has come so far. */
function attempt(open: (options: ClientOptions) => TestClient, act: (client: TestClient, amount: number) => unknown) {
  return (amount: number, limits: Partial<Limits>): string | null => {
    const client = open({ limits });
    const said = act(client, amount);
    const outcome = typeof said === "string" ? said : codeOf(client.connection.error);
    client.connection.close();
    return outcome;
  };
}

function shaken(options: ClientOptions): TestClient {
  const client = new TestClient(options);
  client.shakeHands();
  return client;
}

const { connected, publishing } = TestClient;

/** The head of a message alone: its length is judged before its payload comes. */
const lengthOf = (messageType: number): Trial["attempt"] =>
  attempt(shaken, (client, amount) => {
    client.giveHex(
      `03 000000 ${amount.toString(16).padStart(6, "0")} ${messageType.toString(16).padStart(2, "0")} 00000000`,
    );
  });

/** A full header and 128 bytes of payload. */
const FIRST_CHUNK = 140;

/** Unfinished messages of 1 KiB, each of which holds a block of as many bytes. */
function begin(client: TestClient, amount: number): void {
  repeat(amount / 1_024, (index) =>
    client.give(client.chunks(DataAmf0, 0, new Uint8Array(1_024), 10 + index).subarray(0, FIRST_CHUNK)),
  );
}

function nested(depth: number): AmfValue {
  return depth === 0 ? [] : [nested(depth - 1)];
}

/** What waits to be sent for an answer to `_checkbw`. */
const answerBytes = (() => {
  const client = TestClient.connected();
  client.call("_checkbw", 5, null);
  return client.connection.output.waitingBytes;
})();

/** Shares an object with a server. */
function shared(limits: Partial<Limits>, act: (server: Server) => ProtocolError | null | undefined): string | null {
  const server = new Server(limits);
  const error = act(server) ?? null;
  return codeOf(error) ?? server.refused[0] ?? null;
}

const text = (length: number): string => "x".repeat(length);
/** Of a property of one letter with a text: the letter and its length; marker and length of the text. */
const PROPERTY_NAME = 3;
const TEXT_HEAD = 3;

const trials: Readonly<Record<keyof Limits, Trial>> = {
  handshakeTimeout: {
    limit: 2_000,
    passes: "below it",
    refusal: "HandshakeTimeout",
    attempt: attempt(
      (options) => new TestClient(options),
      (client, amount) => client.wait(amount),
    ),
  },
  connectTimeout: {
    limit: 2_000,
    passes: "below it",
    refusal: "ConnectTimeout",
    attempt: attempt(shaken, (client, amount) => client.wait(amount)),
  },
  bytesBeforeConnect: {
    limit: 1_000,
    refusal: "BytesBeforeConnectLimit",
    attempt: attempt(shaken, (client, amount) =>
      client.give(client.chunks(Audio, 0, new Uint8Array(5_000)).subarray(0, amount)),
    ),
  },
  minimumChunkSize: {
    limit: 64,
    passes: "from it on",
    refusal: "ChunkSizeLimit",
    attempt: attempt(shaken, (client, amount) => client.setChunkSize(amount)),
  },
  chunkStreams: {
    limit: 4,
    refusal: "ChunkStreamLimit",
    attempt: attempt(shaken, (client, amount) =>
      repeat(amount, (index) => client.send(Audio, 0, Uint8Array.of(1), 3 + index)),
    ),
  },
  mediaMessageLength: { limit: 1_000, refusal: "MediaMessageLengthLimit", attempt: lengthOf(Video) },
  dataMessageLength: { limit: 1_000, refusal: "DataMessageLengthLimit", attempt: lengthOf(DataAmf0) },
  commandMessageLength: {
    limit: 1_000,
    refusal: "CommandMessageLengthLimit",
    attempt: lengthOf(MessageType.CommandAmf0),
  },
  controlMessageLength: { limit: 8, refusal: "ControlMessageLengthLimit", attempt: lengthOf(Acknowledgement) },
  userControlMessageLength: {
    limit: 20,
    refusal: "UserControlMessageLengthLimit",
    attempt: lengthOf(MessageType.UserControl),
  },
  partialMessageBytes: {
    limit: 4_096,
    step: 1_024,
    refusal: "PartialMessageBytesLimit",
    attempt: attempt(publishing, begin),
  },
  partialMessageBytesBeforePublish: {
    limit: 4_096,
    step: 1_024,
    refusal: "PartialMessageBytesLimit",
    attempt: attempt(connected, begin),
  },
  partialMessageTimeout: {
    limit: 2_000,
    passes: "below it",
    refusal: "PartialMessageTimeout",
    attempt: attempt(connected, (client, amount) => {
      client.give(client.chunks(DataAmf0, 0, new Uint8Array(1_000)).subarray(0, FIRST_CHUNK));
      client.wait(amount);
    }),
  },
  amfDepth: {
    limit: 4,
    refusal: "AmfDepthLimit",
    attempt: attempt(connected, (client, amount) => client.call("x", 5, null, nested(amount - 1))),
  },
  amfValues: {
    limit: 20,
    refusal: "AmfValueLimit",
    // The name, the transaction id and the command object are values as well.
    attempt: attempt(connected, (client, amount) =>
      client.call("x", 5, null, ...new Array<null>(amount - 3).fill(null)),
    ),
  },
  amfStringBytes: {
    limit: 100,
    refusal: "AmfStringLimit",
    attempt: attempt(connected, (client, amount) => client.call("x", 5, null, text(amount))),
  },
  nameLength: {
    limit: 10,
    refusal: "NameLengthLimit",
    attempt: attempt(connected, (client, amount) => {
      client.call("createStream", 2, null);
      client.callOn(1, "publish", 3, null, text(amount), "live");
    }),
  },
  messageStreams: {
    limit: 3,
    refusal: "answered by an error",
    attempt: attempt(connected, (client, amount) => {
      repeat(amount, (index) => client.call("createStream", 2 + index, null));
      return client.hear().some((line) => line.includes('"_error"')) ? "answered by an error" : null;
    }),
  },
  outgoingBytes: {
    limit: 10 * answerBytes,
    step: answerBytes,
    refusal: "OutgoingBytesLimit",
    attempt: attempt(connected, (client, amount) =>
      repeat(amount / answerBytes, () => client.call("_checkbw", 5, null)),
    ),
  },
  pingInterval: {
    limit: 2_000,
    passes: "below it",
    refusal: "asked for a sign of life",
    attempt: attempt(connected, (client, amount) => {
      client.wait(amount);
      return client.hear().some((line) => line.includes("PingRequest")) ? "asked for a sign of life" : null;
    }),
  },
  pingTimeout: {
    limit: 2_000,
    passes: "below it",
    refusal: "PingTimeout",
    attempt: attempt(connected, (client, amount) => {
      client.wait(defaultLimits.pingInterval);
      client.wait(amount);
    }),
  },
  controlMessagesPerSecond: {
    limit: 5,
    refusal: "ControlRateLimit",
    attempt: attempt(connected, (client, amount) => repeat(amount, () => client.control(Acknowledgement, 0, 0, 0, 1))),
  },
  pingAnswersPerSecond: {
    limit: 5,
    refusal: "left unanswered",
    attempt: attempt(connected, (client, amount) => {
      repeat(amount, () => client.userControl(UserControlEvent.PingRequest, 7));
      return client.hear().filter((line) => line.includes("PingResponse")).length < amount ? "left unanswered" : null;
    }),
  },
  strayMediaBytes: {
    limit: 1_000,
    refusal: "MediaWithoutPublish",
    attempt: attempt(connected, (client, amount) => client.media(Video, 0, new Uint8Array(amount))),
  },
  emptyMessagesPerSecond: {
    limit: 5,
    refusal: "EmptyMessageRateLimit",
    attempt: attempt(publishing, (client, amount) => repeat(amount, () => client.media(Audio, 0, new Uint8Array(0)))),
  },
  aggregateMessages: {
    limit: 5,
    refusal: "left out",
    attempt: attempt(
      (options) => publishing({ ...options, withoutSink: true }),
      (client, amount) => {
        const part = { messageType: Audio, timestamp: 0, payload: Uint8Array.of(1) };
        client.send(Aggregate, 1, aggregatePayload(new Array<typeof part>(amount).fill(part)));
        return client.events.length < amount ? "left out" : null;
      },
    ),
  },
  pendingCalls: {
    limit: 3,
    refusal: "not sent",
    attempt: attempt(connected, ({ connection }, amount) => {
      const ids = Array.from({ length: amount }, () => connection.call("x"));
      return ids.includes(0) ? "not sent" : null;
    }),
  },
  callTimeout: {
    limit: 2_000,
    passes: "below it",
    refusal: "timeout",
    attempt: attempt(connected, (client, amount) => {
      client.connection.call("x");
      client.wait(amount);
      return client.connection.answered?.outcome;
    }),
  },
  sharedObjects: {
    limit: 3,
    refusal: "SharedObjectLimit",
    attempt: (amount, limits) =>
      shared(limits, (server) => {
        const client = server.connect();
        repeat(amount, (index) => client.say(`object ${index}`, use));
        return null;
      }),
  },
  sharedObjectsPerConnection: {
    limit: 3,
    refusal: "SharedObjectUseLimit",
    attempt: (amount, limits) =>
      shared(limits, (server) => {
        const client = server.connect();
        repeat(amount, (index) => client.say(`object ${index}`, use));
        return null;
      }),
  },
  sharedObjectClients: {
    limit: 3,
    refusal: "SharedObjectClientLimit",
    attempt: (amount, limits) =>
      shared(limits, (server) => {
        repeat(amount, () => server.connect().say("object", use));
        return null;
      }),
  },
  sharedObjectProperties: {
    limit: 3,
    refusal: "SharedObjectPropertyLimit",
    attempt: (amount, limits) =>
      shared(limits, (server) => {
        const changes = Array.from({ length: amount }, (_, index) => change(`${index}`, 1));
        return server.connect().say("object", use, ...changes);
      }),
  },
  sharedObjectBytes: {
    limit: 100,
    refusal: "SharedObjectBytesLimit",
    attempt: (amount, limits) =>
      shared(limits, (server) =>
        server.connect().say("object", use, change("a", text(amount - PROPERTY_NAME - TEXT_HEAD))),
      ),
  },
  sharedObjectPropertyBytes: {
    limit: 100,
    refusal: "SharedObjectPropertyBytesLimit",
    attempt: (amount, limits) =>
      shared(limits, (server) => server.connect().say("object", use, change("a", text(amount - TEXT_HEAD)))),
  },
  sharedObjectEvents: {
    limit: 5,
    refusal: "SharedObjectEventLimit",
    attempt: (amount, limits) =>
      shared(limits, (server) => server.connect().say("object", ...new Array<typeof use>(amount).fill(use))),
  },
  sharedObjectWaitingBytes: {
    limit: waitingFor(500),
    refusal: "SharedObjectWaitingLimit",
    attempt: (amount, limits) =>
      shared(limits, (server) => {
        server.grant = null;
        return server.connect().say("object", use, call("h", text(500 + amount - waitingFor(500))));
      }),
  },
};

/** What waits for an object that is not granted yet, when a call has a text of this length. */
function waitingFor(length: number): number {
  const server = new Server();
  server.grant = null;
  const client = server.connect();
  client.say("object", use, call("h", text(length)));
  return client.peer.waitingBytes;
}

describe.each(Object.keys(defaultLimits) as (keyof Limits)[])("the limit %s", (name) => {
  const trial = trials[name];

  it("has its trials", () => {
    expect(trial, `Say in limits.test.ts what happens at the limit ${name}.`).toBeDefined();
  });

  const { limit, step = 1, passes = "up to it", refusal, attempt } = trial;
  const isRefused = {
    "up to it": [false, false, true],
    "below it": [false, true, true],
    "from it on": [true, false, false],
  };

  it.each([
    ["below it", limit - step],
    ["at it", limit],
    ["above it", limit + step],
  ])("%s", (where, amount) => {
    const expected = isRefused[passes][["below it", "at it", "above it"].indexOf(where)];
    expect(attempt(amount, { [name]: limit })).toBe(expected ? refusal : null);
  });

  it("is stricter here than by default, so that it is this one that strikes", () => {
    expect(limitsWith({ [name]: limit })[name]).toBe(limit);
    expect(limit).not.toBe(defaultLimits[name]);
  });
});
