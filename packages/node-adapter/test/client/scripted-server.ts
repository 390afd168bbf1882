// A server on TCP that answers commands as the test tells it to.
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
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

const pool = new BufferPool(2 ** 24);
const random = Uint8Array.from({ length: 1528 }, (_, index) => (index * 17) & 0xff);

export class ScriptedServer {
  /** All commands of all connections, with their values. */
  readonly commands: Command[] = [];
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  /** @param answer - called with each command */
  static async open(answer: (peer: ScriptedPeer, command: Command) => void): Promise<ScriptedServer> {
    const scripted = new ScriptedServer(answer);
    await new Promise<void>((resolve) => scripted.server.listen(0, "127.0.0.1", resolve));
    return scripted;
  }

  private constructor(answer: (peer: ScriptedPeer, command: Command) => void) {
    this.server = createServer((socket) => {
      this.sockets.add(socket.on("error", () => {}));
      new ScriptedPeer(socket, (peer, command) => {
        this.commands.push(command);
        answer(peer, command);
      });
    });
  }

  get url(): string {
    // listen() has given it one
    return `rtmp://127.0.0.1:${(this.server.address() as AddressInfo).port}/live`;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** One connection of it. */
export class ScriptedPeer {
  readonly socket: Socket;
  private readonly handshake = new ServerHandshake({ random });
  private readonly reader = new MessageReader(pool);
  private readonly writer = new ChunkWriter(pool);
  private isOpen = false;

  constructor(socket: Socket, answer: (peer: ScriptedPeer, command: Command) => void) {
    this.socket = socket;
    socket.on("data", (bytes) => this.listen(bytes, answer));
    socket.on("close", () => {
      this.reader.close();
      this.writer.close();
    });
  }

  /** Lets the client in, and gives it message stream 1 for all it asks for. */
  obey({ name, transactionId }: Command): void {
    if (name === "connect") this.call("_result", 1, null, information("status", "NetConnection.Connect.Success", ""));
    if (name === "createStream") this.call("_result", transactionId, null, 1);
    if (name === "play") this.status(1, "NetStream.Play.Start");
    if (name === "publish") this.status(1, "NetStream.Publish.Start");
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
    this.socket.write(memory.subarray(0, this.writer.transmit(memory, 0, memory.length)));
  }

  private listen(bytes: Buffer, answer: (peer: ScriptedPeer, command: Command) => void): void {
    let start = 0;
    if (!this.isOpen) {
      this.handshake.feed(bytes, 0, bytes.length);
      this.isOpen = this.handshake.poll() === HandshakeEvent.Done;
      start = this.handshake.position;
      const memory = new Uint8Array(4096);
      this.socket.write(memory.subarray(0, this.handshake.transmit(memory, 0, memory.length)));
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
