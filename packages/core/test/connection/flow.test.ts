import { describe, expect, it } from "vitest";
import { BufferPool } from "../../src/bytes/index.ts";
import { MessageType } from "../../src/chunk/index.ts";
import { FlowControl } from "../../src/connection/index.ts";
import { encodeValues, UserControlEvent } from "../../src/message/index.ts";
import { TestClient } from "./client.ts";

const { Acknowledgement, DataAmf0, SetPeerBandwidth, Video, WindowAcknowledgementSize } = MessageType;

describe("FlowControl", () => {
  it("is due at half of the window, and again after another half", () => {
    const flow = new FlowControl();
    flow.setWindow(10_000);
    flow.received = 4_999;
    expect(flow.takeAcknowledgementDue()).toBe(false);
    flow.received = 5_000;
    expect(flow.takeAcknowledgementDue()).toBe(true);
    expect(flow.takeAcknowledgementDue()).toBe(false);
    flow.received = 9_999;
    expect(flow.takeAcknowledgementDue()).toBe(false);
    flow.received = 10_000;
    expect(flow.takeAcknowledgementDue()).toBe(true);
  });

  it("counts on past 2^32, and sends that modulo 2^32", () => {
    const flow = new FlowControl();
    flow.received = 2 ** 32 - 1;
    flow.takeAcknowledgementDue();
    expect(flow.sequenceNumber).toBe(2 ** 32 - 1);
    flow.received = 2 ** 32 + 1_249_999;
    expect(flow.takeAcknowledgementDue()).toBe(true);
    expect(flow.sequenceNumber).toBe(1_249_999);
    flow.received = 5 * 2 ** 32 + 3_000_000_000;
    expect(flow.takeAcknowledgementDue()).toBe(true);
    expect(flow.sequenceNumber).toBe(3_000_000_000);
  });

  it("takes a tiny window for 1024, and 0 for none", () => {
    const flow = new FlowControl();
    flow.setWindow(1);
    expect(flow.window).toBe(1024);
    flow.setWindow(0);
    flow.received = 2 ** 40;
    expect(flow.takeAcknowledgementDue()).toBe(false);
    flow.setWindow(2 ** 32 - 1);
    expect(flow.window).toBe(2 ** 32 - 1);
  });
});

describe("acknowledgements", () => {
  /** Data messages of 1000 bytes payload: 8 chunks at 128, so 1000 + 12 + 7 bytes. */
  const kilobyte = new Uint8Array(1000);

  it("are sent without being asked for, every 1,250,000 bytes", () => {
    const client = TestClient.connected();
    const before = client.connection.receivedBytes;
    client.setChunkSize(65_536);
    const large = new Uint8Array(249_000);
    for (let count = 0; count < 10; count++) client.send(DataAmf0, 0, large);
    const acknowledged = client.hear().map((line) => Number(/^\[2\/0\] Acknowledgement (\d+)$/.exec(line)?.[1]));
    expect(acknowledged).toHaveLength(1);
    expect(acknowledged[0]).toBeGreaterThanOrEqual(1_250_000);
    expect(acknowledged[0]).toBeLessThan(1_250_000 + before + 250_000);
  });

  it("count from behind the handshake", () => {
    const client = new TestClient();
    client.shakeHands();
    expect(client.connection.receivedBytes).toBe(0);
    const connect = client.chunks(MessageType.CommandAmf0, 0, encodeValues("connect", 1, null));
    client.give(connect);
    expect(client.connection.receivedBytes).toBe(connect.length);
  });

  it("follow the window that the peer asks for", () => {
    const client = TestClient.connected();
    client.control(WindowAcknowledgementSize, 0, 0, 0x10, 0); // 4096
    client.hear();
    for (let count = 0; count < 6; count++) client.send(DataAmf0, 0, kilobyte);
    const lines = client.hear();
    expect(lines.length).toBeGreaterThanOrEqual(2);
    expect(lines.every((line) => line.startsWith("[2/0] Acknowledgement "))).toBe(true);
  });

  it("are not sent with a window of 0, and rarely with one of 1", () => {
    const client = TestClient.connected();
    client.control(WindowAcknowledgementSize, 0, 0, 0, 0);
    for (let count = 0; count < 3000; count++) client.send(DataAmf0, 0, kilobyte);
    expect(client.hear()).toEqual([]);
  });

  it("are sent every 512 bytes with a window of 1, not for each", () => {
    const client = TestClient.connected();
    client.control(WindowAcknowledgementSize, 0, 0, 0, 1);
    client.send(DataAmf0, 0, kilobyte);
    client.hear();
    client.give(client.chunks(DataAmf0, 0, new Uint8Array(400)));
    expect(client.hear()).toEqual([]);
    client.give(client.chunks(DataAmf0, 0, new Uint8Array(400)));
    expect(client.hear()).toHaveLength(1);
  });

  it("of the peer may say anything", () => {
    const client = TestClient.connected();
    for (const last of [0, 0xff, 1]) client.control(Acknowledgement, 0xff, 0xff, 0xff, last);
    expect(client.hear()).toEqual([]);
    expect(client.events).toEqual([]);
  });

  it("do not pile up before a peer that does not read them", () => {
    const client = TestClient.publishing({ limits: { outgoingBytes: 65_536 } });
    client.control(WindowAcknowledgementSize, 0, 0, 4, 0); // 1024: one for every 512 bytes
    for (let count = 0; count < 1000 && client.events.length === 0; count++) client.media(Video, count, kilobyte);
    expect(client.events).toEqual(["failed OutgoingBytesLimit"]);
    expect(client.connection.receivedBytes).toBeGreaterThan(65_536);
  });
});

