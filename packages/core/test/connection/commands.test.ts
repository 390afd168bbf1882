import { describe, expect, it } from "vitest";
import { AmfEcmaArray, type AmfValue } from "../../src/amf/index.ts";
import { MessageType } from "../../src/chunk/index.ts";
import { encodeValues } from "../../src/message/index.ts";
import { TestClient } from "./client.ts";
import { mediaOf } from "./media-log.ts";

const { Audio, Video } = MessageType;
const keyframe = Uint8Array.of(0x17, 1, 0, 0, 0, 1);
const frame = Uint8Array.of(0x27, 1, 0, 0, 0, 2);
const sound = Uint8Array.of(0xaf, 1, 3);

/** An onStatus on a message stream. */
function status(streamId: number, level: string, code: string, description: unknown = expect.anything()): unknown {
  const text = typeof description === "string" ? `"${description}"}` : "";
  return expect.stringContaining(
    `/${streamId}] "onStatus" 0 null {level: "${level}", code: "${code}", description: ${text}`,
  );
}

describe("connect", () => {
  function connectWith(values: readonly AmfValue[]): TestClient {
    const client = new TestClient();
    client.shakeHands();
    client.send(MessageType.CommandAmf0, 0, encodeValues(...values));
    return client;
  }

  it("hands on what the client says of itself", () => {
    const client = new TestClient({ connect: "later" });
    client.shakeHands();
    const object = { app: "/live/?token=a?b", tcurl: "rtmp://h/live", flashver: "LNX", fourCcList: ["av01"] };
    client.call("connect", 1, object, "user", "password");
    const { request } = client.connection;
    expect(request).toMatchObject({
      kind: "connect",
      app: "live",
      query: "token=a?b",
      tcUrl: "rtmp://h/live",
      flashVer: "LNX",
      arguments: ["user", "password"],
    });
    expect(request?.kind === "connect" && request.properties.get("fourCcList")).toEqual(["av01"]);
    expect(client.connection.connected).toBeNull();
  });

  it("needs nothing but the app, which may be empty", () => {
    const client = new TestClient();
    client.shakeHands();
    client.call("connect", 1, { app: "" });
    expect(client.connection.connected).toMatchObject({ app: "", query: "", tcUrl: "", flashVer: "" });
  });

  it.each([
    ["no command object", ["connect", 1]],
    ["null for it", ["connect", 1, null]],
    ["an array for it", ["connect", 1, ["live"]]],
    ["an ECMA array for it", ["connect", 1, AmfEcmaArray.of({})]],
  ] satisfies [string, AmfValue[]][])("refuses %s", (_, values) => {
    const client = connectWith(values);
    expect(client.hear()).toEqual([
      expect.stringContaining('"_error" 1 null {level: "error", code: "NetConnection.Connect.InvalidApp"'),
      status(0, "error", "NetConnection.Call.Failed"),
    ]);
    expect(client.events).toEqual(["failed CommandMalformed"]);
  });

  it("refuses an app that is no string", () => {
    const client = new TestClient();
    client.shakeHands();
    client.call("connect", 1, { app: 5 });
    expect(client.events).toEqual(["failed CommandMalformed"]);
  });

  it("refuses an app of more characters than the limit nameLength", () => {
    const client = new TestClient({ limits: { nameLength: 5 } });
    client.shakeHands();
    client.connect("123456");
    expect(client.events).toEqual(["failed NameLengthLimit"]);
  });

  it("comes once", () => {
    const client = TestClient.connected();
    client.call("connect", 9, { app: "live" });
    expect(client.hear()).toEqual([
      expect.stringContaining('"_error" 9 null'),
      status(0, "error", "NetConnection.Call.Failed"),
    ]);
    expect(client.events).toEqual(["failed CommandSecondConnect"]);
  });

  it("comes before any other command", () => {
    const client = new TestClient();
    client.shakeHands();
    client.call("create\nStream".padEnd(500, "x"), 2, null);
    client.connect();
    expect(client.hear()).toEqual([
      expect.stringContaining('"_error" 2 null'),
      status(0, "error", "NetConnection.Call.Failed"),
    ]);
    expect(client.events).toEqual(["failed CommandBeforeConnect"]);
    // It goes into logs.
    expect(client.connection.error?.message).not.toContain("\n");
    expect(client.connection.error?.message.length).toBeLessThan(100);
  });

  it("lets nothing but control messages pass before", () => {
    const client = new TestClient();
    client.shakeHands();
    client.control(MessageType.WindowAcknowledgementSize, 0, 0, 0x10, 0);
    client.send(MessageType.DataAmf0, 0, encodeValues("onMetaData", 1));
    client.media(Video, 0, keyframe);
    client.send(MessageType.Aggregate, 0, new Uint8Array(20));
    expect(client.events).toEqual([]);
    client.connect();
    expect(client.events).toEqual(["request connect live"]);
  });
});

