// A server that answers commands as the case tells it to.
import {
  type AmfValue,
  BufferPool,
  ChunkWriter,
  type Command,
  defaultLimits,
  encodeValues,
  HandshakeEvent,
  information,
  MessageEvent,
  MessageReader,
  MessageType,
  readCommand,
  ServerHandshake,
  userControlPayload,
} from "@millrace/core";
import type { RawListener, RawSocket, Runtime } from "./runtime.ts";

const pool = new BufferPool(2 ** 24);
const random = Uint8Array.from({ length: 1528 }, (_, index) => (index * 17) & 0xff);

type Answer = (peer: ScriptedPeer, command: Command) => void;

export class ScriptedServer {
  /** All commands of all connections. */
  readonly commands: Command[] = [];
  private readonly listener: RawListener;
  private readonly peers: Set<ScriptedPeer>;

  private constructor(listener: RawListener, peers: Set<ScriptedPeer>) {
    this.listener = listener;
    this.peers = peers;
  }

  /** @param answer - called with each command */
  static async open(runtime: Runtime, answer: Answer): Promise<ScriptedServer> {
    const peers = new Set<ScriptedPeer>();
    const listener = await runtime.listen((socket) => {
      peers.add(
        new ScriptedPeer(socket, (peer, command) => {
          server.commands.push(command);
          answer(peer, command);
        }),
      );
    });
    const server = new ScriptedServer(listener, peers);
    return server;
  }

  get url(): string {
    return `rtmp://127.0.0.1:${this.listener.port}/live`;
  }

  async close(): Promise<void> {
    for (const peer of this.peers) peer.destroy();
    await this.listener.close();
  }
}

/** One connection of it. */
export class ScriptedPeer {
  /** Whether it leaves its own end open when the client has closed the other one. */
  lingers = false;
  /** Resolves when the client sends nothing more. */
  readonly ended: Promise<void>;
  private readonly socket: RawSocket;
  private readonly handshake = new ServerHandshake({ random });
  private readonly reader = new MessageReader(pool);
  private readonly writer = new ChunkWriter(pool);
  private isOpen = false;
  private written: Promise<void> = Promise.resolve();
  /** What is to go out in one piece; null when nothing is kept back. */
  private kept: Uint8Array[] | null = null;

  constructor(socket: RawSocket, answer: Answer) {
    this.socket = socket;
    this.ended = this.listen(answer);
  }

  /** Lets the client in, and gives it message stream 1 for all it asks for. */
  obey({ name, transactionId }: Command): void {
    if (name === "connect") this.call("_result", 1, null, information("status", "NetConnection.Connect.Success", ""));
    if (name === "createStream") this.call("_result", transactionId, null, 1);
    if (name === "play") this.status(1, "NetStream.Play.Start");
    if (name === "publish") this.status(1, "NetStream.Publish.Start");
  }

  /** Does not let the client in. */
  refuse(description: string, more: { readonly [name: string]: AmfValue } = {}): void {
    this.call("_error", 1, null, information("error", "NetConnection.Connect.Rejected", description, more));
    this.closeWrite();
  }

  /** Sends nothing more, but reads on. */
  closeWrite(): void {
    this.written.then(() => this.socket.closeWrite()).catch(() => {});
  }

  status(streamId: number, code: string, more: { readonly [name: string]: AmfValue } = {}): void {
    const level = /Rejected|Failed|BadName/.test(code) ? "error" : "status";
    this.callOn(streamId, "onStatus", 0, null, information(level, code, `${code}.`, more));
  }

  call(name: string, transactionId: number, ...values: readonly AmfValue[]): void {
    this.callOn(0, name, transactionId, ...values);
  }

  callOn(streamId: number, name: string, transactionId: number, ...values: readonly AmfValue[]): void {
    this.send(MessageType.CommandAmf0, streamId, encodeValues(name, transactionId, ...values));
  }

  userControl(event: number, value: number): void {
    this.send(MessageType.UserControl, 0, userControlPayload(event, value));
  }

  send(messageType: number, streamId: number, payload: Uint8Array): void {
    this.writer.lend(3, messageType, streamId, 0, payload, 0, payload.length);
    const memory = new Uint8Array(this.writer.pendingBytes * 2 + 64);
    this.write(memory.subarray(0, this.writer.transmit(memory, 0, memory.length)));
  }

  /** Sends all that `say` says in one piece. */
  together(say: () => void): void {
    const pieces: Uint8Array[] = [];
    this.kept = pieces;
    say();
    this.kept = null;
    const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    this.write(whole);
  }

  destroy(): void {
    this.socket.destroy();
  }

  private write(bytes: Uint8Array): void {
    if (this.kept !== null) this.kept.push(bytes);
    else this.written = this.written.then(() => this.socket.write(bytes)).catch(() => {});
  }

  private async listen(answer: Answer): Promise<void> {
    for (;;) {
      const bytes = await this.socket.read().catch(() => null);
      if (bytes === null) break;
      this.take(bytes, answer);
    }
    this.reader.close();
    this.writer.close();
    if (!this.lingers) this.written.then(() => this.socket.destroy());
  }

  private take(bytes: Uint8Array, answer: Answer): void {
    let start = 0;
    if (!this.isOpen) {
      this.handshake.feed(bytes, 0, bytes.length);
      this.isOpen = this.handshake.poll() === HandshakeEvent.Done;
      start = this.handshake.position;
      const memory = new Uint8Array(4096);
      this.write(memory.subarray(0, this.handshake.transmit(memory, 0, memory.length)));
    }
    if (!this.isOpen) return;
    const { reader } = this;
    reader.feed(bytes, start, bytes.length);
    while (reader.poll() === MessageEvent.Message) {
      if (reader.messageType !== MessageType.CommandAmf0) continue;
      const command = readCommand(reader.bytes, reader.start, reader.end, false, defaultLimits);
      if ("name" in command) answer(this, command);
    }
  }
}
