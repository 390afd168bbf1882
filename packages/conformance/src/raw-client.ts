// A raw RTMP client: it says what the case tells it to say, right or wrong.
import {
  AmfObject,
  type AmfValue,
  BufferPool,
  ChunkWriter,
  ClientHandshake,
  encodeValues,
  HandshakeEvent,
  MessageEvent,
  MessageReader,
  MessageType,
  readUint16,
  readUint32,
  UserControlEvent,
  userControlPayload,
} from "@millrace/core";
import { isWhole, numberOf } from "./frame.ts";
import { valuesOf } from "./messages.ts";
import type { RawSocket } from "./runtime.ts";

/** Of all clients: what one leaves in it is found by the next. */
const pool = new BufferPool(2 ** 26);
const random = Uint8Array.from({ length: 1528 }, (_, index) => (index * 31) & 0xff);

export interface Heard {
  readonly messageType: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
  /** Of a command or a data message. */
  readonly values: readonly AmfValue[];
}

export class RawClient {
  /** All messages so far, and those of video among them. */
  readonly heard: Heard[] = [];
  readonly videos: Heard[] = [];
  /** Whether the server sends nothing more. */
  isEnded = false;
  answersPings = true;
  /** Whether it leaves its own end open when the server has closed the other one. */
  lingers = false;
  /** Resolves when the server sends nothing more, however that came about; rejects when it sent nonsense. */
  readonly ended: Promise<void>;

  private readonly socket: RawSocket;
  private readonly writer = new ChunkWriter(pool);
  private readonly reader = new MessageReader(pool);
  private readonly handshake = new ClientHandshake({ random });
  private isOpen = false;
  private written: Promise<void> = Promise.resolve();
  private isPaused = false;
  private resumed: (() => void) | null = null;
  /** Looked at whenever something has happened. */
  private readonly waiting = new Set<() => void>();

  constructor(socket: RawSocket) {
    this.socket = socket;
    this.ended = this.listen();
    // The case sees it when it waits for that.
    this.ended.catch(() => {});
  }

  /** C0, C1 and C2. */
  async shakeHands(): Promise<void> {
    this.transmitHandshake();
    await this.until(() => this.isOpen, "the server's handshake");
    this.transmitHandshake();
  }

  async connect(app = "live"): Promise<void> {
    this.askToConnect(app);
    await this.message(({ values }) => values[0] === "_result", "the answer to connect");
  }

  askToConnect(app = "live"): void {
    this.call(0, "connect", 1, AmfObject.of({ app, tcUrl: `rtmp://127.0.0.1/${app}` }));
  }

  /** Publishes on message stream 1. */
  async publish(name: string): Promise<void> {
    this.ask("publish", name);
    await this.status("NetStream.Publish.Start");
  }

  /** Plays on message stream 1. */
  async play(name: string): Promise<void> {
    this.ask("play", name);
    await this.status("NetStream.Play.Start");
  }

  /** Asks for a stream, and to publish or play on it. */
  ask(what: "publish" | "play", name: string): void {
    this.call(0, "createStream", 2, null);
    this.call(1, what, 3, null, name);
  }

  call(streamId: number, name: string, transactionId: number, ...values: AmfValue[]): Promise<void> {
    return this.send(MessageType.CommandAmf0, streamId, encodeValues(name, transactionId, ...values));
  }

  video(timestamp: number, payload: Uint8Array): Promise<void> {
    return this.send(MessageType.Video, 1, payload, 6, timestamp);
  }

  send(messageType: number, streamId: number, payload: Uint8Array, chunkStreamId = 3, timestamp = 0): Promise<void> {
    return this.write(this.chunks(messageType, streamId, payload, chunkStreamId, timestamp));
  }

  /** The bytes that {@link send} would write. */
  chunks(messageType: number, streamId: number, payload: Uint8Array, chunkStreamId = 3, timestamp = 0): Uint8Array {
    this.writer.lend(chunkStreamId, messageType, streamId, timestamp, payload, 0, payload.length);
    const memory = new Uint8Array(this.writer.pendingBytes * 2 + 64);
    return memory.subarray(0, this.writer.transmit(memory, 0, memory.length));
  }

  /** Resolves when the operating system has the bytes, or when nobody is there any more to take them. */
  write(bytes: Uint8Array): Promise<void> {
    this.written = this.written.then(() => this.socket.write(bytes)).catch(() => {});
    return this.written;
  }