describe("message streams", () => {
  it("have ids from 1 on; those that were deleted are given again", () => {
    const client = TestClient.connected();
    for (const transaction of [2, 3, 4]) client.call("createStream", transaction, null);
    client.call("deleteStream", 0, null, 2);
    client.call("createStream", 5, null);
    client.call("createStream", 6, {});
    expect(client.hear()).toEqual([
      '[3/0] "_result" 2 null 1',
      '[3/0] "_result" 3 null 2',
      '[3/0] "_result" 4 null 3',
      '[3/0] "_result" 5 null 2',
      '[3/0] "_result" 6 null 4',
    ]);
  });

  it("are as many as the limit messageStreams", () => {
    const client = TestClient.connected({ limits: { messageStreams: 2 } });
    for (const transaction of [2, 3, 4]) client.call("createStream", transaction, null);
    expect(client.hear().slice(2)).toEqual([
      expect.stringContaining('"_error" 4 null {level: "error", code: "NetConnection.Call.Failed"'),
    ]);
    expect(client.connection.streams.size).toBe(2);
    expect(client.events).toEqual([]);
  });

  it("deleteStream of a stream that is not there, or that does nothing, is no event", () => {
    const client = TestClient.connected();
    client.call("createStream", 2, null);
    client.hear();
    client.call("deleteStream", 3, null, 7);
    client.call("deleteStream", 3, null, "1");
    client.call("deleteStream", 3);
    client.call("deleteStream", 3, null, 1);
    expect(client.hear()).toEqual([]);
    expect(client.events).toEqual([]);
    expect(client.connection.streams.size).toBe(0);
  });

  it("several publish and play on one connection", () => {
    const client = TestClient.publishing();
    client.call("createStream", 4, null);
    client.callOn(2, "play", 5, null, "key");
    client.hear();
    client.media(Video, 0, keyframe, 1);
    expect(client.hear()).toEqual(["[6/2] Video @0 170100000001"]);
    client.callOn(2, "closeStream", 0, null);
    client.media(Video, 40, frame, 1);
    expect(client.hear()).toEqual([]);
    expect(client.events).toEqual(["request play key", "ended 2 playing key"]);
    expect(mediaOf(client.live)).toHaveLength(2);
  });

  it("publish and media on message stream 0 mean the only stream there is", () => {
    const client = TestClient.connected();
    client.call("createStream", 2, null);
    client.callOn(0, "publish", 3, null, "key", "live");
    client.media(Video, 0, keyframe, 0);
    expect(client.hear().slice(1)).toEqual([
      '[3/0] "_result" 2 null 1',
      status(1, "status", "NetStream.Publish.Start"),
    ]);
    expect(mediaOf(client.live)).toEqual(["Video @0 170100000001"]);
  });

  it.each([0, 2])("publish and play on message stream 0 mean nothing where there are %i", (count) => {
    const client = TestClient.connected();
    for (let transaction = 2; transaction < 2 + count; transaction++) client.call("createStream", transaction, null);
    client.hear();
    client.callOn(0, "publish", 4, null, "key", "live");
    client.callOn(0, "play", 5, null, "key");
    expect(client.hear()).toEqual([
      status(0, "error", "NetConnection.Call.Failed"),
      status(0, "error", "NetConnection.Call.Failed"),
    ]);
    expect(client.events).toEqual([]);
  });

  it("publish on a stream that was not created", () => {
    const client = TestClient.connected();
    client.callOn(5, "publish", 4, null, "key", "live");
    expect(client.hear()).toEqual([status(5, "error", "NetConnection.Call.Failed")]);
    expect(client.events).toEqual([]);
  });

  it("do one thing at a time", () => {
    const client = TestClient.publishing();
    client.callOn(1, "publish", 4, null, "other", "live");
    client.callOn(1, "play", 4, null, "other");
    expect(client.hear()).toEqual([
      status(1, "error", "NetStream.Publish.BadName"),
      status(1, "error", "NetStream.Play.Failed"),
    ]);
    client.callOn(1, "closeStream", 0, null);
    client.callOn(1, "publish", 4, null, "other", "live");
    expect(client.events).toEqual(["ended 1 publishing key", "request publish other"]);
  });

  it("a player cannot publish on the stream on which it plays", () => {
    const client = TestClient.playing();
    client.callOn(1, "publish", 4, null, "key", "live");
    expect(client.hear()).toEqual([status(1, "error", "NetStream.Publish.BadName")]);
    client.media(Video, 0, keyframe);
    expect(mediaOf(client.live)).toEqual([]);
  });
});