describe("Set Peer Bandwidth", () => {
  it("is answered with the window, when it is another than the last", () => {
    const client = TestClient.connected();
    client.control(SetPeerBandwidth, 0x00, 0x26, 0x25, 0xa0, 2); // what the server itself announced
    expect(client.hear()).toEqual([]);
    client.control(SetPeerBandwidth, 0x00, 0x10, 0x00, 0x00, 0);
    client.control(SetPeerBandwidth, 0x00, 0x10, 0x00, 0x00, 1);
    expect(client.hear()).toEqual(["[2/0] WindowAcknowledgementSize 1048576"]);
  });

  it("is taken before connect, without its limit type, and on any chunk stream", () => {
    const client = new TestClient();
    client.shakeHands();
    client.send(SetPeerBandwidth, 0, Uint8Array.of(0, 0x10, 0, 0), 9);
    client.connect();
    expect(client.hear()[0]).toBe("[2/0] WindowAcknowledgementSize 1048576");
  });
});

describe("pings", () => {
  it("are answered with their time", () => {
    const client = TestClient.connected();
    client.userControl(UserControlEvent.PingRequest, 4_000_000_000);
    expect(client.hear()).toEqual(["[2/0] PingResponse 4000000000"]);
  });

  it("without a time are not answered", () => {
    const client = TestClient.connected();
    client.control(MessageType.UserControl, 0, 6, 0, 0);
    client.control(MessageType.UserControl, 0);
    client.control(MessageType.UserControl);
    expect(client.hear()).toEqual([]);
    expect(client.events).toEqual([]);
  });

  it("are answered 20 times a second", () => {
    const client = TestClient.connected();
    for (let count = 0; count < 100; count++) client.userControl(UserControlEvent.PingRequest, count);
    expect(client.hear()).toHaveLength(20);
    client.wait(1_000);
    for (let count = 0; count < 100; count++) client.userControl(UserControlEvent.PingRequest, count);
    expect(client.hear()).toHaveLength(20);
    expect(client.events).toEqual([]);
  });
});

describe("user control", () => {
  it("of every other event, known or not, is ignored", () => {
    const client = TestClient.connected();
    for (const event of [0, 1, 2, 3, 4, 5, 7, 26, 27, 31, 32, 34, 41, 65_535]) client.userControl(event, 1, 2);
    client.send(MessageType.UserControl, 0, new Uint8Array(44).fill(0x1b), 2);
    expect(client.hear()).toEqual([]);
    expect(client.events).toEqual([]);
  });

  it("Set Buffer Length of stream 0, or of one that is not there, does no harm", () => {
    const client = TestClient.connected();
    client.userControl(UserControlEvent.SetBufferLength, 0, 300);
    client.userControl(UserControlEvent.SetBufferLength, 9, 300);
    expect(client.events).toEqual([]);
  });
});

