// Peers of a Relay in memory, with virtual time: what an adapter and its sockets do, without sockets.
import { createHash } from "node:crypto";
import { Amf0Reader, AmfObject, type AmfValue } from "../../src/amf/index.ts";
import { BufferPool } from "../../src/bytes/index.ts";
import { ChunkWriter, MessageEvent, MessageReader, MessageType } from "../../src/chunk/index.ts";
import { ConnectionEvent } from "../../src/connection/index.ts";
import { ClientHandshake, HandshakeEvent } from "../../src/handshake/index.ts";
import { defaultLimits, errorName } from "../../src/index.ts";
import { encodeValues, readCommand } from "../../src/message/index.ts";
import { Relay, type RelayOptions, type RelaySession } from "../../src/relay/index.ts";
import { randomBytes } from "../handshake/reference.ts";

const clientPool = new BufferPool(2 ** 24);
const random = randomBytes(1528, 11);

/** A relay with its clock, and a pool that is small enough to be exhausted by what is not given back. */
export class World {
  readonly relay: Relay;
  readonly pool: BufferPool;
  readonly peers: Peer[] = [];
  now = 1000;

  constructor(options: RelayOptions = {}) {
    this.pool = options.pool ?? new BufferPool(2 ** 22);
    const stream = { segmentBytes: 2 ** 12, maximumBytes: 2 ** 19, ...options.stream };
    this.relay = new Relay({ ...options, pool: this.pool, stream });
  }

  /** A peer that has shaken hands. */
  open(): Peer {
    const session = this.relay.open(random, this.now);
    if (session === null) throw new Error("The relay takes nobody.");
    const peer = new Peer(this, session);
    this.peers.push(peer);
    peer.shakeHands();
    return peer;
  }

  /** A peer that publishes app/name on message stream 1. */
  publisher(name: string): Peer {
    const peer = this.open();
    peer.connect();
    peer.call("createStream", 2, null);
    peer.callOn(1, "publish", 3, null, name, "live");
    return peer;
  }

  /** A peer that plays app/name on message stream 1. What it heard until then is forgotten. */
  player(name: string): Peer {
    const peer = this.open();
    peer.connect();
    peer.call("createStream", 2, null);
    peer.callOn(1, "play", 3, null, name);
    peer.hear();
    return peer;
  }

  /** Lets pass so much time, and all that is written to and read from a storage in it. */
  async wait(milliseconds = 0): Promise<void> {
    this.now += milliseconds;
    for (const { session } of this.peers) session.connection.tick(this.now);
    this.relay.flush();
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** What an adapter does after each read: sessions that another one has ended are polled. */
  settle(): void {
    const { displaced, changed } = this.relay;
    for (const session of [...displaced]) this.peers.find((peer) => peer.session === session)?.poll();
    displaced.clear();
    if (this.relay.recordings === null) changed.clear();
    else this.relay.flush();
  }
}

/** A client that says what the test tells it to say, and writes down what it hears. */
export class Peer {
  readonly session: RelaySession;
  /** Roles that ended, and how the connection ended. */
  readonly events: string[] = [];
  /** How long the application takes to decide what this peer asks for. */
  decisionTime = 0;
  private readonly world: World;
  private readonly handshake = new ClientHandshake({ random });
  private isOpen = false;
  private hasLeft = false;
  private readonly writer = new ChunkWriter(clientPool);
  private readonly reader = new MessageReader(clientPool);

  constructor(world: World, session: RelaySession) {
    this.world = world;
    this.session = session;
  }

  shakeHands(): void {
    const memory = new Uint8Array(4096);
    while (!this.isOpen) {
      this.give(memory.slice(0, this.handshake.transmit(memory, 0, memory.length)));
      this.hear();
    }
    this.give(memory.slice(0, this.handshake.transmit(memory, 0, memory.length)));
  }

  connect(app = "app"): void {
    this.call("connect", 1, AmfObject.of({ app }));
  }

  call(name: string, transactionId: number, ...values: AmfValue[]): void {
    this.callOn(0, name, transactionId, ...values);
  }

  callOn(streamId: number, name: string, transactionId: number, ...values: AmfValue[]): void {
    this.send(3, MessageType.CommandAmf0, streamId, 0, encodeValues(name, transactionId, ...values));
  }

  /** @returns the line that a player on message stream 1 hears of it. */
  media(messageType: number, timestamp: number, payload: Uint8Array, streamId = 1): string {
    this.send(messageType === MessageType.Video ? 6 : 4, messageType, streamId, timestamp, payload);
    return mediaLine(messageType, timestamp, 1, payload);
  }

  send(chunkStreamId: number, messageType: number, streamId: number, timestamp: number, payload: Uint8Array): void {
    this.give(this.chunks(chunkStreamId, messageType, streamId, timestamp, payload));
  }

  /** The bytes that {@link send} would give to the session. */
  chunks(
    chunkStreamId: number,
    messageType: number,
    streamId: number,
    timestamp: number,
    payload: Uint8Array,
  ): Uint8Array {
    this.writer.lend(chunkStreamId, messageType, streamId, timestamp, payload, 0, payload.length);
    const memory = new Uint8Array(payload.length * 2 + 100);
    return memory.slice(0, this.writer.transmit(memory, 0, memory.length));
  }