describe("publish and play", () => {
  it("hand on name, query and type", () => {
    const client = TestClient.connected({ publish: "later" });
    client.call("createStream", 2, null);
    client.callOn(1, "publish", 3, null, "key?token=a?b", "record");
    expect(client.connection.request).toEqual({
      kind: "publish",
      app: "live",
      name: "key",
      query: "token=a?b",
      type: "record",
      streamId: 1,
    });
  });

  it.each([
    ["nothing else", [], -2, -1, true],
    ["the form of FFmpeg", [-1000], -1000, -1, true],
    ["all", [5000, 60, false], 5000, 60, false],
    ["a number for reset", [0, 0, 0], 0, 0, false],
    ["a number for reset that says yes", [0, 0, 1], 0, 0, true],
    ["odd values", ["0", null, null], -2, -1, true],
  ])("play with %s", (_, more, start, duration, reset) => {
    const client = TestClient.connected({ play: "later" });
    client.call("createStream", 2, null);
    client.callOn(1, "play", 3, null, "?a", ...more);
    expect(client.connection.request).toEqual({
      kind: "play",
      app: "live",
      name: "",
      query: "a",
      start,
      duration,
      reset,
      transition: null,
      oldName: "",
      streamId: 1,
    });
  });

  it("an empty name is a name, and the type is live where it is missing", () => {
    const client = TestClient.connected({ publish: "later" });
    client.call("createStream", 2, null);
    client.callOn(1, "publish", 3, null, "");
    expect(client.connection.request).toMatchObject({ name: "", type: "live" });
  });

  it.each([
    ["publish", "NetStream.Publish.BadName"],
    ["play", "NetStream.Play.StreamNotFound"],
  ])("%s without a name ends the connection", (name, code) => {
    for (const values of [[], [null], [null, 5], [null, null]]) {
      const client = TestClient.connected();
      client.call("createStream", 2, null);
      client.hear();
      client.callOn(1, name, 3, ...values);
      expect(client.hear()).toEqual(
        [status(0, "error", "NetConnection.Call.Failed"), status(1, "error", code)].reverse(),
      );
      expect(client.events).toEqual(["failed CommandMalformed"]);
    }
  });

  it.each(["publish", "play"])("%s with a name longer than the limit nameLength ends the connection", (name) => {
    const client = TestClient.connected({ limits: { nameLength: 4 } });
    client.call("createStream", 2, null);
    client.callOn(1, name, 3, null, "abc?de");
    expect(client.events).toEqual(["failed NameLengthLimit"]);
  });

  it("FCUnpublish ends the publication of that name, with or without its query", () => {
    for (const name of ["key", "key?token=a"]) {
      const client = TestClient.publishing();
      client.call("FCUnpublish", 4, null, "other");
      expect(client.events).toEqual([]);
      client.call("FCUnpublish", 4, null, name);
      expect(client.events).toEqual(["ended 1 publishing key"]);
      client.media(Video, 0, keyframe);
      expect(mediaOf(client.live)).toEqual([]);
    }
  });

  it("FC commands without a name are answered all the same", () => {
    const client = TestClient.connected();
    client.call("FCPublish", 2);
    client.call("FCUnpublish", 3, null);
    client.call("FCSubscribe", 4, null, 5);
    client.call("FCUnsubscribe", 5, null, "key");
    client.call("releaseStream", 6);
    expect(client.hear()).toEqual([
      '[3/0] "_result" 2 null undefined',
      '[3/0] "onFCPublish" 0 null {level: "status", code: "NetStream.Publish.Start", description: ""}',
      '[3/0] "onFCUnpublish" 0 null {level: "status", code: "NetStream.Unpublish.Success", description: ""}',
      '[3/0] "_result" 3 null undefined',
      '[3/0] "onFCSubscribe" 0 null {level: "status", code: "NetStream.Play.Start", description: ""}',
      '[3/0] "onFCUnsubscribe" 0 null {level: "status", code: "NetStream.Play.Stop", description: "key"}',
      '[3/0] "_result" 6 null undefined',
    ]);
  });
});