describe("what comes too often ends the connection", () => {
  it("control messages", () => {
    const client = TestClient.connected();
    for (let count = 0; count < 500; count++) client.control(Acknowledgement, 0, 0, 0, 1);
    expect(client.events).toEqual([]);
    client.wait(1_000);
    for (let count = 0; count < 501; count++) client.control(Acknowledgement, 0, 0, 0, 1);
    expect(client.events).toEqual(["failed ControlRateLimit"]);
  });

  it.each([MessageType.SetChunkSize, MessageType.Abort, WindowAcknowledgementSize, SetPeerBandwidth])(
    "control messages of type %i",
    (messageType) => {
      const client = TestClient.connected({ limits: { controlMessagesPerSecond: 10 } });
      for (let count = 0; count < 11; count++) client.control(messageType, 0, 0, 0, 80, 2);
      expect(client.events).toEqual(["failed ControlRateLimit"]);
    },
  );

  it("user control messages", () => {
    const client = TestClient.connected({ limits: { controlMessagesPerSecond: 10 } });
    for (let count = 0; count < 11; count++) client.userControl(99);
    expect(client.events).toEqual(["failed ControlRateLimit"]);
  });

  it("empty messages", () => {
    const client = TestClient.publishing();
    const empty = new Uint8Array(0);
    for (let count = 0; count < 1_000; count++) client.media(MessageType.Audio, count, empty);
    expect(client.events).toEqual([]);
    client.wait(1_000);
    for (let count = 0; count < 1_001; count++) client.media(MessageType.Audio, count, empty);
    expect(client.events).toEqual(["failed EmptyMessageRateLimit"]);
  });
});

describe("a truncated protocol control message ends the connection", () => {
  it.each([1, 2, 3, 5, 6])("of type %i", (messageType) => {
    for (const length of [0, 1, 2, 3]) {
      const client = TestClient.connected();
      client.control(messageType, ...new Array<number>(length).fill(1));
      expect(client.events, `${length} bytes`).toEqual(["failed ControlMessageTruncated"]);
    }
  });
});

describe("what is asked for and not read", () => {
  it("ends the connection at the limit outgoingBytes", () => {
    const client = TestClient.connected({ limits: { outgoingBytes: 100_000 } });
    for (let count = 2; count < 5_000 && client.events.length === 0; count++) client.call("_checkbw", count, null);
    expect(client.events).toEqual(["failed OutgoingBytesLimit"]);
    // What was said before is still sent, and the reason last.
    expect(client.hear().at(-1)).toContain("OutgoingBytesLimit");
  });

  it("within one piece of input as well", () => {
    const client = TestClient.connected({ limits: { outgoingBytes: 100_000 } });
    const call = client.chunks(MessageType.CommandAmf0, 0, encodeValues("_checkbw", 5, null));
    client.give(Buffer.concat(new Array<Uint8Array>(10_000).fill(call)));
    expect(client.events).toEqual(["failed OutgoingBytesLimit"]);
    expect(client.connection.output.waitingBytes).toBeLessThan(110_000);
  });
});

describe("the output", () => {
  it("finishes the media message that is under way before an answer", () => {
    const client = TestClient.playing();
    client.live.beginPublication();
    client.hear();
    const keyframe = new Uint8Array(100_000);
    keyframe.set([0x17, 1]);
    client.push(Video, 0, keyframe);
    client.push(Video, 40, Uint8Array.of(0x27, 1));
    const { output } = client.connection;
    const pieces: Uint8Array[] = [];
    const take = (): boolean => {
      if (!output.lend()) return false;
      pieces.push(output.bytes.slice(output.start, output.end));
      output.release();
      return true;
    };
    // The first segment of the message.
    take();
    client.call("_checkbw", 7, null);
    while (take());
    const bytes = Buffer.concat(pieces);
    expect(bytes.indexOf("_result")).toBeGreaterThan(100_000);
  });

  it("lends nothing while a chunk is under way and the pool has no block for the rest of it", () => {
    const pool = new BufferPool(2 ** 20);
    const client = TestClient.playing({ pool });
    client.live.beginPublication();
    client.push(Video, 0, new Uint8Array(100));
    client.hear();
    // An answer that takes more than one block, of which the first one is sent.
    client.onCommand = () => {
      const { command } = client.connection;
      if (command !== null) client.connection.answer(command, "x".repeat(6_000));
    };
    client.call("hello", 7, null);
    const { output } = client.connection;
    expect(output.lend()).toBe(true);
    const first = output.bytes.slice(output.start, output.end);
    output.release();
    client.push(Video, 40, new Uint8Array(100));

    const blocks: number[] = [];
    for (let size = 2 ** 19; size >= 1024; size /= 2) {
      for (let block = pool.take(size); block !== -1; block = pool.take(size)) blocks.push(block);
    }
    expect(output.lend()).toBe(false);
    for (const block of blocks) pool.give(block);

    const rest = client.sent();
    const text = Buffer.concat([first, ...rest]).toString("latin1");
    expect(text.match(/x+/g)?.map((run) => run.length)).toEqual([4_073, 1_927]);
  });
});
