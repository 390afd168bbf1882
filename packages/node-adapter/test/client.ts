// A raw RTMP client for tests: it says what the test tells it to say, right or wrong.
import { once } from "node:events";
import { connect as connectSocket, type Socket } from "node:net";
import {
  Amf0Reader,
  AmfObject,
  type AmfValue,
  BufferPool,
  ChunkWriter,
  ClientHandshake,
  defaultLimits,
  encodeValues,
  HandshakeEvent,
  MessageEvent,
  MessageReader,
  MessageType,
  UserControlEvent,
  userControlPayload,
} from "@millrace/core";

/** Of all clients: what one leaves in it is found by the next. */
const pool = new BufferPool(2 ** 26);
const random = Uint8Array.from({ length: 1528 }, (_, index) => (index * 31) & 0xff);

export interface Heard {
  readonly messageType: number;
  readonly messageStreamId: number;
  readonly timestamp: number;
  readonly payload: Buffer;
  /** Of a command or a data message. */
  readonly values: readonly AmfValue[];
}

export class RawClient {
  readonly socket: Socket;
  /** All messages so far. */
  readonly heard: Heard[] = [];
  /** Whether the server has said that it sends nothing more. */
  isEnded = false;
  answersPings = true;
  /** Resolves once the socket is closed, however that came about. */
  readonly closed: Promise<void>;