  /** Reads nothing more for now; what was asked for already may still come. */
  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.resumed?.();
    this.resumed = null;
  }

  /** Resolves with the first message heard, or still to be heard, that fits. */
  async message(fits: (message: Heard) => boolean, what: string): Promise<Heard> {
    await this.until(() => this.heard.some(fits), what);
    const found = this.heard.find(fits);
    if (found === undefined) throw new Error(`${what} did not come.`);
    return found;
  }

  /** An onStatus with this code. */
  status(code: string): Promise<Heard> {
    return this.message(({ values }) => values[0] === "onStatus" && textOf(values, "code") === code, code);
  }

  /** The codes and descriptions of all that went wrong, as the server says. */
  get complaints(): string[] {
    return this.heard
      .filter(({ values }) => textOf(values, "level") === "error")
      .map(({ values }) => `${textOf(values, "code")}: ${textOf(values, "description")}`);
  }

  /** The numbers of the frames that came, in their order; -1 for one that is not whole. */
  get frames(): number[] {
    return this.videos.map(({ payload }) => (isWhole(payload) ? numberOf(payload) : -1));
  }

  /** Resolves once this frame has come. */
  async frame(number: number): Promise<void> {
    await this.until(() => this.lastFrame === number, `frame ${number}`);
  }

  /** Resolves once the condition holds; rejects when the connection ends before. */
  until(holds: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (holds()) resolve();
        else if (this.isEnded) reject(new Error(`The connection ended before ${what} came. ${this.complaints}`));
        else return;
        this.waiting.delete(look);
      };
      this.waiting.add(look);
      look();
    });
  }

  /** Sends nothing more, but reads on. */
  async closeWrite(): Promise<void> {
    await this.written;
    await this.socket.closeWrite().catch(() => {});
  }

  /** Says goodbye in the way of TCP. */
  async close(): Promise<void> {
    this.resume();
    await this.closeWrite();
    await this.ended;
  }

  /** Goes without a word. */
  destroy(): void {
    this.resume();
    this.socket.destroy();
  }

  private get lastFrame(): number {
    const last = this.videos.at(-1);
    return last === undefined ? -1 : numberOf(last.payload);
  }

  private transmitHandshake(): void {
    const memory = new Uint8Array(4096);
    this.write(memory.subarray(0, this.handshake.transmit(memory, 0, memory.length)));
  }

  private async listen(): Promise<void> {
    try {
      for (;;) {
        while (this.isPaused) await new Promise<void>((resolve) => (this.resumed = resolve));
        // A reset ends it like anything else.
        const bytes = await this.socket.read().catch(() => null);
        if (bytes === null) return;
        this.take(bytes);
        this.wake();
      }
    } finally {
      this.isEnded = true;
      this.reader.close();
      this.writer.close();
      this.wake();
      if (!this.lingers) this.closeWrite().then(() => this.socket.destroy());
    }
  }

  private take(bytes: Uint8Array): void {
    let start = 0;
    if (!this.isOpen) {
      this.handshake.feed(bytes, 0, bytes.length);
      this.isOpen = this.handshake.poll() === HandshakeEvent.Done;
      start = this.handshake.position;
    }
    if (this.isOpen) this.takeMessages(bytes, start);
  }

  private takeMessages(bytes: Uint8Array, start: number): void {
    const { reader } = this;
    reader.feed(bytes, start, bytes.length);
    for (;;) {
      const event = reader.poll();
      if (event === MessageEvent.NeedData) return;
      if (event === MessageEvent.Failed) throw new Error(`The server sent: ${reader.error?.message}`);
      const { messageType, timestamp } = reader;
      const payload = reader.bytes.slice(reader.start, reader.end);
      const hasValues = messageType === MessageType.CommandAmf0 || messageType === MessageType.DataAmf0;
      const heard = { messageType, timestamp, payload, values: hasValues ? valuesOf(payload) : [] };
      this.heard.push(heard);
      if (messageType === MessageType.Video) this.videos.push(heard);
      if (this.answersPings && messageType === MessageType.UserControl) this.answerPing(payload);
    }
  }

  private answerPing(payload: Uint8Array): void {
    if (readUint16(payload, 0) !== UserControlEvent.PingRequest) return;
    const answer = userControlPayload(UserControlEvent.PingResponse, readUint32(payload, 2));
    this.send(MessageType.UserControl, 0, answer, 2);
  }

  private wake(): void {
    for (const look of this.waiting) look();
  }
}

/** A property of the object that a command or a status ends with. */
function textOf(values: readonly AmfValue[], name: string): string {
  const information = values.at(-1);
  const value = information instanceof AmfObject ? information.get(name) : "";
  return typeof value === "string" ? value : "";
}
