import { describe, expect, it } from "vitest";
import { MessageType } from "../../../src/chunk/index.ts";
import { StreamState } from "../../../src/connection/index.ts";
import { encodeValues, UserControlEvent } from "../../../src/message/index.ts";
import { TestServer } from "./server.ts";

/** What a client does one millisecond before a time limit, at it, and after it. */
function around(server: TestServer, limit: number): string[][] {
  server.wait(limit - 1);
  const before = [...server.events];
  server.wait(1);
  const at = [...server.events];
  server.wait(1);
  return [before, at, [...server.events]];
}

describe("patience", () => {
  it("for the handshake", () => {
    const server = new TestServer();
    expect(server.connection.deadline).toBe(10_000);
    const failed = ["failed HandshakeTimeout"];
    expect(around(server, 10_000)).toEqual([[], failed, failed]);
  });

  it("for the answer to connect", () => {
    const server = new TestServer();
    server.now = 500;
    server.shakeHands();
    expect(server.connection.deadline).toBe(30_500);
    const failed = ["failed ConnectTimeout"];
    expect(around(server, 30_000)).toEqual([[], failed, failed]);
  });

  it("for the answer to createStream", () => {
    const server = TestServer.connected({ changes: { callTimeout: 1000 } });
    const stream = server.connection.play("key", null);
    const late = ["status key NetConnection.Call.Failed"];
    expect(around(server, 1000)).toEqual([[], late, late]);
    expect(stream.state).toBe(StreamState.Ended);
  });

  it.each(["play", "publish"] as const)("for the answer to %s", (command) => {
    const server = TestServer.connected({ changes: { callTimeout: 1000 } });
    const stream = command === "play" ? server.connection.play("key", null) : server.connection.publish("key");
    server.wait(500);
    server.call("_result", command === "play" ? 2 : 4, null, 1);
    const late = ["status key NetConnection.Call.Failed"];
    expect(around(server, 1000)).toEqual([[], late, late]);
    expect(stream.state).toBe(StreamState.Ended);
  });

  it("does not run out for a stream that has begun, or was closed", () => {
    const server = TestServer.connected({ changes: { callTimeout: 1000 } });
    server.connection.publish("a");
    server.call("_result", 4, null, 1);
    server.status(1, "NetStream.Publish.Start");
    server.connection.play("b", null).close();
    server.events.length = 0;
    server.wait(2000);
    expect(server.events).toEqual([]);
  });

  it("with a silent server: it is asked for a sign of life, then given up", () => {
    const server = TestServer.connected();
    server.wait(59_999);
    expect(server.hear()).toEqual([]);
    server.wait(1);
    expect(server.hear()).toEqual(["[2/0] PingRequest 60000"]);
    expect(server.connection.deadline).toBe(90_000);
    const failed = ["failed PingTimeout"];
    expect(around(server, 30_000)).toEqual([[], failed, failed]);
  });
});

describe("duties", () => {
  it("acknowledges what it receives, by half the window", () => {
    const server = TestServer.connected();
    server.send(MessageType.WindowAcknowledgementSize, 0, Uint8Array.of(0, 0, 0x10, 0));
    server.connection.play("key", null);
    server.call("_result", 2, null, 1);
    server.hear();
    const before = server.connection.receivedBytes;
    const payload = encodeValues("onTextData", "x".repeat(3000));
    server.send(MessageType.DataAmf0, 1, payload);
    expect(server.connection.receivedBytes).toBeGreaterThan(before + payload.length);
    expect(server.hear()).toEqual([`[2/0] Acknowledgement ${server.connection.receivedBytes}`]);
  });

  it("answers a change of its bandwidth, and pings", () => {
    const server = TestServer.connected();
    server.send(MessageType.SetPeerBandwidth, 0, Uint8Array.of(0, 0x4c, 0x4b, 0x40, 2));
    server.userControl(UserControlEvent.PingRequest, 1000);
    expect(server.hear()).toEqual(["[2/0] WindowAcknowledgementSize 5000000", "[2/0] PingResponse 1000"]);
  });

  it("gives up a server that floods it with pings but reads no answers", () => {
    const changes = { outgoingBytes: 1000, mediaMessageLength: 1000, pingAnswersPerSecond: 100 };
    const server = TestServer.connected({ changes });
    // 262 bytes each; twice the limit may wait.
    for (let count = 0; count < 7; count++) server.userControl(UserControlEvent.PingRequest, count);
    expect(server.events).toEqual([]);
    server.userControl(UserControlEvent.PingRequest, 7);
    expect(server.events).toEqual(["failed OutgoingBytesLimit"]);
  });

  it("bears what comes late for a closed stream, but no flood", () => {
    const server = TestServer.connected({ changes: { strayMediaBytes: 500 } });
    const flood = (length: number) => server.send(MessageType.Video, 1, new Uint8Array(length));
    for (const createStream of [2, 5]) {
      const stream = server.connection.play("key", null);
      server.call("_result", createStream, null, 1);
      stream.close();
      flood(500);
    }
    expect(server.events).toEqual([]);
    flood(1);
    expect(server.events).toEqual(["failed MediaWithoutPublish"]);
  });

  it("reads no more before it is let in than bytesBeforeConnect", () => {
    const server = new TestServer({ changes: { bytesBeforeConnect: 200 } });
    server.shakeHands();
    server.send(MessageType.DataAmf0, 0, new Uint8Array(100));
    expect(server.events).toEqual([]);
    server.send(MessageType.DataAmf0, 0, new Uint8Array(100));
    expect(server.events).toEqual(["failed BytesBeforeConnectLimit"]);
  });
});