describe("what players ask for", () => {
  it("pause stops the media, and to go on begins at the newest keyframe", () => {
    const client = TestClient.playing();
    client.live.beginPublication();
    client.push(Video, 0, keyframe);
    client.hear();
    client.callOn(1, "pause", 0, null, true, 0);
    client.push(Video, 40, keyframe);
    client.push(Audio, 46, sound);
    expect(client.hear()).toEqual([status(1, "status", "NetStream.Pause.Notify")]);
    client.callOn(1, "pause", 0, null, false, 0);
    expect(client.hear()).toEqual([
      status(1, "status", "NetStream.Unpause.Notify"),
      "[6/1] Video @40 170100000001",
      "[4/1] Audio @46 af0103",
    ]);
  });

  it("to go on without a pause repeats nothing", () => {
    const client = TestClient.playing();
    client.live.beginPublication();
    client.push(Video, 0, keyframe);
    client.hear();
    client.callOn(1, "pause", 0, null, false, 0);
    client.push(Video, 40, frame);
    expect(client.hear()).toEqual([status(1, "status", "NetStream.Unpause.Notify"), "[6/1] Video @40 270100000002"]);
  });

  it("receiveAudio and receiveVideo", () => {
    const client = TestClient.playing();
    client.live.beginPublication();
    client.push(Video, 0, keyframe);
    client.hear();
    client.callOn(1, "receiveVideo", 0, null, false);
    client.push(Video, 40, frame);
    client.push(Audio, 46, sound);
    expect(client.hear()).toEqual(["[4/1] Audio @46 af0103"]);
    client.callOn(1, "receiveAudio", 0, null, false);
    client.push(Audio, 69, sound);
    expect(client.hear()).toEqual([]);
    client.callOn(1, "receiveVideo", 0, null, true);
    expect(client.hear()).toEqual([
      status(1, "status", "NetStream.Seek.Notify"),
      status(1, "status", "NetStream.Play.Start"),
    ]);
    // Video goes on at the next keyframe: what was shown before does not come again.
    client.push(Video, 80, frame);
    client.push(Video, 120, keyframe);
    expect(client.hear()).toEqual(["[6/1] Video @120 170100000001"]);
    client.callOn(1, "receiveAudio", 0, null, true);
    client.push(Audio, 92, sound);
    expect(client.hear().slice(2)).toEqual(["[4/1] Audio @92 af0103"]);
  });

  it("seek in what is live is answered that it fails, and so is play2 without a name", () => {
    const client = TestClient.playing();
    client.callOn(1, "seek", 0, null, 1000);
    client.callOn(1, "play2", 0, null, { transition: "switch" });
    expect(client.hear()).toEqual([
      status(1, "error", "NetStream.Seek.Failed"),
      status(1, "error", "NetStream.Play.Failed"),
    ]);
    expect(client.events).toEqual([]);
  });

  it("play2 asks the application as play does", () => {
    const client = TestClient.playing({ play: "accept" });
    client.callOn(1, "play2", 0, null, { streamName: "other?a", oldStreamName: "key", transition: "swap", len: 60 });
    expect(client.events).toEqual(["request play other"]);
    const later = TestClient.connected({ play: "later" });
    later.call("createStream", 2, null);
    later.callOn(1, "play2", 0, null, { streamName: "other?a", oldStreamName: "key", transition: "swap", len: 60 });
    expect(later.connection.request).toMatchObject({
      name: "other",
      query: "a",
      start: -2,
      duration: 60,
      reset: false,
      transition: "swap",
      oldName: "key",
    });
  });

  it.each(["pause", "pauseRaw", "seek", "play2", "receiveAudio", "receiveVideo", "closeStream"])(
    "%s where nothing is played does no harm",
    (name) => {
      const client = TestClient.connected();
      client.callOn(1, name, 2, null, true);
      client.call("createStream", 3, null);
      client.callOn(1, name, 4, null, true, 0);
      client.callOn(1, name, 5);
      expect(client.events).toEqual([]);
    },
  );
});

