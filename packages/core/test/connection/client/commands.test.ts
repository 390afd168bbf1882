import { describe, expect, it } from "vitest";
import { AmfObject } from "../../../src/amf/index.ts";
import { MessageType } from "../../../src/chunk/index.ts";
import { type ConnectOptions, StreamState } from "../../../src/connection/index.ts";
import { encodeValues, information, UserControlEvent } from "../../../src/message/index.ts";
import { mediaOf } from "../media-log.ts";
import { liveStream } from "./pair.ts";
import { TestServer } from "./server.ts";

const bare = { fpad: null, capabilities: null, audioCodecs: null, videoCodecs: null, videoFunction: null };
const frame = Uint8Array.of(0x17, 1, 0, 0, 0, 1);

function connectLine(connect: ConnectOptions): string {
  const server = new TestServer({ connect });
  server.shakeHands();
  return server.hear().join("\n");
}

/** A server whose client plays `key` on message stream 1. */
function playing(sink: ReturnType<typeof liveStream> | null) {
  const server = TestServer.connected();
  const stream = server.connection.play("key", sink);
  server.call("_result", 2, null, 1);
  server.status(1, "NetStream.Play.Start");
  server.events.length = 0;
  server.hear();
  return { server, stream };
}

/** A server whose client publishes `key` on message stream 1. */
function publishing(options = {}) {
  const server = TestServer.connected(options);
  const stream = server.connection.publish("key");
  server.call("_result", 4, null, 1);
  server.status(1, "NetStream.Publish.Start");
  server.events.length = 0;
  server.hear();
  return { server, stream };
}

describe("the handshake", () => {
  it.each([
    [false, "00000000"],
    [true, "09007c02"],
  ])("is plain unless asked: digest %j", (digest, version) => {
    const [first] = new TestServer({ digest }).sent();
    expect(Buffer.from(first ?? []).toString("hex", 0, 9)).toBe(`0300000000${version}`);
  });
});