  /** What an adapter does with bytes that came. */
  give(bytes: Uint8Array): void {
    this.session.connection.tick(this.world.now);
    const lent = bytes.slice();
    this.session.connection.feed(lent, 0, lent.length);
    this.poll();
    lent.fill(0xee);
    this.world.settle();
  }

  /** What an adapter does with events. */
  poll(): void {
    const { session } = this;
    for (;;) {
      switch (session.poll()) {
        case ConnectionEvent.NeedData:
        case ConnectionEvent.Waiting:
          return;
        case ConnectionEvent.Request:
          this.noteEnds();
          this.accept(session.lookUp());
          break;
        case ConnectionEvent.StreamEnded:
          this.noteEnds();
          break;
        case ConnectionEvent.Failed:
        case ConnectionEvent.Closed:
          this.leave();
          return;
        default:
          break;
      }
    }
  }

  /** What an adapter does when the application has nothing against a request. */
  private accept(lookUp: Promise<void> | null): void {
    const { session, world } = this;
    if (lookUp === null) session.accept(world.now + this.decisionTime);
    else {
      lookUp.then(() => {
        if (session.connection.request === null) return;
        session.accept(world.now);
        this.poll();
      });
    }
  }

  /** The connection is over: what the session did ends. */
  leave(): void {
    if (this.hasLeft) return;
    this.hasLeft = true;
    this.session.leave();
    this.noteEnds();
    const { error } = this.session.connection;
    this.events.push(error === null ? "closed" : `failed ${errorName(error.code)}`);
  }

  /** The socket is closed. */
  close(): void {
    this.leave();
    this.session.close();
    this.world.settle();
  }

  /** All that the session has to say, one line for each message. */
  hear(): string[] {
    const lines: string[] = [];
    while (this.session.connection.output.lend()) lines.push(...this.hearPiece());
    return lines;
  }

  /** The same, with all that has to be read from a storage for it. */
  async hearAll(): Promise<string[]> {
    const lines: string[] = [];
    for (let idle = 0; idle < 3; ) {
      const heard = this.hear();
      lines.push(...heard);
      idle = heard.length === 0 ? idle + 1 : 0;
      await this.world.wait();
    }
    return lines;
  }

  /** Reads the piece that is lent. */
  hearPiece(): string[] {
    const { output } = this.session.connection;
    const piece = output.bytes.slice(output.start, output.end);
    output.release();
    return this.read(piece);
  }

  read(piece: Uint8Array): string[] {
    let start = 0;
    if (!this.isOpen) {
      this.handshake.feed(piece, 0, piece.length);
      if (this.handshake.poll() !== HandshakeEvent.Done) return [];
      this.isOpen = true;
      start = this.handshake.position;
    }
    const { reader } = this;
    const lines: string[] = [];
    reader.feed(piece, start, piece.length);
    for (let event = reader.poll(); event !== MessageEvent.NeedData; event = reader.poll()) {
      if (event === MessageEvent.Failed) throw new Error(`Sent what cannot be read: ${reader.error?.message}`);
      lines.push(lineOf(reader));
    }
    return lines;
  }

  private noteEnds(): void {
    for (const { role, path } of this.session.takeEnded()) this.events.push(`${role} of ${path} ended`);
  }
}

/** What a player on message stream 1 hears of a message. */
export function mediaLine(messageType: number, timestamp: number, streamId: number, payload: Uint8Array): string {
  const name = { [MessageType.Audio]: "audio", [MessageType.Video]: "video", [MessageType.DataAmf0]: "data" }[
    messageType
  ];
  const head = Buffer.from(payload.subarray(0, 5)).toString("hex");
  const digest = createHash("sha1").update(payload).digest("hex").slice(0, 8);
  return `${name} #${streamId} @${timestamp} ${head} length=${payload.length} sha1=${digest}`;
}

/** Media in full, of statuses and play statuses the code, of calls the name, of other messages the type. */
function lineOf(reader: MessageReader): string {
  const { messageType, messageStreamId, timestamp, bytes, start, end } = reader;
  const payload = bytes.slice(start, end);
  if (messageType === MessageType.CommandAmf0) {
    const command = readCommand(payload, 0, payload.length, false, defaultLimits);
    if (!("name" in command)) throw new Error(command.message);
    const [information] = command.arguments;
    const code = information instanceof AmfObject ? information.get("code") : undefined;
    return typeof code === "string" ? `${command.name} #${messageStreamId} ${code}` : command.name;
  }
  if (messageType === MessageType.DataAmf0) {
    const values = new Amf0Reader(defaultLimits);
    values.reset(payload);
    const name = values.readString();
    const information = values.read();
    if (name === "onPlayStatus" && information instanceof AmfObject) {
      return `onPlayStatus #${messageStreamId} @${timestamp} ${String(information.get("code"))}`;
    }
  }
  if (messageType === MessageType.UserControl) return `user control ${Buffer.from(payload).toString("hex")}`;
  if ([MessageType.Audio, MessageType.Video, MessageType.DataAmf0].some((type) => type === messageType)) {
    return mediaLine(messageType, timestamp, messageStreamId, payload);
  }
  return `type ${messageType}`;
}