describe("unknown commands", () => {
  it("are the application's; where it does nothing, they fail", () => {
    const client = TestClient.connected();
    client.call("hello", 7, null, 1);
    expect(client.events).toEqual(["command hello 7"]);
    expect(client.hear()).toEqual([
      '[3/0] "_error" 7 null {level: "error", code: "NetConnection.Call.Failed", description: "There is no method hello."}',
    ]);
  });

  it("without a transaction id are not answered", () => {
    const client = TestClient.connected();
    client.call("hello", 0, null, 1);
    expect(client.events).toEqual(["command hello 0"]);
    expect(client.hear()).toEqual([]);
  });

  it("are answered by the application at once", () => {
    const client = TestClient.connected();
    client.onCommand = () => {
      const { command } = client.connection;
      if (command !== null) client.connection.answer(command, "good day");
    };
    client.call("hello", 7, null);
    expect(client.hear()).toEqual(['[3/0] "_result" 7 null "good day"']);
    client.onCommand = () => {
      const { command } = client.connection;
      if (command !== null) client.connection.answerError(command, "not today");
    };
    client.call("hello", 8, null);
    expect(client.hear()).toEqual([expect.stringContaining('"_error" 8 null {level: "error"')]);
  });

  it("are answered by the application later", () => {
    const client = TestClient.connected();
    let first: typeof client.connection.command = null;
    client.onCommand = () => {
      first = client.connection.command;
      if (first !== null) client.connection.defer(first);
    };
    client.call("hello", 7, null);
    client.onCommand = null;
    client.call("other", 8, null);
    expect(client.hear()).toEqual([expect.stringContaining('"_error" 8')]);
    if (first !== null) client.connection.answer(first, 5);
    expect(client.hear()).toEqual(['[3/0] "_result" 7 null 5']);
  });

  it("answers of the client are not answered", () => {
    const client = TestClient.connected();
    client.call("_result", 3, null);
    client.call("_error", 4, null);
    expect(client.hear()).toEqual([]);
    expect(client.events).toEqual([]);
  });

  it("come as AMF3 kind as well", () => {
    const client = TestClient.connected();
    const payload = Buffer.concat([Buffer.of(0), encodeValues("createStream", 2, null)]);
    client.send(MessageType.CommandAmf3, 0, payload);
    expect(client.hear()).toEqual(['[3/0] "_result" 2 null 1']);
  });

  it("close says goodbye", () => {
    const client = TestClient.publishing();
    client.call("close", 0, null);
    client.media(Video, 0, keyframe);
    expect(client.events).toEqual(["closed"]);
    expect(mediaOf(client.live)).toEqual([]);
  });
});