describe("connect", () => {
  it("in bytes", () => {
    const connect = { app: "live", tcUrl: "rtmp://h/live", flashVer: "FMLE/3.0", ...bare };
    const server = new TestServer({ connect });
    server.shakeHands();
    const c2Length = 1536;
    expect(Buffer.concat(server.sent()).subarray(c2Length).toString("hex")).toBe(
      "0300000000004f1400000000" +
        "020007636f6e6e656374003ff0000000000000" +
        "030003617070020004" +
        "6c6976650008666c617368566572020008464d4c452f332e30000574635572" +
        "6c02000d72746d703a2f2f682f6c697665000009",
    );
  });

  it("says by default what players say", () => {
    expect(connectLine({ app: "live", tcUrl: "rtmp://h/live" })).toBe(
      '[3/0] "connect" 1 {app: "live", flashVer: "LNX 9,0,124,2", tcUrl: "rtmp://h/live", fpad: false, ' +
        "capabilities: 15, audioCodecs: 4095, videoCodecs: 255, videoFunction: 1}",
    );
  });

  it("says all that can be said, in more than one chunk", () => {
    const line = connectLine({
      app: "live",
      tcUrl: "rtmp://h/live",
      flashVer: "F",
      swfUrl: "s",
      pageUrl: "p",
      fpad: true,
      capabilities: 239,
      audioCodecs: 0x400,
      videoCodecs: 0x80,
      videoFunction: 3,
      objectEncoding: 0,
      type: "nonprivate",
      fourCcList: ["av01", "*"],
      videoFourCcInfoMap: { "*": 4 },
      audioFourCcInfoMap: { Opus: 1 },
      capsEx: 3,
      more: { token: "t" },
      arguments: ["user", "password"],
    });
    expect(line).toBe(
      '[3/0] "connect" 1 {app: "live", fourCcList: ["av01", "*"], type: "nonprivate", flashVer: "F", swfUrl: "s", ' +
        'tcUrl: "rtmp://h/live", fpad: true, capabilities: 239, audioCodecs: 1024, videoCodecs: 128, videoFunction: 3, ' +
        'pageUrl: "p", objectEncoding: 0, videoFourCcInfoMap: {*: 4}, audioFourCcInfoMap: {Opus: 1}, capsEx: 3, ' +
        'token: "t"} "user" "password"',
    );
  });

  it("has its query in app and tcUrl", () => {
    const line = connectLine({ app: "live?x=1", tcUrl: "rtmp://h/live", query: "a=b", ...bare, flashVer: null });
    expect(line).toBe('[3/0] "connect" 1 {app: "live?x=1&a=b", tcUrl: "rtmp://h/live?a=b"}');
  });

  it("does not say more before the server has let it in", () => {
    const server = new TestServer();
    server.shakeHands();
    expect(() => server.connection.play("key", null)).toThrow(TypeError);
    expect(() => server.connection.publish("key")).toThrow(TypeError);
    expect(() => server.connection.call("x")).toThrow(TypeError);
    server.hear();
    server.call("onBWDone", 0, null);
    expect(server.hear()).toEqual([]);
    server.letIn();
    server.call("onBWDone", 0, null);
    expect(server.hear()).toEqual([
      "[2/0] WindowAcknowledgementSize 2500000",
      "[2/0] SetChunkSize 4096",
      '[3/0] "_checkbw" 2 null',
    ]);
    expect(server.connection.welcome?.information.get("description")).toBe("Welcome.");
  });

  it("is refused", () => {
    const server = new TestServer();
    server.shakeHands();
    server.call("_error", 1, null, information("error", "NetConnection.Connect.Rejected", "No."));
    expect(server.events).toEqual(["failed ConnectRefused"]);
    expect(server.connection.refusal).toMatchObject({
      code: "NetConnection.Connect.Rejected",
      description: "No.",
      redirect: null,
      query: null,
    });
  });

  it("is redirected", () => {
    const server = new TestServer();
    server.shakeHands();
    const ex = AmfObject.of({ code: 302, redirect: "rtmp://other/live" });
    server.call("_error", 1, null, information("error", "NetConnection.Connect.Rejected", "Elsewhere.", { ex }));
    expect(server.connection.refusal?.redirect).toBe("rtmp://other/live");
  });

  it("is not redirected by an ex of another code", () => {
    const server = new TestServer();
    server.shakeHands();
    const ex = AmfObject.of({ code: 403, redirect: "rtmp://other/live" });
    server.call("_error", 1, null, information("error", "NetConnection.Connect.Rejected", "No.", { ex }));
    expect(server.connection.refusal?.redirect).toBe(null);
  });

  it("may be told to connect again elsewhere", () => {
    const server = TestServer.connected();
    const more = { tcUrl: "rtmp://other/live" };
    const hint = information("status", "NetConnection.Connect.ReconnectRequest", "Moved.", more);
    server.call("onStatus", 0, null, hint);
    expect(server.events).toEqual(["status - NetConnection.Connect.ReconnectRequest"]);
    expect(server.connection.status?.information.get("tcUrl")).toBe("rtmp://other/live");
  });

  it("ends when the server says close, or the client leaves", () => {
    const server = TestServer.connected();
    server.call("close", 0, null);
    expect(server.events).toEqual(["closed"]);
    const { server: other, stream } = publishing();
    other.connection.leave();
    other.poll();
    expect(other.events).toEqual(["closed"]);
    expect(stream.state).toBe(StreamState.Ended);
    expect(other.hear()).toEqual(['[3/0] "FCUnpublish" 6 null "key"', '[3/0] "deleteStream" 7 null 1']);
  });
});

