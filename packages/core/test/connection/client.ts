// The client's end of a ServerConnection in memory, with virtual time.
import { AmfObject, type AmfValue } from "../../src/amf/index.ts";
import { BufferPool } from "../../src/bytes/index.ts";
import { type ChunkTolerances, ChunkWriter, MessageEvent, MessageReader, MessageType } from "../../src/chunk/index.ts";
import { ConnectionEvent, ServerConnection } from "../../src/connection/index.ts";
import { errorName } from "../../src/errors.ts";
import { ClientHandshake, HandshakeEvent } from "../../src/handshake/index.ts";
import { type Limits, limitsWith } from "../../src/limits.ts";
import { LiveStream } from "../../src/live/index.ts";
import { encodeValues, userControlPayload } from "../../src/message/index.ts";
import { randomBytes } from "../handshake/reference.ts";
import { mediaLine, messageLine } from "./message-log.ts";

/** Of all clients: memory is expensive to make. */
const clientPool = new BufferPool(2 ** 24);
const clientRandom = randomBytes(1528, 7);
const serverRandom = randomBytes(1528, 8);

export interface ClientOptions {
  limits?: Partial<Limits>;
  tolerances?: Readonly<ChunkTolerances>;
  pool?: BufferPool;
  /**
   * What the application says to a request: `accept` (default), `later` to leave it to the test, or a reason for which it
   * refuses. Streams come from {@link TestClient.live}.
   */
  connect?: string;
  publish?: string;
  play?: string;
  /** Media of a publisher comes as messages instead of going into {@link TestClient.live}. */
  withoutSink?: boolean;
}

/**
 * A client that says what the test tells it to say, and writes down what it hears. Both ends share a clock, {@link now},
 * which the test moves.
 */
export class TestClient {
  readonly pool: BufferPool;
  readonly connection: ServerConnection;
  /** What publishers publish into and players play. */
  readonly live: LiveStream;
  /** What `poll` of the connection answered, NeedData apart. */
  readonly events: string[] = [];
  now = 0;

  private readonly options: ClientOptions;
  private readonly handshake = new ClientHandshake({ random: clientRandom });
  private isOpen = false;
  private readonly writer = new ChunkWriter(clientPool);
  private readonly reader = new MessageReader(clientPool);

  constructor(options: ClientOptions = {}) {
    this.options = options;
    this.pool = options.pool ?? new BufferPool(2 ** 22);
    this.connection = new ServerConnection({
      pool: this.pool,
      random: serverRandom,
      now: 0,
      limits: limitsWith(options.limits ?? {}),
      ...(options.tolerances === undefined ? {} : { tolerances: options.tolerances }),
    });
    this.live = new LiveStream(this.pool, { segmentBytes: 2 ** 14, maximumBytes: 2 ** 20, maximumTime: 2 ** 31 - 1 });
    this.live.subscribe(); // so that all is kept
  }

  /** A client that was let in. What it heard until then is forgotten. */
  static connected(options: ClientOptions = {}): TestClient {
    const client = new TestClient(options);
    client.shakeHands();
    client.connect();
    client.hear();
    client.events.length = 0;
    return client;
  }

  /** A connected client with message stream 1, on which it publishes `key`. */
  static publishing(options: ClientOptions = {}): TestClient {
    const client = TestClient.connected(options);
    client.call("createStream", 2, null);
    client.callOn(1, "publish", 3, null, "key", "live");
    client.hear();
    client.events.length = 0;
    return client;
  }

  /** A connected client with message stream 1, on which it plays `key`. */
  static playing(options: ClientOptions = {}): TestClient {
    const client = TestClient.connected(options);
    client.call("createStream", 2, null);
    client.callOn(1, "play", 3, null, "key");
    client.hear();
    client.events.length = 0;
    return client;
  }

  /** C0, C1, and, once it has heard S1, C2. */
  shakeHands(): void {
    const memory = new Uint8Array(4096);
    while (!this.isOpen) {
      this.give(memory.slice(0, this.handshake.transmit(memory, 0, memory.length)));
      this.hear();
    }
    this.give(memory.slice(0, this.handshake.transmit(memory, 0, memory.length)));
  }

  connect(app = "live"): void {
    const object = { app, flashVer: "FMLE/3.0", tcUrl: `rtmp://host/${app}` };
    this.call("connect", 1, object);
  }

  /** A command on message stream 0. */
  call(name: string, transactionId: number, ...values: Values): void {
    this.callOn(0, name, transactionId, ...values);
  }

  callOn(streamId: number, name: string, transactionId: number, ...values: Values): void {
    this.send(MessageType.CommandAmf0, streamId, encodeValues(name, transactionId, ...values.map(amfOf)));
  }

  control(messageType: number, ...payload: number[]): void {
    this.send(messageType, 0, Uint8Array.from(payload), 2);
  }

  userControl(event: number, ...values: number[]): void {
    this.send(MessageType.UserControl, 0, userControlPayload(event, ...values), 2);
  }

  /** Says in which chunk size it sends from now on. */
  setChunkSize(size: number): void {
    this.writer.announceChunkSize(size);
    this.flush();
  }

  media(messageType: number, timestamp: number, payload: Uint8Array, streamId = 1): void {
    const chunkStreamId = messageType === MessageType.Video ? 6 : 4;
    this.send(messageType, streamId, payload, chunkStreamId, timestamp);
  }

