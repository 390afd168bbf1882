import { describe, expect, it } from "vitest";
import { MessageType } from "../../src/chunk/index.ts";
import { encodeValues, UserControlEvent } from "../../src/message/index.ts";
import { packet1 } from "../handshake/reference.ts";
import { TestClient } from "./client.ts";

const { CommandAmf0, Video } = MessageType;

describe("the handshake", () => {
  it("must be finished within 10 seconds, however its bytes trickle", () => {
    const client = new TestClient();
    for (let second = 0; second < 9; second++) {
      client.give(Uint8Array.of(3));
      client.wait(1_000);
    }
    client.wait(999);
    expect(client.events).toEqual([]);
    client.wait(1);
    expect(client.events).toEqual(["failed HandshakeTimeout"]);
    expect(client.hear()).toEqual([]);
  });

  it("may be answered and still be too late", () => {
    const client = new TestClient();
    client.give(Buffer.concat([Buffer.of(3), packet1("00000000")]));
    client.wait(10_000);
    expect(client.events).toEqual(["failed HandshakeTimeout"]);
  });

  it.each([
    ["an HTTP request", "GET / HTTP/1.1\r\n\r\n", "HandshakeForeignProtocol"],
    ["a TLS hello", "\x16\x03\x01\x02\x00", "HandshakeForeignProtocol"],
    ["another version", "\x06", "HandshakeVersion"],
    ["anything", "\xff\x00", "HandshakeVersion"],
  ])("is not %s", (_, text, code) => {
    const client = new TestClient();
    client.give(Buffer.from(text, "latin1"));
    client.give(Buffer.from(text, "latin1"));
    client.wait(100_000);
    expect(client.events).toEqual([`failed ${code}`]);
    expect(client.sent()).toEqual([]);
  });
});

describe("connect", () => {
  it("must come within 30 seconds", () => {
    const client = new TestClient();
    client.shakeHands();
    client.wait(20_000);
    client.control(MessageType.Acknowledgement, 0, 0, 0, 0);
    client.wait(9_999);
    expect(client.events).toEqual([]);
    client.wait(1);
    expect(client.events).toEqual(["failed ConnectTimeout"]);
    expect(client.hear()).toEqual([expect.stringContaining("ConnectTimeout")]);
  });

  it("must come within 64 KiB", () => {
    const client = new TestClient();
    client.shakeHands();
    const kilobyte = new Uint8Array(1_000);
    for (let count = 0; count < 63; count++) client.media(Video, 0, kilobyte);
    expect(client.events).toEqual([]);
    for (let count = 0; count < 4; count++) client.media(Video, 0, kilobyte);
    expect(client.events).toEqual(["failed BytesBeforeConnectLimit"]);
  });
});

describe("an unfinished message", () => {
  it("may grow for as long as it grows, and then has 60 seconds", () => {
    const client = TestClient.connected();
    const message = client.chunks(CommandAmf0, 0, encodeValues("x", 0, "y".repeat(400)));
    client.give(message.subarray(0, 100));
    client.wait(59_000);
    client.give(message.subarray(100, 101));
    client.wait(59_000);
    client.give(message.subarray(101, 300));
    client.wait(59_999);
    expect(client.events).toEqual([]);
    client.wait(1);
    expect(client.events).toEqual(["failed PartialMessageTimeout"]);
  });

  it("is not saved by what comes on other chunk streams", () => {
    const client = TestClient.publishing();
    const message = client.chunks(Video, 1, new Uint8Array(400), 6);
    client.give(message.subarray(0, 12 + 128));
    for (let count = 0; count < 6; count++) {
      client.wait(10_000);
      client.userControl(UserControlEvent.PingResponse, 0);
    }
    expect(client.events).toEqual(["failed PartialMessageTimeout"]);
  });

  it("that is finished or aborted has no deadline", () => {
    for (const abort of [true, false]) {
      const client = TestClient.connected();
      const message = client.chunks(Video, 1, new Uint8Array(140), 6);
      client.give(message.subarray(0, 12 + 128));
      if (abort) client.control(MessageType.Abort, 0, 0, 0, 6);
      else client.give(message.subarray(12 + 128));
      client.wait(59_000);
      client.userControl(UserControlEvent.PingResponse, 0);
      client.wait(59_000);
      expect(client.events).toEqual([]);
    }
  });
});

describe("silence", () => {
  it("is answered with a ping after 60 seconds, and ends the connection after 30 more", () => {
    const client = TestClient.connected();
    client.wait(59_999);
    expect(client.hear()).toEqual([]);
    client.wait(1);
    expect(client.hear()).toEqual(["[2/0] PingRequest 60000"]);
    client.wait(29_999);
    expect(client.hear()).toEqual([]);
    expect(client.events).toEqual([]);
    client.wait(1);
    expect(client.events).toEqual(["failed PingTimeout"]);
  });

  it("any sign of life will do", () => {
    const client = TestClient.connected();
    for (let round = 0; round < 5; round++) {
      client.wait(60_000);
      client.wait(29_000);
      expect(client.hear()).toHaveLength(1);
      client.userControl(UserControlEvent.PingResponse, 0);
    }
    expect(client.events).toEqual([]);
  });

  it("a ping has the time modulo 2^32", () => {
    const client = new TestClient();
    client.shakeHands();
    client.connect();
    client.now = 2 ** 32;
    client.userControl(UserControlEvent.PingResponse, 0);
    client.hear();
    client.wait(60_000.75);
    expect(client.hear()).toEqual(["[2/0] PingRequest 60000"]);
  });
});

describe("the deadline", () => {
  it("is always when something happens next", () => {
    const client = new TestClient();
    expect(client.connection.deadline).toBe(10_000);
    client.now = 2_000;
    client.shakeHands();
    expect(client.connection.deadline).toBe(32_000);
    client.now = 5_000;
    client.connect();
    expect(client.connection.deadline).toBe(65_000);
    const message = client.chunks(Video, 1, new Uint8Array(400), 6);
    client.now = 7_000;
    client.give(message.subarray(0, 12 + 128));
    client.now = 9_000;
    client.control(MessageType.Acknowledgement, 0, 0, 0, 0);
    expect(client.connection.deadline).toBe(67_000);
    client.give(message.subarray(12 + 128));
    expect(client.connection.deadline).toBe(69_000);
    client.wait(60_000);
    expect(client.connection.deadline).toBe(69_000 + 30_000);
  });
});