  private readonly writer = new ChunkWriter(pool);
  private readonly reader = new MessageReader(pool);
  private readonly handshake = new ClientHandshake({ random });
  private isOpen = false;
  /** Looked at whenever something has happened. */
  private readonly waiting = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (bytes) => this.listen(bytes));
    socket.on("end", () => {
      this.isEnded = true;
      this.wake();
    });
    // Resets are what some tests are about.
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.isEnded = true;
        this.reader.close();
        this.writer.close();
        this.wake();
        resolve();
      });
    });
  }

  /** Opens a connection to a server of this machine, and says nothing. */
  static async open(port: number): Promise<RawClient> {
    const socket = connectSocket({ port, host: "127.0.0.1" });
    await once(socket, "connect");
    return new RawClient(socket);
  }

  /** The same, with the handshake done. */
  static async shaken(port: number): Promise<RawClient> {
    const client = await RawClient.open(port);
    await client.shakeHands();
    return client;
  }

  /** The same, and let in. */
  static async connected(port: number, app = "live"): Promise<RawClient> {
    const client = await RawClient.shaken(port);
    client.connect(app);
    await client.command("_result");
    return client;
  }

  /** The same, and publishing on message stream 1. */
  static async publishing(port: number, name: string): Promise<RawClient> {
    const client = await RawClient.connected(port);
    client.call("createStream", 2, null);
    client.callOn(1, "publish", 3, null, name, "live");
    await client.status("NetStream.Publish.Start");
    return client;
  }

  /** The same, and playing on message stream 1. */
  static async playing(port: number, name: string): Promise<RawClient> {
    const client = await RawClient.connected(port);
    client.call("createStream", 2, null);
    client.callOn(1, "play", 3, null, name);
    await client.status("NetStream.Play.Start");
    return client;
  }

  /** C0, C1 and C2. */
  async shakeHands(): Promise<void> {
    this.transmitHandshake();
    await this.until(() => this.isOpen, "the server's handshake");
    this.transmitHandshake();
  }

  connect(app = "live"): void {
    this.call("connect", 1, AmfObject.of({ app, tcUrl: `rtmp://127.0.0.1/${app}` }));
  }

  call(name: string, transactionId: number, ...values: AmfValue[]): void {
    this.callOn(0, name, transactionId, ...values);
  }

  callOn(streamId: number, name: string, transactionId: number, ...values: AmfValue[]): void {
    this.send(MessageType.CommandAmf0, streamId, encodeValues(name, transactionId, ...values));
  }

  video(timestamp: number, payload: Uint8Array, streamId = 1): void {
    this.send(MessageType.Video, streamId, payload, 6, timestamp);
  }

  send(messageType: number, streamId: number, payload: Uint8Array, chunkStreamId = 3, timestamp = 0): void {
    this.write(this.chunks(messageType, streamId, payload, chunkStreamId, timestamp));
  }

  /** The bytes that {@link send} would write. */
  chunks(messageType: number, streamId: number, payload: Uint8Array, chunkStreamId = 3, timestamp = 0): Uint8Array {
    this.writer.lend(chunkStreamId, messageType, streamId, timestamp, payload, 0, payload.length);
    const memory = new Uint8Array(this.writer.pendingBytes * 2 + 64);
    return memory.subarray(0, this.writer.transmit(memory, 0, memory.length));
  }

  write(bytes: Uint8Array | string): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  writeHex(hex: string): void {
    this.write(Buffer.from(hex.replace(/\s/g, ""), "hex"));
  }

  /** Resolves with the first message heard, or still to be heard, that fits. */
  async message(fits: (message: Heard) => boolean, what: string): Promise<Heard> {
    await this.until(() => this.heard.some(fits), what);
    const found = this.heard.find(fits);
    if (found === undefined) throw new Error(`${what} did not come.`);
    return found;
  }

  /** A command with this name. */
  command(name: string): Promise<Heard> {
    return this.message(({ values }) => values[0] === name, name);
  }

  /** An onStatus with this code. */
  status(code: string): Promise<Heard> {
    return this.message(({ values }) => codeOf(values) === code, code);
  }

  /** The codes and descriptions of all that went wrong, as the server says. */
  get complaints(): string[] {
    return this.heard.flatMap(({ values }) => {
      const information = values.at(-1);
      if (!(information instanceof AmfObject) || information.get("level") !== "error") return [];
      return [`${String(information.get("code"))}: ${String(information.get("description"))}`];
    });
  }

  /** Video in the order in which it came. */
  get videos(): Heard[] {
    return this.heard.filter(({ messageType }) => messageType === MessageType.Video);
  }

  /** Resolves once the condition holds; rejects when the connection ends before. */
  until(holds: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (holds()) resolve();
        else if (this.isEnded) reject(new Error(`The connection ended before ${what} came.`));
        else return;
        this.waiting.delete(look);
      };
      this.waiting.add(look);
      look();
    });
  }

  /** Says goodbye in the way of TCP. */
  async close(): Promise<void> {
    this.socket.end();
    this.socket.resume();
    await this.closed;
  }

  /** Goes without a word. */
  async reset(): Promise<void> {
    this.socket.resetAndDestroy();
    await this.closed;
  }

  private transmitHandshake(): void {
    const memory = new Uint8Array(4096);
    this.write(memory.subarray(0, this.handshake.transmit(memory, 0, memory.length)));
  }

  private listen(bytes: Buffer): void {
    let start = 0;
    if (!this.isOpen) {
      this.handshake.feed(bytes, 0, bytes.length);
      this.isOpen = this.handshake.poll() === HandshakeEvent.Done;
      start = this.handshake.position;
    }
    if (this.isOpen) this.read(bytes, start);
    this.wake();
  }

  private read(bytes: Buffer, start: number): void {
    const { reader } = this;
    reader.feed(bytes, start, bytes.length);
    for (;;) {
      const event = reader.poll();
      if (event === MessageEvent.NeedData) return;
      if (event === MessageEvent.Failed) throw new Error(`The server sent: ${reader.error?.message}`);
      const { messageType, messageStreamId, timestamp } = reader;
      const payload = Buffer.from(reader.bytes.slice(reader.start, reader.end));
      const hasValues = messageType === MessageType.CommandAmf0 || messageType === MessageType.DataAmf0;
      const values = hasValues ? valuesOf(payload) : [];
      this.heard.push({ messageType, messageStreamId, timestamp, payload, values });
      if (this.answersPings && messageType === MessageType.UserControl) this.answerPing(payload);
    }
  }

  private answerPing(payload: Buffer): void {
    if (payload.readUInt16BE(0) !== UserControlEvent.PingRequest) return;
    const answer = userControlPayload(UserControlEvent.PingResponse, payload.readUInt32BE(2));
    this.send(MessageType.UserControl, 0, answer, 2);
  }

  private wake(): void {
    for (const look of this.waiting) look();
  }
}

function valuesOf(payload: Uint8Array): AmfValue[] {
  const reader = new Amf0Reader(defaultLimits);
  reader.reset(payload);
  const values: AmfValue[] = [];
  while (!reader.atEnd && reader.error === null) values.push(reader.read());
  return values;
}

function codeOf(values: readonly AmfValue[]): AmfValue {
  const information = values.at(-1);
  return values[0] === "onStatus" && information instanceof AmfObject ? information.get("code") : null;
}