describe("a connection that fails", () => {
  it("ends all streams, also those that were not created yet", () => {
    const { server, stream } = publishing();
    const created = server.connection.play("other", null);
    server.connection.call("x");
    server.give(Uint8Array.of(0xc9));
    expect(server.events).toEqual(["failed ChunkHeaderWithoutPredecessor"]);
    expect([stream.state, created.state]).toEqual([StreamState.Ended, StreamState.Ended]);
    expect(server.connection.streams.size).toBe(0);
    // It is not told what was wrong, and nobody waits any more.
    expect(server.hear()).toEqual(['[3/0] "createStream" 6 null', '[3/0] "x" 7 null']);
    server.wait(100_000);
    expect(server.events).toEqual(["failed ChunkHeaderWithoutPredecessor"]);
    expect([server.connection.call("x"), server.connection.play("late", null).state]).toEqual([0, StreamState.Ended]);
  });
});

describe("play", () => {
  it("in bytes", () => {
    const server = TestServer.connected();
    server.call("onBWDone", 0, null);
    server.connection.play("key", null, { start: -1000, subscribe: true });
    expect(server.hear()).toEqual([
      '[3/0] "_checkbw" 2 null',
      '[3/0] "createStream" 3 null',
      '[3/0] "FCSubscribe" 4 null "key"',
    ]);
    server.call("_result", 3, null, 1);
    expect(server.hear()).toEqual(["[2/0] SetBufferLength 1", '[5/1] "play" 5 null "key" -1000']);
    expect(server.payloads).toEqual([
      "00030000000100000bb8",
      "020004706c6179004014000000000000050200036b657900c08f400000000000",
    ]);
  });

  it.each([
    [{}, ""],
    [{ start: 0 }, " 0"],
    [{ duration: 5000 }, " -2000 5000"],
    [{ start: 100, duration: 5000, reset: false }, " 100 5000 false"],
    [{ reset: true }, " -2000 -1 true"],
  ])("with %j", (options, words) => {
    const server = TestServer.connected();
    server.connection.play("key", null, options);
    server.call("_result", 2, null, 7);
    expect(server.hear().at(-1)).toBe(`[5/7] "play" 3 null "key"${words}`);
  });

  it("takes its message stream from the answer to its own createStream", () => {
    const server = TestServer.connected();
    const first = server.connection.play("a", null);
    const second = server.connection.play("b", null);
    server.call("_result", 3, null, 5);
    server.call("_result", 2, null, 9);
    expect([first.id, second.id]).toEqual([9, 5]);
    server.status(5, "NetStream.Play.Start");
    expect([first.state, second.state]).toEqual([StreamState.Asked, StreamState.Active]);
    expect(server.events).toEqual(["status b NetStream.Play.Start"]);
  });

  it.each([0, -1, 1.5, 2 ** 32, "1", null, 1])("does not take %j for a free message stream", (id) => {
    const server = TestServer.connected();
    server.connection.play("a", null);
    server.call("_result", 2, null, 1);
    const stream = server.connection.play("b", null);
    server.call("_result", 4, null, id);
    expect(stream.state).toBe(StreamState.Ended);
    expect(server.events).toEqual(["status b NetConnection.Call.Failed"]);
  });

  it("pauses, seeks, and says what it wants", () => {
    const { server, stream } = playing(null);
    stream.pause(true, 1234);
    stream.pause(false, 1234);
    stream.seek(5000);
    stream.receiveAudio(false);
    stream.receiveVideo(true);
    expect(server.hear()).toEqual([
      '[5/1] "pause" 4 null true 1234',
      '[5/1] "pause" 5 null false 1234',
      '[5/1] "seek" 6 null 5000',
      '[5/1] "receiveAudio" 7 null false',
      '[5/1] "receiveVideo" 8 null true',
    ]);
    server.status(1, "NetStream.Seek.Failed", "error");
    expect(stream.state).toBe(StreamState.Active);
    stream.close();
    stream.pause(true);
    expect(server.hear()).toEqual(['[3/0] "deleteStream" 9 null 1']);
  });

  it.each(["NetStream.Play.StreamNotFound", "NetStream.Play.Failed", "NetStream.Failed"])(
    "fails by %s of any level",
    (code) => {
      const server = TestServer.connected();
      const stream = server.connection.play("key", null);
      server.call("_result", 2, null, 1);
      // gortmplib repeats the transaction id of play.
      server.status(1, code, "status", 3);
      expect(server.events).toEqual([`status key ${code}`]);
      expect(stream.state).toBe(StreamState.Ended);
      expect(server.hear().at(-1)).toBe('[3/0] "deleteStream" 4 null 1');
    },
  );

  it("fails by an error, of createStream and of play", () => {
    const server = TestServer.connected();
    const streams = [server.connection.play("a", null), server.connection.play("b", null)];
    server.call("_error", 2, null, information("error", "NetConnection.Call.Failed", "Too many."));
    server.call("_result", 3, null, 1);
    server.call("_error", 4, null, information("error", "NetStream.Play.Failed", "No."));
    expect(server.events).toEqual(["status a NetConnection.Call.Failed", "status b NetStream.Play.Failed"]);
    expect(streams.map((stream) => stream.state)).toEqual([StreamState.Ended, StreamState.Ended]);
  });

  it("closed before it was created: the server hears it afterwards", () => {
    const server = TestServer.connected();
    server.connection.play("key", null).close();
    server.hear();
    server.call("_result", 2, null, 1);
    expect(server.hear()).toEqual(['[3/0] "deleteStream" 3 null 1']);
    expect(server.connection.streams.size).toBe(0);
  });
});