  send(messageType: number, streamId: number, payload: Uint8Array, chunkStreamId = 3, timestamp = 0): void {
    this.give(this.chunks(messageType, streamId, payload, chunkStreamId, timestamp));
  }

  /** The bytes that {@link send} would give to the connection. */
  chunks(messageType: number, streamId: number, payload: Uint8Array, chunkStreamId = 3, timestamp = 0): Uint8Array {
    this.writer.lend(chunkStreamId, messageType, streamId, timestamp, payload, 0, payload.length);
    return this.written();
  }

  /** Gives bytes to the connection, which is polled until it needs more. */
  give(bytes: Uint8Array): void {
    this.connection.tick(this.now);
    // A copy that is overwritten afterwards: the connection must not read it any more.
    const lent = bytes.slice();
    this.connection.feed(lent, 0, lent.length);
    if (this.poll()) lent.fill(0xee);
  }

  giveHex(hex: string): void {
    this.give(Buffer.from(hex.replace(/\s/g, ""), "hex"));
  }

  /** Moves the clock, as the adapter does at its deadline. */
  wait(milliseconds: number): void {
    this.now += milliseconds;
    this.connection.tick(this.now);
    this.poll();
  }

  /** Polls until nothing more happens. @returns whether all lent bytes were read. */
  poll(): boolean {
    const { connection } = this;
    for (;;) {
      const event = connection.poll();
      switch (event) {
        case ConnectionEvent.NeedData:
          return true;
        case ConnectionEvent.Waiting:
          return false;
        case ConnectionEvent.Failed:
        case ConnectionEvent.Closed:
          if (!this.isOver) this.events.push(this.endLine(event));
          return true;
        case ConnectionEvent.Request:
          this.decide();
          break;
        case ConnectionEvent.Message: {
          const { messageType, messageStreamId, timestamp, bytes, start, end } = connection.message;
          this.events.push(`message ${messageStreamId}: ${mediaLine(messageType, timestamp, bytes, start, end)}`);
          break;
        }
        case ConnectionEvent.Command:
          this.events.push(`command ${connection.command?.name} ${connection.command?.transactionId}`);
          this.onCommand?.();
          break;
        case ConnectionEvent.StreamEnded: {
          const ended = connection.ended;
          this.events.push(
            `ended ${ended?.streamId} ${ended?.wasPublishing ? "publishing" : "playing"} ${ended?.name}`,
          );
          break;
        }
      }
    }
  }
  /** What the application does with an unknown command. */
  onCommand: (() => void) | null = null;

  /** All that the connection has to say, one line for each message; the handshake is not heard. */
  hear(): string[] {
    const lines: string[] = [];
    for (const piece of this.sent()) this.listen(piece, lines);
    return lines;
  }

  /** All bytes that the connection has to send. */
  sent(): Uint8Array[] {
    const { output } = this.connection;
    const pieces: Uint8Array[] = [];
    while (output.lend()) {
      pieces.push(output.bytes.slice(output.start, output.end));
      output.release();
    }
    return pieces;
  }

  /** Publishes into {@link live} as another peer would, where this one plays it. */
  push(messageType: number, timestamp: number, payload: Uint8Array): void {
    this.live.push(messageType, timestamp, payload, 0, payload.length);
  }

  private get isOver(): boolean {
    return this.events.some((event) => event.startsWith("failed") || event === "closed");
  }

  private endLine(event: ConnectionEvent): string {
    const { error } = this.connection;
    return event === ConnectionEvent.Closed || error === null ? "closed" : `failed ${errorName(error.code)}`;
  }

  private decide(): void {
    const { connection, options, live } = this;
    const { request } = connection;
    if (request === null) throw new Error("Request without a request.");
    const answer = options[request.kind] ?? "accept";
    const what = request.kind === "connect" ? request.app : request.name;
    this.events.push(`request ${request.kind} ${what}`);
    if (answer === "later") return;
    if (answer !== "accept") connection.refuse(answer);
    else if (request.kind === "connect") connection.acceptConnect();
    else if (request.kind === "play") connection.acceptPlay(live);
    else {
      if (!live.isPublished) live.beginPublication();
      connection.acceptPublish(options.withoutSink ? null : live);
    }
  }

  private listen(piece: Uint8Array, lines: string[]): void {
    let start = 0;
    if (!this.isOpen) {
      this.handshake.feed(piece, 0, piece.length);
      if (this.handshake.poll() !== HandshakeEvent.Done) return;
      this.isOpen = true;
      start = this.handshake.position;
    }
    const { reader } = this;
    reader.feed(piece, start, piece.length);
    for (let event = reader.poll(); event !== MessageEvent.NeedData; event = reader.poll()) {
      if (event === MessageEvent.Failed) throw new Error(`Sent what cannot be read: ${reader.error?.message}`);
      lines.push(messageLine(reader));
    }
  }

  private flush(): void {
    this.give(this.written());
  }

  private written(): Uint8Array {
    const length = this.writer.pendingBytes * 20 + 100 * this.writer.pendingMessages;
    const memory = new Uint8Array(length);
    return memory.slice(0, this.writer.transmit(memory, 0, length));
  }
}

/** AMF values, where a literal stands for an object. */
type Values = readonly (AmfValue | Literal)[];
interface Literal {
  readonly [name: string]: AmfValue;
}

function amfOf(value: AmfValue | Literal): AmfValue {
  return isLiteral(value) ? AmfObject.of(value) : value;
}

function isLiteral(value: AmfValue | Literal): value is Literal {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
