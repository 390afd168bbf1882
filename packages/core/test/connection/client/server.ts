// A server that says what the test tells it to say, to a ClientConnection in memory, and writes down what it hears.
import type { AmfValue } from "../../../src/amf/index.ts";
import { BufferPool } from "../../../src/bytes/index.ts";
import { ChunkWriter, MessageEvent, MessageReader, MessageType } from "../../../src/chunk/index.ts";
import { ClientConnection, type ClientConnectionOptions, ClientEvent } from "../../../src/connection/index.ts";
import { errorName } from "../../../src/errors.ts";
import { HandshakeEvent, ServerHandshake } from "../../../src/handshake/index.ts";
import { type Limits, limitsWith } from "../../../src/limits.ts";
import { encodeValues, information, userControlPayload } from "../../../src/message/index.ts";
import { randomBytes } from "../../handshake/reference.ts";
import { mediaLine, messageLine } from "../message-log.ts";

const pool = new BufferPool(2 ** 24);
const randoms = { client: randomBytes(1528, 31), server: randomBytes(1528, 32) };

export interface ServerOptions extends Partial<Omit<ClientConnectionOptions, "limits">> {
  changes?: Partial<Limits>;
}

export class TestServer {
  readonly connection: ClientConnection;
  /** What `poll` of the client answered, NeedData apart. */
  readonly events: string[] = [];
  now = 0;
  /** The payloads that were heard last. */
  readonly payloads: string[] = [];
  /** What the client's application does with a command. */
  onCommand: (() => void) | null = null;

  private readonly handshake = new ServerHandshake({ random: randoms.server });
  private isOpen = false;
  private readonly writer = new ChunkWriter(pool);
  private readonly reader = new MessageReader(pool);

  constructor(options: ServerOptions = {}) {
    const { changes = {}, ...rest } = options;
    this.connection = new ClientConnection({
      pool,
      random: randoms.client,
      now: 0,
      limits: limitsWith(changes),
      connect: { app: "live", tcUrl: "rtmp://h/live" },
      ...rest,
    });
  }

  /** With a client that was let in. What it said until then is forgotten. */
  static connected(options: ServerOptions = {}): TestServer {
    const server = new TestServer(options);
    server.shakeHands();
    server.letIn();
    server.hear();
    server.events.length = 0;
    return server;
  }

  /** C0 and C1 are heard, S0 to S2 said; C2 is what the client has to say next. */
  shakeHands(): void {
    this.hear();
    const memory = new Uint8Array(4096);
    this.give(memory.slice(0, this.handshake.transmit(memory, 0, memory.length)));
  }

  letIn(): void {
    const answer = information("status", "NetConnection.Connect.Success", "Welcome.");
    this.call("_result", 1, null, answer);
  }

  /** A command on message stream 0. */
  call(name: string, transactionId: number, ...values: readonly AmfValue[]): void {
    this.send(MessageType.CommandAmf0, 0, encodeValues(name, transactionId, ...values));
  }

  status(streamId: number, code: string, level: "status" | "error" = "status", transactionId = 0): void {
    const payload = encodeValues("onStatus", transactionId, null, information(level, code, `${code}.`));
    this.send(MessageType.CommandAmf0, streamId, payload);
  }

  userControl(event: number, ...values: number[]): void {
    this.send(MessageType.UserControl, 0, userControlPayload(event, ...values));
  }

  send(messageType: number, streamId: number, payload: Uint8Array, timestamp = 0): void {
    this.give(this.chunks(messageType, streamId, payload, timestamp));
  }

  /** The bytes that {@link send} would give to the client. */
  chunks(messageType: number, streamId: number, payload: Uint8Array, timestamp = 0): Uint8Array {
    this.writer.lend(3, messageType, streamId, timestamp, payload, 0, payload.length);
    const memory = new Uint8Array(this.writer.pendingBytes * 2 + 100);
    return memory.slice(0, this.writer.transmit(memory, 0, memory.length));
  }

  give(bytes: Uint8Array): void {
    this.connection.tick(this.now);
    this.connection.feed(bytes, 0, bytes.length);
    this.poll();
  }

  /** Moves the clock, as an adapter does at the deadline. */
  wait(milliseconds: number): void {
    this.now += milliseconds;
    this.connection.tick(this.now);
    this.poll();
  }

  poll(): void {
    const { connection, events } = this;
    for (;;) {
      const event = connection.poll();
      switch (event) {
        case ClientEvent.NeedData:
          return;
        case ClientEvent.Failed:
        case ClientEvent.Closed: {
          const { error } = connection;
          const line = event === ClientEvent.Closed || error === null ? "closed" : `failed ${errorName(error.code)}`;
          if (events.at(-1) !== line) events.push(line);
          return;
        }
        case ClientEvent.Connected:
          events.push("connected");
          break;
        case ClientEvent.Status:
          events.push(`status ${connection.status?.stream?.name ?? "-"} ${connection.status?.code}`);
          break;
        case ClientEvent.Message: {
          const { messageType, messageStreamId, timestamp, bytes, start, end } = connection.message;
          events.push(`message ${messageStreamId}: ${mediaLine(messageType, timestamp, bytes, start, end)}`);
          break;
        }
        case ClientEvent.Command:
          events.push(`command ${connection.command?.name}`);
          this.onCommand?.();
          break;
        case ClientEvent.Answer: {
          const { transactionId, outcome, value } = connection.answered ?? {};
          events.push(`${outcome} ${transactionId} ${typeof value === "object" ? "object" : String(value)}`);
          break;
        }
      }
    }
  }

  /** All that the client has to say, one line for each message; the handshake is not heard. */
  hear(): string[] {
    const lines: string[] = [];
    this.payloads.length = 0;
    for (const piece of this.sent()) this.listen(piece, lines);
    return lines;
  }

  /** All bytes that the client has to send. */
  sent(): Uint8Array[] {
    const { output } = this.connection;
    const pieces: Uint8Array[] = [];
    while (output.lend()) {
      pieces.push(output.bytes.slice(output.start, output.end));
      output.release();
    }
    return pieces;
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
      this.payloads.push(Buffer.from(reader.bytes.subarray(reader.start, reader.end)).toString("hex"));
    }
  }
}