describe("media of a played stream", () => {
  const { Audio, Video, DataAmf0 } = MessageType;

  it("comes as messages where there is no live stream", () => {
    const { server } = playing(null);
    server.send(Video, 1, frame, 40);
    server.send(DataAmf0, 1, encodeValues("onCuePoint", 1), 41);
    expect(server.events).toEqual([
      "message 1: Video @40 170100000001",
      expect.stringMatching(/^message 1: DataAmf0 @41 /),
    ]);
  });

  it("may come before Play.Start, and on message stream 0", () => {
    const server = TestServer.connected();
    const sink = liveStream();
    const stream = server.connection.play("key", sink);
    server.call("_result", 2, null, 1);
    server.send(Video, 0, frame);
    expect(stream.state).toBe(StreamState.Active);
    expect(mediaOf(sink)).toHaveLength(1);
  });

  it("of a stream that was closed goes nowhere, also not into another stream", () => {
    const server = TestServer.connected();
    const sinks = [liveStream(), liveStream()] as const;
    const first = server.connection.play("a", sinks[0]);
    server.connection.play("b", sinks[1]);
    server.call("_result", 2, null, 1);
    server.call("_result", 3, null, 2);
    const message = server.chunks(Video, 1, new Uint8Array(300).fill(0x17));
    server.give(message.slice(0, 200));
    first.close();
    server.give(message.slice(200));
    server.send(Video, 1, frame);
    expect(sinks.map((sink) => [mediaOf(sink).length, sink.isPublished])).toEqual([
      [0, false],
      [0, false],
    ]);
    expect(server.events).toEqual([]);
  });

  it("metadata is kept for who joins, however it is wrapped; what the server says itself is for the application", () => {
    const sink = liveStream();
    const { server } = playing(sink);
    server.send(DataAmf0, 1, encodeValues("|RtmpSampleAccess", true, true));
    server.send(DataAmf0, 1, encodeValues("onPlayStatus", AmfObject.of({ code: "NetStream.Play.Complete" })));
    expect([sink.isPublished, server.events.length]).toEqual([false, 2]);
    const metadata = encodeValues("onMetaData", AmfObject.of({ width: 2 }));
    server.send(DataAmf0, 1, encodeValues("@setDataFrame", "onMetaData", AmfObject.of({ width: 2 })));
    expect(sink.isPublished).toBe(true);
    expect(sink.headers).toEqual([{ messageType: DataAmf0, payload: metadata }]);
    expect(server.events).toHaveLength(2);
  });

  it.each([
    ["StreamEof", (server: TestServer) => server.userControl(UserControlEvent.StreamEof, 1)],
    ["UnpublishNotify", (server: TestServer) => server.status(1, "NetStream.Play.UnpublishNotify")],
    ["Stop", (server: TestServer) => server.status(1, "NetStream.Play.Stop")],
    ["close", (server: TestServer) => server.connection.streams.get(1)?.close()],
    ["the end of the connection", (server: TestServer) => server.connection.close()],
    ["a failure of the connection", (server: TestServer) => server.give(Uint8Array.of(0xc9))],
  ])("ends by %s", (_name, end) => {
    const sink = liveStream();
    const { server } = playing(sink);
    server.send(Audio, 1, frame);
    expect(sink.isPublished).toBe(true);
    end(server);
    expect(sink.isPublished).toBe(false);
  });

  it("does not end the publication of somebody else who took the live stream over", () => {
    const sink = liveStream();
    const { server, stream } = playing(sink);
    server.send(Audio, 1, frame);
    sink.beginPublication();
    stream.close();
    expect(sink.isPublished).toBe(true);
  });
});

describe("publish", () => {
  it("in bytes", () => {
    const server = TestServer.connected();
    server.connection.publish("key");
    expect(server.hear()).toEqual([
      '[3/0] "releaseStream" 2 null "key"',
      '[3/0] "FCPublish" 3 null "key"',
      '[3/0] "createStream" 4 null',
    ]);
    expect(server.payloads[2]).toBe("02000c63726561746553747265616d00401000000000000005");
    server.call("onBWDone", 0, null);
    server.call("_result", 4, null, 1);
    expect(server.hear()).toEqual(['[3/0] "_checkbw" 5 null', '[5/1] "publish" 6 null "key" "live"']);
    expect(server.payloads[1]).toBe("0200077075626c697368004018000000000000050200036b65790200046c697665");
  });

  it("minds no answer to releaseStream and FCPublish, whatever it is", () => {
    const server = TestServer.connected();
    const stream = server.connection.publish("key", "record");
    server.call("_error", 2, null, information("error", "NetConnection.Call.Failed", "Unknown."));
    server.call("_result", 3, null, undefined);
    server.call("onFCPublish", 0, null, information("status", "NetStream.Publish.Start", "key"));
    server.send(MessageType.CommandAmf0, 0, encodeValues("onFCPublish"));
    expect([server.events, stream.state]).toEqual([[], StreamState.Creating]);
    server.hear();
    server.call("_result", 4, null, 1);
    expect(server.hear()).toEqual(['[5/1] "publish" 5 null "key" "record"']);
  });

  it("sends as soon as it has asked, and not before or after", () => {
    const server = TestServer.connected();
    const stream = server.connection.publish("key");
    const send = () => stream.send(MessageType.Video, 40, frame, 0, frame.length);
    expect(send()).toBe(false);
    server.call("_result", 4, null, 1);
    server.hear();
    expect(send()).toBe(true);
    expect(server.connection.output.waitingBytes).toBe(frame.length + 256);
    frame.fill(0);
    expect(server.hear()).toEqual(["[6/1] Video @40 170100000001"]);
    frame.set([0x17, 1, 0, 0, 0, 1]);
    expect(server.connection.output.waitingBytes).toBe(0);
    stream.close();
    expect(send()).toBe(false);
  });

  it("puts each kind on its usual chunk stream, and closes behind what was sent", () => {
    const { server, stream } = publishing();
    const metadata = encodeValues("@setDataFrame", "onMetaData", AmfObject.of({ a: 1 }));
    stream.send(MessageType.DataAmf0, 0, metadata, 0, metadata.length);
    stream.send(MessageType.Audio, 0, Uint8Array.of(0, 0xaf, 1, 2), 1, 4);
    stream.close();
    expect(server.hear()).toEqual([
      '[5/1] data "@setDataFrame" "onMetaData" {a: 1}',
      "[4/1] Audio @0 af0102",
      '[3/0] "FCUnpublish" 6 null "key"',
      '[3/0] "deleteStream" 7 null 1',
    ]);
  });

  it("sends no more than may wait, and one message at least", () => {
    const { server, stream } = publishing({ changes: { outgoingBytes: 2000 } });
    const send = (length: number) => stream.send(MessageType.Video, 0, new Uint8Array(length), 0, length);
    expect(send(5000)).toBe(true);
    expect(send(1)).toBe(false);
    server.hear();
    expect([send(1000), send(2000 - 1256), send(2000 - 1256 + 1)]).toEqual([true, true, false]);
    // What waits is the application's: that is no fault of the server's.
    server.userControl(UserControlEvent.PingRequest, 1);
    expect(server.events).toEqual([]);
  });

  it("fails when the name is taken", () => {
    const server = TestServer.connected();
    const stream = server.connection.publish("key");
    server.call("_result", 4, null, 1);
    server.status(1, "NetStream.Publish.BadName", "error");
    expect([server.events, stream.state]).toEqual([["status key NetStream.Publish.BadName"], StreamState.Ended]);
  });

  it("ends when the server says so", () => {
    const { server, stream } = publishing();
    server.status(1, "NetStream.Unpublish.Success");
    expect([server.events, stream.state]).toEqual([["status key NetStream.Unpublish.Success"], StreamState.Ended]);
  });
});

describe("calls", () => {
  it("are answered in any order", () => {
    const server = TestServer.connected();
    const first = server.connection.call("sum", 1, 2);
    const second = server.connection.call("fail");
    expect(server.hear()).toEqual([`[3/0] "sum" ${first} null 1 2`, `[3/0] "fail" ${second} null`]);
    server.call("_error", second, null, information("error", "NetConnection.Call.Failed", "No."));
    server.call("_result", first, null, 3);
    server.call("_result", first, null, 3);
    expect(server.events).toEqual([`error ${second} object`, `result ${first} 3`]);
  });

  it("wait for no more than callTimeout each", () => {
    const server = TestServer.connected({ changes: { callTimeout: 1000 } });
    server.connection.call("a");
    server.wait(400);
    server.connection.call("b");
    expect(server.connection.deadline).toBe(1000);
    server.wait(599);
    expect(server.events).toEqual([]);
    server.wait(1);
    expect(server.events).toEqual(["timeout 2 undefined"]);
    expect(server.connection.deadline).toBe(1400);
    server.wait(401);
    expect(server.events).toEqual(["timeout 2 undefined", "timeout 3 undefined"]);
    server.call("_result", 3, null, 1);
    expect(server.events).toHaveLength(2);
  });

  it("are no more at a time than pendingCalls", () => {
    const server = TestServer.connected({ changes: { pendingCalls: 2 } });
    const ids = [1, 2, 3].map(() => server.connection.call("x"));
    expect(ids).toEqual([2, 3, 0]);
    expect(server.hear()).toHaveLength(2);
    server.call("_result", 2, null, null);
    expect(server.connection.call("x")).toBe(4);
  });

  it("of the server are the application's, or fail", () => {
    const server = TestServer.connected();
    server.call("onBWCheck", 8, null);
    expect(server.events).toEqual(["command onBWCheck"]);
    expect(server.hear()).toEqual([
      '[3/0] "_error" 8 null {level: "error", code: "NetConnection.Call.Failed", ' +
        'description: "There is no method onBWCheck."}',
    ]);
    server.onCommand = () => {
      const { command } = server.connection;
      if (command !== null) server.connection.answer(command, 5);
    };
    server.call("onBWCheck", 9, null);
    expect(server.hear()).toEqual(['[3/0] "_result" 9 null 5']);
  });
});
